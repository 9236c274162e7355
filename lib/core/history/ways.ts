// How one gets about in a text: by reading all that stands between, or by its index, where there is one. Of a text that is fetched as it
// is asked for, only what is there is read.

import { skipString, skipValue, Unended } from '../json/skip.ts';
import { containerAt, type TextIndex } from './text-index.ts';

const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;
/** `]` and `}` once this bit is set. */
const CASE_BIT = 0x20;
const CLOSE_OBJECT = 0x7d;

export interface Ways {
  text: Uint8Array;
  /** Of this text, or of one that it is a part of: then `from` is where it begins there. */
  index?: TextIndex;
  from?: number;
  /** What would take its time is not done: it throws `TakesTime`. */
  isQuick?: boolean;
  /** Of a text that is not all there: what is. What is read beyond it throws `NotHeld`. */
  held?: HeldSpans;
}

/** The parts of a text that are there. */
export interface HeldSpans {
  /** Where the part that has the byte at `at` ends; `at` itself if that byte is not there. */
  endOf(at: number): number;
}

/** The byte at `at` would have to be there. */
export class NotHeld extends Error {
  readonly at: number;

  constructor(at: number) {
    super(`the text is not there from ${at} on`);
    this.at = at;
  }
}

/** The byte that stands there; undefined behind the end. Throws NotHeld. */
export function byteAt({ text, held }: Ways, at: number): number | undefined {
  if (held !== undefined && at < text.length && held.endOf(at) === at) throw new NotHeld(at);
  return text[at];
}

/** Throws NotHeld unless all of [start, end) is there. */
export function demandThere({ held }: Ways, start: number, end: number): void {
  const known = held?.endOf(start) ?? end;
  if (known < end) throw new NotHeld(known);
}

/** The index after the string that begins there. Throws NotHeld. */
export function stringEnd(ways: Ways, at: number): number {
  return readWithin(ways, at, skipString);
}

/** What `skip` says of what begins there, and that all of it is there. Throws NotHeld. */
function readWithin(ways: Ways, at: number, skip: (text: Uint8Array, at: number) => number): number {
  const { text, held } = ways;
  const known = held === undefined ? text.length : held.endOf(at);
  if (known >= text.length) return skip(text, at);
  if (known <= at) throw new NotHeld(at);
  let end: number;
  try {
    end = skip(text.subarray(0, known), at);
  } catch (error) {
    // It goes on beyond what is there.
    if (error instanceof Unended) throw new NotHeld(known);
    throw error;
  }
  // Where a number ends, what follows says.
  if (end >= known) throw new NotHeld(known);
  return end;
}

/** More than a few milliseconds: to be done in a thread of its own. */
export class TakesTime extends Error {}

/** Bytes that are read in a few milliseconds, and names of members. */
const QUICK_BYTES_MAX = 2 * 1024 * 1024;
const QUICK_NAMES_MAX = 10_000;

/** Throws TakesTime if so much is to be read, and only what is quick is wanted. */
export function demandQuick({ isQuick }: Ways, bytes: number): void {
  if (isQuick === true && bytes > QUICK_BYTES_MAX) throw new TakesTime();
}

/** The same, of the members of the object that begins there. */
export function demandFewNames(ways: Ways, object: number): void {
  if (ways.isQuick === true && countChildren(ways, object) > QUICK_NAMES_MAX) throw new TakesTime();
}

/** Which of the large containers that the index knows begins there; -1 for none. */
export function containerOf({ index, from = 0 }: Ways, at: number): number {
  return index === undefined ? -1 : containerAt(index, at + from);
}

/** Whether what begins there is one. */
export function isIndexed(ways: Ways, at: number): boolean {
  return containerOf(ways, at) >= 0;
}

/** The index after the value that begins there. */
export function skip(ways: Ways, at: number): number {
  const { index, from = 0 } = ways;
  if (index !== undefined) {
    const opening = byteAt(ways, at);
    const container = opening === OPEN_OBJECT || opening === OPEN_ARRAY ? containerOf(ways, at) : -1;
    if (container >= 0) return index.ends[container]! - from;
  }
  return readWithin(ways, at, skipValue);
}

/** The children of the container that begins there. */
export function countChildren(ways: Ways, container: number): number {
  const known = containerOf(ways, container);
  if (known >= 0) return ways.index!.counts[known]!;
  const isObject = byteAt(ways, container) === OPEN_OBJECT;
  let at = container + 1;
  if ((byteAt(ways, at)! | CASE_BIT) === CLOSE_OBJECT) return 0;
  for (let count = 1; ; count++) {
    at = skip(ways, isObject ? stringEnd(ways, at) + 1 : at);
    if (byteAt(ways, at) !== COMMA) return count;
    at++;
  }
}

/** A child of a container: its number, and where it begins (of a member, its name) and its value does. */
export interface Child {
  number: number;
  at: number;
  start: number;
  end: number;
}

/** Whether a child of a container that the index knows begins exactly there. */
export function childAt(ways: Ways, container: number, at: number): boolean {
  const { index, from = 0 } = ways;
  const known = containerOf(ways, container);
  const { marks, firstMarks, stride } = index!;
  let low = firstMarks[known]!;
  let high = firstMarks[known + 1]! - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (marks[middle]! - from <= at) low = middle;
    else high = middle - 1;
  }
  for (const child of childrenFrom(ways, container, (low - firstMarks[known]!) * stride)) {
    if (child.at >= at) return child.at === at;
  }
  return false;
}

/** The children of the container that begins there, from that number on. */
export function* childrenFrom(ways: Ways, container: number, first: number): Generator<Child> {
  const { index, from = 0 } = ways;
  const isObject = byteAt(ways, container) === OPEN_OBJECT;
  let at = container + 1;
  if ((byteAt(ways, at)! | CASE_BIT) === CLOSE_OBJECT) return;
  let number = 0;
  const known = containerOf(ways, container);
  if (known >= 0) {
    if (first >= index!.counts[known]!) return;
    const mark = Math.floor(first / index!.stride);
    at = index!.marks[index!.firstMarks[known]! + mark]! - from;
    number = mark * index!.stride;
  }
  for (; ; number++) {
    const start = isObject ? stringEnd(ways, at) + 1 : at;
    const end = skip(ways, start);
    if (number >= first) yield { number, at, start, end };
    if (byteAt(ways, end) !== COMMA) return;
    at = end + 1;
  }
}
