// Pairs the children of a base container with those of a target container: in step first, then by content, by identity,
// and by place. The result says what stayed, what changed, what moved; the rest was deleted, or added.

import type { Column } from '../../bytes/column.ts';
import type { Rows } from '../../json/spans.ts';
import { pairByContent } from './by-content.ts';
import { pairByIdentity } from './by-identity.ts';
import { pairByPlace } from './by-place.ts';
import { alignInStep } from './in-step.ts';
import { collectLeftovers, runsFound } from './leftovers.ts';
import type { Pair } from './pair.ts';
import type { KeyMembers } from './row-keys.ts';
import { markMoves, mergeRuns, pairedBy } from './runs.ts';

/** Children a side that are paired out of step. For more, the tables would weigh as much as the texts. */
const LEFTOVER_ROWS_MAX = 1 << 22;

/**
 * Appends the runs of a and b, both children of arrays or both of objects, to `runs`, by ascending target child. Runs
 * without MOVED ascend on the base's side too. Children in no run were deleted, or added. `key` tells the elements of these
 * arrays apart, if their owner has said how.
 */
export function align(pair: Pair, a: Rows, b: Rows, runs: Column, key?: KeyMembers): void {
  const first = runs.length;
  alignInStep(pair, a, b, runs, key);
  const paired = pairedBy(runs, first);
  if (paired === a.count || paired === b.count) return;
  if (Math.max(a.count, b.count) - paired > LEFTOVER_ROWS_MAX) return;
  const { left, found } = pair;
  collectLeftovers(left, runs, first, a, b, paired);
  const isArray = a.stride === 1;
  if (isArray) pairByContent(pair, left, a, b);
  pairByIdentity(pair, left, a, b, key);
  runsFound(left, found);
  if (found.length > 0) {
    mergeRuns(runs, first, found);
    markMoves(runs, first);
  }
  if (isArray) {
    pairByPlace(pair, left, a, b, runs, first, found);
    mergeRuns(runs, first, found);
  }
}
