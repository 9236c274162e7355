// Reads two texts side by side: names, and values that are not containers of one kind.

import { viewOf } from '../../bytes/content-hash.ts';
import { sameWords } from '../../bytes/ranges.ts';
import { skipString, skipValue } from '../../json/skip.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const CASE_BIT = 0x20;
const CLOSE_OBJECT = 0x7d;

/** A quote or a backslash in each of four bytes. */
const QUOTES = 0x22222222;
const BACKSLASHES = 0x5c5c5c5c;
/** The lowest bit of each of four bytes, and the highest. */
const LOW = 0x01010101;
const HIGH = 0x80808080;

/** Where both texts are being read. */
export interface Cursor {
  base: Buffer;
  target: Buffer;
  baseView: DataView;
  targetView: DataView;
  /** Offset in the base, and in the target. */
  p: number;
  q: number;
}

// The loops work on locals: those are four times as fast as what an object or a module keeps.

export function createCursor(): Cursor {
  const none = Buffer.alloc(0);
  return { base: none, target: none, baseView: viewOf(none), targetView: viewOf(none), p: 0, q: 0 };
}

/** Goes to these places of two texts. */
export function place(at: Cursor, base: Buffer, p: number, target: Buffer, q: number): void {
  if (at.base !== base) {
    at.base = base;
    at.baseView = viewOf(base);
  }
  if (at.target !== target) {
    at.target = target;
    at.targetView = viewOf(target);
  }
  at.p = p;
  at.q = q;
}

/** Reads two values to behind their ends, and gives whether they are the same. */
export function readScalars(at: Cursor): boolean {
  const { base, target } = at;
  let { p, q } = at;
  let c = base[p]!;
  if (c !== target[q]) {
    at.p = skipValue(base, p);
    at.q = skipValue(target, q);
    return false;
  }
  if (c === QUOTE) return readStrings(at);
  while (c === target[q] && !endsScalar(c)) {
    c = base[++p]!;
    q++;
  }
  const isSame = endsScalar(c) && endsScalar(target[q]!);
  while (!endsScalar(base[p]!)) p++;
  while (!endsScalar(target[q]!)) q++;
  at.p = p;
  at.q = q;
  return isSame;
}

function readStrings(at: Cursor): boolean {
  const { base, target, baseView, targetView } = at;
  let p = at.p + 1;
  let q = at.q + 1;
  // Four bytes at a time, up to the first four that differ or may end it.
  const most = Math.min(base.length - p, target.length - q) - 4;
  for (const last = p + most; p <= last; p += 4, q += 4) {
    const four = baseView.getInt32(p, true);
    if (four !== targetView.getInt32(q, true)) break;
    const quote = four ^ QUOTES;
    const backslash = four ^ BACKSLASHES;
    if ((((quote - LOW) & ~quote) | ((backslash - LOW) & ~backslash)) & HIGH) break;
  }
  for (;;) {
    const c = base[p]!;
    if (c !== target[q]) break;
    p++;
    q++;
    if (c === QUOTE) {
      at.p = p;
      at.q = q;
      return true;
    }
    if (c !== BACKSLASH) continue;
    // What is escaped does not end the string.
    if (base[p] !== target[q]) break;
    p++;
    q++;
  }
  at.p = skipString(base, at.p);
  at.q = skipString(target, at.q);
  return false;
}

/** Names, quotes and colons included, one for each place that a member can have: most are what the one there was before. */
export interface Names {
  bytes: Uint8Array;
  view: DataView;
  /** 0 where there is none, or one that is too long. */
  lengths: Uint8Array;
}

const NAME_BYTES_MAX = 64;

export function createNames(places: number): Names {
  const bytes = new Uint8Array(places * NAME_BYTES_MAX);
  return { bytes, view: viewOf(bytes), lengths: new Uint8Array(places) };
}

/** Reads two names with their colons if they are the one that is known to have been at this place before. */
export function readKnownNames(at: Cursor, names: Names, slot: number): boolean {
  const length = names.lengths[slot]!;
  const { p, q } = at;
  if (length === 0 || p + length > at.base.length || q + length > at.target.length) return false;
  const known = slot * NAME_BYTES_MAX;
  if (!sameWords(at.baseView, p, names.view, known, length)) return false;
  if (!sameWords(at.targetView, q, names.view, known, length)) return false;
  at.p = p + length;
  at.q = q + length;
  return true;
}

/** Remembers the name [from, to) of a text for a place, and gives its length; 0 if it is too long to be remembered. */
export function rememberName({ bytes }: Names, slot: number, text: Buffer, from: number, to: number): number {
  const length = to - from;
  if (length > NAME_BYTES_MAX) return 0;
  const known = slot * NAME_BYTES_MAX;
  for (let k = 0; k < length; k++) bytes[known + k] = text[from + k]!;
  return length;
}

/** Reads two names with their colons, and gives whether they are the same. */
export function readNames(at: Cursor): boolean {
  const { base, target } = at;
  let p = at.p + 1;
  let q = at.q + 1;
  for (;;) {
    const c = base[p]!;
    if (c !== target[q]) return false;
    p++;
    q++;
    if (c === QUOTE) break;
    if (c !== BACKSLASH) continue;
    if (base[p] !== target[q]) return false;
    p++;
    q++;
  }
  at.p = p + 1;
  at.q = q + 1;
  return true;
}

function endsScalar(c: number): boolean {
  return c === COMMA || (c | CASE_BIT) === CLOSE_OBJECT;
}
