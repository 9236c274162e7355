// Which rows of a state the next one has not any more, table by table: whoever has lost a table is to hear of it.

import { hashRange } from '../bytes/content-hash.ts';
import { groupByHash } from '../delta/compare/groups.ts';
import { findIdentity, type Identity } from '../delta/compare/identity.ts';
import { createPair, innerRows, rootRows, type Side } from '../delta/compare/pair.ts';
import {
  hashKey,
  type KeyMembers,
  type KeyPaths,
  keyMembers,
  keyPathsOf,
  keyPathsOfChild,
} from '../delta/compare/row-keys.ts';
import type { Kernel } from '../json/kernel/kernel.ts';
import { decodeName, pointerOfSteps } from '../json/pointer.ts';
import { nameEnd, OPEN_ARRAY, OPEN_OBJECT, type Rows, rowEnd, rowStart, valueStart } from '../json/spans.ts';
import type { RowIdentity } from '../records/settings.ts';
import type { TableLoss } from '../records/unusual.ts';

/** Names that lead to a table, at most: `/tables/users`. */
const STEPS_MAX = 2;
/** A member of that name is what rows stand in, wherever the members beside it tell of them: of `/tables/users/rows` the table is that. */
const ROWS = 'rows';
/** An object of more members than that is one of rows: what is in it is no table of its own. */
const TABLES_MAX = 1000;

/**
 * The tables of `base` that have lost rows. A table is an array, or an object of nothing but containers, to which at most two names
 * lead, none of them one of more than a thousand; a member `rows` may be one name further, and is then the table in the place of what it stands in. Rows are told apart by what is said of them, by an id-like member, or by their names
 * in an object; such a row is gone if the same table has none of that name. Of others it only counts how many there are. Undefined
 * if a text has too many values to be told apart.
 */
export function rowsGone(
  kernel: Kernel,
  base: Uint8Array,
  target: Uint8Array,
  identity: RowIdentity | undefined,
): TableLoss[] | undefined {
  const pair = createPair(kernel, base, target);
  const losses: TableLoss[] = [];
  const a = isContainer(pair.base, 0) ? rootRows(pair.base) : 'scalar';
  const b = isContainer(pair.target, 0) ? rootRows(pair.target) : 'scalar';
  if (a === undefined || b === undefined) return undefined;
  if (a === 'scalar') return losses;

  const look = (
    was: Rows,
    is: Rows | undefined,
    steps: readonly string[],
    keys: KeyPaths | undefined,
  ): void => {
    const now = is?.stride === was.stride ? is : undefined;
    const members = was.stride === 1 || was.count > TABLES_MAX ? undefined : membersOf(pair.base, was);
    const rows = members?.get(ROWS);
    const isAroundRows = rows !== undefined && isContainer(pair.base, valueStart(was, rows));
    if (was.stride === 1 || (!isAroundRows && isOfContainers(pair.base, was))) {
      const gone = countGone(
        pair.base,
        was,
        pair.target,
        now,
        was.stride === 1 ? keyMembers(keys) : undefined,
      );
      if (gone > 0) losses.push({ pointer: pointerOfSteps(steps), rows: was.count, gone });
    }
    if (members === undefined || steps.length > STEPS_MAX) return;
    const there = now === undefined ? new Map<string, number>() : membersOf(pair.target, now);
    for (const [name, k] of members) {
      if (steps.length === STEPS_MAX && name !== ROWS) continue;
      const start = valueStart(was, k);
      if (!isContainer(pair.base, start)) continue;
      const j = there.get(name);
      const inside = innerRows(pair.base, was, start, rowEnd(was, k));
      const other = j === undefined ? undefined : containerAt(pair.target, now!, j);
      look(inside, other, [...steps, name], keyPathsOfChild(keys, pair.base, was, k));
    }
  };
  look(a, b === 'scalar' ? undefined : b, [], keyPathsOf(identity));
  return losses;
}

function isContainer({ bytes }: Side, at: number): boolean {
  return bytes[at] === OPEN_OBJECT || bytes[at] === OPEN_ARRAY;
}

function isOfContainers(side: Side, members: Rows): boolean {
  for (let k = 0; k < members.count; k++) if (!isContainer(side, valueStart(members, k))) return false;
  return true;
}

function nameOf({ bytes }: Side, members: Rows, k: number): string {
  return decodeName(bytes.subarray(rowStart(members, k) + 1, nameEnd(members, k) - 1));
}

/** Of members with one name, however it is written, the last: that is what a path means. */
function membersOf(side: Side, members: Rows): Map<string, number> {
  const found = new Map<string, number>();
  for (let j = 0; j < members.count; j++) found.set(nameOf(side, members, j), j);
  return found;
}

function containerAt(side: Side, members: Rows, j: number): Rows | undefined {
  const start = valueStart(members, j);
  return isContainer(side, start) ? innerRows(side, members, start, rowEnd(members, j)) : undefined;
}

/** How many rows of a table another one has not; all, if there is no other. */
function countGone(
  base: Side,
  was: Rows,
  target: Side,
  is: Rows | undefined,
  key: KeyMembers | undefined,
): number {
  if (is === undefined) return was.count;
  const a = hashNames(base, was, key);
  const b = hashNames(target, is, key);
  const groups = groupByHash(a.hashes, a.without, b.hashes, b.without);
  let gone = Math.max(0, a.unnamed - b.unnamed);
  for (let group = 0; group < groups.count; group++) {
    gone += Math.max(0, groups.inBase[group]! - groups.inTarget[group]!);
  }
  return gone;
}

interface Names {
  hashes: Int32Array;
  /** 1 where a row has none. */
  without: Uint8Array;
  unnamed: number;
}

function hashNames(side: Side, rows: Rows, key: KeyMembers | undefined): Names {
  const hashes = new Int32Array(rows.count * 2);
  const without = new Uint8Array(rows.count);
  const found: Identity = { start: 0, end: 0 };
  let unnamed = 0;
  for (let k = 0; k < rows.count; k++) {
    if (key !== undefined && hashKey(side, rows, k, key, hashes, k * 2)) continue;
    if (rows.stride === 2) {
      found.start = rowStart(rows, k);
      found.end = nameEnd(rows, k);
    } else findIdentity(side, rows, k, found);
    if (found.end === 0) {
      without[k] = 1;
      unnamed++;
    } else hashRange(side.kernel.seed, side.view, found.start, found.end, hashes, k * 2);
  }
  return { hashes, without, unnamed };
}
