// What is said of the differences: changes, additions, deletions and moves, each with its place, as columns of numbers.

import { type Column, createColumn, extend, reserve } from '../../bytes/column.ts';
import type { ChangeCounts } from '../../records/model.ts';
import type { KeyFault } from './row-keys.ts';

/** Operations after which they are no longer reported one by one: nobody reads a list of millions. */
const OPS_MAX = 1 << 22;

/** More than a container read in lockstep can have. */
const SMALL_OPS_MAX = 1 << 14;

export const CHANGE = 0;
export const ADDITION = 1;
export const DELETION = 2;
export const MOVE = 3;
/** Became part of a move, and is taken out with the others that did. */
const DROPPED = 4;
const COUNTED: readonly (keyof ChangeCounts)[] = ['changes', 'additions', 'deletions', 'moves'];

// Columns of an operation.
export const KIND = 0;
/** Where it is. Parents, and what is in the base, have the base's numbers; what is added has the target's. */
export const PLACE = 1;
/** The old value in the base; of a move, the child. */
export const BASE_START = 2;
export const BASE_END = 3;
/** The new value in the target; of a move, the child. */
export const TARGET_START = 4;
export const TARGET_END = 5;
/** Of a move, the place that it goes to, where that is in another container or has another name; else NONE. */
export const MOVED_TO = 5;
/** The child's number in the target, where its place does not say it; else NONE. */
export const INDEX = 6;
/** Children that a move moves; of an added member, its number in the target. */
export const COUNT = 7;
export const OP_COLUMNS = 8;

/** Stands where there is no number. */
export const NONE = 0xffffffff;

// Columns of a place: the place around it, and the step from there. An element's step is its number; a member's is the
// span of its name, quotes included, in the base or, for additions, in the target.
export const AROUND = 0;
export const STEP = 1;
export const STEP_FROM = 2;
export const STEP_TO = 3;
export const PLACE_COLUMNS = 4;

export const STEP_INDEX = 0;
export const STEP_BASE_NAME = 1;
export const STEP_TARGET_NAME = 2;

/** The place of the whole text. */
export const ROOT = 0;

export interface Ops {
  /** Operations by kind. */
  counts: ChangeCounts;
  /** Rows that were not told apart by what is said of them. */
  keyFaults: KeyFault[];
  /** Children that went and came with values that are one change each. */
  replaced: Pick<ChangeCounts, 'additions' | 'deletions'>;
  ops: Column;
  places: Column;
  /** Some value that is one change may have children. */
  hasContainers: boolean;
  /** There were more than OPS_MAX: the columns do not hold them all. */
  overflown: boolean;
}

export function createOps(): Ops {
  const places = createColumn(256);
  extend(places, PLACE_COLUMNS);
  return {
    counts: { additions: 0, changes: 0, deletions: 0, moves: 0 },
    replaced: { additions: 0, deletions: 0 },
    ops: createColumn(256),
    places,
    hasContainers: false,
    overflown: false,
    keyFaults: [],
  };
}

/** What was changed, as it is kept with a backup: the operations, and the children of what was replaced whole. */
export function changeCounts({ counts, replaced }: Ops): ChangeCounts {
  const additions = counts.additions + replaced.additions;
  return { ...counts, additions, deletions: counts.deletions + replaced.deletions };
}

/** Makes room for what is mostly said of so many children that have changed: of each, one of its own children. */
export function reserveForOps({ ops, places }: Ops, count: number): void {
  const room = Math.min(count, OPS_MAX - ops.length / OP_COLUMNS);
  reserve(ops, room * OP_COLUMNS);
  reserve(places, room * 2 * PLACE_COLUMNS);
}

/** A place inside another one. Of one that turns out not to be needed, the caller cuts the column off again. */
export function addPlace(ops: Ops, around: number, step: number, from: number, to: number): number {
  const { places } = ops;
  const at = extend(places, PLACE_COLUMNS);
  places.data[at + AROUND] = around;
  places.data[at + STEP] = step;
  places.data[at + STEP_FROM] = from;
  places.data[at + STEP_TO] = to;
  return at;
}

/** Whoever adds a container says so in `hasContainers`. */
export function addChange(
  ops: Ops,
  place: number,
  baseStart: number,
  baseEnd: number,
  targetStart: number,
  targetEnd: number,
): void {
  addOp(ops, CHANGE, place, baseStart, baseEnd, targetStart, targetEnd, NONE, 1);
}

/** `number` is the child's in the target, which is also said (`index`) unless it stands behind all that is not new. */
export function addAddition(
  ops: Ops,
  place: number,
  start: number,
  end: number,
  index: number,
  number: number,
): void {
  addOp(ops, ADDITION, place, NONE, NONE, start, end, index, number);
}

export function addDeletion(ops: Ops, place: number, start: number, end: number): void {
  addOp(ops, DELETION, place, start, end, NONE, NONE, NONE, 1);
}

export function addMove(
  ops: Ops,
  place: number,
  baseStart: number,
  targetStart: number,
  index: number,
  count: number,
): void {
  addOp(ops, MOVE, place, baseStart, NONE, targetStart, NONE, index, count);
}

/** Makes one move of a deletion and of an addition of the same value, which are in the columns. */
export function turnIntoMove({ ops, counts }: Ops, deletion: number, addition: number): void {
  const { data } = ops;
  data[deletion + KIND] = MOVE;
  data[deletion + TARGET_START] = data[addition + TARGET_START]!;
  data[deletion + MOVED_TO] = data[addition + PLACE]!;
  data[deletion + INDEX] = data[addition + COUNT]!;
  data[deletion + COUNT] = 1;
  data[addition + KIND] = DROPPED;
  counts.deletions--;
  counts.additions--;
  counts.moves++;
}

/** Takes out of the columns what became part of a move. */
export function takeOutDropped({ ops }: Ops): void {
  const { data } = ops;
  let kept = 0;
  for (let op = 0; op < ops.length; op += OP_COLUMNS) {
    if (data[op + KIND] === DROPPED) continue;
    if (kept < op) data.copyWithin(kept, op, op + OP_COLUMNS);
    kept += OP_COLUMNS;
  }
  ops.length = kept;
}

function addOp(
  ops: Ops,
  kind: number,
  place: number,
  baseStart: number,
  baseEnd: number,
  targetStart: number,
  targetEnd: number,
  index: number,
  count: number,
): void {
  if (ops.ops.length >= OPS_MAX * OP_COLUMNS) {
    ops.overflown = true;
    return;
  }
  const at = extend(ops.ops, OP_COLUMNS);
  const { data } = ops.ops;
  data[at + KIND] = kind;
  data[at + PLACE] = place;
  data[at + BASE_START] = baseStart;
  data[at + BASE_END] = baseEnd;
  data[at + TARGET_START] = targetStart;
  data[at + TARGET_END] = targetEnd;
  data[at + INDEX] = index;
  data[at + COUNT] = count;
  ops.counts[COUNTED[kind]!]++;
}

/** Whether there may be no room for what a small container can have. */
export function isNearlyFull({ ops }: Ops): boolean {
  return ops.length >= (OPS_MAX - SMALL_OPS_MAX) * OP_COLUMNS;
}

/** Takes all operations back and reports the whole text as one change, where there is too much to report one by one. */
export function reportWhole(ops: Ops, baseBytes: number, targetBytes: number): void {
  rollBack(ops, 0, PLACE_COLUMNS);
  ops.replaced = { additions: 0, deletions: 0 };
  ops.overflown = false;
  ops.hasContainers = true;
  addChange(ops, ROOT, 0, baseBytes, 0, targetBytes);
}

/** Takes back all operations and places from these lengths of their columns on. */
export function rollBack(ops: Ops, opsLength: number, placesLength: number): void {
  for (let at = opsLength; at < ops.ops.length; at += OP_COLUMNS) {
    ops.counts[COUNTED[ops.ops.data[at + KIND]!]!]--;
  }
  ops.ops.length = opsLength;
  ops.places.length = placesLength;
}
