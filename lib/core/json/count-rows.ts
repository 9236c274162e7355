// How many rows a state has: what an operator counts who asks how much of it is gone.

const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;
const CLOSE_ARRAY = 0x5d;
const CLOSE_OBJECT = 0x7d;
const COMMA = 0x2c;
const COLON = 0x3a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Elements of arrays, and members of objects whose value is an object or array. The text must be canonical. */
export function countRows(text: Uint8Array): number {
  let rows = 0;
  const isArray: boolean[] = [];
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        if (text[at - 1] === COLON) rows++;
        isArray.push(text[at] === OPEN_ARRAY);
        // The first element; the others are counted by their commas.
        if (text[at] === OPEN_ARRAY && text[at + 1] !== CLOSE_ARRAY) rows++;
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        isArray.pop();
        break;
      case COMMA:
        if (isArray.at(-1)) rows++;
    }
  }
  return rows;
}

/** At the closing quote of the string that begins at `from`. */
function endOfString(text: Uint8Array, from: number): number {
  for (let at = text.indexOf(QUOTE, from + 1); at >= 0; at = text.indexOf(QUOTE, at + 1)) {
    let slashes = 0;
    while (text[at - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return at;
  }
  return text.length;
}
