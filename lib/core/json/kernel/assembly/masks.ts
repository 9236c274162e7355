// Bit masks of 64 bytes of text: bit k tells of byte k.

export const QUOTE: u8 = 0x22;
export const BACKSLASH: u8 = 0x5c;
export const COMMA: u8 = 0x2c;
export const COLON: u8 = 0x3a;
/** Both opening, and both closing brackets, are these once CASE_BIT is set. */
export const OPEN_BRACE: u8 = 0x7b;
export const CLOSE_BRACE: u8 = 0x7d;
export const CASE_BIT: u8 = 0x20;

@inline
export function gather(a: v128, b: v128, c: v128, d: v128): u64 {
  return (
    (i8x16.bitmask(a) as u64) |
    ((i8x16.bitmask(b) as u64) << 16) |
    ((i8x16.bitmask(c) as u64) << 32) |
    ((i8x16.bitmask(d) as u64) << 48)
  );
}

/** Which bytes are `byte`. */
@inline
export function equalTo(a: v128, b: v128, c: v128, d: v128, byte: u8): u64 {
  const k = i8x16.splat(byte as i8);
  return gather(i8x16.eq(a, k), i8x16.eq(b, k), i8x16.eq(c, k), i8x16.eq(d, k));
}

/** Which bytes are `byte` once CASE_BIT is set. */
@inline
export function equalToEither(a: v128, b: v128, c: v128, d: v128, byte: u8): u64 {
  const bit = i8x16.splat(CASE_BIT as i8);
  return equalTo(v128.or(a, bit), v128.or(b, bit), v128.or(c, bit), v128.or(d, bit), byte);
}

/** Which bytes are less than `byte`. */
@inline
export function lessThan(a: v128, b: v128, c: v128, d: v128, byte: u8): u64 {
  const k = i8x16.splat(byte as i8);
  return gather(i8x16.lt_u(a, k), i8x16.lt_u(b, k), i8x16.lt_u(c, k), i8x16.lt_u(d, k));
}

/** Which bytes are digits. */
@inline
export function digitsOf(a: v128, b: v128, c: v128, d: v128): u64 {
  const zero = i8x16.splat(0x30);
  return lessThan(i8x16.sub(a, zero), i8x16.sub(b, zero), i8x16.sub(c, zero), i8x16.sub(d, zero), 10);
}

/** Which bytes are white space of JSON: each of the four is found by its low four bits, and then compared. */
@inline
export function spacesOf(a: v128, b: v128, c: v128, d: v128): u64 {
  const table = i8x16(0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0x09, 0x0a, 0, 0, 0x0d, 0, 0);
  const low = i8x16.splat(0x0f);
  return gather(
    i8x16.eq(a, i8x16.swizzle(table, v128.and(a, low))),
    i8x16.eq(b, i8x16.swizzle(table, v128.and(b, low))),
    i8x16.eq(c, i8x16.swizzle(table, v128.and(c, low))),
    i8x16.eq(d, i8x16.swizzle(table, v128.and(d, low))),
  );
}

/** Bit k is the parity of bits 0 to k: from each opening quote up to before its closing one. */
@inline
export function insideOf(quotes: u64): u64 {
  let inside = quotes;
  inside ^= inside << 1;
  inside ^= inside << 2;
  inside ^= inside << 4;
  inside ^= inside << 8;
  inside ^= inside << 16;
  inside ^= inside << 32;
  return inside;
}

/** The lowest `count` bits, 0 to 64 of them. */
@inline
export function lowest(count: i32): u64 {
  return count == 64 ? ~(0 as u64) : ((1 as u64) << (count as u64)) - 1;
}

/** Bytes that a backslash escapes; bit 0 is one if `carry` is 1. The last backslash may escape a byte beyond: see escapesBeyond. */
export function escapedBy(backslashes: u64, carry: u64): u64 {
  let escaped = carry;
  let left = backslashes & ~carry;
  while (left != 0) {
    const bit = left & (0 - left);
    escaped |= bit << 1;
    left &= ~(bit | (bit << 1));
  }
  return escaped;
}

/** 1 if the first byte behind these 64 is escaped. */
@inline
export function escapesBeyond(backslashes: u64, escaped: u64): u64 {
  return (backslashes & ~escaped) >> 63;
}
