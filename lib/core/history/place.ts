// Finds a place in a canonical text by the steps of a path: names of members, numbers of elements, and what rows are called.

import { decodeName } from '../json/pointer.ts';
import { skipString, skipValue } from '../json/skip.ts';
import { parseRowKeys, type RowKey } from './row-key.ts';

const QUOTE = 0x22;
const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;
const CLOSE_ARRAY = 0x5d;
const COMMA = 0x2c;

/** A value, as bytes [start, end) of its text. */
export interface Place {
  start: number;
  end: number;
  /** The steps that lead to it in this text: what was said of rows is a number here. */
  steps: string[];
  /** Those of them that are names of members, and which of the steps those are. */
  names: string[];
  isName: boolean[];
}

/** `several`: more than one row is called like that, so none is meant. */
export type Found = Place | 'nothing' | 'several';

/**
 * The value at `steps`, which are those of a JSON Pointer, unescaped, save that a row of an array may be named by its
 * members (`id=42`). Of members with the same name the last one counts, as in JSON.parse. The text must be canonical.
 */
export function findPlace(text: Uint8Array, steps: readonly string[]): Found {
  let start = 0;
  const taken: string[] = [];
  const names: string[] = [];
  const isName: boolean[] = [];
  for (const step of steps) {
    isName.push(text[start] === OPEN_OBJECT);
    if (text[start] === OPEN_OBJECT) {
      const member = findMember(text, start, step);
      if (member === undefined) return 'nothing';
      start = member;
      names.push(step);
      taken.push(step);
      continue;
    }
    const element = findElement(text, start, step);
    if (element === undefined) return 'nothing';
    if (element === 'several') return element;
    start = element.start;
    taken.push(String(element.index));
  }
  return { start, end: skipValue(text, start), steps: taken, names, isName };
}

/** Where the value of the last member of that name begins. */
export function findMember(text: Uint8Array, object: number, name: string): number | undefined {
  let found: number | undefined;
  const wanted = Buffer.from(name);
  let at = object + 1;
  while (text[at] === QUOTE) {
    const colon = skipString(text, at);
    if (isNamed(text, at + 1, colon - 1, wanted, name)) found = colon + 1;
    at = skipValue(text, colon + 1) + 1;
  }
  return found;
}

/**
 * Whether the raw string content [from, to) is that name, which is also given as bytes.
 * Names are mostly as long as their text and of its bytes: only those with escapes are decoded.
 */
export function isNamed(
  text: Uint8Array,
  from: number,
  to: number,
  wanted: Uint8Array,
  name: string,
): boolean {
  if (to - from === wanted.length) {
    let k = 0;
    while (k < wanted.length && text[from + k] === wanted[k]) k++;
    if (k === wanted.length) return !name.includes('\\');
  }
  const raw = text.subarray(from, to);
  return raw.includes(0x5c) && decodeName(raw) === name;
}

function findElement(
  text: Uint8Array,
  array: number,
  step: string,
): { index: number; start: number } | 'several' | undefined {
  if (text[array] !== OPEN_ARRAY || text[array + 1] === CLOSE_ARRAY) return undefined;
  const isNumber = /^(0|[1-9]\d{0,15})$/.test(step);
  const keys = isNumber ? undefined : parseRowKeys(step);
  if (!isNumber && keys === undefined) return undefined;
  let found: { index: number; start: number } | undefined;
  for (let at = array + 1, index = 0; ; index++) {
    if (keys === undefined ? index === Number(step) : hasKeys(text, at, keys)) {
      if (found !== undefined) return 'several';
      found = { index, start: at };
      if (keys === undefined) return found;
    }
    at = skipValue(text, at);
    if (text[at] !== COMMA) return found;
    at++;
  }
}

/** Whether the row that begins at `row` has all these members. */
export function hasKeys(text: Uint8Array, row: number, keys: readonly RowKey[]): boolean {
  if (text[row] !== OPEN_OBJECT) return false;
  return keys.every(({ name, value, isString }) => {
    const at = findMember(text, row, name);
    if (at === undefined || (text[at] === QUOTE) !== isString) return false;
    if (text[at] === OPEN_OBJECT || text[at] === OPEN_ARRAY) return false;
    const end = skipValue(text, at);
    return isString
      ? isNamed(text, at + 1, end - 1, Buffer.from(value), value)
      : Buffer.from(text.buffer, text.byteOffset + at, end - at).toString('latin1') === value;
  });
}
