// Finds one value inside canonical text by JSON Pointer tokens (RFC 6901), without parsing the rest.

import { decodeName } from './pointer.ts';
import { skipString, skipValue } from './skip.ts';

/**
 * The value's bytes (a view, not a copy), or undefined if nothing is there. Of members with the same name the last
 * one counts, as in JSON.parse. The text must be canonical.
 */
export function findValue(text: Uint8Array, tokens: readonly string[]): Uint8Array | undefined {
  let start = 0;
  for (const token of tokens) {
    const found =
      text[start] === 0x7b
        ? findMember(text, start, token)
        : text[start] === 0x5b
          ? findElement(text, start, token)
          : undefined;
    if (found === undefined) return undefined;
    start = found;
  }
  return text.subarray(start, skipValue(text, start));
}

function findMember(text: Uint8Array, object: number, name: string): number | undefined {
  let found: number | undefined;
  let at = object + 1;
  while (text[at] === 0x22) {
    const colon = skipString(text, at);
    const value = colon + 1;
    if (decodeName(text.subarray(at + 1, colon - 1)) === name) found = value;
    at = skipValue(text, value) + 1;
  }
  return found;
}

function findElement(text: Uint8Array, array: number, token: string): number | undefined {
  if (!/^(0|[1-9]\d{0,15})$/.test(token) || text[array + 1] === 0x5d) return undefined;
  let at = array + 1;
  for (let left = Number(token); left > 0; left--) {
    at = skipValue(text, at);
    if (text[at] !== 0x2c) return undefined;
    at++;
  }
  return at;
}
