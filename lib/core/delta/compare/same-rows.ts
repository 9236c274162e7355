// Which children of two containers are the same bytes.

import { commonPrefix, commonSuffix, sameBytes, sameWords } from '../../bytes/ranges.ts';
import { type Rows, rowEnd, rowStart } from '../../json/spans.ts';
import type { Pair } from './pair.ts';

/** From this length on, the comparison of two children is remembered. */
const LONG_ROW_BYTES = 4096;
/** Up to this length, comparing four bytes at a time beats the call of memcmp. */
const WORDS_BYTES_MAX = 256;

/** Children i to iEnd of the base's rows a, and children j to jEnd of the target's rows b; the ends are exclusive. */
export interface Stretch {
  a: Rows;
  i: number;
  iEnd: number;
  b: Rows;
  j: number;
  jEnd: number;
}

/** Whether child i of the one and child j of the other are the same bytes, names included. */
export function sameRow(pair: Pair, a: Rows, i: number, b: Rows, j: number): boolean {
  const from = rowStart(a, i);
  const at = rowStart(b, j);
  const length = rowEnd(a, i) - from;
  if (rowEnd(b, j) - at !== length) return false;
  // Long ones are mostly asked about more than once: for what they are, and again for what is around them.
  if (length >= LONG_ROW_BYTES) return prefixLength(pair, from, at, length) === length;
  if (length > WORDS_BYTES_MAX) return sameBytes(pair.base.bytes, from, pair.target.bytes, at, length);
  return sameWords(pair.base.view, from, pair.target.view, at, length);
}

/** How many children of the stretch are the same, one after the other, from its beginning on. */
export function sameRowsFrom(pair: Pair, { a, i, iEnd, b, j, jEnd }: Stretch): number {
  const most = Math.min(iEnd - i, jEnd - j);
  if (most === 0) return 0;
  const from = rowStart(a, i);
  const at = rowStart(b, j);
  const room = Math.min(rowEnd(a, i + most - 1) - from, rowEnd(b, j + most - 1) - at);
  const same = prefixLength(pair, from, at, room);
  // The children of a that end within what is the same. Their commas are in there too, so the texts are still in step.
  let count = countWithin(most, (k) => rowEnd(a, i + k - 1) - from <= same);
  // But 12 is a prefix of 123 without being the same.
  if (count > 0 && rowEnd(a, i + count - 1) - from !== rowEnd(b, j + count - 1) - at) count--;
  return count;
}

/** How many children of the stretch are the same, one before the other, from its end on. */
export function sameRowsBefore(pair: Pair, { a, i, iEnd, b, j, jEnd }: Stretch): number {
  const most = Math.min(iEnd - i, jEnd - j);
  if (most === 0) return 0;
  const end = rowEnd(a, iEnd - 1);
  const until = rowEnd(b, jEnd - 1);
  const room = Math.min(end - rowStart(a, iEnd - most), until - rowStart(b, jEnd - most));
  const same = suffixLength(pair, end, until, room);
  let count = countWithin(most, (k) => end - rowStart(a, iEnd - k) <= same);
  // Backwards, equal bytes say nothing of structure: what is a child here may be the inside of a string there.
  while (count > 0 && end - rowStart(a, iEnd - count) !== until - rowStart(b, jEnd - count)) count--;
  return count;
}

/** The greatest k up to `most` for which `holds`, or 0; it holds for all below that one. Few steps if that is small. */
function countWithin(most: number, holds: (k: number) => boolean): number {
  let low = 0;
  let high = 1;
  while (high <= most && holds(high)) {
    low = high;
    high *= 2;
  }
  high = Math.min(high, most + 1);
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Nested containers ask again and again for what their parents found out: the last answer is kept. */
function prefixLength(pair: Pair, from: number, at: number, room: number): number {
  const { prefix } = pair;
  if (at - from === prefix.shift && from >= prefix.from && from < prefix.to) {
    return Math.min(prefix.to - from, room);
  }
  const same = commonPrefix(pair.base.bytes, from, pair.target.bytes, at, room);
  // If the room ended it, where it really ends is not known.
  if (same < room) {
    prefix.from = from;
    prefix.to = from + same;
    prefix.shift = at - from;
  }
  return same;
}

function suffixLength(pair: Pair, end: number, until: number, room: number): number {
  const { suffix } = pair;
  if (until - end === suffix.shift && end > suffix.from && end <= suffix.to) {
    return Math.min(end - suffix.from, room);
  }
  const same = commonSuffix(pair.base.bytes, end, pair.target.bytes, until, room);
  if (same < room) {
    suffix.from = end - same;
    suffix.to = end;
    suffix.shift = until - end;
  }
  return same;
}
