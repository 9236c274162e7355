// Takes insignificant white space out of JSON.

import { BACKSLASH, equalTo, escapedBy, escapesBeyond, insideOf, lowest, QUOTE, spacesOf } from './masks';

/** Whether the byte, which is not in a string, is part of a number or literal: two of them must not come together. */
function isScalarByte(c: u8): bool {
  const folded = c | 0x20;
  return c != 0x22 && c != 0x2c && c != 0x3a && folded != 0x7b && folded != 0x7d;
}

/** Writes `length` bytes of `text` to `out`, without white space; 64 bytes behind each can be read, or written. Bytes written, or -1. */
export function compact(text: usize, length: i32, out: usize, startsInString: i32): i32 {
  let inString: u64 = startsInString != 0 ? ~(0 as u64) : 0;
  let isEscaped: u64 = 0;
  let wasSpace: u64 = 0;
  let to = out;
  for (let at: i32 = 0; at < length; at += 64) {
    const p = text + at;
    const a = v128.load(p);
    const b = v128.load(p, 16);
    const c = v128.load(p, 32);
    const d = v128.load(p, 48);
    let quotes = equalTo(a, b, c, d, QUOTE);
    const backslashes = equalTo(a, b, c, d, BACKSLASH);
    if ((backslashes | isEscaped) != 0) {
      const escaped = escapedBy(backslashes, isEscaped);
      quotes &= ~escaped;
      isEscaped = escapesBeyond(backslashes, escaped);
    }
    const inside = insideOf(quotes) ^ inString;
    inString = 0 - (inside >> 63);
    const size = min(64, length - at);
    const taken = lowest(size);
    const spaces = spacesOf(a, b, c, d) & ~inside & taken;
    if (spaces == 0 && wasSpace == 0) {
      v128.store(to, a);
      v128.store(to, b, 16);
      v128.store(to, c, 32);
      v128.store(to, d, 48);
      to += size;
      continue;
    }
    const firstOfRun = (spaces << 1) | wasSpace;
    let kept = taken & ~spaces;
    while (kept != 0) {
      const k = ctz(kept);
      const end = ctz(~(kept | lowest(k as i32)));
      const from = p + (k as usize);
      if (((firstOfRun >> k) & 1) != 0 && to > out) {
        if (isScalarByte(load<u8>(to - 1)) && isScalarByte(load<u8>(from))) return -1;
      }
      // Reading beyond the run is harmless: the next one is written over it.
      const run = end - k;
      v128.store(to, v128.load(from));
      for (let copied: u64 = 16; copied < run; copied += 16) {
        v128.store(to + (copied as usize), v128.load(from + (copied as usize)));
      }
      to += run as usize;
      if (end >= 64) break;
      kept &= ~lowest(end as i32);
    }
    wasSpace = (spaces >> ((size - 1) as u64)) & 1;
  }
  return (to - out) as i32;
}

/**
 * How many bytes of `text` lie before the last `left` bytes that were written. White space in a string cannot be taken for
 * what was left out: behind it, up to the closing quote, nothing was.
 */
export function spreadOut(text: usize, length: i32, out: usize, written: i32, left: i32): i32 {
  let at = length;
  for (let k: i32 = 1; k <= left; k++) {
    const byte = load<u8>(out + written - k);
    do at--;
    while (load<u8>(text + at) != byte);
  }
  return at;
}
