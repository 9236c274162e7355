// Whether a member name occurs twice in an object: then no path tells its members apart.

import { hashRange } from '../../bytes/content-hash.ts';
import { sameBytes } from '../../bytes/ranges.ts';
import { nameEnd, type Rows, rowStart } from '../../json/spans.ts';
import type { Side } from './pair.ts';

/** Up to this many members, comparing each with each is faster than a table. */
const FEW_MEMBERS = 8;

/** Names that may hash alike before they are sorted instead: bounds what crafted names can cost. */
const PROBES_MAX = 128;

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
  let size = 32;
  while (size < members.count * 2) size *= 2;
  const slots = new Int32Array(size).fill(-1);
  const hash = new Int32Array(2);
  for (let k = 0; k < members.count; k++) {
    hashRange(side.kernel.seed, side.view, rowStart(members, k), nameEnd(members, k), hash, 0);
    let slot = (hash[0]! ^ hash[1]!) & (size - 1);
    for (let probes = 0; slots[slot]! >= 0; probes++) {
      if (sameNames(side, members, slots[slot]!, k)) return true;
      if (probes > PROBES_MAX) return anyTwoSortedAlike(side, members);
      slot = (slot + 1) & (size - 1);
    }
    slots[slot] = k;
  }
  return false;
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
