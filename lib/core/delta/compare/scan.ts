// A quick look over two large texts before they are compared: if nearly everything has changed, that shows in the largest
// containers and in a sample of their rows, and nothing more has to be done.

import { type Column, createColumn } from '../../bytes/column.ts';
import { OPEN_ARRAY, OPEN_OBJECT, type Rows, rowEnd, rowStart, valueStart } from '../../json/spans.ts';
import { align } from './align.ts';
import { innerRows, type Pair } from './pair.ts';
import { type KeyPaths, keyMembers, keyPathsOfChild } from './row-keys.ts';
import { CHANGED, RUN_COLUMNS } from './runs.ts';

/** Shorter texts are compared sooner than scanned, and so are shorter containers in them. */
export const SCANNED_BYTES_MIN = 1 << 20;
export const CONTAINER_BYTES_MIN = 1 << 18;
/** A sample errs: a comparison is given up only if the delta would be too long by so much. */
export const SCAN_MARGIN = 1.1;
/** From this many changed children in a row on, a sample speaks for them. */
const SAMPLED_ROWS_MIN = 1024;
const SAMPLE_ROWS = 512;

/** Bytes that one changed child of each container would cost; `keys` are what is said of the containers. */
export type Trial = (a: Rows, i: number, b: Rows, j: number, keys: KeyPaths | undefined) => number;

/**
 * Bytes that a delta would have at least, as far as can be seen: what was added, and what a sample says of what has
 * changed. The alignments made on the way are left in `scanned`, under the end of the base's container.
 */
export function scanCost(
  pair: Pair,
  a: Rows,
  b: Rows,
  scanned: Map<number, Column>,
  trial: Trial,
  keys: KeyPaths | undefined,
): number {
  const runs = createColumn();
  align(pair, a, b, runs, a.stride === 1 ? keyMembers(keys) : undefined);
  scanned.set(a.close, runs);
  let costBytes = 0;
  let j = 0;
  for (let at = 0; at < runs.length; at += RUN_COLUMNS) {
    const base = runs.data[at]!;
    const target = runs.data[at + 1]!;
    const count = runs.data[at + 2]!;
    // A member that is new may be one that is gone, renamed: that is for the comparison to find out.
    if (j < target && b.stride === 1) costBytes += bytesOf(b, j, target);
    j = target + count;
    if ((runs.data[at + 3]! & CHANGED) === 0) continue;
    if (count >= SAMPLED_ROWS_MIN) {
      costBytes += sampleCost(a, base, b, target, count, trial, keys);
      continue;
    }
    for (let k = 0; k < count; k++) {
      costBytes += innerCost(pair, a, base + k, b, target + k, scanned, trial, keys);
    }
  }
  if (j < b.count && b.stride === 1) costBytes += bytesOf(b, j, b.count);
  return costBytes;
}

/** Of a changed child: nothing, unless it is a large container itself. */
function innerCost(
  pair: Pair,
  a: Rows,
  i: number,
  b: Rows,
  j: number,
  scanned: Map<number, Column>,
  trial: Trial,
  keys: KeyPaths | undefined,
): number {
  const aStart = valueStart(a, i);
  const bStart = valueStart(b, j);
  const aEnd = rowEnd(a, i);
  const bEnd = rowEnd(b, j);
  if (Math.min(aEnd - aStart, bEnd - bStart) < CONTAINER_BYTES_MIN) return 0;
  const c = pair.base.bytes[aStart];
  if (c !== pair.target.bytes[bStart] || (c !== OPEN_OBJECT && c !== OPEN_ARRAY)) return 0;
  const inA = innerRows(pair.base, a, aStart, aEnd);
  const inB = innerRows(pair.target, b, bStart, bEnd);
  return scanCost(pair, inA, inB, scanned, trial, keys && keyPathsOfChild(keys, pair.base, a, i));
}

/** What `count` changed children from a[i] and b[j] on cost, going by some of them. */
function sampleCost(
  a: Rows,
  i: number,
  b: Rows,
  j: number,
  count: number,
  trial: Trial,
  keys: KeyPaths | undefined,
): number {
  const step = Math.floor(count / SAMPLE_ROWS);
  let seenBytes = 0;
  let costBytes = 0;
  for (let k = 0; k < count; k += step) {
    seenBytes += bytesOf(b, j + k, j + k + 1);
    costBytes += trial(a, i + k, b, j + k, keys);
  }
  return (costBytes / seenBytes) * bytesOf(b, j, j + count);
}

function bytesOf(rows: Rows, from: number, to: number): number {
  return rowEnd(rows, to - 1) - rowStart(rows, from);
}
