// Reports what was done to the children of a container: added, deleted, moved.

import type { Column } from '../../bytes/column.ts';
import { type Rows, rowEnd, rowStart, valueStart } from '../../json/spans.ts';
import {
  addAddition,
  addDeletion,
  addMove,
  addPlace,
  NONE,
  type Ops,
  STEP_BASE_NAME,
  STEP_INDEX,
  STEP_TARGET_NAME,
} from './ops.ts';
import { eachUnpaired, follows, MOVED, RUN_COLUMNS } from './runs.ts';

/** The place of the base's child i. */
export function placeInBase(ops: Ops, around: number, a: Rows, i: number): number {
  return a.stride === 1
    ? addPlace(ops, around, STEP_INDEX, i, NONE)
    : addPlace(ops, around, STEP_BASE_NAME, rowStart(a, i), valueStart(a, i) - 1);
}

/**
 * Children [j, to) of the target are new. Members that stand before others, which are not, get their number: an object
 * keeps its order.
 */
export function reportAdded(
  ops: Ops,
  b: Rows,
  j: number,
  to: number,
  around: number,
  beforeOthers: boolean,
): void {
  for (let k = j; k < to && !ops.overflown; k++) {
    const start = valueStart(b, k);
    const isElement = b.stride === 1;
    const place = isElement
      ? addPlace(ops, around, STEP_INDEX, k, NONE)
      : addPlace(ops, around, STEP_TARGET_NAME, rowStart(b, k), start - 1);
    addAddition(ops, place, start, rowEnd(b, k), beforeOthers && !isElement ? k : NONE, k);
  }
}

/** The base's children that are in no run from `first` on are gone. */
export function reportDeleted(ops: Ops, a: Rows, runs: Column, first: number, around: number): void {
  eachUnpaired(runs, first, a.count, (i) => {
    if (ops.overflown) return;
    addDeletion(ops, placeInBase(ops, around, a, i), valueStart(a, i), rowEnd(a, i));
  });
}

/** The run at `at` has moved. Runs of elements that moved together are one move, reported with the first of them. */
export function reportMoved(
  ops: Ops,
  a: Rows,
  b: Rows,
  { data }: Column,
  at: number,
  first: number,
  end: number,
  around: number,
): void {
  const i = data[at]!;
  const j = data[at + 1]!;
  let count = data[at + 2]!;
  if (a.stride === 2) {
    for (let k = 0; k < count && !ops.overflown; k++) {
      addMove(ops, placeInBase(ops, around, a, i + k), rowStart(a, i + k), rowStart(b, j + k), j + k, 1);
    }
    return;
  }
  const goesOn = (run: number, next: number): boolean =>
    run >= first &&
    next < end &&
    (data[run + 3]! & data[next + 3]! & MOVED) !== 0 &&
    follows(data, run, data, next);
  if (goesOn(at - RUN_COLUMNS, at)) return;
  for (let run = at; goesOn(run, run + RUN_COLUMNS); run += RUN_COLUMNS)
    count += data[run + RUN_COLUMNS + 2]!;
  addMove(ops, placeInBase(ops, around, a, i), rowStart(a, i), rowStart(b, j), j, count);
}
