// Content hashes of many rows, by the kernel if it is there.

import { hashRange } from '../../bytes/content-hash.ts';
import { RangeHasher } from '../../json/kernel/hash.ts';
import { type Rows, rowEnd, rowStart } from '../../json/spans.ts';
import type { Pair, Side } from './pair.ts';

/** Longer rows are hashed one by one, so that all of one length are hashed alike. */
const ROW_BYTES_MAX = 1 << 14;
const LENGTH_MARKS = 1 << 12;

export interface Hashed {
  /** Two numbers a row. */
  hashes: Int32Array;
  /** 1 where there is no hash. */
  without: Uint8Array;
}

/** Marks the lengths that rows of these numbers have. */
export function lengthsSeen(rows: Rows, numbers: Uint32Array): Uint8Array {
  const seen = new Uint8Array(LENGTH_MARKS);
  for (let p = 0; p < numbers.length; p++) {
    const k = numbers[p]!;
    seen[(rowEnd(rows, k) - rowStart(rows, k)) & (LENGTH_MARKS - 1)] = 1;
  }
  return seen;
}

/** Hashes the rows of these numbers whose length is marked; undefined if there is no more effort to be spent. */
export function hashRows(
  pair: Pair,
  side: Side,
  rows: Rows,
  numbers: Uint32Array,
  lengths: Uint8Array,
): Hashed | undefined {
  const hashes = new Int32Array(numbers.length * 2);
  const without = new Uint8Array(numbers.length);
  const { seed, wideSeed } = side.kernel;
  const fast = side.kernel.machine();
  const hasher = fast && new RangeHasher(fast, wideSeed, side.bytes, hashes);
  for (let p = 0; p < numbers.length; p++) {
    const start = rowStart(rows, numbers[p]!);
    const end = rowEnd(rows, numbers[p]!);
    if (lengths[(end - start) & (LENGTH_MARKS - 1)] === 0) {
      without[p] = 1;
      continue;
    }
    pair.effort -= end - start;
    if (pair.effort < 0) return undefined;
    if (hasher && end - start <= ROW_BYTES_MAX) hasher.add(start, end, p);
    else hashRange(seed, side.view, start, end, hashes, p * 2);
  }
  hasher?.finish();
  return { hashes, without };
}
