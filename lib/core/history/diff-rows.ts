// The paths of a page of differences by what rows are called: each leads to the entry's old value in the first state and to its
// new value in the second, or there is none.

import { ADDITION, BASE_START, CHANGE, DELETION, MOVE, TARGET_START } from '../delta/compare/ops.ts';
import { type KeyPaths, keyMembers, keyPathsIn } from '../delta/compare/row-keys.ts';
import { pointerOfSteps } from '../json/pointer.ts';
import type { Compared } from './diff.ts';
import type { PagedOp } from './diff-entries.ts';
import { startsAt } from './lookups.ts';
import type { Mask } from './mask.ts';
import { findPlace } from './place.ts';
import { namedRows } from './rows.ts';
import { childrenFrom, isIndexed, type Ways } from './ways.ts';

const OPEN_ARRAY = 0x5b;

/** The path of each entry some row of which has a name of its own. Costs some passes over each container on the way. */
export function pathsByName(
  compared: Compared,
  paged: readonly PagedOp[],
  mask: Mask | undefined,
): Map<PagedOp, string> {
  const { base, ways, steps: around } = compared;
  /** The steps of each entry, named as far as they have been. */
  const named = new Map(paged.map((one) => [one, one.steps.map(({ step }) => step)]));
  const changed = new Set<PagedOp>();
  const give = (one: PagedOp, depth: number, step: string | undefined): void => {
    if (step === undefined) return;
    named.get(one)![depth] = step;
    changed.add(one);
  };

  /** Of entries that all lead through the container of the base at `start`. */
  const descend = (
    start: number,
    depth: number,
    group: readonly PagedOp[],
    keys: KeyPaths | undefined,
  ): void => {
    // The last step of what is new leads nowhere in the base.
    const inBase = group.filter(({ kind, steps }) => steps.length > depth + (kind === ADDITION ? 1 : 0));
    if (inBase.length === 0) return;
    const byStep = Map.groupBy(inBase, ({ steps }) => steps[depth]!.step);
    if (base[start] !== OPEN_ARRAY) {
      for (const [name, inner] of byStep) {
        descend(inner[0]!.steps[depth]!.valueAt!, depth + 1, inner, keyPathsIn(keys, name));
      }
      return;
    }
    const rows = new Set(inBase.map(({ steps }) => steps[depth]!.index!));
    const names = namedRows(base, start, rows, mask, keyMembers(keys)?.names, ways.base);
    for (const one of inBase) give(one, depth, names.get(one.steps[depth]!.index!));
    const starts = startsOf(ways.base, start, rows);
    const inside = keyPathsIn(keys, undefined);
    for (const inner of byStep.values())
      descend(starts.get(inner[0]!.steps[depth]!.index!)!, depth + 1, inner, inside);
  };
  descend(0, 0, paged, compared.keys);

  const added = paged.filter(({ kind, steps }) => kind === ADDITION && steps.at(-1)?.index !== undefined);
  nameAdded(compared, added, named, mask, give);
  const result = new Map<PagedOp, string>();
  for (const one of leading(compared, [...changed], named)) {
    result.set(one, pointerOfSteps([...around, ...named.get(one)!]));
  }
  return result;
}

/** New rows are looked up in the target, by the path of their array: if that does not lead to them, they get no name. */
function nameAdded(
  { target, ways, ops, keys }: Compared,
  added: readonly PagedOp[],
  named: ReadonlyMap<PagedOp, string[]>,
  mask: Mask | undefined,
  give: (one: PagedOp, depth: number, step: string | undefined) => void,
): void {
  for (const group of Map.groupBy(added, (one) => pointerOfSteps(named.get(one)!.slice(0, -1))).values()) {
    const array = findPlace(target, named.get(group[0]!)!.slice(0, -1), ways.target);
    if (typeof array === 'string' || target[array.start] !== OPEN_ARRAY) continue;
    const paths = array.steps.reduce(
      (at, step, i) => keyPathsIn(at, array.isName[i] ? step : undefined),
      keys,
    );
    const rows = new Set(group.map(({ steps }) => steps.at(-1)!.index!));
    const starts = startsOf(ways.target, array.start, rows);
    const names = namedRows(target, array.start, rows, mask, keyMembers(paths)?.names, ways.target);
    for (const one of group) {
      const index = one.steps.at(-1)!.index!;
      const isThere = starts.get(index) === ops.ops.data[one.op + TARGET_START];
      if (isThere) give(one, one.steps.length - 1, names.get(index));
    }
  }
}

/** Those whose path leads where it should: a name on the way may be there twice, though it is written in two ways. */
function leading(
  { ways, ops: { ops } }: Compared,
  entries: readonly PagedOp[],
  named: ReadonlyMap<PagedOp, string[]>,
): PagedOp[] {
  const paths = entries.map((one) => named.get(one)!);
  const before = startsAt(ways.base, paths);
  const after = startsAt(ways.target, paths);
  return entries.filter(({ op, kind }, i) => {
    const isOld = before[i] === ops.data[op + BASE_START];
    const isNew = after[i] === ops.data[op + TARGET_START];
    if (kind === CHANGE) return isOld && isNew;
    if (kind === ADDITION) return isNew;
    // What has moved may be called otherwise now; what is gone leads nowhere, or to what has taken its number.
    return (kind === MOVE || kind === DELETION) && isOld;
  });
}

/** Where these elements begin. */
function startsOf(ways: Ways, array: number, wanted: ReadonlySet<number>): Map<number, number> {
  const starts = new Map<number, number>();
  if (isIndexed(ways, array)) {
    for (const row of wanted) {
      const [found] = childrenFrom(ways, array, row);
      if (found !== undefined) starts.set(row, found.start);
    }
    return starts;
  }
  for (const { number, start } of childrenFrom(ways, array, 0)) {
    if (wanted.has(number)) starts.set(number, start);
    if (starts.size === wanted.size) break;
  }
  return starts;
}
