// Differences counted by table: by the container that has the rows, as far as a path tells which that is.

import {
  ADDITION,
  AROUND,
  CHANGE,
  KIND,
  MOVE,
  OP_COLUMNS,
  PLACE,
  ROOT,
  STEP,
  STEP_INDEX,
} from '../delta/compare/ops.ts';
import { pointerOfSteps } from '../json/pointer.ts';
import type { ChangeCounts } from '../records/model.ts';
import type { Compared } from './diff.ts';
import { stepsTo } from './op-steps.ts';

/** Steps of a table's path, at most: `/tables/users`. */
const STEPS_MAX = 2;
const TABLES_MAX = 1000;
const POINTER_CHARS_MAX = 1024;

export interface TableCounts {
  /** Most differences first. */
  tables: ({ pointer: string } & ChangeCounts)[];
  /** What is in tables beyond those. */
  others?: ChangeCounts;
}

const COUNTED = { [CHANGE]: 'changes', [ADDITION]: 'additions', [MOVE]: 'moves' } as Record<
  number,
  keyof ChangeCounts | undefined
>;

/**
 * A table is what the path of a difference leads through before its first row of an array, in two steps at most, and always without
 * the difference's own step: of `/tables/users/3/name` it is `/tables/users`, and so it is of `/tables/users/42/name`.
 */
export function tablesOf({ base, target, ops, steps }: Compared): TableCounts {
  const { data } = ops.places;
  const byPlace = new Map<number, ChangeCounts>();
  for (let op = 0; op < ops.ops.length; op += OP_COLUMNS) {
    const table = tableAt(data, ops.ops.data[op + PLACE]!);
    let counts = byPlace.get(table);
    if (counts === undefined) {
      counts = { additions: 0, changes: 0, deletions: 0, moves: 0 };
      byPlace.set(table, counts);
    }
    counts[COUNTED[ops.ops.data[op + KIND]!] ?? 'deletions']++;
  }
  const around = pointerOfSteps(steps);
  const byPointer = new Map<string, ChangeCounts>();
  for (const [place, counts] of byPlace) {
    const path = stepsTo(ops, place, base, target).map(({ step }) => step);
    const pointer = (around + pointerOfSteps(path)).slice(0, POINTER_CHARS_MAX);
    const known = byPointer.get(pointer);
    if (known === undefined) byPointer.set(pointer, counts);
    else addTo(known, counts);
  }
  const all = [...byPointer].sort(([, a], [, b]) => sum(b) - sum(a));
  const tables = all.slice(0, TABLES_MAX).map(([pointer, counts]) => ({ pointer, ...counts }));
  if (all.length <= TABLES_MAX) return { tables };
  const others = { additions: 0, changes: 0, deletions: 0, moves: 0 };
  for (const [, counts] of all.slice(TABLES_MAX)) addTo(others, counts);
  return { tables, others };
}

/** The place of the table that a difference at `place` is in. */
function tableAt(data: ArrayLike<number>, place: number): number {
  const way: number[] = [];
  for (let at = place; at !== ROOT; at = data[at + AROUND]!) way.push(at);
  way.reverse();
  let table = ROOT;
  for (const at of way.slice(0, Math.min(STEPS_MAX, way.length - 1))) {
    if (data[at + STEP] === STEP_INDEX) break;
    table = at;
  }
  return table;
}

function addTo(counts: ChangeCounts, more: ChangeCounts): void {
  counts.additions += more.additions;
  counts.changes += more.changes;
  counts.deletions += more.deletions;
  counts.moves += more.moves;
}

function sum({ additions, changes, deletions, moves }: ChangeCounts): number {
  return additions + changes + deletions + moves;
}
