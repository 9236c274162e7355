// The step of a path that names a row, by some of its members.

import { skipValue } from '../json/skip.ts';
import { findMember } from './member.ts';
import { rowKeyOf } from './row-key.ts';

const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;

/** A longer member names no row: it would be no step that anybody reads. */
export const KEY_BYTES_MAX = 1024;

/** The step that names a row by these members, if it has all of them with short scalars. */
export function stepOf(text: Buffer, row: number, members: readonly string[]): string | undefined {
  if (text[row] !== OPEN_OBJECT) return undefined;
  const parts: string[] = [];
  for (const member of members) {
    const value = findMember(text, row, member);
    if (value === undefined || !isShortScalar(text, value)) return undefined;
    parts.push(rowKeyOf(member, text.toString('utf8', value, skipValue(text, value))));
  }
  return parts.join(',');
}

/** Not a container, and no longer than a step may be. */
export function isShortScalar(text: Buffer, value: number): boolean {
  if (text[value] === OPEN_OBJECT || text[value] === OPEN_ARRAY) return false;
  return skipValue(text, value) - value <= KEY_BYTES_MAX;
}
