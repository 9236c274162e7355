// Pairs leftover elements that are the same bytes, wherever they stand. Hashes only propose; bytes decide.

import type { Rows } from '../../json/spans.ts';
import { type Groups, groupByHash } from './groups.ts';
import { hashRows, lengthsSeen } from './hash-rows.ts';
import { areFew, join, type Leftovers } from './leftovers.ts';
import type { Pair } from './pair.ts';
import { sameRow } from './same-rows.ts';

/** Of many elements alike, those beside others already paired come first, then the first with the first. */
export function pairByContent(pair: Pair, left: Leftovers, a: Rows, b: Rows): void {
  if (areFew(left)) {
    tryAll(pair, left, a, b);
    return;
  }
  const groups = groupByContent(pair, left, a, b);
  if (groups === undefined) return;
  const chains = chainsOf(groups);
  pairUnique(left, groups, chains);
  pairNeighbours(left, groups);
  pairInOrder(left, groups, chains);
  dropFalsePairs(pair, left, a, b);
}

function tryAll(pair: Pair, left: Leftovers, a: Rows, b: Rows): void {
  for (let q = 0; q < left.targetCount; q++) {
    for (let p = 0; p < left.baseCount; p++) {
      if (left.taken[p] !== 0 || !sameRow(pair, a, left.ofBase[p]!, b, left.ofTarget[q]!)) continue;
      join(left, p, q);
      break;
    }
  }
}

/** The base leftovers of each group, in order. */
interface Chains {
  first: Int32Array;
  next: Int32Array;
}

function chainsOf({ ofBase, count }: Groups): Chains {
  const next = new Int32Array(ofBase.length);
  const first = new Int32Array(count).fill(-1);
  for (let p = ofBase.length - 1; p >= 0; p--) {
    const group = ofBase[p]!;
    if (group < 0) continue;
    next[p] = first[group]!;
    first[group] = p;
  }
  return { first, next };
}

/** What occurs once on either side is sure. */
function pairUnique(left: Leftovers, { ofTarget, inBase, inTarget }: Groups, { first }: Chains): void {
  for (let q = 0; q < ofTarget.length; q++) {
    const group = ofTarget[q]!;
    if (group >= 0 && inBase[group] === 1 && inTarget[group] === 1) join(left, first[group]!, q);
  }
}

/** Beside a pair, what is alike is most likely a pair too. */
function pairNeighbours(left: Leftovers, groups: Groups): void {
  const { partner } = left;
  for (let q = 1; q < left.targetCount; q++) {
    if (partner[q]! < 0 && partner[q - 1]! >= 0) joinIfAlike(left, groups, partner[q - 1]! + 1, q);
  }
  for (let q = left.targetCount - 2; q >= 0; q--) {
    if (partner[q]! < 0 && partner[q + 1]! >= 0) joinIfAlike(left, groups, partner[q + 1]! - 1, q);
  }
}

function joinIfAlike(left: Leftovers, { ofBase, ofTarget }: Groups, p: number, q: number): boolean {
  if (p < 0 || p >= left.baseCount || left.taken[p] !== 0) return false;
  if (ofTarget[q]! < 0 || ofBase[p] !== ofTarget[q]) return false;
  join(left, p, q);
  return true;
}

function pairInOrder(left: Leftovers, groups: Groups, { first, next }: Chains): void {
  const { partner, taken } = left;
  for (let q = 0; q < left.targetCount; q++) {
    const group = groups.ofTarget[q]!;
    if (group < 0 || partner[q]! >= 0) continue;
    if (q > 0 && partner[q - 1]! >= 0 && joinIfAlike(left, groups, partner[q - 1]! + 1, q)) continue;
    let p = first[group]!;
    while (p >= 0 && taken[p] !== 0) p = next[p]!;
    first[group] = p;
    if (p >= 0) join(left, p, q);
  }
}

/** Two contents may share a hash: such pairs are parted again. */
function dropFalsePairs(pair: Pair, left: Leftovers, a: Rows, b: Rows): void {
  const { ofBase, ofTarget, partner, taken } = left;
  for (let q = 0; q < left.targetCount; q++) {
    const p = partner[q]!;
    if (p < 0 || sameRow(pair, a, ofBase[p]!, b, ofTarget[q]!)) continue;
    partner[q] = -1;
    taken[p] = 0;
  }
}

/** Undefined if there is no more effort to be spent. */
function groupByContent(pair: Pair, left: Leftovers, a: Rows, b: Rows): Groups | undefined {
  const ofBase = left.ofBase.subarray(0, left.baseCount);
  const ofTarget = left.ofTarget.subarray(0, left.targetCount);
  // Only elements as long as one on the other side need a hash.
  const lengthsOfBase = lengthsSeen(a, ofBase);
  const base = hashRows(pair, pair.base, a, ofBase, lengthsSeen(b, ofTarget));
  const target = base && hashRows(pair, pair.target, b, ofTarget, lengthsOfBase);
  return base && target && groupByHash(base.hashes, base.without, target.hashes, target.without);
}
