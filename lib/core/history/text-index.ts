// Where things are in a large text, so that a second look into it reads what it shows and not all that stands before: the large
// containers with their ends, counts and every so-manieth child; and of tables that were looked at, what each row is called, as hashes.

import { skipString, skipValue } from '../json/skip.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;
/** `]` and `}` once this bit is set. */
const CASE_BIT = 0x20;
const CLOSE_OBJECT = 0x7d;

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
  /** What rows are called, the table that was looked at last at the end. */
  names: RowNames[];
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

interface Open {
  start: number;
  isObject: boolean;
  count: number;
  firstMark: number;
}

/** One pass over a canonical text. */
export function indexText(text: Uint8Array, bounds: IndexBounds = INDEX_BOUNDS): TextIndex {
  const { bytesMin, stride } = bounds;
  const found: { start: number; end: number; count: number; marks: number[] }[] = [];
  const open: Open[] = [];
  const marks: number[] = [];
  let at = 0;
  for (;;) {
    const c = text[at]!;
    let isValueOver = true;
    if (c === OPEN_OBJECT || c === OPEN_ARRAY) {
      open.push({ start: at, isObject: c === OPEN_OBJECT, count: 0, firstMark: marks.length });
      at++;
      isValueOver = (text[at]! | CASE_BIT) === CLOSE_OBJECT;
    } else at = c === QUOTE ? skipString(text, at) : skipValue(text, at);
    // Up through all that ends here.
    for (;;) {
      const top = open.at(-1);
      if (top === undefined) return packed(found, bounds);
      if (isValueOver && (text[at]! | CASE_BIT) === CLOSE_OBJECT) {
        at++;
        open.pop();
        if (at - top.start >= bytesMin) {
          found.push({ start: top.start, end: at, count: top.count, marks: marks.slice(top.firstMark) });
        }
        marks.length = top.firstMark;
        continue;
      }
      if (isValueOver && text[at] === COMMA) at++;
      if (top.count % stride === 0) marks.push(at);
      top.count++;
      if (top.isObject) {
        at = skipString(text, at);
        if (text[at] !== COLON) throw new RangeError('a member has no value');
        at++;
      }
      break;
    }
  }
}

function packed(
  found: { start: number; end: number; count: number; marks: number[] }[],
  { stride, rowsMin }: IndexBounds,
): TextIndex {
  // They were found by their ends.
  found.sort((a, b) => a.start - b.start);
  const firstMarks = new Uint32Array(found.length + 1);
  for (const [i, { marks }] of found.entries()) firstMarks[i + 1] = firstMarks[i]! + marks.length;
  const marks = new Uint32Array(firstMarks[found.length]!);
  for (const [i, one] of found.entries()) marks.set(one.marks, firstMarks[i]);
  return {
    starts: Uint32Array.from(found, ({ start }) => start),
    ends: Uint32Array.from(found, ({ end }) => end),
    counts: Uint32Array.from(found, ({ count }) => count),
    ...{ firstMarks, marks, stride, rowsMin, names: [] },
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
