// Walks both texts at once, from the root down, only where they differ. Tells what can be copied and what was done.

import { OPEN_ARRAY, OPEN_OBJECT, type Rows, rowEnd, rowStart, valueStart } from '../json/spans.ts';
import { align } from './align.ts';
import { commonPrefix, commonSuffix } from './bytes.ts';
import { type Column, createColumn } from './column.ts';
import { addCopy, type Copies } from './copies.ts';
import { hasDuplicateNames } from './names.ts';
import {
  addAddition,
  addChange,
  addDeletion,
  addMove,
  addPlace,
  createOps,
  NONE,
  type Ops,
  ROOT,
  rollBack,
  STEP_BASE_NAME,
  STEP_INDEX,
  STEP_TARGET_NAME,
} from './ops.ts';
import { createPair, innerRows, type Pair, rootRows } from './pair.ts';
import { CHANGED, EQUAL, follows, MOVED, RUN_COLUMNS } from './runs.ts';

/** From this length on, the ends that two different scalars share are looked for. Of shorter ones, their neighbours' copies take them along. */
const LONG_SCALAR_BYTES = 64;

interface Walk {
  pair: Pair;
  ops: Ops;
  copies: Copies | undefined;
  /** A stack: each container that is being walked has its runs on it. */
  runs: Column;
}

/** The operations that turn `base` into `target`, canonical texts. What can be copied is added to `copies`, in target order. */
export function walkTexts(base: Uint8Array, target: Uint8Array, copies?: Copies): Ops {
  const ops = createOps();
  const pair = createPair(base, target);
  if (pair.base.bytes.equals(pair.target.bytes)) {
    if (copies) addCopy(copies, 0, 0, base.length);
    return ops;
  }
  const walk: Walk = { pair, ops, copies, runs: createColumn(256) };
  const isObject = base[0] === OPEN_OBJECT;
  const descends = base[0] === target[0] && (isObject || base[0] === OPEN_ARRAY);
  const a = descends ? rootRows(pair.base) : undefined;
  const b = a && rootRows(pair.target);
  const told = a !== undefined && b !== undefined && walkRows(walk, a, b, ROOT) !== AMBIGUOUS;
  if (!told || ops.overflown) {
    rollBack(ops, 0, ops.places.length);
    ops.overflown = false;
    addChange(ops, ROOT, 0, base.length, 0, target.length);
  }
  return ops;
}

// What a walk finds out about two containers.
/** No value in them is the same. */
const NOTHING_SHARED = 0;
const SOMETHING_SHARED = 1;
/** A name occurs twice, so that no path would tell which member is meant. */
const AMBIGUOUS = 2;

function walkRows(walk: Walk, a: Rows, b: Rows, place: number): number {
  const { pair, copies, runs } = walk;
  const first = runs.length;
  align(pair, a, b, runs);
  const isArray = a.stride === 1;
  const end = runs.length;
  let shared = false;
  let anyMoved = false;
  let paired = 0;
  let j = 0;
  for (let at = first; at < end; at += RUN_COLUMNS) {
    const base = runs.data[at]!;
    const target = runs.data[at + 1]!;
    const count = runs.data[at + 2]!;
    const kind = runs.data[at + 3]!;
    while (j < target) addAdded(walk, b, j++, place, true);
    if ((kind & MOVED) !== 0) {
      anyMoved = true;
      if (isArray) addMovedElements(walk, a, b, at, first, end, place);
      else for (let k = 0; k < count; k++) addMovedMember(walk, a, base + k, b, target + k, place);
    }
    if ((kind & CHANGED) === EQUAL) {
      shared = true;
      if (copies) {
        const start = rowStart(a, base);
        addCopy(copies, start, rowStart(b, target), rowEnd(a, base + count - 1) - start);
      }
    } else {
      for (let k = 0; k < count; k++) if (walkChild(walk, a, base + k, b, target + k, place)) shared = true;
    }
    paired += count;
    j = target + count;
  }
  while (j < b.count) addAdded(walk, b, j++, place, false);
  if (paired < a.count) addDeleted(walk, a, first, end, anyMoved, place);
  runs.length = first;
  if (!isArray && isAmbiguous(pair, a, b, paired)) return AMBIGUOUS;
  return shared ? SOMETHING_SHARED : NOTHING_SHARED;
}

/** Whether the two have an equal value somewhere inside. */
function walkChild(walk: Walk, a: Rows, i: number, b: Rows, j: number, around: number): boolean {
  const { ops, copies, pair } = walk;
  const aStart = valueStart(a, i);
  const aEnd = rowEnd(a, i);
  const bStart = valueStart(b, j);
  const bEnd = rowEnd(b, j);
  const nameStart = rowStart(a, i);
  const isMember = a.stride === 2;
  // The name is the same, colon included.
  if (copies && isMember) addCopy(copies, nameStart, rowStart(b, j), aStart - nameStart);
  const opsBefore = ops.ops.length;
  const placesBefore = ops.places.length;
  const place = isMember
    ? addPlace(ops, around, STEP_BASE_NAME, nameStart, aStart - 1)
    : addPlace(ops, around, STEP_INDEX, i, NONE);
  const c = pair.base.bytes[aStart];
  if (c === pair.target.bytes[bStart] && (c === OPEN_OBJECT || c === OPEN_ARRAY)) {
    const placesInside = ops.places.length;
    const found = walkRows(
      walk,
      innerRows(pair.base, a, aStart, aEnd),
      innerRows(pair.target, b, bStart, bEnd),
      place,
    );
    if (found === SOMETHING_SHARED) {
      if (ops.ops.length === opsBefore) ops.places.length = placesBefore;
      return true;
    }
    rollBack(ops, opsBefore, placesInside);
  } else if (copies && Math.min(aEnd - aStart, bEnd - bStart) >= LONG_SCALAR_BYTES) {
    addSharedEnds(copies, aStart, aEnd, bStart, bEnd);
  }
  addChange(ops, place, aStart, aEnd, bStart, bEnd);
  return false;
}

/** Two long values that are not the same may still begin and end alike. */
function addSharedEnds(copies: Copies, aStart: number, aEnd: number, bStart: number, bEnd: number): void {
  const { base, target } = copies;
  const room = Math.min(aEnd - aStart, bEnd - bStart);
  const prefix = commonPrefix(base, aStart, target, bStart, room);
  const suffix = commonSuffix(base, aEnd, target, bEnd, room - prefix);
  if (prefix > 0) addCopy(copies, aStart, bStart, prefix);
  if (suffix > 0) addCopy(copies, aEnd - suffix, bEnd - suffix, suffix);
}

/** A member that stands before others that are not new needs its number: an object keeps its order. */
function addAdded({ ops }: Walk, b: Rows, j: number, around: number, isBeforeOthers: boolean): void {
  if (ops.overflown) return;
  const start = valueStart(b, j);
  if (b.stride === 1) {
    addAddition(ops, addPlace(ops, around, STEP_INDEX, j, NONE), start, rowEnd(b, j), NONE);
  } else {
    const place = addPlace(ops, around, STEP_TARGET_NAME, rowStart(b, j), start - 1);
    addAddition(ops, place, start, rowEnd(b, j), isBeforeOthers ? j : NONE);
  }
}

function addDeleted(
  { ops, runs }: Walk,
  a: Rows,
  first: number,
  end: number,
  anyMoved: boolean,
  around: number,
): void {
  const { data } = runs;
  const deleteUpTo = (from: number, to: number): void => {
    for (let i = from; i < to && !ops.overflown; i++) {
      const start = valueStart(a, i);
      const place =
        a.stride === 1
          ? addPlace(ops, around, STEP_INDEX, i, NONE)
          : addPlace(ops, around, STEP_BASE_NAME, rowStart(a, i), start - 1);
      addDeletion(ops, place, start, rowEnd(a, i));
    }
  };
  // In base order, which is the runs' own unless something has moved.
  let order: Uint32Array | undefined;
  const count = (end - first) / RUN_COLUMNS;
  if (anyMoved) {
    order = Uint32Array.from({ length: count }, (_, run) => first + run * RUN_COLUMNS);
    order.sort((x, y) => data[x]! - data[y]!);
  }
  let i = 0;
  for (let run = 0; run < count; run++) {
    const at = order ? order[run]! : first + run * RUN_COLUMNS;
    deleteUpTo(i, data[at]!);
    i = data[at]! + data[at + 2]!;
  }
  deleteUpTo(i, a.count);
}

/** Runs that moved together are one move, told where the first of them begins. */
function addMovedElements(
  { ops, runs }: Walk,
  a: Rows,
  b: Rows,
  at: number,
  first: number,
  end: number,
  around: number,
): void {
  const { data } = runs;
  const isMoved = (run: number): boolean => (data[run + 3]! & MOVED) !== 0;
  const before = at - RUN_COLUMNS;
  if (before >= first && isMoved(before) && follows(data, before, data, at)) return;
  let count = data[at + 2]!;
  for (let last = at; ; last += RUN_COLUMNS) {
    const next = last + RUN_COLUMNS;
    if (next >= end || !isMoved(next) || !follows(data, last, data, next)) break;
    count += data[next + 2]!;
  }
  const place = addPlace(ops, around, STEP_INDEX, data[at]!, NONE);
  addMove(ops, place, rowStart(a, data[at]!), rowStart(b, data[at + 1]!), data[at + 1]!, count);
}

function addMovedMember({ ops }: Walk, a: Rows, i: number, b: Rows, j: number, around: number): void {
  const place = addPlace(ops, around, STEP_BASE_NAME, rowStart(a, i), valueStart(a, i) - 1);
  addMove(ops, place, rowStart(a, i), rowStart(b, j), j, 1);
}

/** If the base names nothing twice, neither do those members of the target that are paired with its own. */
function isAmbiguous(pair: Pair, a: Rows, b: Rows, paired: number): boolean {
  return hasDuplicateNames(pair.base, a) || (paired < b.count && hasDuplicateNames(pair.target, b));
}
