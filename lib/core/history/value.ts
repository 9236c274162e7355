// One value of a text as it is shown: what it is, how large, and its own characters as far as there is room. Nothing is parsed
// into numbers, so what is shown is what is stored.

import { countChildren, type Ways } from './ways.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;

export type ValueKind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';

export interface ShownValue {
  kind: ValueKind;
  /** Of its JSON text. Absent if it is masked. */
  bytes?: number;
  /** Of an object its members, of an array its elements. */
  count?: number;
  /** The raw JSON text of a scalar; its beginning, without the closing quote, if it is `cut`. */
  text?: string;
  cut?: true;
  /** It is hidden: neither its text nor its length is told. */
  masked?: true;
}

/** The value [start, end) with at most `textBytesMax` bytes of text. */
export function showValue(
  text: Uint8Array,
  start: number,
  end: number,
  textBytesMax: number,
  isMasked: boolean,
  ways: Ways = { text },
): ShownValue {
  const kind = kindAt(text, start);
  if (isMasked) return { kind, masked: true };
  const bytes = end - start;
  if (kind === 'object' || kind === 'array') return { kind, bytes, count: countChildren(ways, start) };
  if (bytes <= textBytesMax) return { kind, bytes, text: decoded(text, start, end) };
  return { kind, bytes, text: decoded(text, start, cutAt(text, start, start + textBytesMax)), cut: true };
}

export function kindAt(text: Uint8Array, start: number): ValueKind {
  switch (text[start]) {
    case OPEN_OBJECT:
      return 'object';
    case OPEN_ARRAY:
      return 'array';
    case QUOTE:
      return 'string';
    case 0x74:
    case 0x66:
      return 'boolean';
    case 0x6e:
      return 'null';
    default:
      return 'number';
  }
}

function decoded(text: Uint8Array, start: number, end: number): string {
  return Buffer.from(text.buffer, text.byteOffset + start, end - start).toString();
}

/** The last place at or before `end` at which neither a character nor an escape is cut through. */
function cutAt(text: Uint8Array, start: number, end: number): number {
  let at = start + (text[start] === QUOTE ? 1 : 0);
  let safe = at;
  while (at <= end) {
    safe = at;
    const c = text[at]!;
    if (c === BACKSLASH) at += text[at + 1] === 0x75 ? 6 : 2;
    else at += c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
  }
  return safe;
}
