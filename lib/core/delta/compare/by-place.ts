// The last part of an alignment: what stands in the same place, between the same neighbours, is the same element with
// another value, unless its own name says otherwise.

import type { Column } from '../../bytes/column.ts';
import { OPEN_ARRAY, OPEN_OBJECT, type Rows, rowStart } from '../../json/spans.ts';
import type { Leftovers } from './leftovers.ts';
import type { Pair, Side } from './pair.ts';
import { CHANGED, MOVED, pushRun, RUN_COLUMNS } from './runs.ts';

const SCALAR = 1;

/**
 * Pairs the elements left over between two that kept their order, first with first, and puts the pairs into `pairs`, in
 * target order.
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
  for (let at = first; at <= runs.length; at += RUN_COLUMNS) {
    const isEnd = at === runs.length;
    if (!isEnd && (runs.data[at + 3]! & MOVED) !== 0) continue;
    const aEnd = isEnd ? a.count : runs.data[at]!;
    const bEnd = isEnd ? b.count : runs.data[at + 1]!;
    for (;;) {
      while (p < baseCount && ofBase[p]! < aEnd && (taken[p] !== 0 || namedBase[p] !== 0)) p++;
      while (q < targetCount && ofTarget[q]! < bEnd && (partner[q]! >= 0 || namedTarget[q] !== 0)) q++;
      if (p === baseCount || q === targetCount || ofBase[p]! >= aEnd || ofTarget[q]! >= bEnd) break;
      const i = ofBase[p++]!;
      const j = ofTarget[q++]!;
      if (kindOf(pair.base, a, i) === kindOf(pair.target, b, j)) pushRun(pairs, 0, i, j, 1, CHANGED);
    }
    while (p < baseCount && ofBase[p]! < aEnd) p++;
    while (q < targetCount && ofTarget[q]! < bEnd) q++;
  }
}

function kindOf(side: Side, rows: Rows, k: number): number {
  const c = side.bytes[rowStart(rows, k)]!;
  return c === OPEN_OBJECT || c === OPEN_ARRAY ? c : SCALAR;
}
