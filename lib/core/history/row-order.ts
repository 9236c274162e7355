// Tables whose rows stand in the order of what they are called, as a dump by primary key has them: then no two are called the same, and
// where one is, is a search by halves.

import { OPEN_OBJECT, type Rows, rowEnd, rowStart } from '../json/spans.ts';
import type { RowKey } from './row-key.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const CLOSE_OBJECT = 0x7d;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

/** Longer names and keys are not looked at. */
const NAME_BYTES_MAX = 64;
const KEY_BYTES_MAX = 64;
/** Names that JSON can spell in no other way than by `\u` and four digits. */
const PLAIN_NAME = /^[A-Za-z0-9_]+$/;

/** Each row of the array that begins at `array` has this member first, only once, and with a greater value than the row before it. */
export interface RowOrder {
  array: number;
  name: string;
  /** Strings without escapes, by their bytes; else integers from 0 on. */
  isString: boolean;
  /** Of an index that is kept apart from its text: the value of each of its marked rows, without quotes. */
  keys?: readonly string[];
}

/** The order of the rows of an array; undefined if there is none, or none that is seen at once. */
export function orderOf(text: Buffer, array: number, rows: Rows): RowOrder | undefined {
  if (rows.count === 0) return undefined;
  const name = firstNameOf(text, rowStart(rows, 0), rowEnd(rows, 0));
  if (name === undefined) return undefined;
  // With the bracket before it and the colon behind it.
  const beginning = Buffer.from(`{"${name}":`);
  const isString = text[rowStart(rows, 0) + beginning.length] === QUOTE;
  const before: Span = { from: 0, to: 0 };
  const own: Span = { from: 0, to: 0 };
  for (let k = 0; k < rows.count; k++) {
    const start = rowStart(rows, k);
    if (!beginsWith(text, start, beginning)) return undefined;
    if (!readKey(text, start + beginning.length, isString, own)) return undefined;
    if (k > 0 && compareKeys(text, before, text, own, isString) >= 0) return undefined;
    before.from = own.from;
    before.to = own.to;
  }
  return isFirstAlone(text, array, rows, name) ? { array, name, isString } : undefined;
}

interface Span {
  from: number;
  to: number;
}

function firstNameOf(text: Buffer, row: number, end: number): string | undefined {
  if (text[row] !== OPEN_OBJECT || text[row + 1] !== QUOTE) return undefined;
  const close = text.subarray(row + 2, Math.min(end, row + 3 + NAME_BYTES_MAX)).indexOf(QUOTE);
  const name = close < 0 ? '' : text.toString('latin1', row + 2, row + 2 + close);
  return PLAIN_NAME.test(name) ? name : undefined;
}

function beginsWith(text: Buffer, at: number, bytes: Buffer): boolean {
  for (let k = 0; k < bytes.length; k++) if (text[at + k] !== bytes[k]) return false;
  return true;
}

/** The key that begins at `at`, without quotes; false if it is none that can be compared. */
function readKey(text: Buffer, at: number, isString: boolean, key: Span): boolean {
  const from = isString ? at + 1 : at;
  if (isString && text[at] !== QUOTE) return false;
  let to = from;
  while (to - from < KEY_BYTES_MAX && isOfKey(text[to]!, isString)) to++;
  key.from = from;
  key.to = to;
  const next = text[isString ? to + 1 : to];
  const ends = (!isString || text[to] === QUOTE) && (next === COMMA || next === CLOSE_OBJECT);
  return ends && (isString || to > from);
}

function isOfKey(c: number, isString: boolean): boolean {
  return isString ? c !== QUOTE && c !== BACKSLASH : c >= DIGIT_0 && c <= DIGIT_9;
}

/** JSON writes no zeros before a number: a longer one is greater. */
function compareKeys(a: Uint8Array, x: Span, b: Uint8Array, y: Span, isString: boolean): number {
  const xBytes = x.to - x.from;
  const yBytes = y.to - y.from;
  if (!isString && xBytes !== yBytes) return xBytes - yBytes;
  const shared = Math.min(xBytes, yBytes);
  for (let k = 0; k < shared; k++) {
    const by = a[x.from + k]! - b[y.from + k]!;
    if (by !== 0) return by;
  }
  return xBytes - yBytes;
}

/**
 * Whether the rows have that member at their beginnings only. One within a row would have to be told from one of the row, so there may be
 * none, at whichever depth, nor one that is spelt in another way.
 */
function isFirstAlone(text: Buffer, array: number, rows: Rows, name: string): boolean {
  const within = text.subarray(array, rows.close);
  if (within.includes('\\u00') && [...new Set(name)].some((letter) => isSpeltOut(within, letter)))
    return false;
  // A quote within a string stands behind a backslash: what is found is a name.
  const quoted = Buffer.from(`"${name}":`);
  let at = within.indexOf(quoted);
  for (let k = 0; k < rows.count; k++) {
    if (at !== rowStart(rows, k) + 1 - array) return false;
    at = within.indexOf(quoted, at + quoted.length);
  }
  return at < 0;
}

function isSpeltOut(within: Buffer, letter: string): boolean {
  const digits = letter.charCodeAt(0).toString(16).padStart(4, '0');
  return within.includes(`\\u${digits}`) || within.includes(`\\u${digits.toUpperCase()}`);
}

/** What a key of a path would be among those of an order; undefined if it is none of them. */
export function keyIn({ name, isString }: RowOrder, key: RowKey): Buffer | undefined {
  if (key.name !== name || key.isString !== isString) return undefined;
  const { value } = key;
  if (!isString) return /^(0|[1-9]\d*)$/.test(value) ? Buffer.from(value) : undefined;
  return value.isWellFormed() && !/["\\\p{Cc}]/u.test(value) ? Buffer.from(value) : undefined;
}

/** The key of the row that begins there, as it stands in its text. */
export function keyAt(text: Uint8Array, row: number, { name, isString }: RowOrder): Buffer {
  const from = row + `{"${name}":`.length + (isString ? 1 : 0);
  let to = from;
  while (to < text.length && isOfKey(text[to]!, isString)) to++;
  return Buffer.from(text.buffer, text.byteOffset + from, to - from);
}

/** Below 0, 0 or above, as the first key comes before the second, is it, or comes behind it. */
export function compareInOrder(a: Uint8Array, b: Uint8Array, { isString }: RowOrder): number {
  return compareKeys(a, { from: 0, to: a.length }, b, { from: 0, to: b.length }, isString);
}
