// What rows are called: the step that names one, where no other row of its array answers to it.

import { findInText, type Identity } from '../delta/compare/identity.ts';
import { decodeName } from '../json/pointer.ts';
import { skipString } from '../json/skip.ts';
import { hidesName, type Mask } from './mask.ts';
import { findMember } from './member.ts';
import { countOfHash, isTable, namesOf, orderBy, rowsOfHash } from './row-names.ts';
import { isShortScalar, KEY_BYTES_MAX, stepOf } from './row-step.ts';
import { hashOf } from './text-index.ts';
import { childrenFrom, demandQuick, demandThere, skip, type Ways } from './ways.ts';

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
  const called = calledRows(text, array, rows, mask, key, ways);
  const found = new Map<number, string>();
  if (isTable(ways, array)) {
    for (const [row, named] of called) if (isOnlyOne(text, array, named, ways)) found.set(row, named.step);
    return found;
  }
  const wanted = new Map<string, { row: number; times: number }>();
  const keys = new Map<string, readonly string[]>();
  for (const [row, { members, step }] of called) {
    keys.set(JSON.stringify(members), members);
    wanted.set(step, { row, times: 0 });
  }
  if (wanted.size === 0) return found;
  demandQuick(ways, skip(ways, array) - array);
  // A step means every row that has the members, whatever that row is called itself.
  for (const { start, end } of childrenFrom(ways, array, 0)) {
    demandThere(ways, start, end);
    for (const members of keys.values()) {
      const step = stepOf(text, start, members);
      const known = step === undefined ? undefined : wanted.get(step);
      if (known !== undefined) known.times++;
    }
  }
  for (const [step, { row, times }] of wanted) if (times === 1) found.set(row, step);
  return found;
}

/** How a row is called, though others may be as well. */
interface Called {
  members: readonly string[];
  step: string;
}

function calledRows(
  text: Buffer,
  array: number,
  rows: ReadonlySet<number>,
  mask: Mask | undefined,
  key: readonly string[] | undefined,
  ways: Ways,
): Map<number, Called> {
  const called = new Map<number, Called>();
  let first = Infinity;
  for (const row of rows) first = Math.min(first, row);
  let left = rows.size;
  if (left === 0) return called;
  for (const { number, start, end } of childrenFrom(ways, array, first)) {
    if (!rows.has(number)) continue;
    demandThere(ways, start, end);
    const named = nameOf(text, start, end, mask, key);
    if (named !== undefined) called.set(number, named);
    if (--left === 0) break;
  }
  return called;
}

/** Of a table that the index has names of only the rows that may be called the same are read. */
function isOnlyOne(text: Buffer, array: number, { members, step }: Called, ways: Ways): boolean {
  if (orderBy(ways, array, members) !== undefined) return true;
  const names = namesOf(ways, array, members)!;
  const hash = hashOf(step);
  if (countOfHash(names, hash) === 1) return true;
  let times = 0;
  // Those of one hash may still be called differently.
  for (const { start } of rowsOfHash(ways, names, hash)) {
    if (stepOf(text, start, members) === step && ++times > 1) return false;
  }
  return times === 1;
}

function nameOf(
  text: Buffer,
  start: number,
  end: number,
  mask: Mask | undefined,
  key: readonly string[] | undefined,
): Called | undefined {
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
