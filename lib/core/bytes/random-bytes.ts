// Where chance comes from, for what seals: it is handed in, as everything is that does not follow from the input.

export interface RandomBytes {
  /** Fresh bytes that nobody could have foreseen; they belong to whoever asked. */
  bytes(count: number): Uint8Array;
}
