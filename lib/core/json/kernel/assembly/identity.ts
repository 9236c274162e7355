// The member by which an element of a list is told from others: see ../../../delta/compare/identity.ts.

import { CLOSE_BRACE, OPEN_BRACE } from './masks';
import { skipRest, skipValue } from './values';

const OPEN_BRACKET: u8 = 0x5b;
/** First byte of `null`. */
const NULL: u8 = 0x6e;
const RANKS: i32 = 9;

/** The span of the member found, name and value; both 0 if there is none. */
export let identityStart: usize = 0;
export let identityEnd: usize = 0;

/** Looks through the members of the object that begins at `start`. */
export function findIdentity(start: usize): void {
  identityStart = 0;
  identityEnd = 0;
  let best = RANKS;
  let p = start + 1;
  // An empty one has no members.
  if (load<u8>(p) == CLOSE_BRACE) return;
  for (;;) {
    const value = skipRest(p + 1) + 1;
    const end = skipValue(value);
    const rank = rankOf(p + 1, (value - p - 3) as u32, load<u8>(value));
    if (rank < best) {
      best = rank;
      identityStart = p;
      identityEnd = end;
    }
    if (best == 0 || load<u8>(end) == CLOSE_BRACE) return;
    p = end + 1;
  }
}

/** By names in order of trust, whatever their ASCII case; letters as numbers, the first one lowest. */
function rankOf(name: usize, length: u32, opening: u8): i32 {
  if (length < 2 || length > 4) return RANKS;
  if (opening == OPEN_BRACE || opening == OPEN_BRACKET || opening == NULL) return RANKS;
  const letters = load<u32>(name) | 0x20202020;
  if (length == 4) {
    if (letters == 0x64697575) return 2; // uuid
    if (letters == 0x64697567) return 4; // guid
    if (letters == 0x656d616e) return 6; // name
    return letters == 0x67756c73 ? 7 : RANKS; // slug
  }
  if (length == 2) return (letters & 0xffff) == 0x6469 ? 0 : RANKS; // id
  const three = letters & 0xffffff;
  // `_` has no other case.
  if (load<u8>(name) == 0x5f) return three >>> 8 == 0x6469 ? 1 : RANKS; // _id
  if (three == 0x646975) return 3; // uid
  if (three == 0x79656b) return 5; // key
  return three == 0x756b73 ? 8 : RANKS; // sku
}
