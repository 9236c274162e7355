// What rows are called: the step that names one, where no other row of its array answers to it.

import { findInText, type Identity } from '../delta/compare/identity.ts';
import { decodeName } from '../json/pointer.ts';
import { skipString, skipValue } from '../json/skip.ts';
import { hidesName, type Mask } from './mask.ts';
import { findMember } from './place.ts';
import { rowKeyOf } from './row-key.ts';

const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;

/** A longer member names no row: it would be no step that anybody reads. */
const KEY_BYTES_MAX = 1024;

/**
 * The steps that name some rows of the array that begins at `array`, by their numbers: of those that have a name, which
 * is not masked, and share it with no other row. Costs a pass over the array, or two.
 */
export function namedRows(
  text: Buffer,
  array: number,
  rows: ReadonlySet<number>,
  mask: Mask | undefined,
): Map<number, string> {
  const wanted = new Map<string, { row: number; times: number }>();
  const members = new Set<string>();
  let left = rows.size;
  for (const { index, start, end } of elementsOf(text, array)) {
    if (left === 0) break;
    if (!rows.has(index)) continue;
    left--;
    const named = nameOf(text, start, end, mask);
    if (named === undefined) continue;
    members.add(named.member);
    wanted.set(named.step, { row: index, times: 0 });
  }
  const found = new Map<number, string>();
  if (wanted.size === 0) return found;
  // A step means every row that has the member, whatever that row is called itself.
  for (const { start } of elementsOf(text, array)) {
    for (const member of members) {
      const step = text[start] === OPEN_OBJECT ? stepBy(text, start, member) : undefined;
      const known = step === undefined ? undefined : wanted.get(step);
      if (known !== undefined) known.times++;
    }
  }
  for (const [step, { row, times }] of wanted) if (times === 1) found.set(row, step);
  return found;
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
): { member: string; step: string } | undefined {
  if (text[start] !== OPEN_OBJECT || end - start === 2) return undefined;
  const found: Identity = { start: 0, end: 0 };
  findInText(text, start, end, found);
  if (found.end === 0 || found.end - found.start > KEY_BYTES_MAX) return undefined;
  const member = decodeName(text.subarray(found.start + 1, skipString(text, found.start) - 1));
  const step = hidesName(mask, member) ? undefined : stepBy(text, start, member);
  return step === undefined ? undefined : { member, step };
}

/** The step that names a row by this member, if it has it with a short scalar. */
function stepBy(text: Buffer, row: number, member: string): string | undefined {
  const value = findMember(text, row, member);
  if (value === undefined || text[value] === OPEN_OBJECT || text[value] === OPEN_ARRAY) return undefined;
  const end = skipValue(text, value);
  return end - value > KEY_BYTES_MAX ? undefined : rowKeyOf(member, text.toString('utf8', value, end));
}
