// What a stored delta does to its base, as edits of the text; and which of them cannot change its structure.

import type { Script } from '../delta/stored/script.ts';
import type { Parts } from './parts.ts';

const BACKSLASH = 0x5c;

/** Bytes [from, to) of the text before were replaced by [start, end) of the next one; in order, and apart from each other. */
export interface TextEdit {
  from: number;
  to: number;
  start: number;
  end: number;
  /** It changes the characters of one name or scalar, and no container: `isPlain` of both sides. */
  isPlain?: boolean;
}

/** What a script does to its base; undefined if it puts together what stood in another order. */
export function editsOf(
  { copyBytes, copyFrom, literalBytes, literals }: Script,
  before: Parts,
  targetBytes: number,
): TextEdit[] | undefined {
  const edits: TextEdit[] = [];
  let from = 0;
  let start = 0;
  let literal = 0;
  const add = (to: number, bytes: number): void => {
    const end = start + bytes;
    if (to === from && end === start) return;
    const isPlain = isPlainText(literals, literal, literal + bytes) && isPlainlyGone(before, from, to);
    edits.push({ from, to, start, end, isPlain });
    literal += bytes;
  };
  for (let k = 0; k < copyBytes.length; k++) {
    const to = copyFrom[k]!;
    if (to < from) return undefined;
    add(to, literalBytes[k]!);
    from = to + copyBytes[k]!;
    start += literalBytes[k]! + copyBytes[k]!;
  }
  add(before.bytes, targetBytes - start);
  return edits;
}

/**
 * Whether bytes can go without a change to where names and values begin and end: no quote, bracket, comma, colon or
 * backslash is among them, nor stands a backslash before them, which would be that of what follows then.
 */
export function isPlainlyGone(text: Parts, from: number, to: number): boolean {
  if (from === 0) return false;
  const gone = text.part(from - 1, to);
  return gone[0] !== BACKSLASH && isPlainText(gone, 1, gone.length);
}

/** Whether bytes can come without such a change. */
export function isPlainText(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (isStructure(bytes[at]!)) return false;
  return true;
}

/** Of the characters `"`, `,`, `:`, and of brackets of both kinds and the backslash, which are alike but for the 32. */
function isStructure(c: number): boolean {
  const upper = c & ~0x20;
  return c === 0x22 || c === 0x2c || c === 0x3a || upper === 0x5b || upper === 0x5c || upper === 0x5d;
}
