// The text of a state on its way out: in memory, or still to be read.

/** A proven JSON text, in chunks. A stream is read once. */
export interface Text {
  bytes: number;
  chunks: readonly Uint8Array[] | AsyncIterable<Uint8Array>;
  /** To be called once nobody needs the chunks any more; more often does no harm. */
  free?: () => void;
}
