// Counts what went and came with containers that were replaced, emptied or filled as a whole: each is one change to its
// reader, and yet a thousand rows are gone, or new.

import { hashRange } from '../../bytes/content-hash.ts';
import { sameBytes } from '../../bytes/ranges.ts';
import { nameEnd, OPEN_ARRAY, OPEN_OBJECT, type Rows, rowStart } from '../../json/spans.ts';
import type { ChangeCounts } from '../../records/model.ts';
import { groupByHash } from './groups.ts';
import { hasDuplicateNames } from './names.ts';
import { BASE_END, BASE_START, CHANGE, KIND, OP_COLUMNS, type Ops, TARGET_END, TARGET_START } from './ops.ts';
import { innerRows, type Pair, rootRows, type Side } from './pair.ts';

/** Up to this many members a side, comparing each with each is faster than a table. */
const FEW_MEMBERS = 8;

/**
 * Counts the children of changed containers as replaced: those of the old value to what was deleted, those of the new one
 * to what was added. Members whose name both have are neither. Of lists every container is a row that went or came; scalars
 * in the place of others are those with another value, so only their difference in number counts, as of the members of
 * an object that has a name twice. `a` and `b` are the children of both texts, if those are known.
 */
export function countChildren(pair: Pair, ops: Ops, a: Rows | undefined, b: Rows | undefined): void {
  if (!ops.hasContainers) return;
  const { data, length } = ops.ops;
  for (let op = 0; op < length; op += OP_COLUMNS) {
    if (data[op + KIND] !== CHANGE) continue;
    const old = childrenOf(pair.base, a, data[op + BASE_START]!, data[op + BASE_END]!);
    const now = childrenOf(pair.target, b, data[op + TARGET_START]!, data[op + TARGET_END]!);
    addChildren(pair, old, now, ops.replaced);
  }
}

/** Adds what of the children of a value that was replaced went or came; undefined stands for a scalar. */
export function addChildren(
  pair: Pair,
  old: Rows | undefined,
  now: Rows | undefined,
  counts: Pick<ChangeCounts, 'additions' | 'deletions'>,
): void {
  const shared = old && now && old.stride === now.stride ? stayed(pair, old, now) : 0;
  if (old) counts.deletions += old.count - shared;
  if (now) counts.additions += now.count - shared;
}

/** Of the value [start, end) below `around`. Undefined for a scalar, and for a text that has too many to be told apart. */
export function childrenOf(
  side: Side,
  around: Rows | undefined,
  start: number,
  end: number,
): Rows | undefined {
  const c = side.bytes[start];
  if (c !== OPEN_OBJECT && c !== OPEN_ARRAY) return undefined;
  if (end - start === side.bytes.length) return around ?? rootRows(side);
  return around && innerRows(side, around, start, end);
}

/** How many children stand for one on the other side, though with another value. */
function stayed(pair: Pair, a: Rows, b: Rows): number {
  return a.stride === 2
    ? namesShared(pair, a, b)
    : Math.min(scalarsIn(pair.base, a), scalarsIn(pair.target, b));
}

function scalarsIn({ bytes }: Side, rows: Rows): number {
  let count = 0;
  for (let k = 0; k < rows.count; k++) {
    const c = bytes[rowStart(rows, k)];
    if (c !== OPEN_OBJECT && c !== OPEN_ARRAY) count++;
  }
  return count;
}

function namesShared(pair: Pair, a: Rows, b: Rows): number {
  if (hasDuplicateNames(pair.base, a) || hasDuplicateNames(pair.target, b)) return Math.min(a.count, b.count);
  return Math.max(a.count, b.count) <= FEW_MEMBERS ? fewShared(pair, a, b) : manyShared(pair, a, b);
}

function fewShared(pair: Pair, a: Rows, b: Rows): number {
  let shared = 0;
  for (let i = 0; i < a.count; i++) {
    const from = rowStart(a, i);
    const length = nameEnd(a, i) - from;
    for (let j = 0; j < b.count; j++) {
      const at = rowStart(b, j);
      if (nameEnd(b, j) - at !== length) continue;
      if (sameBytes(pair.base.bytes, from, pair.target.bytes, at, length)) shared++;
    }
  }
  return shared;
}

function manyShared(pair: Pair, a: Rows, b: Rows): number {
  const groups = groupByHash(
    hashNames(pair.base, a),
    new Uint8Array(a.count),
    hashNames(pair.target, b),
    new Uint8Array(b.count),
  );
  let shared = 0;
  for (let group = 0; group < groups.count; group++) {
    shared += Math.min(groups.inBase[group]!, groups.inTarget[group]!);
  }
  return shared;
}

function hashNames(side: Side, rows: Rows): Int32Array {
  const hashes = new Int32Array(rows.count * 2);
  for (let k = 0; k < rows.count; k++) {
    hashRange(side.kernel.seed, side.view, rowStart(rows, k), nameEnd(rows, k), hashes, k * 2);
  }
  return hashes;
}
