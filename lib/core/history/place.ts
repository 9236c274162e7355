// Finds a place in a canonical text by the steps of a path: names of members, numbers of elements, and what rows are called.

import { skipValue } from '../json/skip.ts';
import { findMember, isNamed, knownMember } from './member.ts';
import { parseRowKeys, type RowKey } from './row-key.ts';
import { rowsCalled } from './row-names.ts';
import { byteAt, childrenFrom, demandFewNames, demandThere, skip, type Ways } from './ways.ts';

const QUOTE = 0x22;
const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;
const CLOSE_ARRAY = 0x5d;

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
export function findPlace(text: Uint8Array, steps: readonly string[], ways: Ways = { text }): Found {
  let start = 0;
  const taken: string[] = [];
  const names: string[] = [];
  const isName: boolean[] = [];
  for (const step of steps) {
    const isObject = byteAt(ways, start) === OPEN_OBJECT;
    isName.push(isObject);
    if (isObject) {
      if (knownMember(start, step, ways) === undefined) demandFewNames(ways, start);
      const member = findMember(text, start, step, ways);
      if (member === undefined) return 'nothing';
      start = member;
      names.push(step);
      taken.push(step);
      continue;
    }
    const element = findElement(ways, start, step);
    if (element === undefined) return 'nothing';
    if (element === 'several') return element;
    start = element.start;
    taken.push(String(element.index));
  }
  const end = steps.length === 0 ? text.length : skip(ways, start);
  return { start, end, steps: taken, names, isName };
}

function findElement(
  ways: Ways,
  array: number,
  step: string,
): { index: number; start: number } | 'several' | undefined {
  if (byteAt(ways, array) !== OPEN_ARRAY || byteAt(ways, array + 1) === CLOSE_ARRAY) return undefined;
  if (/^(0|[1-9]\d{0,15})$/.test(step)) {
    const [found] = childrenFrom(ways, array, Number(step));
    return found && { index: found.number, start: found.start };
  }
  const keys = parseRowKeys(step);
  if (keys === undefined) return undefined;
  let found: { index: number; start: number } | undefined;
  for (const { number, start, end } of rowsCalled(ways, array, keys) ?? childrenFrom(ways, array, 0)) {
    demandThere(ways, start, end);
    if (!hasKeys(ways.text, start, keys)) continue;
    if (found !== undefined) return 'several';
    found = { index: number, start };
  }
  return found;
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
