// What rows are called: the step that names one, where no other row of its array answers to it.

import { findInText, type Identity } from '../delta/compare/identity.ts';
import { decodeName } from '../json/pointer.ts';
import { skipString, skipValue } from '../json/skip.ts';
import { hidesName, type Mask } from './mask.ts';
import { findMember } from './member.ts';
import { countOfHash, namesOf, rowsOfHash } from './row-names.ts';
import { isShortScalar, KEY_BYTES_MAX, stepOf } from './row-step.ts';
import { hashOf } from './text-index.ts';
import { childrenFrom, type Ways } from './ways.ts';

const COMMA = 0x2c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
/** First byte of `null`. */
const NULL = 0x6e;

/**
 * The steps that name some rows of the array that begins at `array`, by their numbers: of those that have a name, which
 * is not masked, and share it with no other row. `key`: the members by which their owner tells them apart; a row without it is
 * called by what it has. Costs a pass over the array, or two.
 */
export function namedRows(
  text: Buffer,
  array: number,
  rows: ReadonlySet<number>,
  mask: Mask | undefined,
  key?: readonly string[],
  ways: Ways = { text },
): Map<number, string> {
  if (ways.index !== undefined) return namedByIndex(text, array, rows, mask, key, ways);
  const wanted = new Map<string, { row: number; times: number }>();
  const keys = new Map<string, readonly string[]>();
  let left = rows.size;
  for (const { index, start, end } of elementsOf(text, array)) {
    if (left === 0) break;
    if (!rows.has(index)) continue;
    left--;
    const named = nameOf(text, start, end, mask, key);
    if (named === undefined) continue;
    keys.set(JSON.stringify(named.members), named.members);
    wanted.set(named.step, { row: index, times: 0 });
  }
  const found = new Map<number, string>();
  if (wanted.size === 0) return found;
  // A step means every row that has the members, whatever that row is called itself.
  for (const { start } of elementsOf(text, array)) {
    for (const members of keys.values()) {
      const step = stepOf(text, start, members);
      const known = step === undefined ? undefined : wanted.get(step);
      if (known !== undefined) known.times++;
    }
  }
  for (const [step, { row, times }] of wanted) if (times === 1) found.set(row, step);
  return found;
}

/** The same where the text has an index: only the rows that may be called the same are read. */
function namedByIndex(
  text: Buffer,
  array: number,
  rows: ReadonlySet<number>,
  mask: Mask | undefined,
  key: readonly string[] | undefined,
  ways: Ways,
): Map<number, string> {
  const found = new Map<number, string>();
  const first = Math.min(...rows);
  let left = rows.size;
  for (const { number, start, end } of childrenFrom(ways, array, first)) {
    if (left === 0) break;
    if (!rows.has(number)) continue;
    left--;
    const named = nameOf(text, start, end, mask, key);
    if (named === undefined) continue;
    if (isOnlyOne(ways, array, named)) found.set(number, named.step);
  }
  return found;
}

function isOnlyOne(
  ways: Ways,
  array: number,
  { members, step }: { members: readonly string[]; step: string },
): boolean {
  const names = namesOf(ways, array, members);
  const hash = hashOf(step);
  if (names !== undefined && countOfHash(names, hash) === 1) return true;
  let times = 0;
  // Those of one hash may still be called differently.
  for (const { start } of names === undefined
    ? childrenFrom(ways, array, 0)
    : rowsOfHash(ways, names, hash)) {
    if (stepOf(ways.text as Buffer, start, members) === step && ++times > 1) return false;
  }
  return times === 1;
}

export interface Element {
  index: number;
  start: number;
  end: number;
}

/** The elements of the array that begins at `array`. */
export function* elementsOf(text: Buffer, array: number): Generator<Element> {
  let start = array + 1;
  if (text[start] === CLOSE_ARRAY) return;
  for (let index = 0; ; index++) {
    const end = skipValue(text, start);
    yield { index, start, end };
    if (text[end] !== COMMA) return;
    start = end + 1;
  }
}

function nameOf(
  text: Buffer,
  start: number,
  end: number,
  mask: Mask | undefined,
  key: readonly string[] | undefined,
): { members: readonly string[]; step: string } | undefined {
  if (text[start] !== OPEN_OBJECT || end - start === 2) return undefined;
  const members = key !== undefined && hasKey(text, start, key) ? key : memberOf(text, start, end);
  if (members === undefined || members.some((member) => hidesName(mask, member))) return undefined;
  const step = stepOf(text, start, members);
  return step === undefined ? undefined : { members, step };
}

/** Whether the row has all the members, and none of them is null: that names nothing. */
function hasKey(text: Buffer, row: number, key: readonly string[]): boolean {
  return key.every((member) => {
    const value = findMember(text, row, member);
    return value !== undefined && text[value] !== NULL && isShortScalar(text, value);
  });
}

/** The one member that most rows are told apart by. */
function memberOf(text: Buffer, start: number, end: number): readonly string[] | undefined {
  const found: Identity = { start: 0, end: 0 };
  findInText(text, start, end, found);
  if (found.end === 0 || found.end - found.start > KEY_BYTES_MAX) return undefined;
  return [decodeName(text.subarray(found.start + 1, skipString(text, found.start) - 1))];
}
