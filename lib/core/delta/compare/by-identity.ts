// Pairs leftover children that are the same although their value has changed: members of the same name, elements with
// the same `id` or the like. An identity counts only if it is unique on either side. Hashes only propose; bytes decide.

import { hashRange } from '../../bytes/content-hash.ts';
import { sameBytes } from '../../bytes/ranges.ts';
import { nameEnd, OPEN_OBJECT, type Rows, rowStart } from '../../json/spans.ts';
import { type Groups, groupByHash } from './groups.ts';
import { findIdentity, type Identity } from './identity.ts';
import { join, type Leftovers } from './leftovers.ts';
import type { Pair, Side } from './pair.ts';
import { hashKey, type KeyMembers, sameKey } from './row-keys.ts';
import { sameRow } from './same-rows.ts';

export function pairByIdentity(
  pair: Pair,
  left: Leftovers,
  a: Rows,
  b: Rows,
  key: KeyMembers | undefined,
): void {
  if (a.stride === 1 && !anyObjects(pair.target, b, left.ofTarget, left.targetCount)) return;
  const base = identify(pair.base, a, left.ofBase, left.baseCount, (p) => left.taken[p] !== 0, key);
  const isPaired = (q: number): boolean => left.partner[q]! >= 0;
  const target = identify(pair.target, b, left.ofTarget, left.targetCount, isPaired, key);
  const groups = groupByHash(base.hashes, base.without, target.hashes, target.without);
  if (key !== undefined) noteFaults(pair, a, key, target, groups);
  const positionOf = new Int32Array(groups.count).fill(-1);
  for (let p = 0; p < left.baseCount; p++) {
    const group = groups.ofBase[p]!;
    if (group < 0 || groups.inBase[group] !== 1) continue;
    left.namedBase[p] = 1;
    if (groups.inTarget[group] === 1) positionOf[group] = p;
  }
  for (let q = 0; q < left.targetCount; q++) {
    const group = groups.ofTarget[q]!;
    if (group < 0 || groups.inTarget[group] !== 1) continue;
    left.namedTarget[q] = 1;
    const p = positionOf[group]!;
    if (p < 0 || base.byKey[p] !== target.byKey[q]) continue;
    const isSame =
      base.byKey[p] === 1
        ? sameKey(pair, a, left.ofBase[p]!, b, left.ofTarget[q]!, key!)
        : sameIdentity(pair, base, p, target, q);
    if (!isSame) continue;
    join(left, p, q);
    left.changed[q] = sameRow(pair, a, left.ofBase[p]!, b, left.ofTarget[q]!) ? 0 : 1;
  }
}

/** Remembers how many of the target's rows had to be told apart by the key, and could not be. */
function noteFaults(
  { keyFaults }: Pair,
  a: Rows,
  { pointer, names }: KeyMembers,
  { byKey, isDone }: Identities,
  { ofTarget, inTarget }: Groups,
): void {
  let without = 0;
  let shared = 0;
  for (let q = 0; q < byKey.length; q++) {
    if (isDone[q] === 1) continue;
    if (byKey[q] === 0) without++;
    else if (ofTarget[q]! >= 0 && inTarget[ofTarget[q]!]! > 1) shared++;
  }
  if (without + shared > 0) keyFaults.set(a.close, { pointer, names, without, shared });
}

/** Only objects have an identity. */
function anyObjects(side: Side, rows: Rows, numbers: Uint32Array, count: number): boolean {
  for (let p = 0; p < count; p++) if (side.bytes[rowStart(rows, numbers[p]!)] === OPEN_OBJECT) return true;
  return false;
}

interface Identities {
  hashes: Int32Array;
  /** 1 where there is none. */
  without: Uint8Array;
  /** 1 where it is the key that their owner has named; else a member of the row. */
  byKey: Uint8Array;
  /** 1 for those that had their partner before; only where there is a key. */
  isDone: Uint8Array;
  starts: Uint32Array;
  ends: Uint32Array;
}

function identify(
  side: Side,
  rows: Rows,
  numbers: Uint32Array,
  count: number,
  isDone: (position: number) => boolean,
  key: KeyMembers | undefined,
): Identities {
  const identities: Identities = {
    hashes: new Int32Array(count * 2),
    without: new Uint8Array(count).fill(1),
    byKey: new Uint8Array(key === undefined ? 0 : count),
    isDone: new Uint8Array(key === undefined ? 0 : count),
    starts: new Uint32Array(count),
    ends: new Uint32Array(count),
  };
  const member: Identity = { start: 0, end: 0 };
  for (let p = 0; p < count; p++) {
    if (isDone(p)) {
      if (key !== undefined) identities.isDone[p] = 1;
      continue;
    }
    const k = numbers[p]!;
    if (key !== undefined && hashKey(side, rows, k, key, identities.hashes, p * 2)) {
      identities.without[p] = 0;
      identities.byKey[p] = 1;
      continue;
    }
    if (rows.stride === 2) {
      member.start = rowStart(rows, k);
      member.end = nameEnd(rows, k);
    } else {
      findIdentity(side, rows, k, member);
      if (member.end === 0) continue;
    }
    identities.without[p] = 0;
    identities.starts[p] = member.start;
    identities.ends[p] = member.end;
    hashRange(side.kernel.seed, side.view, member.start, member.end, identities.hashes, p * 2);
  }
  return identities;
}

function sameIdentity(pair: Pair, base: Identities, p: number, target: Identities, q: number): boolean {
  const from = base.starts[p]!;
  const at = target.starts[q]!;
  const length = base.ends[p]! - from;
  return target.ends[q]! - at === length && sameBytes(pair.base.bytes, from, pair.target.bytes, at, length);
}
