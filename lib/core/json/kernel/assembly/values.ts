// Passes over strings and values of valid text, also of two texts at once. 16 bytes beyond each value can be read.

import { BACKSLASH, CASE_BIT, CLOSE_BRACE, COMMA, OPEN_BRACE, QUOTE } from './masks';

/** Where two values end that are not the same. */
export let endOfFirst: usize = 0;
export let endOfSecond: usize = 0;

@inline
function equal(bytes: v128, byte: u8): v128 {
  return i8x16.eq(bytes, i8x16.splat(byte as i8));
}

/** Which of 16 bytes end a string or escape what follows. */
@inline
function specialIn(bytes: v128): i32 {
  return i8x16.bitmask(v128.or(equal(bytes, QUOTE), equal(bytes, BACKSLASH)));
}

/** Which of 16 bytes stand behind a value. */
@inline
function endsIn(bytes: v128): i32 {
  const folded = v128.or(bytes, i8x16.splat(CASE_BIT as i8));
  return i8x16.bitmask(v128.or(equal(bytes, COMMA), equal(folded, CLOSE_BRACE)));
}

@inline
function isBracket(c: u8, brace: u8): bool {
  return (c | CASE_BIT) == brace;
}

/** Behind the closing quote of the string that `from` is within. */
export function skipRest(from: usize): usize {
  let p = nextSpecial(from);
  while (load<u8>(p) == BACKSLASH) p = nextSpecial(p + 2);
  return p + 1;
}

@inline
function nextSpecial(from: usize): usize {
  let p = from;
  let special = specialIn(v128.load(p));
  while (special == 0) {
    p += 16;
    special = specialIn(v128.load(p));
  }
  return p + ctz(special);
}

/** Behind the value that begins at `from`. */
export function skipValue(from: usize): usize {
  let p = from;
  let depth: i32 = 0;
  do {
    const c = load<u8>(p);
    if (c == QUOTE) p = skipRest(p + 1);
    else if (isBracket(c, OPEN_BRACE)) {
      depth++;
      p++;
    } else if (isBracket(c, CLOSE_BRACE)) {
      depth--;
      p++;
    } else if (depth > 0) p++;
    else return endOfScalar(p);
  } while (depth > 0);
  return p;
}

function endOfScalar(from: usize): usize {
  let p = from;
  let ends = endsIn(v128.load(p));
  while (ends == 0) {
    p += 16;
    ends = endsIn(v128.load(p));
  }
  return p + ctz(ends);
}

/** Bytes up to behind the colons of the names that begin here, if they are the same; else 0. */
@inline
export function sameNames(first: usize, second: usize): usize {
  const length = sameStrings(first, second);
  return length == 0 ? 0 : length + 1;
}

/** Bytes of the strings that begin here, if they are the same; else 0, and the ends are where they part. */
@inline
function sameStrings(first: usize, second: usize): usize {
  let k: usize = 1;
  for (;;) {
    const a = v128.load(first + k);
    const differs = ~i8x16.bitmask(i8x16.eq(a, v128.load(second + k))) & 0xffff;
    const stops = differs | specialIn(a);
    if (stops == 0) {
      k += 16;
      continue;
    }
    const here = ctz(stops);
    k += here;
    const isSame = ((differs >> here) & 1) == 0;
    if (isSame && load<u8>(first + k) == QUOTE) return k + 1;
    // What is escaped does not end the string.
    if (!isSame || load<u8>(first + k, 1) != load<u8>(second + k, 1)) break;
    k += 2;
  }
  endOfFirst = first + k;
  endOfSecond = second + k;
  return 0;
}

/** Bytes of two values that begin here, not both containers of one kind, if they are the same; else 0, and the ends are theirs. */
@inline
export function sameScalars(first: usize, second: usize): usize {
  const c = load<u8>(first);
  if (c != load<u8>(second)) return otherValues(first, second);
  if (c == QUOTE) {
    const length = sameStrings(first, second);
    return length == 0 ? otherStrings() : length;
  }
  const a = v128.load(first);
  const b = v128.load(second);
  const ends = endsIn(a);
  const otherEnds = endsIn(b);
  if (ends == 0 || otherEnds == 0) return longScalars(first, second);
  const length = ctz(ends);
  const differs = ~i8x16.bitmask(i8x16.eq(a, b)) & ((1 << length) - 1);
  if (differs == 0 && ctz(otherEnds) == length) return length;
  endOfFirst = first + length;
  endOfSecond = second + ctz(otherEnds);
  return 0;
}

function otherValues(first: usize, second: usize): usize {
  endOfFirst = skipValue(first);
  endOfSecond = skipValue(second);
  return 0;
}

function otherStrings(): usize {
  endOfFirst = skipRest(endOfFirst);
  endOfSecond = skipRest(endOfSecond);
  return 0;
}

function longScalars(first: usize, second: usize): usize {
  const p = endOfScalar(first);
  const q = endOfScalar(second);
  endOfFirst = p;
  endOfSecond = q;
  const length = p - first;
  return length == q - second && sameBytes(first, second, length as u32) ? length : 0;
}

export function sameBytes(first: usize, second: usize, length: u32): bool {
  let k: u32 = 0;
  for (; k + 8 <= length; k += 8) if (load<u64>(first + k) != load<u64>(second + k)) return false;
  for (; k < length; k++) if (load<u8>(first + k) != load<u8>(second + k)) return false;
  return true;
}
