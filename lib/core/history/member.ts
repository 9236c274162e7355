// Members of objects by their names, in a canonical text.

import { decodeName } from '../json/pointer.ts';
import { skipString } from '../json/skip.ts';
import { skip, type Ways } from './ways.ts';

const QUOTE = 0x22;

/** Where the value of the last member of that name begins. */
export function findMember(
  text: Uint8Array,
  object: number,
  name: string,
  ways: Ways = { text },
): number | undefined {
  let found: number | undefined;
  const wanted = Buffer.from(name);
  let at = object + 1;
  while (text[at] === QUOTE) {
    const colon = skipString(text, at);
    if (isNamed(text, at + 1, colon - 1, wanted, name)) found = colon + 1;
    at = skip(ways, colon + 1) + 1;
  }
  return found;
}

/**
 * Whether the raw string content [from, to) is that name, which is also given as bytes.
 * Names are mostly as long as their text and of its bytes: only those with escapes are decoded.
 */
export function isNamed(
  text: Uint8Array,
  from: number,
  to: number,
  wanted: Uint8Array,
  name: string,
): boolean {
  if (to - from === wanted.length) {
    let k = 0;
    while (k < wanted.length && text[from + k] === wanted[k]) k++;
    if (k === wanted.length) return !name.includes('\\');
  }
  const raw = text.subarray(from, to);
  return raw.includes(0x5c) && decodeName(raw) === name;
}
