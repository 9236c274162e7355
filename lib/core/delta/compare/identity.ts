// What makes a row the same row although it has changed: the first of these members that it has, with a scalar value.

import { skipString, skipValue } from '../../json/skip.ts';
import {
  OPEN_ARRAY,
  OPEN_OBJECT,
  type Rows,
  rowEnd,
  rowStart,
  rowsOf,
  valueStart,
} from '../../json/spans.ts';
import type { Side } from './pair.ts';

/** In order of trust; compared without regard to ASCII case. */
const NAMES = ['id', '_id', 'uuid', 'uid', 'guid', 'key', 'name', 'slug', 'sku'].map((name) =>
  Buffer.from(name),
);
const NAME_BYTES_MAX = 4;
const NAME_BYTES_MIN = 2;
const LOWER_CASE = 0x20;
/** First byte of `null`. */
const NULL = 0x6e;

/** A member's span, name and value; end 0 if there is none. */
export interface Identity {
  start: number;
  end: number;
}

/** Finds the identifying member of child k, an element of an array. */
export function findIdentity(side: Side, rows: Rows, k: number, found: Identity): void {
  found.end = 0;
  const start = rowStart(rows, k);
  const end = rowEnd(rows, k);
  if (side.bytes[start] !== OPEN_OBJECT || end - start === 2) return;
  if (end - start >= rows.tape.bytesMin) findOnTape(side, rowsOf(rows.tape, start, end, true), found);
  else findInText(side.bytes, start, end, found);
}

function findOnTape(side: Side, members: Rows, found: Identity): void {
  let best = NAMES.length;
  for (let k = 0; k < members.count && best > 0; k++) {
    const value = valueStart(members, k);
    const rank = rankOf(side.bytes, rowStart(members, k), value - 1, value);
    if (rank < best) {
      best = rank;
      found.start = rowStart(members, k);
      found.end = rowEnd(members, k);
    }
  }
}

export function findInText(bytes: Buffer, start: number, end: number, found: Identity): void {
  let best = NAMES.length;
  let p = start + 1;
  while (p < end - 1 && best > 0) {
    const name = p;
    const nameEnd = skipString(bytes, p);
    const valueEnd = skipValue(bytes, nameEnd + 1);
    const rank = rankOf(bytes, name, nameEnd, nameEnd + 1);
    if (rank < best) {
      best = rank;
      found.start = name;
      found.end = valueEnd;
    }
    p = valueEnd + 1;
  }
}

/** Place in NAMES of the quoted name [start, end), or NAMES.length if it is none of them or its value names nothing. */
function rankOf(bytes: Buffer, start: number, end: number, value: number): number {
  const length = end - start - 2;
  if (length < NAME_BYTES_MIN || length > NAME_BYTES_MAX) return NAMES.length;
  const opening = bytes[value];
  if (opening === OPEN_OBJECT || opening === OPEN_ARRAY || opening === NULL) return NAMES.length;
  for (let rank = 0; rank < NAMES.length; rank++) {
    const name = NAMES[rank]!;
    if (name.length !== length) continue;
    let k = 0;
    // `_` is its own lower case only without the bit, but has no other spelling.
    while (
      k < length &&
      (bytes[start + 1 + k] === name[k] || (bytes[start + 1 + k]! | LOWER_CASE) === name[k])
    ) {
      k++;
    }
    if (k === length) return rank;
  }
  return NAMES.length;
}
