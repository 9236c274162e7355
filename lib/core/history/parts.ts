// A text that need not stand in one piece: what follows a place through its edits reads parts of it, and few.

import { partOf, type Rope, type RopeReader } from '../delta/apply/rope.ts';

export interface Parts {
  bytes: number;
  /** The bytes [from, to). Where they stand in one piece, they are not copied. */
  part(from: number, to: number): Buffer;
}

/** Quick for parts that are asked for in the order in which they stand. */
export function partsOfRope(rope: Rope): Parts {
  const reader: RopeReader = { rope, run: 0 };
  return { bytes: rope.bytes, part: (from, to) => partOf(reader, from, to) };
}
