// Whether a member name occurs twice in an object: then no path tells its members apart.

import { type Column, createColumn, extend } from '../../bytes/column.ts';
import { hashRange } from '../../bytes/content-hash.ts';
import { sameBytes } from '../../bytes/ranges.ts';
import { nameEnd, type Rows, rowStart } from '../../json/spans.ts';
import type { Side } from './pair.ts';

/** Up to this many members, comparing each with each is faster than a table. */
const FEW_MEMBERS = 8;

/** Names that may hash alike before they are sorted instead: bounds what crafted names can cost. */
const PROBES_MAX = 128;

/** Bits of the sieve for each name. */
const SIEVE_BITS = 16;

/** Compares names as they are written: `"a"` and `"\u0061"` are two. */
export function hasDuplicateNames(side: Side, members: Rows): boolean {
  return members.count <= FEW_MEMBERS ? anyTwoAlike(side, members) : anyTwoHashedAlike(side, members);
}

function anyTwoAlike(side: Side, members: Rows): boolean {
  for (let i = 1; i < members.count; i++) {
    for (let j = 0; j < i; j++) if (sameNames(side, members, i, j)) return true;
  }
  return false;
}

function anyTwoHashedAlike(side: Side, members: Rows): boolean {
  const hashes = hashNames(side, members);
  const { data, length } = findSuspects(hashes);
  let size = 32;
  while (size < length * 2) size *= 2;
  const slots = new Int32Array(length === 0 ? 0 : size).fill(-1);
  for (let at = 0; at < length; at++) {
    const k = data[at]!;
    const hash = hashes[k]!;
    let slot = hash & (size - 1);
    for (let probes = 0; slots[slot]! >= 0; probes++) {
      const before = slots[slot]!;
      if (hashes[before] === hash && sameNames(side, members, before, k)) return true;
      if (probes > PROBES_MAX) return anyTwoSortedAlike(side, members);
      slot = (slot + 1) & (size - 1);
    }
    slots[slot] = k;
  }
  return false;
}

function hashNames(side: Side, members: Rows): Int32Array {
  const hashes = new Int32Array(members.count);
  const hash = new Int32Array(2);
  for (let k = 0; k < members.count; k++) {
    hashRange(side.kernel.seed, side.view, rowStart(members, k), nameEnd(members, k), hash, 0);
    hashes[k] = hash[0]! ^ hash[1]!;
  }
  return hashes;
}

/**
 * The numbers of those that share some bits of their hash with another: mostly a few of a hundred. Two bitmaps, of what was
 * seen and what was seen twice, fit a cache that a table of all would not.
 */
function findSuspects(hashes: Int32Array): Column {
  let words = 8;
  while (words * 32 < hashes.length * SIEVE_BITS) words *= 2;
  const mask = words - 1;
  const seen = new Int32Array(words);
  const seenTwice = new Int32Array(words);
  for (let k = 0; k < hashes.length; k++) {
    const word = (hashes[k]! >>> 5) & mask;
    const bit = 1 << (hashes[k]! & 31);
    if ((seen[word]! & bit) === 0) seen[word]! |= bit;
    else seenTwice[word]! |= bit;
  }
  const suspects = createColumn();
  for (let k = 0; k < hashes.length; k++) {
    if ((seenTwice[(hashes[k]! >>> 5) & mask]! & (1 << (hashes[k]! & 31))) === 0) continue;
    const at = extend(suspects, 1);
    suspects.data[at] = k;
  }
  return suspects;
}

function anyTwoSortedAlike({ bytes }: Side, members: Rows): boolean {
  const order = Uint32Array.from({ length: members.count }, (_, k) => k);
  const compare = (x: number, y: number): number =>
    bytes.compare(
      bytes,
      rowStart(members, y),
      nameEnd(members, y),
      rowStart(members, x),
      nameEnd(members, x),
    );
  order.sort(compare);
  return order.some((k, at) => at > 0 && compare(order[at - 1]!, k) === 0);
}

function sameNames(side: Side, members: Rows, i: number, j: number): boolean {
  const from = rowStart(members, i);
  const at = rowStart(members, j);
  const length = nameEnd(members, i) - from;
  return nameEnd(members, j) - at === length && sameBytes(side.bytes, from, side.bytes, at, length);
}
