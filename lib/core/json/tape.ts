// The index of a text: where its containers are, and what is in them. Filled by the kernel or by its twin.

/**
 * The containers of a text, in the order in which they close (so by ascending end), and their children.
 * Offsets are bytes from the beginning of the text, ends exclusive. Texts up to 2^32 - 1 bytes.
 */
export interface Tape {
  containers: Uint32Array;
  containerCount: number;
  /** An array's child is one entry, its start. An object's member is two: the start of its name, the start of its value. */
  entries: Uint32Array;
  entryCount: number;
  /** Containers shorter than this are not on the tape (the one that was indexed always is). */
  bytesMin: number;
}
