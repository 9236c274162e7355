// Runs: children of a base container and of a target container that stand for each other, one after the other.

import { type Column, createColumn, extend } from '../../bytes/column.ts';
import { BLOCK_COLUMNS, keepInOrder } from './order.ts';

/** Numbers a run: first base child, first target child, how many, how they relate. */
export const RUN_COLUMNS = 4;

/** The same bytes. */
export const EQUAL = 0;
/** The same child, with another value. */
export const CHANGED = 1;
/** Added to either: not where it was among the others. */
export const MOVED = 2;

/** Appends a run, or lengthens the one before it, which is not before `first` (an index into the column). */
export function pushRun(
  runs: Column,
  first: number,
  base: number,
  target: number,
  count: number,
  kind: number,
): void {
  const last = runs.length - RUN_COLUMNS;
  const { data } = runs;
  if (
    last >= first &&
    data[last + 3] === kind &&
    data[last]! + data[last + 2]! === base &&
    data[last + 1]! + data[last + 2]! === target
  ) {
    data[last + 2]! += count;
    return;
  }
  const at = extend(runs, RUN_COLUMNS);
  runs.data[at] = base;
  runs.data[at + 1] = target;
  runs.data[at + 2] = count;
  runs.data[at + 3] = kind;
}

/** Puts `more` behind the others. */
export function appendRuns(runs: Column, more: Column): void {
  const at = extend(runs, more.length);
  runs.data.set(more.data.subarray(0, more.length), at);
}

/** Puts `more` among the runs from `first` on; both are in target order, and no child is in both. */
export function mergeRuns(runs: Column, first: number, more: Column): void {
  if (more.length === 0) return;
  const had = runs.data.slice(first, runs.length);
  runs.length = first;
  let x = 0;
  let y = 0;
  while (x < had.length || y < more.length) {
    if (y >= more.length || (x < had.length && had[x + 1]! < more.data[y + 1]!)) {
      pushRun(runs, first, had[x]!, had[x + 1]!, had[x + 2]!, had[x + 3]!);
      x += RUN_COLUMNS;
    } else {
      pushRun(runs, first, more.data[y]!, more.data[y + 1]!, more.data[y + 2]!, more.data[y + 3]!);
      y += RUN_COLUMNS;
    }
  }
}

/** Marks as MOVED the fewest children that have to be lifted out for the others to be in order. */
export function markMoves(runs: Column, first: number): void {
  const { data } = runs;
  const blocks = createColumn();
  for (let at = first; at < runs.length; at += RUN_COLUMNS) {
    const count = data[at + 2]!;
    const last = blocks.length - BLOCK_COLUMNS;
    if (last >= 0 && follows(blocks.data, last, data, at)) {
      blocks.data[last + 2]! += count;
      continue;
    }
    const block = extend(blocks, BLOCK_COLUMNS);
    blocks.data[block] = data[at]!;
    blocks.data[block + 1] = data[at + 1]!;
    blocks.data[block + 2] = count;
  }
  const kept = keepInOrder(blocks.data.subarray(0, blocks.length));
  let block = 0;
  for (let at = first; at < runs.length; at += RUN_COLUMNS) {
    const column = block * BLOCK_COLUMNS;
    if (data[at + 1]! >= blocks.data[column + 1]! + blocks.data[column + 2]!) block++;
    if (kept[block] === 0) data[at + 3]! |= MOVED;
  }
}

/** How many children of either side the runs from `first` on pair. */
export function pairedBy(runs: Column, first: number): number {
  let paired = 0;
  for (let at = first; at < runs.length; at += RUN_COLUMNS) paired += runs.data[at + 2]!;
  return paired;
}

/** Visits, in order, the base's children that are in no run from `first` on; `count` is how many it has in all. */
export function eachUnpaired(runs: Column, first: number, count: number, visit: (i: number) => void): void {
  const { data } = runs;
  const size = (runs.length - first) / RUN_COLUMNS;
  const order = Uint32Array.from({ length: size }, (_, run) => first + run * RUN_COLUMNS);
  // Runs are in the target's order, which is the base's too unless something has moved.
  if (order.some((at) => (data[at + 3]! & MOVED) !== 0)) order.sort((x, y) => data[x]! - data[y]!);
  let i = 0;
  for (const at of order) {
    while (i < data[at]!) visit(i++);
    i += data[at + 2]!;
  }
  while (i < count) visit(i++);
}

/** Whether the run at y begins where x, a run or a block, ends, on both sides. */
export function follows(xs: Uint32Array, x: number, ys: Uint32Array, y: number): boolean {
  const count = xs[x + 2]!;
  return xs[x]! + count === ys[y] && xs[x + 1]! + count === ys[y + 1];
}
