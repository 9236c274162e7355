// The first and cheap part of an alignment: both lists of children are followed in step, over small breaks. What it
// leaves unpaired is for the second part to find.

import { nameEnd, type Rows, rowEnd, rowStart } from '../json/spans.ts';
import { sameBytes } from './bytes.ts';
import type { Column } from './column.ts';
import { hashRange } from './hash.ts';
import { findIdentity, type Identity } from './identity.ts';
import { type Pair, sameRow, sameRowsBefore, sameRowsFrom } from './pair.ts';
import { CHANGED, EQUAL, pushRun, RUN_COLUMNS } from './runs.ts';

/** How far, on either side, the lists are looked over for the place where they are in step again. */
const BREAK_ROWS_MAX = 16;
/** How many rows in a row must have the same identity for it to be believed before all of them have been seen. */
const NAMED_ROWS = 8;
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
    let step = findStep(pair, a, i, aEnd, b, j, bEnd, 1, 1);
    if (step < 0 && haveSameIdentities(pair, a, i, aEnd, b, j, bEnd)) {
      for (const end = i + NAMED_ROWS; i < end; i++, j++) {
        pushRun(runs, first, i, j, 1, sameRow(pair, a, i, b, j) ? EQUAL : CHANGED);
      }
      continue;
    }
    if (step < 0) step = findStep(pair, a, i, aEnd, b, j, bEnd, 2, BREAK_ROWS_MAX);
    if (step < 0) return;
    i += step >>> 16;
    j += step & 0xffff;
  }
}

const memberOfBase: Identity = { start: 0, end: 0 };
const memberOfTarget: Identity = { start: 0, end: 0 };
const identityHashes = new Int32Array(NAMED_ROWS * 2);

/**
 * Where every row has changed, its identity still tells it: whether NAMED_ROWS from a[i] and b[j] on have the same, one
 * by one, and none of them twice. (A hundred rows that are all named "x" tell nothing.)
 */
function haveSameIdentities(
  pair: Pair,
  a: Rows,
  i: number,
  aEnd: number,
  b: Rows,
  j: number,
  bEnd: number,
): boolean {
  if (i + NAMED_ROWS > aEnd || j + NAMED_ROWS > bEnd) return false;
  const { base, target } = pair;
  for (let k = 0; k < NAMED_ROWS; k++) {
    findIdentity(base, a, i + k, memberOfBase);
    findIdentity(target, b, j + k, memberOfTarget);
    const length = memberOfBase.end - memberOfBase.start;
    if (memberOfBase.end === 0 || memberOfTarget.end - memberOfTarget.start !== length) return false;
    if (!sameBytes(base.bytes, memberOfBase.start, target.bytes, memberOfTarget.start, length)) return false;
    hashRange(base.view, memberOfBase.start, memberOfBase.end, identityHashes, k * 2);
    for (let before = 0; before < k; before++) {
      if (identityHashes[before * 2] === identityHashes[k * 2]) return false;
    }
  }
  return true;
}

/**
 * The nearest place where the lists are the same again, between `least` and `most` children on, as what to skip:
 * base children << 16 | target children; -1 if there is none. One child skipped is believed at once, a wider break only if two children in a row agree.
 */
function findStep(
  pair: Pair,
  a: Rows,
  i: number,
  aEnd: number,
  b: Rows,
  j: number,
  bEnd: number,
  least: number,
  most: number,
): number {
  const aMost = Math.min(most, aEnd - i - 1);
  const bMost = Math.min(most, bEnd - j - 1);
  const farthest = Math.max(aMost, bMost);
  for (let far = least; far <= farthest; far++) {
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
