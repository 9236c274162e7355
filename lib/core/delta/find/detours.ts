// Looks in the base for what new text may be copied from: a member that is new often resembles one that is there, mostly
// nearby. Such copies are detours: what follows them goes on in the base as if they had not been.

import { type Column, createColumn, extend } from '../../bytes/column.ts';
import { viewOf } from '../../bytes/content-hash.ts';
import { commonPrefix, commonSuffix } from '../../bytes/ranges.ts';
import { COPY_COLUMNS } from '../difference.ts';
import {
  hashShortWindow,
  hashWindow,
  indexWindows,
  SHORT_WINDOW_BYTES,
  WINDOW_BYTES,
  type Windows,
  word,
} from './windows.ts';

/** Shorter literals are not looked at: what they could spare is what a copy costs. */
const LITERAL_BYTES_MIN = 32;
/** Less new text than this part of the base is not worth a look at all of the base. */
const NEW_PART_MIN = 1 / 2048;
/** New text after which no more is looked at: it takes some 0.2 us a byte. */
const NEW_BYTES_MAX = 1 << 20;
/** Windows of the base that are compared at one place. */
const CANDIDATES_MAX = 48;
/** Windows that are compared: so many before anything is found, more for each byte that is, and never more in all. */
const COMPARED_FIRST = 1 << 15;
const COMPARED_PER_BYTE = 64;
const COMPARED_MAX = 4 << 20;

// By how many bytes a copy must be longer than what gzip finds by itself in the new text before. The further away the
// copied bytes are, the more it costs to say where. Tried on twenty versions of a large config tree.
const GAIN_NEXT = 20;
const GAIN_NEARBY = 32;
const GAIN_ANYWHERE = 60;
/** How far behind the last copy's end the next one is looked for, and by how much new text they may be apart. */
const NEXT_BYTES_MAX = 24;
/** How far around its place in the base a literal's bytes are looked for one by one; less for a short one. */
const NEARBY_BYTES_MAX = 1024;
const NEARBY_PER_BYTE = 8;
const NEARBY_BITS = 13;

/** What gzip sees. */
const SEEN_BYTES_MAX = 32 * 1024;
const SEEN_BITS = 16;

const GAP_COLUMNS = 3;

export interface WithDetours {
  /** As in a Diff. */
  copies: Uint32Array;
  isDetour: Uint8Array;
}

/** The copies in line, and with them detours for long literals. */
export function withDetours(base: Buffer, target: Buffer, copies: Uint32Array): WithDetours {
  const none = { copies, isDetour: new Uint8Array(copies.length / COPY_COLUMNS) };
  const { gaps, text } = longLiterals(target, copies);
  if (text.length === 0 || text.length < base.length * NEW_PART_MIN || base.length < WINDOW_BYTES)
    return none;
  const baseView = viewOf(base);
  const textView = viewOf(text);
  const search: Search = {
    base,
    baseView,
    text,
    textView,
    windows: indexWindows(baseView, textView),
    nearby: new Int32Array(1 << NEARBY_BITS),
    seen: new Int32Array(1 << SEEN_BITS),
    isCopied: new Uint8Array(text.length),
    comparable: COMPARED_FIRST,
    compared: 0,
    lastEnd: -1,
    lastAt: 0,
    best: { start: 0, at: 0, length: 0 },
    found: createColumn(256),
  };
  let from = 0;
  for (let k = 0; k < gaps.length; k += GAP_COLUMNS) {
    const to = from + gaps.data[k + 1]!;
    const foundBefore = search.found.length;
    lookThrough(search, from, to, gaps.data[k + 2]!);
    const shift = gaps.data[k]! - from;
    const { data, length } = search.found;
    for (let copy = foundBefore; copy < length; copy += COPY_COLUMNS) data[copy + 1]! += shift;
    from = to;
  }
  return search.found.length === 0 ? none : merged(copies, search.found);
}

/** Three numbers a literal: its offset in the target, its bytes, where it stands in the base. And all their bytes. */
function longLiterals(target: Buffer, copies: Uint32Array): { gaps: Column; text: Buffer } {
  const gaps = createColumn(64);
  const texts: Buffer[] = [];
  let bytes = 0;
  let from = 0;
  let baseAt = 0;
  for (let k = 0; k <= copies.length; k += COPY_COLUMNS) {
    const to = k < copies.length ? copies[k + 1]! : target.length;
    const length = Math.min(to - from, NEW_BYTES_MAX - bytes);
    if (length >= LITERAL_BYTES_MIN) {
      push(gaps, from, length, baseAt);
      texts.push(target.subarray(from, from + length));
      bytes += length;
    }
    if (k === copies.length) break;
    from = to + copies[k + 2]!;
    baseAt = copies[k]! + copies[k + 2]!;
  }
  return { gaps, text: Buffer.concat(texts) };
}

interface Search {
  base: Buffer;
  baseView: DataView;
  /** All long literals. */
  text: Buffer;
  textView: DataView;
  windows: Windows;
  /** Offset + 1 in the base of short windows around the literal's place. */
  nearby: Int32Array;
  /** Offset + 1 in the text of short windows that were passed; and which bytes of it will not be literals. */
  seen: Int32Array;
  isCopied: Uint8Array;
  /** Windows that may be compared, and that have been. */
  comparable: number;
  compared: number;
  /** Where the last copy ended, in the base and in the text. */
  lastEnd: number;
  lastAt: number;
  best: Match;
  /** As copies, but offsets are in the text. */
  found: Column;
}

interface Match {
  /** In the base, and in the text. */
  start: number;
  at: number;
  length: number;
}

/** Appends the copies for text[from, to), which stands at base[place]. */
function lookThrough(search: Search, from: number, to: number, place: number): void {
  const { text, best } = search;
  indexNearby(search, place, to - from);
  let done = from;
  for (let at = from; at + SHORT_WINDOW_BYTES <= to; ) {
    const seen = seenBytes(search, at, to);
    best.length = 0;
    if (
      !findNext(search, at, to, seen + GAIN_NEXT) &&
      !findNearby(search, at, done, to, seen + GAIN_NEARBY)
    ) {
      if (at + WINDOW_BYTES <= to) findAnywhere(search, at, done, to, seen + GAIN_ANYWHERE);
    }
    if (best.length === 0) {
      // What gzip has seen it will repeat; a copy may still begin within its last bytes.
      const next = at + Math.max(1, seen - WINDOW_BYTES);
      for (at++; at < next; at++) noteSeen(search, at);
      continue;
    }
    push(search.found, best.start, best.at, best.length);
    done = best.at + best.length;
    search.isCopied.fill(1, best.at, done);
    search.lastEnd = best.start + best.length;
    search.lastAt = done;
    search.comparable = Math.min(search.comparable + best.length * COMPARED_PER_BYTE, COMPARED_MAX);
    for (at++; at < done; at++) if (at + SHORT_WINDOW_BYTES <= text.length) noteSeen(search, at);
  }
}

function indexNearby({ base, baseView, nearby }: Search, place: number, textBytes: number): void {
  const reach = Math.min(NEARBY_BYTES_MAX, textBytes * NEARBY_PER_BYTE);
  const last = Math.min(base.length - SHORT_WINDOW_BYTES, place + reach);
  nearby.fill(0);
  for (let at = Math.max(0, place - reach); at < last; at++)
    nearby[hashShortWindow(baseView, at, NEARBY_BITS)] = at + 1;
}

/** A copy that goes on a little behind the last one's end: what is copied differs by a value here and there. */
function findNext(search: Search, at: number, to: number, bytesMin: number): boolean {
  const { base, baseView, textView, lastEnd, lastAt } = search;
  if (lastEnd < 0 || at - lastAt > NEXT_BYTES_MAX) return false;
  const first = word(textView, at);
  const last = Math.min(lastEnd + NEXT_BYTES_MAX, base.length - SHORT_WINDOW_BYTES);
  let isFound = false;
  for (let start = lastEnd; start <= last; start++) {
    if (word(baseView, start) === first && tryMatch(search, start, at, at, to, bytesMin)) isFound = true;
  }
  return isFound;
}

function findNearby(search: Search, at: number, done: number, to: number, bytesMin: number): boolean {
  const start = search.nearby[hashShortWindow(search.textView, at, NEARBY_BITS)]! - 1;
  return start >= 0 && tryMatch(search, start, at, done, to, bytesMin);
}

function findAnywhere(search: Search, at: number, done: number, to: number, bytesMin: number): void {
  const { heads, kept, shift } = search.windows;
  let entry = heads[hashWindow(search.textView, at) >>> shift]!;
  for (let k = 0; k < CANDIDATES_MAX && entry !== 0 && search.compared < search.comparable; k++) {
    search.compared++;
    tryMatch(search, kept.data[(entry - 1) * 2]!, at, done, to, bytesMin);
    entry = kept.data[(entry - 1) * 2 + 1]!;
  }
}

/** Takes what base[start] and text[at] share, not before text[done], if it is longer than the best so far. */
function tryMatch(
  search: Search,
  start: number,
  at: number,
  done: number,
  to: number,
  bytesMin: number,
): boolean {
  const { base, text, best } = search;
  const forward = commonPrefix(base, start, text, at, Math.min(base.length - start, to - at));
  if (forward === 0) return false;
  const back = commonSuffix(base, start, text, at, Math.min(start, at - done));
  const length = forward + back;
  if (length < bytesMin || length <= best.length) return false;
  best.start = start - back;
  best.at = at - back;
  best.length = length;
  return true;
}

/** Bytes from here on that gzip has seen before; notes that it has seen these. */
function seenBytes(search: Search, at: number, to: number): number {
  const { text, isCopied } = search;
  const before = noteSeen(search, at) - 1;
  if (before < 0 || at - before > SEEN_BYTES_MAX) return 0;
  const length = commonPrefix(text, before, text, at, Math.min(to - at, at - before));
  let run = 0;
  while (run < length && isCopied[before + run] === 0) run++;
  return run < SHORT_WINDOW_BYTES ? 0 : run;
}

function noteSeen({ seen, textView }: Search, at: number): number {
  const hash = hashShortWindow(textView, at, SEEN_BITS);
  const before = seen[hash]!;
  seen[hash] = at + 1;
  return before;
}

function push(column: Column, a: number, b: number, c: number): void {
  const at = extend(column, 3);
  column.data[at] = a;
  column.data[at + 1] = b;
  column.data[at + 2] = c;
}

function merged(copies: Uint32Array, found: Column): WithDetours {
  const all = new Uint32Array(copies.length + found.length);
  const isDetour = new Uint8Array(all.length / COPY_COLUMNS);
  const foundData = found.data.subarray(0, found.length);
  let k = 0;
  let j = 0;
  for (let filled = 0; filled < all.length; filled += COPY_COLUMNS) {
    const takesFound = k === copies.length || (j < foundData.length && foundData[j + 1]! < copies[k + 1]!);
    const [from, at] = takesFound ? [foundData, j] : [copies, k];
    for (let column = 0; column < COPY_COLUMNS; column++) all[filled + column] = from[at + column]!;
    if (takesFound) {
      isDetour[filled / COPY_COLUMNS] = 1;
      j += COPY_COLUMNS;
    } else {
      k += COPY_COLUMNS;
    }
  }
  return { copies: all, isDetour };
}
