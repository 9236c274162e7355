// The members of an object that is canonical text, without parsing what is in them.

import { decodeName } from './pointer.ts';
import { skipString, skipValue } from './skip.ts';

/** Each member's name, and its bytes with the name (a view, not a copy); none of what is no object. */
export function* membersOf(text: Uint8Array): Generator<[name: string, bytes: Uint8Array]> {
  if (text[0] !== 0x7b) return;
  let at = 1;
  while (text[at] === 0x22) {
    const colon = skipString(text, at);
    const end = skipValue(text, colon + 1);
    yield [decodeName(text.subarray(at + 1, colon - 1)), text.subarray(at, end)];
    at = end + 1;
  }
}
