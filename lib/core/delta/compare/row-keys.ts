// Rows that are told apart by members which their owner has named, several together where it takes that: which arrays have
// such a key, and whether a row has it.

import { hashRange } from '../../bytes/content-hash.ts';
import { sameBytes } from '../../bytes/ranges.ts';
import { decodeName, parsePointer } from '../../json/pointer.ts';
import { skipString, skipValue } from '../../json/skip.ts';
import { nameEnd, OPEN_ARRAY, OPEN_OBJECT, type Rows, rowEnd, rowStart } from '../../json/spans.ts';
import type { RowIdentity } from '../../records/settings.ts';
import type { Pair, Side } from './pair.ts';

const BACKSLASH = 0x5c;
/** First byte of `null`, which names nothing. */
const NULL = 0x6e;
/** A longer value names no row: it would be no step of a path that anybody reads, and each row is read for it. */
const VALUE_BYTES_MAX = 1024;

/** One step of the paths to arrays that have a key. */
interface KeyNode {
  /** If the paths end here. */
  members?: KeyMembers;
  byName: Map<string, KeyNode>;
  /** Under `*`: whatever the step is. */
  any?: KeyNode;
}

export interface KeyMembers {
  /** Where its owner says that such arrays are. */
  pointer: string;
  names: readonly string[];
  /** The same as UTF-8. */
  bytes: readonly Buffer[];
}

/** The paths that go on from a container; those that say more of it by name come first. */
export type KeyPaths = readonly KeyNode[];

/** What is said of the whole text. Undefined where nothing is. */
export function keyPathsOf(identity: RowIdentity | undefined): KeyPaths | undefined {
  const arrays = Object.entries(identity ?? {});
  if (arrays.length === 0) return undefined;
  const root: KeyNode = { byName: new Map() };
  for (const [pointer, names] of arrays) {
    let node = root;
    for (const step of parsePointer(pointer) ?? []) node = step === '*' ? anyOf(node) : namedOf(node, step);
    node.members = { pointer, names, bytes: names.map((name) => Buffer.from(name)) };
  }
  return [root];
}

function anyOf(node: KeyNode): KeyNode {
  node.any ??= { byName: new Map() };
  return node.any;
}

function namedOf(node: KeyNode, step: string): KeyNode {
  let next = node.byName.get(step);
  if (next === undefined) {
    next = { byName: new Map() };
    node.byName.set(step, next);
  }
  return next;
}

/** The members that tell the elements of this array apart, if any are said to. */
export function keyMembers(paths: KeyPaths | undefined): KeyMembers | undefined {
  return paths?.find(({ members }) => members !== undefined)?.members;
}

/** The paths that go on through a member of that name, or through an element of an array, of which the number tells nothing. */
export function keyPathsIn(paths: KeyPaths | undefined, name: string | undefined): KeyPaths | undefined {
  if (paths === undefined) return undefined;
  const next: KeyNode[] = [];
  for (const { byName, any } of paths) {
    const named = name === undefined ? undefined : byName.get(name);
    if (named !== undefined) next.push(named);
    if (any !== undefined) next.push(any);
  }
  return next.length === 0 ? undefined : next;
}

/** The same for child k. */
export function keyPathsOfChild(
  paths: KeyPaths | undefined,
  side: Side,
  rows: Rows,
  k: number,
): KeyPaths | undefined {
  if (paths === undefined) return undefined;
  if (rows.stride === 1) return keyPathsIn(paths, undefined);
  return keyPathsIn(paths, decodeName(side.bytes.subarray(rowStart(rows, k) + 1, nameEnd(rows, k) - 1)));
}

/** Rows of an array that are not told apart by its key, though they had to be: they are compared as if nothing had been said. */
export interface KeyFault {
  pointer: string;
  names: readonly string[];
  /** Rows that have no such key, and rows that have one with others. */
  without: number;
  shared: number;
}

/** The same of all arrays that are meant by one pointer. */
export function sumOfFaults(faults: Iterable<KeyFault>): KeyFault[] {
  const sums = new Map<string, KeyFault>();
  for (const { pointer, names, without, shared } of faults) {
    const known = sums.get(pointer) ?? { pointer, names, without: 0, shared: 0 };
    sums.set(pointer, { ...known, without: known.without + without, shared: known.shared + shared });
  }
  return [...sums.values()];
}

/** The values of a row's key: each a span of the text, by the number of its member. */
interface KeyValues {
  starts: number[];
  ends: number[];
}

/**
 * Finds the key of the row [start, end): true if it has all the members, each with a short scalar that is not null. Of members
 * of one name the first counts: rows are read no further than to their key.
 */
function findKey(bytes: Buffer, start: number, end: number, members: KeyMembers, found: KeyValues): boolean {
  if (bytes[start] !== OPEN_OBJECT) return false;
  const wanted = members.bytes;
  found.starts.length = wanted.length;
  found.ends.length = wanted.length;
  found.starts.fill(0);
  for (let p = start + 1, left = wanted.length; p < end - 1 && left > 0; ) {
    const value = skipString(bytes, p) + 1;
    const after = skipValue(bytes, value);
    const m = memberAt(bytes, p + 1, value - 2, members);
    if (m >= 0 && found.starts[m] === 0) {
      left--;
      found.starts[m] = value;
      found.ends[m] = after;
    }
    p = after + 1;
  }
  for (let m = 0; m < wanted.length; m++) {
    if (!namesRow(bytes, found.starts[m]!, found.ends[m]!)) return false;
  }
  return true;
}

/** A value at 0 was not found. */
function namesRow(bytes: Buffer, value: number, end: number): boolean {
  const c = bytes[value];
  return value > 0 && c !== OPEN_OBJECT && c !== OPEN_ARRAY && c !== NULL && end - value <= VALUE_BYTES_MAX;
}

/** Which member it is whose name is written in [from, to); -1 if none. */
function memberAt(bytes: Buffer, from: number, to: number, { bytes: wanted, names }: KeyMembers): number {
  for (let m = 0; m < wanted.length; m++) {
    const name = wanted[m]!;
    if (name.length !== to - from || !sameBytes(bytes, from, name, 0, name.length)) continue;
    if (!name.includes(BACKSLASH)) return m;
  }
  for (let p = from; p < to; p++) {
    if (bytes[p] === BACKSLASH) return names.indexOf(decodeName(bytes.subarray(from, to)));
  }
  return -1;
}

// Where one row after the other is looked at, without an object for each.
const ofBase: KeyValues = { starts: [], ends: [] };
const ofTarget: KeyValues = { starts: [], ends: [] };
const lane = new Int32Array(2);
const PRIME_1 = 0x9e3779b1;
const PRIME_2 = 0x85ebca77;

/** Puts the hash of row k's key at out[at] and out[at + 1]; false if it has none. */
export function hashKey(
  side: Side,
  rows: Rows,
  k: number,
  members: KeyMembers,
  out: Int32Array,
  at: number,
): boolean {
  if (!findKey(side.bytes, rowStart(rows, k), rowEnd(rows, k), members, ofBase)) return false;
  hashFound(side, members, out, at);
  return true;
}

/** The same of the key that was just found in the base. */
export function hashFound(side: Side, { names }: KeyMembers, out: Int32Array, at: number): void {
  let low = names.length;
  let high = 0;
  for (let m = 0; m < names.length; m++) {
    hashRange(side.kernel.seed, side.view, ofBase.starts[m]!, ofBase.ends[m]!, lane, 0);
    low = Math.imul(low ^ lane[0]!, PRIME_1);
    high = Math.imul(high ^ lane[1]!, PRIME_2);
    low = (((low << 13) | (low >>> 19)) + high) | 0;
    high = ((high << 17) | (high >>> 15)) ^ low;
  }
  out[at] = low;
  out[at + 1] = high;
}

/** Whether both rows have the key, with the same values as they are written; then `hashFound` has the hash of it. */
export function sameKey(pair: Pair, a: Rows, i: number, b: Rows, j: number, members: KeyMembers): boolean {
  const { base, target } = pair;
  if (!findKey(base.bytes, rowStart(a, i), rowEnd(a, i), members, ofBase)) return false;
  if (!findKey(target.bytes, rowStart(b, j), rowEnd(b, j), members, ofTarget)) return false;
  for (let m = 0; m < members.names.length; m++) {
    const from = ofBase.starts[m]!;
    const length = ofBase.ends[m]! - from;
    const to = ofTarget.starts[m]!;
    if (ofTarget.ends[m]! - to !== length) return false;
    if (!sameBytes(base.bytes, from, target.bytes, to, length)) return false;
  }
  return true;
}
