// What changed between two large texts of which nearly everything did, by what scanning them has found: counted without
// comparing every row, which would take longer than all else that is done with such a state.

import { type Column, createColumn } from '../../bytes/column.ts';
import { type Rows, rowEnd, valueStart } from '../../json/spans.ts';
import type { ChangeCounts } from '../../records/model.ts';
import { align } from './align.ts';
import { addChildren, childrenOf } from './children.ts';
import type { Pair } from './pair.ts';
import { type KeyPaths, keyMembers, keyPathsOfChild } from './row-keys.ts';
import { CHANGED, MOVED, pairedBy, RUN_COLUMNS } from './runs.ts';
import { CONTAINER_BYTES_MIN } from './scan.ts';

/**
 * Adds to `counts` what became of the children of a and b: additions, deletions and moves, each once, and one change for
 * each child that has another value, however much of it is another. Large containers are counted inside.
 */
export function countScanned(
  pair: Pair,
  a: Rows,
  b: Rows,
  scanned: Map<number, Column>,
  counts: ChangeCounts,
  keys: KeyPaths | undefined,
): void {
  const runs = scanned.get(a.close)!;
  const { data } = runs;
  const paired = pairedBy(runs, 0);
  counts.additions += b.count - paired;
  counts.deletions += a.count - paired;
  for (let at = 0; at < runs.length; at += RUN_COLUMNS) {
    const count = data[at + 2]!;
    if ((data[at + 3]! & MOVED) !== 0) counts.moves += a.stride === 2 ? count : 1;
    if ((data[at + 3]! & CHANGED) === 0) continue;
    for (let k = 0; k < count; k++) {
      countChild(pair, a, data[at]! + k, b, data[at + 1]! + k, scanned, counts, keys);
    }
  }
}

function countChild(
  pair: Pair,
  a: Rows,
  i: number,
  b: Rows,
  j: number,
  scanned: Map<number, Column>,
  counts: ChangeCounts,
  keys: KeyPaths | undefined,
): void {
  const aStart = valueStart(a, i);
  const bStart = valueStart(b, j);
  const aEnd = rowEnd(a, i);
  const bEnd = rowEnd(b, j);
  const isOfOneKind = pair.base.bytes[aStart] === pair.target.bytes[bStart];
  const isLarge = Math.max(aEnd - aStart, bEnd - bStart) >= CONTAINER_BYTES_MIN;
  const old = isLarge || a.stride === 2 ? childrenOf(pair.base, a, aStart, aEnd) : undefined;
  const now = isLarge || a.stride === 2 ? childrenOf(pair.target, b, bStart, bEnd) : undefined;
  if (isOfOneKind && old && now && isLarge) {
    const inside = keys && keyPathsOfChild(keys, pair.base, a, i);
    if (!scanned.has(old.close)) scanned.set(old.close, alignedRuns(pair, old, now, inside));
    // One that keeps no child is one change to its reader.
    if (pairedBy(scanned.get(old.close)!, 0) === 0) counts.changes++;
    countScanned(pair, old, now, scanned, counts, inside);
    return;
  }
  counts.changes++;
  // What was emptied, filled or replaced by another kind took its children with it.
  if (!isOfOneKind || old?.count === 0 || now?.count === 0) addChildren(pair, old, now, counts);
}

function alignedRuns(pair: Pair, a: Rows, b: Rows, keys: KeyPaths | undefined): Column {
  const runs = createColumn();
  align(pair, a, b, runs, a.stride === 1 ? keyMembers(keys) : undefined);
  return runs;
}
