// The last part of an alignment: what stands in the same place, between the same neighbours, is the same element with
// another value, unless its own name says otherwise.

import type { Column } from '../../bytes/column.ts';
import { OPEN_ARRAY, OPEN_OBJECT, type Rows, rowStart } from '../../json/spans.ts';
import type { Leftovers } from './leftovers.ts';
import { likeness } from './likeness.ts';
import type { Pair, Side } from './pair.ts';
import { CHANGED, MOVED, pushRun, RUN_COLUMNS } from './runs.ts';

const SCALAR = 1;
/** Possible pairs between two neighbours that are weighed against each other; of more, first goes with first. */
const WEIGHED_MAX = 1024;

/**
 * Pairs the elements left over between two that kept their order, and puts the pairs into `pairs`, in target order: first
 * with first if there are as many on either side, else those that are most alike.
 */
export function pairByPlace(
  pair: Pair,
  left: Leftovers,
  a: Rows,
  b: Rows,
  runs: Column,
  first: number,
  pairs: Column,
): void {
  const { baseCount, targetCount, ofBase, ofTarget, partner, taken, namedBase, namedTarget } = left;
  pairs.length = 0;
  let p = 0;
  let q = 0;
  const isFree = (at: number): boolean => taken[at] === 0 && namedBase[at] === 0;
  const isWanting = (at: number): boolean => partner[at]! < 0 && namedTarget[at] === 0;
  for (let at = first; at <= runs.length; at += RUN_COLUMNS) {
    const isEnd = at === runs.length;
    if (!isEnd && (runs.data[at + 3]! & MOVED) !== 0) continue;
    const pEnd = positionOf(ofBase, p, baseCount, isEnd ? a.count : runs.data[at]!);
    const qEnd = positionOf(ofTarget, q, targetCount, isEnd ? b.count : runs.data[at + 1]!);
    const free = countOf(isFree, p, pEnd);
    const wanting = countOf(isWanting, q, qEnd);
    if (free !== wanting && free * wanting > 0 && free * wanting <= WEIGHED_MAX) {
      pairMostAlike(
        pair,
        a,
        numbersOf(ofBase, isFree, p, pEnd),
        b,
        numbersOf(ofTarget, isWanting, q, qEnd),
        pairs,
      );
    } else {
      for (; ; p++, q++) {
        while (p < pEnd && !isFree(p)) p++;
        while (q < qEnd && !isWanting(q)) q++;
        if (p === pEnd || q === qEnd) break;
        pushIfOfOneKind(pair, a, ofBase[p]!, b, ofTarget[q]!, pairs);
      }
    }
    p = pEnd;
    q = qEnd;
  }
}

/** The first position from `from` on whose child is not before `child`, or `count`. */
function positionOf(numbers: Uint32Array, from: number, count: number, child: number): number {
  let at = from;
  while (at < count && numbers[at]! < child) at++;
  return at;
}

function countOf(holds: (at: number) => boolean, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) if (holds(at)) count++;
  return count;
}

function numbersOf(numbers: Uint32Array, holds: (at: number) => boolean, from: number, to: number): number[] {
  const found: number[] = [];
  for (let at = from; at < to; at++) if (holds(at)) found.push(numbers[at]!);
  return found;
}

/**
 * Of all ways to pair elements `is` of a with elements `js` of b in order, takes the one whose pairs are most alike (an
 * alignment by dynamic programming). Whether one was removed before others that were edited is seen by that alone.
 */
function pairMostAlike(pair: Pair, a: Rows, is: number[], b: Rows, js: number[], pairs: Column): void {
  const width = js.length + 1;
  const weights = new Float64Array(is.length * js.length);
  const best = new Float64Array((is.length + 1) * width);
  for (let x = is.length - 1; x >= 0; x--) {
    for (let y = js.length - 1; y >= 0; y--) {
      const weight = weightOf(pair, a, is[x]!, b, js[y]!);
      weights[x * js.length + y] = weight;
      const together = weight + best[(x + 1) * width + y + 1]!;
      best[x * width + y] = Math.max(together, best[(x + 1) * width + y]!, best[x * width + y + 1]!);
    }
  }
  for (let x = 0, y = 0; x < is.length && y < js.length; ) {
    const rest = best[x * width + y]!;
    if (weights[x * js.length + y]! + best[(x + 1) * width + y + 1]! === rest) {
      pushIfOfOneKind(pair, a, is[x++]!, b, js[y++]!, pairs);
    } else if (best[(x + 1) * width + y]! === rest) x++;
    else y++;
  }
}

/** 0 for what can be no pair; else 1, and up to 1 more for what both have. */
function weightOf(pair: Pair, a: Rows, i: number, b: Rows, j: number): number {
  return kindOf(pair.base, a, i) === kindOf(pair.target, b, j) ? 1 + likeness(pair, a, i, b, j) : 0;
}

function pushIfOfOneKind(pair: Pair, a: Rows, i: number, b: Rows, j: number, pairs: Column): void {
  if (kindOf(pair.base, a, i) === kindOf(pair.target, b, j)) pushRun(pairs, 0, i, j, 1, CHANGED);
}

function kindOf(side: Side, rows: Rows, k: number): number {
  const c = side.bytes[rowStart(rows, k)]!;
  return c === OPEN_OBJECT || c === OPEN_ARRAY ? c : SCALAR;
}
