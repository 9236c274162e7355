// The children that following both lists in step has left unpaired, and the partners that are found for them.

import type { Column } from '../../bytes/column.ts';
import type { Rows } from '../../json/spans.ts';
import { CHANGED, EQUAL, pushRun, RUN_COLUMNS } from './runs.ts';

/** Up to this many possible pairs are tried one by one; for more, tables are made. */
const PAIRS_TRIED_MAX = 64;

/**
 * Unpaired children of both sides, in order. Only the first `baseCount` and `targetCount` numbers of the columns count:
 * they are used again for one container after the other.
 */
export interface Leftovers {
  baseCount: number;
  targetCount: number;
  /** Child numbers. */
  ofBase: Uint32Array;
  ofTarget: Uint32Array;
  /** Position in `ofBase` of each target leftover's partner, or -1. */
  partner: Int32Array;
  /** 1 for target leftovers whose partner is the same child with another value. */
  changed: Uint8Array;
  /** 1 for base leftovers that have a partner. */
  taken: Uint8Array;
  /** 1 for those who can be told by an identity of their own, and so are never paired by place alone. */
  namedBase: Uint8Array;
  namedTarget: Uint8Array;
}

export function createLeftovers(): Leftovers {
  return {
    baseCount: 0,
    targetCount: 0,
    ofBase: new Uint32Array(0),
    ofTarget: new Uint32Array(0),
    partner: new Int32Array(0),
    changed: new Uint8Array(0),
    taken: new Uint8Array(0),
    namedBase: new Uint8Array(0),
    namedTarget: new Uint8Array(0),
  };
}

/** Fills in the children that are in none of the runs from `first` on; `paired` of either side are. */
export function collectLeftovers(
  left: Leftovers,
  runs: Column,
  first: number,
  a: Rows,
  b: Rows,
  paired: number,
): void {
  reserve(left, a.count - paired, b.count - paired);
  left.taken.fill(0, 0, left.baseCount);
  left.namedBase.fill(0, 0, left.baseCount);
  left.partner.fill(-1, 0, left.targetCount);
  left.changed.fill(0, 0, left.targetCount);
  left.namedTarget.fill(0, 0, left.targetCount);
  listUnpaired(left.ofBase, runs, first, 0, a.count);
  listUnpaired(left.ofTarget, runs, first, 1, b.count);
}

function reserve(left: Leftovers, baseCount: number, targetCount: number): void {
  left.baseCount = baseCount;
  left.targetCount = targetCount;
  if (baseCount > left.ofBase.length) {
    const size = baseCount * 2;
    left.ofBase = new Uint32Array(size);
    left.taken = new Uint8Array(size);
    left.namedBase = new Uint8Array(size);
  }
  if (targetCount > left.ofTarget.length) {
    const size = targetCount * 2;
    left.ofTarget = new Uint32Array(size);
    left.partner = new Int32Array(size);
    left.changed = new Uint8Array(size);
    left.namedTarget = new Uint8Array(size);
  }
}

/** Children that are in no run, on the base's side (0) or the target's (1). */
function listUnpaired(numbers: Uint32Array, runs: Column, first: number, side: 0 | 1, count: number): void {
  let filled = 0;
  let k = 0;
  for (let at = first; at < runs.length; at += RUN_COLUMNS) {
    const from = runs.data[at + side]!;
    while (k < from) numbers[filled++] = k++;
    k = from + runs.data[at + 2]!;
  }
  while (k < count) numbers[filled++] = k++;
}

export function areFew(left: Leftovers): boolean {
  return left.baseCount * left.targetCount <= PAIRS_TRIED_MAX;
}

/** Makes the base leftover at position p the partner of the target leftover at position q. */
export function join(left: Leftovers, p: number, q: number): void {
  left.partner[q] = p;
  left.taken[p] = 1;
}

/** Puts the pairs found into `found`, as runs in target order. */
export function runsFound(left: Leftovers, found: Column): void {
  found.length = 0;
  for (let q = 0; q < left.targetCount; q++) {
    const p = left.partner[q]!;
    if (p < 0) continue;
    pushRun(found, 0, left.ofBase[p]!, left.ofTarget[q]!, 1, left.changed[q] === 0 ? EQUAL : CHANGED);
  }
}
