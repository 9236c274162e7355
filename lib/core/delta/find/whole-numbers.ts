// Copies grow byte by byte, also into a number that has changed: of 4257.97 and 4612.11 the 4 is copied. Undone here, as
// whole numbers compress better than what differs of them, and copies that all end in front of a value end alike.

import { COPY_COLUMNS } from '../difference.ts';

/** Longer numbers are left as they are. */
const NUMBER_BYTES_MAX = 24;

const IS_OF_NUMBER = flags('0123456789.+-eE');
const IS_BEFORE_VALUE = flags(':,[');
const IS_BEHIND_VALUE = flags(',]}');

/** Shortens these copies of `target` so that none ends or begins within a number that has changed, and gives them back. */
export function wholeNumbers(result: Uint32Array, target: Buffer): Uint32Array {
  for (let k = 0; k + COPY_COLUMNS < result.length; k += COPY_COLUMNS) {
    const end = result[k + 1]! + result[k + 2]!;
    const next = result[k + COPY_COLUMNS + 1]!;
    if (next - end > NUMBER_BYTES_MAX) continue;
    const isInLine = result[k + COPY_COLUMNS]! >= result[k]! + result[k + 2]!;
    if (!isInLine) continue;
    const from = numberStart(target, end, next);
    const to = numberEnd(target, next);
    if (from < 0 || to < 0 || (from === end && to === next)) continue;
    const cut = end - from;
    const more = to - next;
    if (cut >= result[k + 2]! || more >= result[k + COPY_COLUMNS + 2]!) continue;
    result[k + 2]! -= cut;
    result[k + COPY_COLUMNS]! += more;
    result[k + COPY_COLUMNS + 1]! += more;
    result[k + COPY_COLUMNS + 2]! -= more;
  }
  return result;
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
