// The text of a value with what is masked in it replaced.

import { decodeName } from '../json/pointer.ts';
import { skipString, skipValue } from '../json/skip.ts';
import { hidesName, type Mask } from './mask.ts';

const QUOTE = 0x22;
const COLON = 0x3a;

/** Stands for every masked value, whatever its kind and length. */
const MASKED = '"[masked]"';

/** The value [start, end), all of it as it is but for what stands under names that the mask hides. */
export function maskedText(
  text: Buffer,
  start: number,
  end: number,
  mask: Mask | undefined,
): { text: string; isMasked: boolean } {
  if (mask === undefined) return { text: text.toString('utf8', start, end), isMasked: false };
  const pieces: string[] = [];
  let isMasked = false;
  let taken = start;
  // A string before a colon is a name; all others are values.
  for (let at = start; at < end; ) {
    if (text[at] !== QUOTE) {
      at++;
      continue;
    }
    const after = skipString(text, at);
    if (text[after] !== COLON) {
      at = after;
      continue;
    }
    const name = decodeName(text.subarray(at + 1, after - 1));
    if (!hidesName(mask, name)) {
      at = after + 1;
      continue;
    }
    pieces.push(text.toString('utf8', taken, after + 1), MASKED);
    at = skipValue(text, after + 1);
    taken = at;
    isMasked = true;
  }
  pieces.push(text.toString('utf8', taken, end));
  return { text: pieces.join(''), isMasked };
}
