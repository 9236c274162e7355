// Validates JSON without white space, 64 bytes a turn, by what may stand beside what. Strings are told from structure by
// the parity of quotes (Langdale and Lemire, "Parsing Gigabytes of JSON per Second", 2019); between two brackets the
// kind of container is the same, so only brackets are looked at one by one. What is at fault is not found out here.

import { KINDS, MARKS, RESULT } from './layout';
import {
  BACKSLASH,
  CLOSE_BRACE,
  COLON,
  COMMA,
  digitsOf,
  equalTo,
  equalToEither,
  insideOf,
  lessThan,
  lowest,
  OPEN_BRACE,
  QUOTE,
} from './masks';
import { isEscape, isScalar } from './tokens';

// States of ../../grammar.ts.
const VALUE: i32 = 0;
const FIRST_ELEMENT: i32 = 1;
const FIRST_KEY: i32 = 2;
const KEY: i32 = 3;
const AT_COLON: i32 = 4;
const AFTER: i32 = 5;
const STRING: i32 = 6;

const DOT: u8 = 0x2e;
const MINUS: u8 = 0x2d;
const ZERO: u8 = 0x30;
const LETTER_U: u8 = 0x75;

/** Results: at fault; or the bytes taken, after which white space follows, or a part of a token, or the end. */
const FAULT: i32 = -1;

/**
 * Scans `length` bytes at `text` from `state` on, inside a container; ends behind the bracket that brings the depth down to
 * `floor`. A member's mark is its name's offset in the text plus `markBase`. Leaves state, whether in a name, depth and
 * whether white space follows at RESULT.
 */
export function scan(
  text: usize,
  length: i32,
  state: i32,
  inKey: i32,
  depthAtStart: i32,
  floor: i32,
  depthMax: i32,
  markBase: f64,
): i32 {
  let depth = depthAtStart;
  let isObject = load<u8>(KINDS + depth) == 1;
  // Of the byte before: in a string (all bits), in a name, a name's end, ...
  let inString: u64 = state == STRING ? ~(0 as u64) : 0;
  let inName: u64 = state == STRING && inKey != 0 ? 1 : 0;
  let wasNameEnd: u64 = state == AT_COLON ? 1 : 0;
  let wasSeparator: u64 = state <= KEY ? 1 : 0;
  let wasOpen: u64 = state == FIRST_ELEMENT || state == FIRST_KEY ? 1 : 0;
  let beforeName: u64 = state == FIRST_KEY || state == KEY ? 1 : 0;
  let meetsSpace: i32 = 0;
  let at: i32 = 0;
  let isEnd = false;
  while (at < length && !isEnd) {
    const p = text + at;
    const a = v128.load(p);
    const b = v128.load(p, 16);
    const c = v128.load(p, 32);
    const d = v128.load(p, 48);
    // How many of the 64 bytes are taken: no token and no escape is ever taken apart.
    let size: i32 = min(64, length - at);
    let quotes = equalTo(a, b, c, d, QUOTE);
    let backslashes = equalTo(a, b, c, d, BACKSLASH) & lowest(size);
    const anyBackslash = backslashes;
    while (backslashes != 0) {
      const k = ctz(backslashes) as i32;
      const next = load<u8>(p + k, 1);
      if (k + (next == LETTER_U ? 6 : 2) > size) {
        size = k;
        break;
      }
      if (!isEscape(p + k + 1)) return FAULT;
      quotes &= ~((2 as u64) << (k as u64));
      backslashes &= ~((3 as u64) << (k as u64));
    }
    let taken = lowest(size);
    quotes &= taken;
    const inside = insideOf(quotes) ^ inString;
    let open = equalToEither(a, b, c, d, OPEN_BRACE) & ~inside;
    let close = equalToEither(a, b, c, d, CLOSE_BRACE) & ~inside;
    let comma = equalTo(a, b, c, d, COMMA) & ~inside;
    let colon = equalTo(a, b, c, d, COLON) & ~inside;
    let scalar = ~(inside | quotes | open | close | comma | colon) & taken;
    const low = lessThan(a, b, c, d, 0x21) & taken;
    if (low != 0) {
      if ((low & ~inside) != 0) {
        meetsSpace = 1;
        break;
      }
      if ((lessThan(a, b, c, d, 0x20) & taken) != 0) return FAULT;
    }
    if ((anyBackslash & taken & ~inside) != 0) return FAULT;
    if (size > 0 && ((scalar >> ((size - 1) as u64)) & 1) != 0) {
      size = 64 - (clz(~scalar & taken) as i32);
      taken = lowest(size);
    }
    if (depth - (popcnt(close & taken) as i32) <= floor) {
      let brackets = (open | close) & taken;
      let reached = depth;
      while (brackets != 0) {
        const k = ctz(brackets);
        reached += ((open >> k) & 1) != 0 ? 1 : -1;
        if (reached == floor) {
          size = (k as i32) + 1;
          isEnd = true;
          break;
        }
        brackets &= brackets - 1;
      }
      taken = lowest(size);
    }
    if (size == 0) break;
    quotes &= taken;
    open &= taken;
    close &= taken;
    comma &= taken;
    colon &= taken;
    scalar &= taken;
    const strings = inside & taken;

    // Each separator and opening bracket is followed by the start of a value or name, or closed at once; nothing else is.
    let start = scalar & ~(scalar << 1);
    const name = quotes & strings;
    const separator = comma | colon | open;
    const afterSeparator = ((separator << 1) | wasSeparator) & taken;
    if (((start | name | open) ^ afterSeparator) != (close & ((open << 1) | wasOpen))) return FAULT;

    // In an object, what follows a comma or the opening bracket is a name.
    let namePlace = (comma << 1) | beforeName;
    const noName = start | open;
    let names: u64 = 0;
    let braces: u64 = 0;
    let done: u64 = 0;
    let brackets = open | close;
    for (;;) {
      const bit = brackets & (0 - brackets);
      // All up to the bracket and itself; without any, the rest.
      const upTo = bit == 0 ? taken : bit | (bit - 1);
      const part = upTo & ~done;
      const mark = MARKS + ((depth as usize) << 3);
      if (isObject) {
        const here = name & part & namePlace;
        if ((noName & part & namePlace) != 0) return FAULT;
        names |= here;
        if (here != 0) store<f64>(mark, markBase + ((at + 63 - (clz(here) as i32)) as f64));
      } else {
        const elements = comma & part;
        if (elements != 0) store<f64>(mark, load<f64>(mark) + (popcnt(elements) as f64));
      }
      if (bit == 0) break;
      done = upTo;
      brackets ^= bit;
      const bracket = load<u8>(p + (ctz(bit) as usize));
      if ((open & bit) != 0) {
        if (depth == depthMax) return FAULT;
        depth++;
        isObject = bracket == OPEN_BRACE;
        store<u8>(KINDS + depth, isObject ? 1 : 0);
        store<f64>(MARKS + ((depth as usize) << 3), isObject ? -1.0 : 0.0);
        if (isObject) {
          namePlace |= bit << 1;
          braces |= bit;
        }
      } else {
        if (bracket != (isObject ? CLOSE_BRACE : 0x5d)) return FAULT;
        depth--;
        isObject = load<u8>(KINDS + depth) == 1;
      }
    }

    // A one added where a name begins runs through it, and comes out at its closing quote.
    const sum = strings + (names | inName);
    const nameEnds = sum & ~strings;
    if ((((nameEnds << 1) | wasNameEnd) & taken) != colon) return FAULT;

    if (scalar != 0) {
      let digits = digitsOf(a, b, c, d) & scalar;
      const rest = scalar & ~digits;
      const zero = equalTo(a, b, c, d, ZERO);
      if (rest == 0) {
        if ((((zero & start) << 1) & digits) != 0) return FAULT;
      } else {
        const minus = start & equalTo(a, b, c, d, MINUS);
        let dot = rest & equalTo(a, b, c, d, DOT);
        let other = rest & ~(minus | dot);
        let negative = minus;
        while (other != 0) {
          const k = ctz(other);
          const first = 63 - clz(start & lowest((k as i32) + 1));
          const end = ctz(~scalar & ~lowest(k as i32));
          if (!isScalar(p + (first as usize), p + (end as usize))) return FAULT;
          const keep = ~(lowest(end as i32) & ~lowest(first as i32));
          digits &= keep;
          dot &= keep;
          start &= keep;
          negative &= keep;
          other &= keep;
        }
        const integer = (start & ~negative) | (negative << 1);
        const fraction = dot << 1;
        const isWrong =
          (integer & ~digits) |
          (dot & ~(digits << 1)) |
          (fraction & ~digits) |
          ((digits + fraction) & ~digits & dot) |
          (((zero & integer) << 1) & digits);
        if (isWrong != 0) return FAULT;
      }
    }

    const last = (size - 1) as u64;
    inName = size == 64 ? (sum < strings ? 1 : 0) : (nameEnds >> (size as u64)) & 1;
    wasNameEnd = (nameEnds >> last) & 1;
    inString = 0 - ((strings >> last) & 1);
    wasSeparator = (separator >> last) & 1;
    wasOpen = (open >> last) & 1;
    beforeName = ((comma | braces) >> last) & 1;
    at += size;
  }
  let now = AFTER;
  if (inString != 0) now = STRING;
  else if (wasNameEnd != 0) now = AT_COLON;
  else if (wasOpen != 0) now = isObject ? FIRST_KEY : FIRST_ELEMENT;
  else if (wasSeparator != 0) now = isObject && beforeName != 0 ? KEY : VALUE;
  store<i32>(RESULT, now);
  store<i32>(RESULT, inName as i32, 4);
  store<i32>(RESULT, depth, 8);
  store<i32>(RESULT, meetsSpace, 12);
  return at;
}
