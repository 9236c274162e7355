// Finds values that were carried from one place to another: what is gone here and new there, the same to the byte, is a
// member that was renamed, or a child that another container has now.

import { hashRange } from '../../bytes/content-hash.ts';
import { sameBytes } from '../../bytes/ranges.ts';
import { type Rows, rowEnd, valueStart } from '../../json/spans.ts';
import { groupByHash } from './groups.ts';
import {
  ADDITION,
  AROUND,
  BASE_END,
  BASE_START,
  COUNT,
  DELETION,
  INDEX,
  KIND,
  NONE,
  OP_COLUMNS,
  type Ops,
  PLACE,
  PLACE_COLUMNS,
  STEP,
  STEP_INDEX,
  TARGET_END,
  TARGET_START,
  takeOutDropped,
  turnIntoMove,
} from './ops.ts';
import type { Pair, Side } from './pair.ts';

/** Deletions, and additions, after which nothing is looked for: of so many nobody reads which belong together. */
const OPS_MAX = 1 << 16;
/** Shorter values come and go in many places by chance; a renamed member is told by its object too. */
const CARRIED_BYTES_MIN = 6;
/** Values that say nothing of who they are. */
const COMMON = new Set(['null', 'true', 'false', '""', '{}', '[]']);
const COMMON_BYTES_MAX = 5;
const LENGTH_MARKS = 1 << 12;
/** Possible pairs of members that are looked at, where nothing else was kept. */
const PAIRS_TRIED_MAX = 64;

/**
 * Turns a deletion and an addition of one value into a move, where the value occurs once on either side: first within
 * an object, then between any two containers.
 */
export function joinCarried(pair: Pair, ops: Ops): void {
  const { additions, deletions } = ops.counts;
  if (additions === 0 || deletions === 0 || Math.max(additions, deletions) > OPS_MAX) return;
  let gone = opsOf(ops, DELETION, BASE_START, pair.base);
  let come = opsOf(ops, ADDITION, TARGET_START, pair.target);
  const lengths = lengthsIn(ops, gone, BASE_START);
  come = come.filter((op) => lengths[lengthOf(ops, op, TARGET_START) & (LENGTH_MARKS - 1)] === 1);
  const wanted = lengthsIn(ops, come, TARGET_START);
  gone = gone.filter((op) => wanted[lengthOf(ops, op, BASE_START) & (LENGTH_MARKS - 1)] === 1);
  joinUnique(pair, ops, gone, come, true);
  const isLeft = (kind: number, start: number) => (op: number) =>
    ops.ops.data[op + KIND] === kind && lengthOf(ops, op, start) >= CARRIED_BYTES_MIN;
  joinUnique(
    pair,
    ops,
    gone.filter(isLeft(DELETION, BASE_START)),
    come.filter(isLeft(ADDITION, TARGET_START)),
    false,
  );
  if (ops.counts.additions < additions) takeOutDropped(ops);
}

/** Whether an object that kept nothing else has a value under another name now. `gone` and `come` are unpaired members. */
export function isAnyRenamed(pair: Pair, a: Rows, gone: number[], b: Rows, come: number[]): boolean {
  if (gone.length * come.length > PAIRS_TRIED_MAX) return false;
  return gone.some((i) => {
    const from = valueStart(a, i);
    const length = rowEnd(a, i) - from;
    if (isCommon(pair.base, from, length)) return false;
    return come.some((j) => {
      const at = valueStart(b, j);
      return rowEnd(b, j) - at === length && sameBytes(pair.base.bytes, from, pair.target.bytes, at, length);
    });
  });
}

/** Operations of a kind whose values can tell who they are, as offsets into their column. */
function opsOf(ops: Ops, kind: number, start: number, side: Side): number[] {
  const { data, length } = ops.ops;
  const found: number[] = [];
  for (let op = 0; op < length; op += OP_COLUMNS) {
    if (data[op + KIND] !== kind) continue;
    if (!isCommon(side, data[op + start]!, lengthOf(ops, op, start))) found.push(op);
  }
  return found;
}

function isCommon({ bytes }: Side, start: number, length: number): boolean {
  if (length > COMMON_BYTES_MAX) return false;
  return length === 1 || COMMON.has(bytes.toString('latin1', start, start + length));
}

/** `start` is BASE_START or TARGET_START: the column behind it has the end. */
function lengthOf({ ops }: Ops, op: number, start: number): number {
  return ops.data[op + start + 1]! - ops.data[op + start]!;
}

function lengthsIn(ops: Ops, found: number[], start: number): Uint8Array {
  const seen = new Uint8Array(LENGTH_MARKS);
  for (const op of found) seen[lengthOf(ops, op, start) & (LENGTH_MARKS - 1)] = 1;
  return seen;
}

function joinUnique(pair: Pair, ops: Ops, gone: number[], come: number[], isWithin: boolean): void {
  if (gone.length === 0 || come.length === 0) return;
  const { ofBase, ofTarget, inBase, inTarget, count } = groupByHash(
    hashValues(pair.base, ops, gone, BASE_START, isWithin),
    new Uint8Array(gone.length),
    hashValues(pair.target, ops, come, TARGET_START, isWithin),
    new Uint8Array(come.length),
  );
  const goneOf = new Int32Array(count).fill(-1);
  for (const [k, group] of ofBase.entries()) if (group >= 0 && inBase[group] === 1) goneOf[group] = k;
  const trailing = new Map<number, number>();
  for (const [k, group] of ofTarget.entries()) {
    if (group < 0 || inTarget[group] !== 1 || goneOf[group]! < 0) continue;
    const [from, to] = [gone[goneOf[group]!]!, come[k]!];
    if (!isSame(pair, ops, from, to) || (isWithin && aroundOf(ops, from) !== aroundOf(ops, to))) continue;
    const around = aroundOf(ops, to);
    trailing.set(around, Math.max(trailing.get(around) ?? 0, ops.ops.data[to + COUNT]!));
    turnIntoMove(ops, from, to);
  }
  if (trailing.size > 0) numberThoseBefore(ops, trailing);
}

/** An addition without a number stands behind all that is not new, and what was carried here is not. */
function numberThoseBefore(ops: Ops, trailing: Map<number, number>): void {
  const { data, length } = ops.ops;
  for (let op = 0; op < length; op += OP_COLUMNS) {
    if (data[op + KIND] !== ADDITION || data[op + INDEX] !== NONE || isElement(ops, op)) continue;
    const last = trailing.get(aroundOf(ops, op));
    if (last !== undefined && data[op + COUNT]! < last) data[op + INDEX] = data[op + COUNT]!;
  }
}

function hashValues(side: Side, ops: Ops, found: number[], start: number, isWithin: boolean): Int32Array {
  const { data } = ops.ops;
  const hashes = new Int32Array(found.length * 2);
  for (const [k, op] of found.entries()) {
    hashRange(side.kernel.seed, side.view, data[op + start]!, data[op + start + 1]!, hashes, k * 2);
    if (isWithin) hashes[k * 2]! ^= Math.imul(aroundOf(ops, op) / PLACE_COLUMNS, 0x9e3779b1);
  }
  return hashes;
}

function isSame({ base, target }: Pair, { ops }: Ops, from: number, to: number): boolean {
  const start = ops.data[from + BASE_START]!;
  const at = ops.data[to + TARGET_START]!;
  const length = ops.data[from + BASE_END]! - start;
  if (ops.data[to + TARGET_END]! - at !== length) return false;
  return sameBytes(base.bytes, start, target.bytes, at, length);
}

function aroundOf({ ops, places }: Ops, op: number): number {
  return places.data[ops.data[op + PLACE]! + AROUND]!;
}

function isElement({ ops, places }: Ops, op: number): boolean {
  return places.data[ops.data[op + PLACE]! + STEP] === STEP_INDEX;
}
