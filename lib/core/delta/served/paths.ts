// Places as paths, written as users read them: `tables.users[3].name`. A name that is not a plain identifier is written
// `["as in the JSON"]`, so that no two places are ever written alike.

import { addAscii, addBytes, type Pieces } from '../apply/pieces.ts';
import {
  AROUND,
  KIND,
  MOVE,
  MOVED_TO,
  NONE,
  OP_COLUMNS,
  type Ops,
  PLACE,
  PLACE_COLUMNS,
  ROOT,
  STEP,
  STEP_BASE_NAME,
  STEP_FROM,
  STEP_INDEX,
  STEP_TO,
} from '../compare/ops.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** 1 for bytes of plain identifiers: letters, digits, `_` and `$`. */
const IDENTIFIER = new Uint8Array(256).map((_, c) => (/[\w$]/.test(String.fromCharCode(c)) ? 1 : 0));
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

/** A number in brackets: texts are shorter than 2^32 bytes. */
const INDEX_BYTES_MAX = 12;
const INDEX_BYTES_MIN = 3;

/**
 * The most bytes that the paths of all operations can take together. A path repeats all names on its way, so a long name
 * around many changes makes a delta that is far longer than both texts.
 */
export function pathsBytesMax({ ops, places }: Ops): number {
  const bytesTo = new Float64Array(places.length / PLACE_COLUMNS);
  for (let at = PLACE_COLUMNS; at < places.length; at += PLACE_COLUMNS) {
    const { data } = places;
    const from = data[at + STEP_FROM]!;
    const step =
      data[at + STEP] === STEP_INDEX
        ? from < 10
          ? INDEX_BYTES_MIN
          : INDEX_BYTES_MAX
        : // Every byte of a name may need an escape, and it may stand in brackets.
          2 * (data[at + STEP_TO]! - from) + 2;
    bytesTo[at / PLACE_COLUMNS] = bytesTo[data[at + AROUND]! / PLACE_COLUMNS]! + step;
  }
  let bytes = 0;
  for (let op = 0; op < ops.length; op += OP_COLUMNS) {
    const path = bytesTo[ops.data[op + PLACE]! / PLACE_COLUMNS]!;
    bytes += path;
    if (ops.data[op + KIND] !== MOVE) continue;
    const to = ops.data[op + MOVED_TO]!;
    bytes += to === NONE ? path + INDEX_BYTES_MAX : bytesTo[to / PLACE_COLUMNS]!;
  }
  return bytes;
}

/**
 * Writes the path of `place` as a JSON string, quotes included. `index`, if given, stands instead of the last step.
 * Names are taken from the texts, escapes and all, and escaped once more.
 */
export function writePath(
  pieces: Pieces,
  { places }: Ops,
  place: number,
  base: Buffer,
  target: Buffer,
  index?: number,
): void {
  const { data } = places;
  const steps: number[] = [];
  for (let at = place; at !== ROOT; at = data[at + AROUND]!) steps.push(at);
  addAscii(pieces, '"');
  for (let k = steps.length - 1; k >= 0; k--) {
    const at = steps[k]!;
    const from = data[at + STEP_FROM]!;
    if (data[at + STEP] === STEP_INDEX) addAscii(pieces, `[${k === 0 ? (index ?? from) : from}]`);
    else {
      const text = data[at + STEP] === STEP_BASE_NAME ? base : target;
      writeName(pieces, text, from, data[at + STEP_TO]!, k === steps.length - 1);
    }
  }
  addAscii(pieces, '"');
}

/** [start, end) is the name with its quotes. */
function writeName(pieces: Pieces, text: Buffer, start: number, end: number, isFirst: boolean): void {
  if (isIdentifier(text, start + 1, end - 1)) {
    if (!isFirst) addAscii(pieces, '.');
    addBytes(pieces, text, start + 1, end - 1);
    return;
  }
  addAscii(pieces, '[');
  let from = start;
  for (let at = start; at < end; at++) {
    if (text[at] !== QUOTE && text[at] !== BACKSLASH) continue;
    addBytes(pieces, text, from, at);
    addAscii(pieces, '\\');
    from = at;
  }
  addBytes(pieces, text, from, end);
  addAscii(pieces, ']');
}

function isIdentifier(text: Buffer, start: number, end: number): boolean {
  if (start === end || (text[start]! >= DIGIT_0 && text[start]! <= DIGIT_9)) return false;
  for (let at = start; at < end; at++) if (IDENTIFIER[text[at]!] === 0) return false;
  return true;
}
