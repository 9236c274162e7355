// The paths of a page of differences by what rows are called: stable ones, which lead to the same rows in both states.

import { ADDITION, TARGET_START } from '../delta/compare/ops.ts';
import { pointerOfSteps } from '../json/pointer.ts';
import type { Compared } from './diff.ts';
import type { PagedOp } from './diff-entries.ts';
import type { Mask } from './mask.ts';
import { findPlace } from './place.ts';
import { elementsOf, namedRows } from './rows.ts';

const OPEN_ARRAY = 0x5b;

/** The path of each entry some row of which has a name of its own. Costs a pass or two over each array on the way. */
export function pathsByName(
  compared: Compared,
  paged: readonly PagedOp[],
  mask: Mask | undefined,
): Map<PagedOp, string> {
  const { base, steps: around } = compared;
  /** The steps of each entry, named as far as they have been. */
  const named = new Map(paged.map((one) => [one, one.steps.map(({ step }) => step)]));
  const changed = new Set<PagedOp>();
  const give = (one: PagedOp, depth: number, step: string | undefined): void => {
    if (step === undefined) return;
    named.get(one)![depth] = step;
    changed.add(one);
  };

  /** Of entries that all lead through the container of the base at `start`. */
  const descend = (start: number, depth: number, group: readonly PagedOp[]): void => {
    // The last step of what is new leads nowhere in the base.
    const inBase = group.filter(({ kind, steps }) => steps.length > depth + (kind === ADDITION ? 1 : 0));
    if (inBase.length === 0) return;
    const byStep = Map.groupBy(inBase, ({ steps }) => steps[depth]!.step);
    if (base[start] !== OPEN_ARRAY) {
      for (const inner of byStep.values()) descend(inner[0]!.steps[depth]!.valueAt!, depth + 1, inner);
      return;
    }
    const rows = new Set(inBase.map(({ steps }) => steps[depth]!.index!));
    const names = namedRows(base, start, rows, mask);
    for (const one of inBase) give(one, depth, names.get(one.steps[depth]!.index!));
    const starts = startsOf(base, start, rows);
    for (const inner of byStep.values())
      descend(starts.get(inner[0]!.steps[depth]!.index!)!, depth + 1, inner);
  };
  descend(0, 0, paged);

  const added = paged.filter(({ kind, steps }) => kind === ADDITION && steps.at(-1)?.index !== undefined);
  nameAdded(compared, added, named, mask, give);
  const result = new Map<PagedOp, string>();
  for (const one of changed) result.set(one, pointerOfSteps([...around, ...named.get(one)!]));
  return result;
}

/** New rows are looked up in the target, by the path of their array: if that does not lead to them, they get no name. */
function nameAdded(
  { target, ops }: Compared,
  added: readonly PagedOp[],
  named: ReadonlyMap<PagedOp, string[]>,
  mask: Mask | undefined,
  give: (one: PagedOp, depth: number, step: string | undefined) => void,
): void {
  for (const group of Map.groupBy(added, (one) => pointerOfSteps(named.get(one)!.slice(0, -1))).values()) {
    const array = findPlace(target, named.get(group[0]!)!.slice(0, -1));
    if (typeof array === 'string' || target[array.start] !== OPEN_ARRAY) continue;
    const rows = new Set(group.map(({ steps }) => steps.at(-1)!.index!));
    const starts = startsOf(target, array.start, rows);
    const names = namedRows(target, array.start, rows, mask);
    for (const one of group) {
      const index = one.steps.at(-1)!.index!;
      const isThere = starts.get(index) === ops.ops.data[one.op + TARGET_START];
      if (isThere) give(one, one.steps.length - 1, names.get(index));
    }
  }
}

/** Where these elements begin. */
function startsOf(text: Buffer, array: number, wanted: ReadonlySet<number>): Map<number, number> {
  const starts = new Map<number, number>();
  for (const { index, start } of elementsOf(text, array)) {
    if (wanted.has(index)) starts.set(index, start);
    if (starts.size === wanted.size) break;
  }
  return starts;
}
