// Where sealed bytes are.

import type { Chunks } from '../core/bytes/chunks.ts';
import type { Page, PageRequest } from './pages.ts';

/**
 * Sealed bytes under unguessable ids (drawn, or of the bits of an id that is told with its record), written once and never changed. Because nobody can find a blob that no
 * record names, writing the blob first and the record second is atomic.
 */
export interface BlobStore {
  /**
   * Stores a new blob and makes it durable before resolving. Resolves with size and SHA-256 (hex) of the bytes
   * *as the store holds them*: read back from the disk, or checked by the remote side, never only counted on the way.
   * Given `expected`, throws `integrity` if they differ. Throws `exists` if the id is taken. After any throw nothing is stored.
   * `blobId` is 32 lower-case hex digits; anything else throws `not_found`. The chunks must stay as they are until it settles.
   */
  put(blobId: string, body: Chunks, expected?: BlobDigest): Promise<BlobDigest>;
  /** The bytes in order, in chunks of the adapter's choosing. Throws `not_found` before the first chunk. */
  get(blobId: string): Promise<AsyncIterable<Uint8Array>>;
  /**
   * Of a store that reads from anywhere without what stands before it: the bytes [from, to), fewer if the blob ends before. Throws
   * `not_found`.
   */
  getRange?(blobId: string, from: number, to: number): Promise<Uint8Array>;
  /** Removes the blob durably; one that is not there is no error. */
  delete(blobId: string): Promise<void>;
  /** Blobs written before an instant, in id order: to find what a crash left behind. */
  list(request: PageRequest & { writtenBefore: number }): Promise<Page<BlobInfo>>;
  /**
   * Moves a blob out of the store and keeps it: it can no longer be read or listed here, and can be put back. Durable
   * before resolving; one that is not there is no error.
   */
  setAside(blobId: string): Promise<void>;
  /** What was set aside, in id order; `writtenAt` tells since when it lies there. */
  listAside(request: PageRequest): Promise<Page<BlobInfo>>;
  /** Back to where it was. Throws `not_found` if it is not aside, `exists` if the id is taken; then it stays aside. */
  putBack(blobId: string): Promise<void>;
  /** Removes what was set aside; one that is not there is no error. */
  deleteAside(blobId: string): Promise<void>;
  /**
   * Of a store that can keep bytes from being removed by anybody, its owner included: keeps those of a blob so, at least until
   * then. Never shortens; a hold stands until it is taken off. Resolves with whether anything had to be changed. Throws `not_found`.
   */
  protect?(blobId: string, protection: Protection): Promise<boolean>;
  /** Throws `unavailable` if the store cannot be reached or written. */
  check(): Promise<void>;
}

export interface BlobDigest {
  bytes: number;
  sha256: string;
}

export interface Protection {
  /** Epoch milliseconds; undefined: no end is known, and the store prolongs by its own period, each time that it is asked. */
  until: number | undefined;
  isHeld: boolean;
}

export interface BlobInfo {
  blobId: string;
  bytes: number;
  writtenAt: number;
}
