// The first and cheap part of an alignment: both lists of children are followed in step, over small breaks. What it
// leaves unpaired is for the second part to find.

import { nameEnd, type Rows, rowEnd, rowStart } from '../json/spans.ts';
import { sameBytes } from './bytes.ts';
import type { Column } from './column.ts';
import { type Pair, sameRow, sameRowsBefore, sameRowsFrom } from './pair.ts';
import { CHANGED, EQUAL, pushRun, RUN_COLUMNS } from './runs.ts';

/** How far, on either side, the lists are looked over for the place where they are in step again. */
const BREAK_ROWS_MAX = 16;
/** Runs after which the rest is left alone: far more than a delta that pays can have. */
const RUNS_MAX = RUN_COLUMNS << 22;

/** Appends runs of children that are the same, in order on both sides; in objects also members whose value has changed. */
export function alignInStep(pair: Pair, a: Rows, b: Rows, runs: Column): void {
  const first = runs.length;
  const head = sameRowsFrom(pair, a, 0, a.count, b, 0, b.count);
  if (head > 0) pushRun(runs, first, 0, 0, head, EQUAL);
  const tail = sameRowsBefore(pair, a, head, a.count, b, head, b.count);
  const aEnd = a.count - tail;
  const bEnd = b.count - tail;
  if (a.stride === 2) followMembers(pair, a, head, aEnd, b, head, bEnd, runs, first);
  else followElements(pair, a, head, aEnd, b, head, bEnd, runs, first);
  if (tail > 0) pushRun(runs, first, aEnd, bEnd, tail, EQUAL);
}

function followElements(
  pair: Pair,
  a: Rows,
  aFrom: number,
  aEnd: number,
  b: Rows,
  bFrom: number,
  bEnd: number,
  runs: Column,
  first: number,
): void {
  let i = aFrom;
  let j = bFrom;
  while (i < aEnd && j < bEnd && runs.length - first < RUNS_MAX) {
    const same = sameRowsFrom(pair, a, i, aEnd, b, j, bEnd);
    if (same > 0) {
      pushRun(runs, first, i, j, same, EQUAL);
      i += same;
      j += same;
      continue;
    }
    const step = findStep(pair, a, i, aEnd, b, j, bEnd);
    if (step < 0) return;
    i += step >>> 16;
    j += step & 0xffff;
  }
}

/**
 * The nearest place where the lists are the same again, as what to skip: base children << 16 | target children; -1 if
 * there is none near. One child skipped is believed at once, a wider break only if two children in a row agree.
 */
function findStep(pair: Pair, a: Rows, i: number, aEnd: number, b: Rows, j: number, bEnd: number): number {
  const aMost = Math.min(BREAK_ROWS_MAX, aEnd - i - 1);
  const bMost = Math.min(BREAK_ROWS_MAX, bEnd - j - 1);
  const most = Math.max(aMost, bMost);
  for (let far = 1; far <= most; far++) {
    for (let near = 0; near <= far; near++) {
      if (far <= bMost && near <= aMost && agree(pair, a, i + near, aEnd, b, j + far, bEnd, far)) {
        return (near << 16) | far;
      }
      if (
        near < far &&
        far <= aMost &&
        near <= bMost &&
        agree(pair, a, i + far, aEnd, b, j + near, bEnd, far)
      ) {
        return (far << 16) | near;
      }
    }
  }
  return -1;
}

function agree(
  pair: Pair,
  a: Rows,
  i: number,
  aEnd: number,
  b: Rows,
  j: number,
  bEnd: number,
  far: number,
): boolean {
  const length = rowEnd(a, i) - rowStart(a, i);
  if (rowEnd(b, j) - rowStart(b, j) !== length) return false;
  pair.effort -= length;
  if (pair.effort < 0 || !sameRow(pair, a, i, b, j)) return false;
  return far === 1 || i + 1 === aEnd || j + 1 === bEnd || sameRow(pair, a, i + 1, b, j + 1);
}

function followMembers(
  pair: Pair,
  a: Rows,
  aFrom: number,
  aEnd: number,
  b: Rows,
  bFrom: number,
  bEnd: number,
  runs: Column,
  first: number,
): void {
  let i = aFrom;
  let j = bFrom;
  while (i < aEnd && j < bEnd && runs.length - first < RUNS_MAX) {
    const same = sameRowsFrom(pair, a, i, aEnd, b, j, bEnd);
    if (same > 0) {
      pushRun(runs, first, i, j, same, EQUAL);
      i += same;
      j += same;
    } else if (sameName(pair, a, i, b, j)) {
      pushRun(runs, first, i++, j++, 1, CHANGED);
    } else if (j + 1 < bEnd && sameName(pair, a, i, b, j + 1)) {
      j++;
    } else if (i + 1 < aEnd && sameName(pair, a, i + 1, b, j)) {
      i++;
    } else if (i + 1 < aEnd && j + 1 < bEnd && sameName(pair, a, i + 1, b, j + 1)) {
      i++;
      j++;
    } else {
      return;
    }
  }
}

/** Whether two members have the same name, as it is written: `"a"` and `"\u0061"` are two. */
export function sameName(pair: Pair, a: Rows, i: number, b: Rows, j: number): boolean {
  const from = rowStart(a, i);
  const at = rowStart(b, j);
  const length = nameEnd(a, i) - from;
  return nameEnd(b, j) - at === length && sameBytes(pair.base.bytes, from, pair.target.bytes, at, length);
}
