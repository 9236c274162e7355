// Where things are in a large text, so that a second look into it reads what it shows and not all that stands before: the large
// containers with their ends, counts and every so-manieth child; which tables stand in the order of what their rows are called; and of others
// that were looked at, what each row is called, as hashes.

import { bufferOf } from '../bytes/buffer.ts';
import type { Kernel } from '../json/kernel/kernel.ts';
import {
  containersOn,
  createTape,
  indexContainer,
  OPEN_ARRAY,
  OPEN_OBJECT,
  type Rows,
  rowStart,
  rowsOf,
} from '../json/spans.ts';
import { FAST_BYTES_MIN_MAX } from '../json/tape-fast.ts';
import { orderOf, type RowOrder } from './row-order.ts';

/** Plain data, which goes from thread to thread with its text. */
export interface TextIndex {
  /** Of each large container where it begins, rising. */
  starts: Uint32Array;
  /** The index after it. */
  ends: Uint32Array;
  /** Its children. */
  counts: Uint32Array;
  /** Where in `marks` its own begin; one more than there are containers. */
  firstMarks: Uint32Array;
  /** Where every `stride`-th child begins: of a member, its name. */
  marks: Uint32Array;
  stride: number;
  rowsMin: number;
  /** Of arrays with so many rows those that stand in the order of what they are called, by where they begin. */
  orders: RowOrder[];
  /** What rows are called, the table that was looked at last at the end. */
  names: RowNames[];
  /** Members of large objects that were found, the last one at the end. */
  members: FoundMember[];
}

/** A member of the object that begins at `object` in the text that the index is of; `at`: where its value does. */
export interface FoundMember {
  object: number;
  name: string;
  at: number;
}

/** What the rows of one array are called by some members. */
export interface RowNames {
  /** Where it begins in the text that the index is of. */
  array: number;
  /** The members as JSON. */
  members: string;
  /** By row: 0 for one that has no such name. */
  hashes: Uint32Array;
  /** The same in rising order. */
  sorted: Uint32Array;
}

export interface IndexBounds {
  /** Smaller containers are walked. */
  bytesMin: number;
  stride: number;
  /** Of arrays with fewer rows it is not kept what they are called. */
  rowsMin: number;
}

const INDEX_BOUNDS: IndexBounds = { bytesMin: 32 * 1024, stride: 32, rowsMin: 512 };

/** Offsets have to fit into 32 bits. */
export const INDEXED_BYTES_MAX = 2 ** 32 - 1;

/** One pass over a canonical text. One with too many values to keep gets an index of nothing: it is walked. */
export function indexText(
  kernel: Kernel,
  text: Uint8Array,
  { bytesMin, stride, rowsMin }: IndexBounds = INDEX_BOUNDS,
): TextIndex {
  const tape = createTape();
  const isContainer = text[0] === OPEN_OBJECT || text[0] === OPEN_ARRAY;
  const isIndexed =
    isContainer && indexContainer(kernel, tape, text, 0, text.length, Math.min(bytesMin, FAST_BYTES_MIN_MAX));
  const large: Rows[] = [];
  const starts: number[] = [];
  // They stand there by their ends.
  const found = [...(isIndexed ? containersOn(tape) : [])].filter(([start, end]) => end - start >= bytesMin);
  for (const [start, end] of found.sort(([a], [b]) => a - b)) {
    starts.push(start);
    large.push(rowsOf(tape, start, end, text[start] === OPEN_OBJECT));
  }
  const firstMarks = new Uint32Array(large.length + 1);
  for (const [i, { count }] of large.entries())
    firstMarks[i + 1] = firstMarks[i]! + Math.ceil(count / stride);
  const marks = new Uint32Array(firstMarks[large.length]!);
  for (const [i, rows] of large.entries()) {
    for (let k = 0, at = firstMarks[i]!; k < rows.count; k += stride) marks[at++] = rowStart(rows, k);
  }
  const orders: RowOrder[] = [];
  for (const [i, rows] of large.entries()) {
    const isTable = rows.count >= rowsMin && text[starts[i]!] === OPEN_ARRAY;
    const order = isTable ? orderOf(bufferOf(text), starts[i]!, rows) : undefined;
    if (order !== undefined) orders.push(order);
  }
  return {
    starts: Uint32Array.from(starts),
    ends: Uint32Array.from(large, ({ close }) => close + 1),
    counts: Uint32Array.from(large, ({ count }) => count),
    ...{ firstMarks, marks, stride, rowsMin, orders, names: [], members: [] },
  };
}

/** Which of the large containers begins there; -1 for none. */
export function containerAt({ starts }: TextIndex, at: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const start = starts[middle]!;
    if (start === at) return middle;
    if (start < at) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** FNV-1a of the UTF-16 units, never 0. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0 || 1;
}
