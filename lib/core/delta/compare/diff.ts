// The delta between two states, as what can be copied from the one to make the other, and whether that is worth keeping.

import { bufferOf } from '../../bytes/buffer.ts';
import type { CanonicalText } from '../../bytes/text.ts';
import type { Kernel } from '../../json/kernel/kernel.ts';
import { LIMITS } from '../../records/limits.ts';
import type { ChangeCounts } from '../../records/model.ts';
import type { RowIdentity } from '../../records/settings.ts';
import type { Diff } from '../difference.ts';
import { costBytes, createCopies, finishCopies } from '../find/copies.ts';
import { withDetours } from '../find/detours.ts';
import { compareTexts } from './compare-texts.ts';
import { changeCounts } from './ops.ts';
import { type KeyFault, keyPathsOf } from './row-keys.ts';

export interface DiffOptions {
  /** A delta longer than this part of the target is not worth it. Infinity to have it anyway. */
  paysRatio?: number;
  /** How rows are told apart, if their owner has said. */
  identity?: RowIdentity;
}

export interface Comparison {
  counts: ChangeCounts;
  /** Rows that were not told apart by what is said of them, if there are any. */
  keyFaults?: KeyFault[];
  /** Absent if the delta is not worth it. */
  diff?: Diff;
}

/** What turns `base` into `target`, or undefined if storing the target whole is better. */
export function diff(
  kernel: Kernel,
  base: CanonicalText,
  target: CanonicalText,
  options: DiffOptions = {},
): Diff | undefined {
  return compare(kernel, base, target, options).diff;
}

/** Like `diff`, but counts what is different even where a delta is not worth it. Throws RangeError for texts of 4 GiB. */
export function compare(
  kernel: Kernel,
  base: CanonicalText,
  target: CanonicalText,
  options: DiffOptions = {},
): Comparison {
  const a = bufferOf(base.bytes);
  const b = bufferOf(target.bytes);
  const budgetBytes = b.length * (options.paysRatio ?? LIMITS.deltaPaysRatio);
  const copies = createCopies(a, b, budgetBytes, true);
  const ops = compareTexts(kernel, a, b, copies, keyPathsOf(options.identity));
  const counts = changeCounts(ops);
  const told = { counts, ...(ops.keyFaults.length === 0 ? {} : { keyFaults: ops.keyFaults }) };
  finishCopies(copies);
  if (copies.isGivenUp || costBytes(copies) > budgetBytes) return told;
  const inOrder = copies.found.data.slice(0, copies.found.length);
  return { ...told, diff: { base, target, counts, ...withDetours(a, b, inOrder) } };
}
