// The stored form of a delta: one line of JSON that says what to copy, then the literal bytes.

import { COPY_COLUMNS } from './copies.ts';
import type { Diff } from './diff.ts';
import { bufferOf } from './pair.ts';
import { addAscii, addBytes, createPieces, finishPieces } from './pieces.ts';

/** Version of the format; a reader refuses any other. */
export const DELTA_FORMAT = 1;

/**
 * The delta as chunks of text, to be gzipped: a header line, LF, and all literals one after the other. The target is
 * literal[0] bytes of the literals, copy[0] bytes of the base, literal[1], copy[1] ... and a last literal. from[k] says
 * where in the base copy k begins, counted from the end of the copy before it: mostly the few bytes of an old value that
 * is skipped, less than 0 only for what has moved. Columns of like numbers are what gzip does best.
 */
export function encodeDelta(diff: Diff): Uint8Array[] {
  const { literal, copy, from } = columnsOf(diff);
  const pieces = createPieces();
  addAscii(
    pieces,
    `${headerStart(diff)}${copy.join()}],"literal":[${literal.join()}],"from":[${from.join()}]}\n`,
  );
  const { copies } = diff;
  const text = bufferOf(diff.target.bytes);
  let at = 0;
  for (let k = 0; k < copies.length; k += COPY_COLUMNS) {
    addBytes(pieces, text, at, copies[k + 1]!);
    at = copies[k + 1]! + copies[k + 2]!;
  }
  addBytes(pieces, text, at, text.length);
  return finishPieces(pieces);
}

/** Bytes of the delta's text, without making it. */
export function encodedBytes(diff: Diff): number {
  const { literal, copy, from } = columnsOf(diff);
  let bytes = headerStart(diff).length + '],"literal":[],"from":[]}\n'.length;
  for (const size of literal) bytes += size;
  return bytes + joinedLength(copy) + joinedLength(literal) + joinedLength(from);
}

function headerStart({ base, target, counts }: Diff): string {
  const { additions, changes, deletions, moves } = counts;
  const header = {
    delta: DELTA_FORMAT,
    base: base.checksum,
    baseBytes: base.bytes.length,
    target: target.checksum,
    targetBytes: target.bytes.length,
    changes: { additions, changes, deletions, moves },
    copy: [],
  };
  return JSON.stringify(header).slice(0, -']}'.length);
}

interface Columns {
  literal: Float64Array;
  copy: Float64Array;
  from: Float64Array;
}

function columnsOf({ copies, target }: Diff): Columns {
  const count = copies.length / COPY_COLUMNS;
  const literal = new Float64Array(count + 1);
  const copy = new Float64Array(count);
  const from = new Float64Array(count);
  let baseAt = 0;
  let targetAt = 0;
  for (let k = 0; k < count; k++) {
    const start = copies[k * COPY_COLUMNS]!;
    const bytes = copies[k * COPY_COLUMNS + 2]!;
    literal[k] = copies[k * COPY_COLUMNS + 1]! - targetAt;
    copy[k] = bytes;
    from[k] = start - baseAt;
    baseAt = start + bytes;
    targetAt += literal[k]! + bytes;
  }
  literal[count] = target.bytes.length - targetAt;
  return { literal, copy, from };
}

/** Characters of the numbers, joined by commas. */
function joinedLength(numbers: Float64Array): number {
  let length = Math.max(0, numbers.length - 1);
  for (const number of numbers) {
    if (number < 0) length++;
    let size = Math.abs(number);
    do {
      length++;
      size = Math.floor(size / 10);
    } while (size > 0);
  }
  return length;
}
