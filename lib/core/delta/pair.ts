// The two texts under comparison, and what has been found out about them so far.

import {
  createTape,
  indexContainer,
  OPEN_OBJECT,
  type Rows,
  rowEnd,
  rowStart,
  rowsOf,
  type Tape,
} from '../json/spans.ts';
import { commonPrefix, commonSuffix, sameBytes } from './bytes.ts';
import { type Column, createColumn } from './column.ts';
import { viewOf } from './hash.ts';
import { createLeftovers, type Leftovers } from './leftovers.ts';

/** Smaller containers are left off the first tape: most are never looked into, and a short text is indexed soon enough. */
const TAPE_BYTES_MIN = 512;
/** From this length on, the comparison of two children is remembered. */
const LONG_ROW_BYTES = 4096;
/** Bytes that may be hashed or compared out of order, for each byte of the texts: bounds what deep nesting can cost. */
const EFFORT_PER_BYTE = 8;

/** One of the two texts. Offsets are bytes; texts are shorter than 2^32 bytes. */
export interface Side {
  bytes: Buffer;
  view: DataView;
  /** Large containers of the whole text. */
  tape: Tape;
  /** Everything in the one small container that is being looked into. */
  small: Tape;
}

export interface Pair {
  base: Side;
  target: Side;
  /** Bytes of guesswork left; the comparison degrades to what lies side by side once it is used up. */
  effort: number;
  /** The last common prefix found: from base offset `from` on, `shift` bytes further in the target, it ended at `to`. */
  prefix: Run;
  /** The last common suffix found: it began at `from` and led up to `to`. */
  suffix: Run;
  /** Memory that one alignment after the other works in. */
  left: Leftovers;
  found: Column;
}

interface Run {
  from: number;
  to: number;
  shift: number;
}

export function createPair(base: Uint8Array, target: Uint8Array): Pair {
  return {
    base: createSide(base),
    target: createSide(target),
    effort: (base.length + target.length) * EFFORT_PER_BYTE,
    prefix: { from: 0, to: 0, shift: 0 },
    suffix: { from: 0, to: 0, shift: 0 },
    left: createLeftovers(),
    found: createColumn(),
  };
}

/** The same memory as a Buffer, which has memcmp. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function createSide(text: Uint8Array): Side {
  const bytes = bufferOf(text);
  return { bytes, view: viewOf(bytes), tape: createTape(), small: createTape() };
}

/** The children of the whole text, a container; undefined if it has too many to be told apart. */
export function rootRows(side: Side): Rows | undefined {
  const { bytes, tape } = side;
  if (!indexContainer(tape, bytes, 0, bytes.length, TAPE_BYTES_MIN)) return undefined;
  return rowsOf(tape, 0, bytes.length, bytes[0] === OPEN_OBJECT);
}

/** The children of the container [start, end), which is one of `parent`'s. Ends the use of rows from another small container. */
export function innerRows(side: Side, parent: Rows, start: number, end: number): Rows {
  const isObject = side.bytes[start] === OPEN_OBJECT;
  if (end - start >= parent.tape.bytesMin || end - start === 2) {
    return rowsOf(parent.tape, start, end, isObject);
  }
  indexContainer(side.small, side.bytes, start, end, 0);
  return rowsOf(side.small, start, end, isObject);
}

/** Whether child i of the one and child j of the other are the same bytes, names included. */
export function sameRow(pair: Pair, a: Rows, i: number, b: Rows, j: number): boolean {
  const from = rowStart(a, i);
  const at = rowStart(b, j);
  const length = rowEnd(a, i) - from;
  if (rowEnd(b, j) - at !== length) return false;
  // Long ones are mostly asked about more than once: for what they are, and again for what is around them.
  if (length >= LONG_ROW_BYTES) return prefixLength(pair, from, at, length) === length;
  return sameBytes(pair.base.bytes, from, pair.target.bytes, at, length);
}

/** How many children from a[i] and b[j] on are the same, one after the other, up to a[iEnd] and b[jEnd]. */
export function sameRowsFrom(
  pair: Pair,
  a: Rows,
  i: number,
  iEnd: number,
  b: Rows,
  j: number,
  jEnd: number,
): number {
  const most = Math.min(iEnd - i, jEnd - j);
  if (most === 0) return 0;
  const from = rowStart(a, i);
  const at = rowStart(b, j);
  const room = Math.min(rowEnd(a, i + most - 1) - from, rowEnd(b, j + most - 1) - at);
  const same = prefixLength(pair, from, at, room);
  // The last child of a that ends within what is the same; its commas are in there too, so the texts are still in step.
  let low = 0;
  let high = 1;
  while (high <= most && rowEnd(a, i + high - 1) - from <= same) {
    low = high;
    high *= 2;
  }
  high = Math.min(high, most + 1);
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (rowEnd(a, i + middle - 1) - from <= same) low = middle;
    else high = middle;
  }
  // 12 is a prefix of 123 without being the same.
  if (low > 0 && rowEnd(a, i + low - 1) - from !== rowEnd(b, j + low - 1) - at) low--;
  return low;
}

/** How many children before a[iEnd] and b[jEnd] are the same, down to a[i] and b[j]. */
export function sameRowsBefore(
  pair: Pair,
  a: Rows,
  i: number,
  iEnd: number,
  b: Rows,
  j: number,
  jEnd: number,
): number {
  const most = Math.min(iEnd - i, jEnd - j);
  if (most === 0) return 0;
  const end = rowEnd(a, iEnd - 1);
  const until = rowEnd(b, jEnd - 1);
  const room = Math.min(end - rowStart(a, iEnd - most), until - rowStart(b, jEnd - most));
  const same = suffixLength(pair, end, until, room);
  let low = 0;
  let high = 1;
  while (high <= most && end - rowStart(a, iEnd - high) <= same) {
    low = high;
    high *= 2;
  }
  high = Math.min(high, most + 1);
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (end - rowStart(a, iEnd - middle) <= same) low = middle;
    else high = middle;
  }
  // Backwards, equal bytes say nothing of structure: what is a child here may be the inside of a string there.
  while (low > 0 && end - rowStart(a, iEnd - low) !== until - rowStart(b, jEnd - low)) low--;
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
