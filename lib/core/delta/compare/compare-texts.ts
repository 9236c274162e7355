// Compares both texts at once, from the root down, only where they differ. Reports what can be copied and what was done.

import { type Column, createColumn } from '../../bytes/column.ts';
import type { Kernel } from '../../json/kernel/kernel.ts';
import { OPEN_ARRAY, OPEN_OBJECT, type Rows, rowEnd, rowStart, valueStart } from '../../json/spans.ts';
import {
  addCopy,
  addSharedEnds,
  type Copies,
  createCopies,
  giveUpIfOver,
  reserveForCopies,
  sparedBytes,
} from '../find/copies.ts';
import { align } from './align.ts';
import { isAnyRenamed, joinCarried } from './carried.ts';
import { countChildren } from './children.ts';
import { inLockstep, LOCKSTEP_BYTES_MAX } from './lockstep.ts';
import { hasDuplicateNames } from './names.ts';
import {
  AROUND,
  addChange,
  createOps,
  isNearlyFull,
  type Ops,
  ROOT,
  reportWhole,
  reserveForOps,
  rollBack,
  STEP,
  STEP_INDEX,
} from './ops.ts';
import { createPair, innerRows, type Pair, rootRows } from './pair.ts';
import { placeInBase, reportAdded, reportDeleted, reportMoved } from './report.ts';
import { reportLockstep } from './report-lockstep.ts';
import { type KeyPaths, keyMembers, keyPathsOfChild, sumOfFaults } from './row-keys.ts';
import { appendRuns, CHANGED, EQUAL, eachUnpaired, MOVED, pairedBy, RUN_COLUMNS } from './runs.ts';
import { SCAN_MARGIN, SCANNED_BYTES_MIN, scanCost, type Trial } from './scan.ts';
import { countScanned } from './scan-counts.ts';

/** From this length on, a member that is gone and one that is new may be the same one, renamed. */
const RENAMED_BYTES_MIN = 1024;

/** From so many changed children in a row on, it is known what room they take. */
const MANY_CHANGED = 1024;

interface Comparison {
  pair: Pair;
  ops: Ops;
  copies: Copies | undefined;
  /** Nothing that this reports is kept. */
  isAside: boolean;
  /** A stack: each container that is being compared has its runs on it. */
  runs: Column;
  /** Runs already found, by the end of the base's container. */
  scanned: Map<number, Column>;
}

/**
 * The operations that turn `base` into `target`, canonical texts. What can be copied is added to `copies`, in target
 * order, until its budget is spent; what is reported is the same with it and without. Only where a first look at large
 * texts shows that the budget will not do is nothing reported, and what changed is counted by rows. `keys` says how rows are
 * told apart.
 */
export function compareTexts(
  kernel: Kernel,
  base: Buffer,
  target: Buffer,
  copies?: Copies,
  keys?: KeyPaths,
): Ops {
  const ops = createOps();
  if (base.equals(target)) {
    if (copies) addCopy(copies, 0, 0, base.length);
    return ops;
  }
  const pair = createPair(kernel, base, target);
  const comparison: Comparison = {
    pair,
    ops,
    copies,
    isAside: false,
    runs: createColumn(256),
    scanned: new Map(),
  };
  const descends = base[0] === target[0] && (base[0] === OPEN_OBJECT || base[0] === OPEN_ARRAY);
  const a = descends ? rootRows(pair.base) : undefined;
  const b = a && rootRows(pair.target);
  if (a && b && target.length >= SCANNED_BYTES_MIN) {
    // Reported or stored, the same is looked at in the same order, so that both come to the same result.
    const trial: Trial = (x, i, y, j, inside) => (copies ? trialCost(comparison, x, i, y, j, inside) : 0);
    const costBytes = scanCost(pair, a, b, comparison.scanned, trial, keys);
    if (copies) giveUpIfOver(copies, costBytes / SCAN_MARGIN);
    if (copies?.isGivenUp) {
      countScanned(pair, a, b, comparison.scanned, ops.counts, keys);
      ops.keyFaults = sumOfFaults(pair.keyFaults.values());
      return ops;
    }
  }
  const isReported =
    a !== undefined && b !== undefined && compareRows(comparison, a, b, ROOT, keys) !== AMBIGUOUS;
  if (!isReported || ops.overflown) {
    reportWhole(ops, base.length, target.length);
  }
  joinCarried(pair, ops);
  countChildren(pair, ops, a, b);
  ops.keyFaults = sumOfFaults(pair.keyFaults.values());
  return ops;
}

// What comparing two containers finds out.
/** No value in them is the same. */
const NOTHING_SHARED = 0;
const SOMETHING_SHARED = 1;
/** A name occurs twice, so that no path would tell which member is meant. */
const AMBIGUOUS = 2;
/** No value in them is the same, but their members are, by their names. */
const NAMES_SHARED = 3;

function compareRows(
  comparison: Comparison,
  a: Rows,
  b: Rows,
  place: number,
  keys: KeyPaths | undefined,
): number {
  const { pair, ops, copies, runs } = comparison;
  // What more there is to report will not be reported.
  if (ops.overflown && (copies === undefined || copies.isGivenUp)) return SOMETHING_SHARED;
  const first = runs.length;
  const scanned = comparison.scanned.get(a.close);
  if (scanned) appendRuns(runs, scanned);
  else align(pair, a, b, runs, a.stride === 1 ? keyMembers(keys) : undefined);
  const end = runs.length;
  const paired = pairedBy(runs, first);
  const isRenaming = copies && !copies.isGivenUp && a.stride === 2 && paired < a.count && paired < b.count;
  const gone = isRenaming ? largeUnpaired(a, runs, first) : [];
  let shared = false;
  let isNamedInside = false;
  let j = 0;
  for (let at = first; at < end; at += RUN_COLUMNS) {
    const base = runs.data[at]!;
    const target = runs.data[at + 1]!;
    const count = runs.data[at + 2]!;
    const kind = runs.data[at + 3]!;
    if (j < target) {
      reportAdded(ops, b, j, target, place, true);
      if (gone.length > 0) compareRenamed(comparison, a, b, j, target, gone);
    }
    if ((kind & MOVED) !== 0) reportMoved(ops, a, b, runs, at, first, end, place);
    if ((kind & CHANGED) === EQUAL) {
      shared = true;
      const start = rowStart(a, base);
      if (copies) addCopy(copies, start, rowStart(b, target), rowEnd(a, base + count - 1) - start);
    } else {
      if (count >= MANY_CHANGED) reserveRoom(ops, copies, count);
      for (let k = 0; k < count; k++) {
        const inside = compareChildren(comparison, a, base + k, b, target + k, place, keys);
        if (inside === SOMETHING_SHARED) shared = true;
        else if (inside === NAMES_SHARED) isNamedInside = true;
      }
    }
    j = target + count;
  }
  if (j < b.count) {
    reportAdded(ops, b, j, b.count, place, false);
    if (gone.length > 0) compareRenamed(comparison, a, b, j, b.count, gone);
  }
  if (paired < a.count) reportDeleted(ops, a, runs, first, place);
  const isRenamed =
    !shared && a.stride === 2 && paired < a.count && paired < b.count && anyRenamed(pair, a, b, runs, first);
  runs.length = first;
  if (a.stride === 2 && isAmbiguous(pair, a, b, paired)) return AMBIGUOUS;
  if (shared || isRenamed) return SOMETHING_SHARED;
  if (a.stride === 1) return NOTHING_SHARED;
  const isSole = a.count === 1 && b.count === 1 && isSection(ops, place);
  return (isSole && !isNamedInside) || !keepsNames(a, b, paired) ? NOTHING_SHARED : NAMES_SHARED;
}

function reserveRoom(ops: Ops, copies: Copies | undefined, count: number): void {
  reserveForOps(ops, count);
  if (copies) reserveForCopies(copies, count);
}

function anyRenamed(pair: Pair, a: Rows, b: Rows, runs: Column, first: number): boolean {
  const gone: number[] = [];
  eachUnpaired(runs, first, a.count, (i) => gone.push(i));
  const come: number[] = [];
  for (let at = first, j = 0; at <= runs.length; at += RUN_COLUMNS) {
    const next = at === runs.length ? b.count : runs.data[at + 1]!;
    while (j < next) come.push(j++);
    j += at === runs.length ? 0 : runs.data[at + 2]!;
  }
  return isAnyRenamed(pair, a, gone, b, come);
}

/** A member that changed is reported as that member, unless most of what stood around it is not there any more. */
function keepsNames(a: Rows, b: Rows, paired: number): boolean {
  return paired > 0 && paired * 2 >= Math.max(a.count, b.count);
}

/** Whether this is a member of the whole text: of one that has but one member, the specification reports all. */
function isSection({ places }: Ops, place: number): boolean {
  return place !== ROOT && places.data[place + AROUND] === ROOT && places.data[place + STEP] !== STEP_INDEX;
}

/** Compares two children that stand for each other but differ. Gives what they share, as far as it is reported. */
function compareChildren(
  comparison: Comparison,
  a: Rows,
  i: number,
  b: Rows,
  j: number,
  around: number,
  keys: KeyPaths | undefined,
): number {
  const { ops, copies } = comparison;
  const aStart = valueStart(a, i);
  const bStart = valueStart(b, j);
  // The name is the same, colon included.
  if (copies && a.stride === 2) addCopy(copies, rowStart(a, i), rowStart(b, j), aStart - rowStart(a, i));
  const opsBefore = ops.ops.length;
  const placesBefore = ops.places.length;
  const place = placeInBase(ops, around, a, i);
  const placesInside = ops.places.length;
  const shared = compareValues(
    comparison,
    a,
    i,
    b,
    j,
    place,
    keys && keyPathsOfChild(keys, comparison.pair.base, a, i),
  );
  // An element that keeps nothing but names is another element.
  if (shared === SOMETHING_SHARED || (shared === NAMES_SHARED && a.stride === 2)) {
    if (ops.ops.length === opsBefore) ops.places.length = placesBefore;
    return shared;
  }
  rollBack(ops, opsBefore, placesInside);
  const { base, target } = comparison.pair;
  if (isContainer(base.bytes[aStart]) || isContainer(target.bytes[bStart])) ops.hasContainers = true;
  addChange(ops, place, aStart, rowEnd(a, i), bStart, rowEnd(b, j));
  return NOTHING_SHARED;
}

function isContainer(opening: number | undefined): boolean {
  return opening === OPEN_OBJECT || opening === OPEN_ARRAY;
}

/** Compares the values of two children; `keys` are what is said of what is inside. Gives what they share. */
function compareValues(
  comparison: Comparison,
  a: Rows,
  i: number,
  b: Rows,
  j: number,
  place: number,
  keys: KeyPaths | undefined,
): number {
  const { pair, copies } = comparison;
  const aStart = valueStart(a, i);
  const aEnd = rowEnd(a, i);
  const bStart = valueStart(b, j);
  const bEnd = rowEnd(b, j);
  const c = pair.base.bytes[aStart];
  if (c === pair.target.bytes[bStart] && (c === OPEN_OBJECT || c === OPEN_ARRAY)) {
    const { notInStep } = pair;
    // In lockstep nobody asks for keys.
    const isSmall = keys === undefined && Math.max(aEnd - aStart, bEnd - bStart) <= LOCKSTEP_BYTES_MAX;
    if (isSmall && (aStart < notInStep.from || aStart >= notInStep.to) && !isNearlyFull(comparison.ops)) {
      const step = inLockstep(pair, aStart, aEnd, bStart, bEnd, isSection(comparison.ops, place));
      if (step) {
        reportLockstep(comparison.ops, copies, step, place);
        return step.isShared ? SOMETHING_SHARED : step.keepsNames ? NAMES_SHARED : NOTHING_SHARED;
      }
      // What is inside would be given up for the same reason, or would have to be read once a level.
      notInStep.from = aStart;
      notInStep.to = aEnd;
    }
    const inA = innerRows(pair.base, a, aStart, aEnd);
    const inB = innerRows(pair.target, b, bStart, bEnd);
    return compareRows(comparison, inA, inB, place, keys);
  }
  if (copies) addSharedEnds(copies, aStart, aEnd, bStart, bEnd);
  return NOTHING_SHARED;
}

/**
 * Members that are added may be members that are gone, under another name: a large one is compared with the next
 * large one of its kind that is gone, for what can be copied. `gone` is used up from its end.
 */
function compareRenamed(
  comparison: Comparison,
  a: Rows,
  b: Rows,
  j: number,
  to: number,
  gone: number[],
): void {
  const { pair } = comparison;
  for (let k = j; k < to && gone.length > 0; k++) {
    const start = valueStart(b, k);
    if (rowEnd(b, k) - start < RENAMED_BYTES_MIN) continue;
    const i = gone.at(-1)!;
    if (pair.base.bytes[valueStart(a, i)] !== pair.target.bytes[start]) continue;
    gone.pop();
    aside(comparison, (apart) => compareValues(apart, a, i, b, k, ROOT, undefined));
  }
}

/** Compares for copies alone, on an effort of its own: what is reported must not depend on whether copies are wanted. */
function aside(comparison: Comparison, run: (apart: Comparison) => void): void {
  const { pair } = comparison;
  if (comparison.isAside) {
    run(comparison);
    return;
  }
  const { effort } = pair;
  pair.effort = pair.effortAside;
  run({ ...comparison, ops: createOps(), isAside: true });
  pair.effortAside = pair.effort;
  pair.effort = effort;
}

/** Large members of the base that are in no run from `first` on, the last one first. */
function largeUnpaired(a: Rows, runs: Column, first: number): number[] {
  const found: number[] = [];
  eachUnpaired(runs, first, a.count, (i) => {
    if (rowEnd(a, i) - valueStart(a, i) >= RENAMED_BYTES_MIN) found.push(i);
  });
  return found.reverse();
}

/** What comparing children i and j would cost a delta, in bytes; nothing of it is kept. */
function trialCost(
  comparison: Comparison,
  a: Rows,
  i: number,
  b: Rows,
  j: number,
  keys: KeyPaths | undefined,
): number {
  const { base, target } = comparison.pair;
  const copies = createCopies(base.bytes, target.bytes, Number.POSITIVE_INFINITY);
  copies.baseStart = rowStart(a, i);
  copies.targetStart = rowStart(b, j);
  aside({ ...comparison, copies }, (apart) => compareChildren(apart, a, i, b, j, ROOT, keys));
  return rowEnd(b, j) - rowStart(b, j) - sparedBytes(copies);
}

/** If the base names nothing twice, neither do those members of the target that are paired with its own. */
function isAmbiguous(pair: Pair, a: Rows, b: Rows, paired: number): boolean {
  return hasDuplicateNames(pair.base, a) || (paired < b.count && hasDuplicateNames(pair.target, b));
}
