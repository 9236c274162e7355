// How much two elements that are not the same have in common: an estimate, to choose between possible pairs.

import { commonPrefix, commonSuffix, sameBytes } from '../../bytes/ranges.ts';
import { skipString, skipValue } from '../../json/skip.ts';
import { OPEN_OBJECT, type Rows, rowEnd, rowStart } from '../../json/spans.ts';
import type { Pair } from './pair.ts';

/** Of longer elements only the ends are compared. */
const READ_BYTES_MAX = 4096;

/** From 0 to 1: the part of the longer one's bytes that both have. 0 once there is no more effort to be spent. */
export function likeness(pair: Pair, a: Rows, i: number, b: Rows, j: number): number {
  const aStart = rowStart(a, i);
  const aEnd = rowEnd(a, i);
  const bStart = rowStart(b, j);
  const bEnd = rowEnd(b, j);
  const least = Math.min(aEnd - aStart, bEnd - bStart);
  const most = Math.max(aEnd - aStart, bEnd - bStart);
  pair.effort -= least;
  if (pair.effort < 0) return 0;
  const { bytes } = pair.base;
  const isObject = bytes[aStart] === OPEN_OBJECT && pair.target.bytes[bStart] === OPEN_OBJECT;
  if (isObject && most <= READ_BYTES_MAX) {
    return sameMembersBytes(bytes, aStart, aEnd, pair.target.bytes, bStart, bEnd) / most;
  }
  const prefix = commonPrefix(bytes, aStart, pair.target.bytes, bStart, least);
  return (prefix + commonSuffix(bytes, aEnd, pair.target.bytes, bEnd, least - prefix)) / most;
}

/** Bytes of the members that both objects have at the same place: rows of one list have one skeleton. */
function sameMembersBytes(
  a: Buffer,
  aStart: number,
  aEnd: number,
  b: Buffer,
  bStart: number,
  bEnd: number,
): number {
  let bytes = 0;
  let p = aStart + 1;
  let q = bStart + 1;
  while (p < aEnd - 1 && q < bEnd - 1) {
    const pEnd = skipValue(a, skipString(a, p) + 1);
    const qEnd = skipValue(b, skipString(b, q) + 1);
    if (pEnd - p === qEnd - q && sameBytes(a, p, b, q, pEnd - p)) bytes += pEnd - p;
    p = pEnd + 1;
    q = qEnd + 1;
  }
  return bytes;
}
