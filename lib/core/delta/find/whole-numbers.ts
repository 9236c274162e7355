// Copies grow byte by byte, also into a number that has changed: of 4257.97 and 4612.11 the 4 is copied. Undone here, as
// whole numbers compress better than what differs of them, and copies that all end in front of a value end alike.

import { COPY_COLUMNS } from '../difference.ts';

/** Longer numbers are left as they are. */
const NUMBER_BYTES_MAX = 24;

const IS_OF_NUMBER = flags('0123456789.+-eE');
const IS_BEFORE_VALUE = flags(':,[');
const IS_BEHIND_VALUE = flags(',]}');

/** Shortens the copies at k and behind it, neighbours of one column, so that none ends or begins within a number of `target` that has changed. */
export function keepNumberWhole(copies: Uint32Array, k: number, target: Buffer): void {
  const next = k + COPY_COLUMNS;
  const end = copies[k + 1]! + copies[k + 2]!;
  const start = copies[next + 1]!;
  if (start - end > NUMBER_BYTES_MAX) return;
  const isInLine = copies[next]! >= copies[k]! + copies[k + 2]!;
  if (!isInLine) return;
  const from = numberStart(target, end, start);
  const to = numberEnd(target, start);
  if (from < 0 || to < 0 || (from === end && to === start)) return;
  const cut = end - from;
  const more = to - start;
  if (cut >= copies[k + 2]! || more >= copies[next + 2]!) return;
  copies[k + 2]! -= cut;
  copies[next]! += more;
  copies[next + 1]! += more;
  copies[next + 2]! -= more;
}

/** Where the number begins that [end, next) is within; -1 if that is not all of one. */
function numberStart(text: Buffer, end: number, next: number): number {
  for (let at = end; at < next; at++) if (IS_OF_NUMBER[text[at]!] === 0) return -1;
  let from = end;
  while (from > 0 && end - from < NUMBER_BYTES_MAX && IS_OF_NUMBER[text[from - 1]!] === 1) from--;
  return from > 0 && IS_BEFORE_VALUE[text[from - 1]!] === 1 ? from : -1;
}

function numberEnd(text: Buffer, next: number): number {
  let to = next;
  while (to < text.length && to - next < NUMBER_BYTES_MAX && IS_OF_NUMBER[text[to]!] === 1) to++;
  return to < text.length && IS_BEHIND_VALUE[text[to]!] === 1 ? to : -1;
}

function flags(characters: string): Uint8Array {
  const found = new Uint8Array(256);
  for (const character of characters) found[character.charCodeAt(0)] = 1;
  return found;
}
