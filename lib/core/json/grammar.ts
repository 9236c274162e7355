// The states of the scanner and the classes of bytes (RFC 8259).

// The order matters: up to AFTER white space may stand, from INTEGER on digits run.
export const VALUE = 0;
export const FIRST_ELEMENT = 1;
export const FIRST_KEY = 2;
export const KEY = 3;
export const COLON = 4;
export const AFTER = 5;
export const STRING = 6;
export const ESCAPE = 7;
export const HEX = 8;
export const LITERAL = 9;
export const MINUS = 10;
export const ZERO = 11;
export const POINT = 12;
export const EXPONENT = 13;
export const EXPONENT_SIGN = 14;
export const INTEGER = 15;
export const FRACTION = 16;
export const EXPONENT_DIGITS = 17;

export const EXPECTED: Record<number, string> = {
  [VALUE]: 'Expected a value.',
  [FIRST_ELEMENT]: 'Expected a value or "]".',
  [FIRST_KEY]: 'Expected a member name or "}".',
  [KEY]: 'Expected a member name.',
  [COLON]: 'Expected ":".',
  [ESCAPE]: 'Expected an escape character.',
  [HEX]: 'Expected a hexadecimal digit.',
  [LITERAL]: 'Expected true, false or null.',
  [MINUS]: 'Expected a digit.',
  [POINT]: 'Expected a digit.',
  [EXPONENT]: 'Expected a digit or a sign.',
  [EXPONENT_SIGN]: 'Expected a digit.',
};

/** What a value stands in. */
export const ARRAY = 0;
export const OBJECT = 1;
export const NONE = 2;
export const CLOSERS = [0x5d, 0x7d, -1];
export const AFTER_FAULTS = [
  'Expected "," or "]".',
  'Expected "," or "}".',
  'There is something after the end of the value.',
];
export const TOO_DEEP = 'too deep';

const encoder = new TextEncoder();
export const LITERALS: Record<number, Uint8Array> = {
  116: encoder.encode('true'),
  102: encoder.encode('false'),
  110: encoder.encode('null'),
};
export const NULL_BYTES = LITERALS[0x6e]!;

/** 1 for bytes that stand in a string as they are; bytes from 0x80 on were checked as UTF-8 before. */
export const PLAIN = new Uint8Array(256).map((_, b) => (b >= 0x20 && b !== 0x22 && b !== 0x5c ? 1 : 0));
export const ESCAPES = onesOf('"\\/bfnrt');
export const HEX_DIGITS = onesOf('0123456789abcdefABCDEF');
export const DIGITS = onesOf('0123456789');

/** 1 for these bytes. */
function onesOf(characters: string): Uint8Array {
  const ones = new Uint8Array(256);
  for (const b of encoder.encode(characters)) ones[b] = 1;
  return ones;
}

export function isSpace(c: number): boolean {
  return c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09;
}
