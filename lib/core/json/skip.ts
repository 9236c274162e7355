// Passes over strings and values of canonical text without looking into them.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** What begins there goes on behind the end of the text. */
export class Unended extends RangeError {}

/** The index after the string that begins at `start`. Throws Unended if it does not end. */
export function skipString(text: Uint8Array, start: number): number {
  let at = start + 1;
  for (;;) {
    const c = text[at++];
    if (c === QUOTE) return at;
    if (c === BACKSLASH) at++;
    if (c === undefined) throw new Unended('a string does not end');
  }
}

/** The index after the value that begins at `start`. Throws Unended if it does not end. */
export function skipValue(text: Uint8Array, start: number): number {
  let at = start;
  let depth = 0;
  do {
    const c = text[at];
    if (c === undefined) throw new Unended('a value does not end');
    if (c === QUOTE) at = skipString(text, at);
    else if (c === OPEN_OBJECT || c === OPEN_ARRAY) {
      depth++;
      at++;
    } else if (c === CLOSE_OBJECT || c === CLOSE_ARRAY) {
      depth--;
      at++;
    } else if (depth > 0) at++;
    else return endOfScalar(text, at);
  } while (depth > 0);
  return at;
}

/** Of a number or a word: up to what stands behind a value, or the end of the text. */
function endOfScalar(text: Uint8Array, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== COMMA && text[at] !== CLOSE_OBJECT && text[at] !== CLOSE_ARRAY)
    at++;
  return at;
}
