// A second copy of the blobs, elsewhere.

/** Where a blob that is damaged or lost can be had again. It may be behind, and it may be damaged itself. */
export interface BlobCopy {
  /** The bytes as they lie there, to be held to what is known of them. Throws `not_found`, `integrity` or `unavailable`. */
  get(blobId: string): Promise<AsyncIterable<Uint8Array>>;
}
