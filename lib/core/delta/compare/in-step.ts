// The first and cheap part of an alignment: both lists of children are followed in step, over small breaks. What it
// leaves unpaired is for the other parts to find.

import type { Column } from '../../bytes/column.ts';
import { hashRange } from '../../bytes/content-hash.ts';
import { sameBytes } from '../../bytes/ranges.ts';
import { nameEnd, type Rows, rowEnd, rowStart } from '../../json/spans.ts';
import { findIdentity, type Identity } from './identity.ts';
import type { Pair } from './pair.ts';
import { hashFound, type KeyMembers, sameKey } from './row-keys.ts';
import { CHANGED, EQUAL, pushRun, RUN_COLUMNS } from './runs.ts';
import { type Stretch, sameRow, sameRowsBefore, sameRowsFrom } from './same-rows.ts';

/** How far, on either side, the lists are looked over for the place where they are in step again. */
const BREAK_ROWS_MAX = 16;
/** How many rows in a row must have the same identity for it to be believed before all of them have been seen. */
const NAMED_ROWS = 8;
/** Numbers of runs after which the rest is left alone: far more than a delta that pays can have. */
const RUNS_LENGTH_MAX = RUN_COLUMNS << 22;

/** Appends runs of children that are the same, in order on both sides; also of such as are known to have changed. */
export function alignInStep(pair: Pair, a: Rows, b: Rows, runs: Column, key?: KeyMembers): void {
  const first = runs.length;
  const rest: Stretch = { a, i: 0, iEnd: a.count, b, j: 0, jEnd: b.count };
  pushSame(pair, rest, runs, first);
  const tail = sameRowsBefore(pair, rest);
  rest.iEnd -= tail;
  rest.jEnd -= tail;
  if (a.stride === 2) followMembers(pair, rest, runs, first);
  else followElements(pair, rest, runs, first, key);
  if (tail > 0) pushRun(runs, first, rest.iEnd, rest.jEnd, tail, EQUAL);
}

/** Takes what is the same off the beginning of the stretch. */
function pushSame(pair: Pair, rest: Stretch, runs: Column, first: number): boolean {
  // Mostly the next one has changed, which is soon seen.
  const { a, i, iEnd, b, j, jEnd } = rest;
  if (i === iEnd || j === jEnd || !sameRow(pair, a, i, b, j)) return false;
  const same = sameRowsFrom(pair, rest);
  if (same === 0) return false;
  pushRun(runs, first, rest.i, rest.j, same, EQUAL);
  rest.i += same;
  rest.j += same;
  return true;
}

function goesOn(rest: Stretch, runs: Column, first: number): boolean {
  return rest.i < rest.iEnd && rest.j < rest.jEnd && runs.length - first < RUNS_LENGTH_MAX;
}

function followElements(
  pair: Pair,
  rest: Stretch,
  runs: Column,
  first: number,
  key: KeyMembers | undefined,
): void {
  while (goesOn(rest, runs, first)) {
    if (pushSame(pair, rest, runs, first) || skipBreak(pair, rest, 1, 1)) continue;
    if (key === undefined ? haveSameIdentities(pair, rest) : haveSameKeys(pair, rest, key)) {
      for (let k = 0; k < NAMED_ROWS; k++, rest.i++, rest.j++) {
        const isSame = sameRow(pair, rest.a, rest.i, rest.b, rest.j);
        pushRun(runs, first, rest.i, rest.j, 1, isSame ? EQUAL : CHANGED);
      }
    } else if (!skipBreak(pair, rest, 2, BREAK_ROWS_MAX)) {
      return;
    }
  }
}

/** Skips to the nearest place, between `least` and `most` children on, where the lists are in step again. */
function skipBreak(pair: Pair, rest: Stretch, least: number, most: number): boolean {
  const iMost = Math.min(most, rest.iEnd - rest.i - 1);
  const jMost = Math.min(most, rest.jEnd - rest.j - 1);
  for (let far = least; far <= iMost || far <= jMost; far++) {
    for (let near = 0; near <= far; near++) {
      if (far <= jMost && near <= iMost && skipIfInStep(pair, rest, near, far)) return true;
      if (far <= iMost && near <= jMost && near < far && skipIfInStep(pair, rest, far, near)) return true;
    }
  }
  return false;
}

/** After a break of one child, one that is the same is believed at once; after a wider one, only two in a row are. */
function skipIfInStep(pair: Pair, rest: Stretch, iSkip: number, jSkip: number): boolean {
  const { a, b, iEnd, jEnd } = rest;
  const i = rest.i + iSkip;
  const j = rest.j + jSkip;
  const length = rowEnd(a, i) - rowStart(a, i);
  if (rowEnd(b, j) - rowStart(b, j) !== length) return false;
  pair.effort -= length;
  if (pair.effort < 0 || !sameRow(pair, a, i, b, j)) return false;
  const isEnd = i + 1 === iEnd || j + 1 === jEnd;
  if (Math.max(iSkip, jSkip) > 1 && !isEnd && !sameRow(pair, a, i + 1, b, j + 1)) return false;
  rest.i = i;
  rest.j = j;
  return true;
}

// Where one row after the other is looked at, without an object for each.
const ofBase: Identity = { start: 0, end: 0 };
const ofTarget: Identity = { start: 0, end: 0 };
const identityHashes = new Int32Array(NAMED_ROWS * 2);

/**
 * Where every row has changed, its identity still tells it: whether the next NAMED_ROWS have the same, one by one, and
 * none of them twice. (A hundred rows that are all named "x" tell nothing.)
 */
function haveSameIdentities({ base, target }: Pair, { a, i, iEnd, b, j, jEnd }: Stretch): boolean {
  if (i + NAMED_ROWS > iEnd || j + NAMED_ROWS > jEnd) return false;
  for (let k = 0; k < NAMED_ROWS; k++) {
    findIdentity(base, a, i + k, ofBase);
    findIdentity(target, b, j + k, ofTarget);
    const length = ofBase.end - ofBase.start;
    if (ofBase.end === 0 || ofTarget.end - ofTarget.start !== length) return false;
    if (!sameBytes(base.bytes, ofBase.start, target.bytes, ofTarget.start, length)) return false;
    hashRange(base.kernel.seed, base.view, ofBase.start, ofBase.end, identityHashes, k * 2);
    for (let before = 0; before < k; before++) {
      if (identityHashes[before * 2] === identityHashes[k * 2]) return false;
    }
  }
  return true;
}

/** The same by a key. */
function haveSameKeys(pair: Pair, { a, i, iEnd, b, j, jEnd }: Stretch, key: KeyMembers): boolean {
  if (i + NAMED_ROWS > iEnd || j + NAMED_ROWS > jEnd) return false;
  for (let k = 0; k < NAMED_ROWS; k++) {
    if (!sameKey(pair, a, i + k, b, j + k, key)) return false;
    hashFound(pair.base, key, identityHashes, k * 2);
    for (let before = 0; before < k; before++) {
      if (identityHashes[before * 2] === identityHashes[k * 2]) return false;
    }
  }
  return true;
}

function followMembers(pair: Pair, rest: Stretch, runs: Column, first: number): void {
  while (goesOn(rest, runs, first)) {
    if (pushSame(pair, rest, runs, first)) continue;
    const { i, j } = rest;
    const isLastOfBase = i + 1 === rest.iEnd;
    const isLastOfTarget = j + 1 === rest.jEnd;
    if (haveSameName(pair, rest, i, j)) {
      pushRun(runs, first, i, j, 1, CHANGED);
      rest.i++;
      rest.j++;
    } else if (!isLastOfTarget && haveSameName(pair, rest, i, j + 1)) {
      rest.j++;
    } else if (!isLastOfBase && haveSameName(pair, rest, i + 1, j)) {
      rest.i++;
    } else if (!isLastOfBase && !isLastOfTarget && haveSameName(pair, rest, i + 1, j + 1)) {
      rest.i++;
      rest.j++;
    } else {
      return;
    }
  }
}

/** Names are the same if they are written the same: `"a"` and `"\u0061"` are two. */
function haveSameName({ base, target }: Pair, { a, b }: Stretch, i: number, j: number): boolean {
  const from = rowStart(a, i);
  const at = rowStart(b, j);
  const length = nameEnd(a, i) - from;
  return nameEnd(b, j) - at === length && sameBytes(base.bytes, from, target.bytes, at, length);
}
