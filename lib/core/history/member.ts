// Members of objects by their names, in a canonical text.

import { decodeName } from '../json/pointer.ts';
import { byteAt, childAt, containerOf, skip, stringEnd, type Ways } from './ways.ts';

const QUOTE = 0x22;
/** Characters that JSON can write in two ways without spelling them out as `\\u...`. */
const TWO_WAYS = /["\\/\p{Cc}]/u;
const SPELT_OUT = Buffer.from('\\u');
/** What stands at more places, further down, is found by reading each member. */
const SEARCHED_PLACES_MAX = 64;
/** Of the members that were found last, so many are remembered, with names of up to so many characters. */
const NOTED_MAX = 16;
const NOTED_CHARS_MAX = 256;
/** Of fewer members each is read. */
const SEARCHED_MEMBERS_MIN = 512;

/** Where the value of the last member of that name begins. */
export function findMember(
  text: Uint8Array,
  object: number,
  name: string,
  ways: Ways = { text },
): number | undefined {
  const known = knownMember(object, name, ways);
  if (known !== undefined) return known;
  const searched = searchMember(text, object, name, ways);
  if (searched !== 'unknown') return noted(object, name, searched, ways);
  let found: number | undefined;
  const wanted = Buffer.from(name);
  let at = object + 1;
  while (byteAt(ways, at) === QUOTE) {
    const colon = stringEnd(ways, at);
    if (isNamed(text, at + 1, colon - 1, wanted, name)) found = colon + 1;
    at = skip(ways, colon + 1) + 1;
  }
  return noted(object, name, found, ways);
}

/** Where that member was found before: one who looks at a row mostly looks into it next. */
export function knownMember(object: number, name: string, { index, from = 0 }: Ways): number | undefined {
  const found = index?.members.findLast((one) => one.object === object + from && one.name === name);
  return found && found.at - from;
}

function noted(object: number, name: string, at: number | undefined, ways: Ways): number | undefined {
  const { index, from = 0 } = ways;
  const container = at === undefined ? -1 : containerOf(ways, object);
  if (container < 0 || index!.counts[container]! < SEARCHED_MEMBERS_MIN) return at;
  if (name.length > NOTED_CHARS_MAX) return at;
  index!.members.push({ object: object + from, name, at: at! + from });
  if (index!.members.length > NOTED_MAX) index!.members.shift();
  return at;
}

/**
 * The same in an object of many members that the index knows: its text is searched for the name as it is written, which takes a fraction of
 * reading them. Unknown where the name might be written in another way as well.
 */
function searchMember(
  text: Uint8Array,
  object: number,
  name: string,
  ways: Ways,
): number | undefined | 'unknown' {
  // All of it would have to be there.
  if (ways.held !== undefined) return 'unknown';
  const container = containerOf(ways, object);
  if (container < 0 || ways.index!.counts[container]! < SEARCHED_MEMBERS_MIN) return 'unknown';
  if (TWO_WAYS.test(name) || !name.isWellFormed()) return 'unknown';
  const end = skip(ways, object);
  const within = Buffer.from(text.buffer, text.byteOffset + object, end - object);
  if (within.includes(SPELT_OUT)) return 'unknown';
  // A quote within a string stands behind a backslash: behind these two bytes one begins a name, at whichever depth.
  const wanted = Buffer.from(`"${name}":`);
  let from = within.length;
  for (let tried = 0; tried < SEARCHED_PLACES_MAX && from > 0; tried++) {
    const at = within.lastIndexOf(wanted, from);
    if (at < 0) return undefined;
    if (childAt(ways, object, object + at)) return object + at + wanted.length;
    from = at - 1;
  }
  return from > 0 ? 'unknown' : undefined;
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
    // Half of a surrogate pair is no UTF-8: as bytes it would be what stands in the place of what is none.
    if (k === wanted.length) return !name.includes('\\') && name.isWellFormed();
  }
  const raw = text.subarray(from, to);
  return raw.includes(0x5c) && decodeName(raw) === name;
}
