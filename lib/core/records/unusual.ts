// Whether more of a state went than its owner takes for usual. Pure.

import type { ShrinkRule } from './settings.ts';

/** Fewer rows than that may go whatever share they are, unless the rule says otherwise. */
const LEAST_ROWS = 10;

/** What a comparison has found: how much was deleted, by places, and the bytes of both states. */
export interface Shrunk {
  deletions: number;
  before: number;
  now: number;
}

/** Whether rows have to be counted to know. A table that was dropped is one place, but leaves fewer bytes. */
export function mayBeUnusual(rule: ShrinkRule, { deletions, before, now }: Shrunk): boolean {
  return deletions >= leastOf(rule) || now < before;
}

/** Why it is unusual that so many of so many rows went, as a sentence; undefined if it is not. */
export function unusualRows(
  rule: ShrinkRule,
  { deletions, rowsBefore, rowsNow }: { deletions: number; rowsBefore: number; rowsNow: number },
): string | undefined {
  // What was replaced whole counts its children, too: never more than all.
  const gone = Math.min(Math.max(deletions, rowsBefore - rowsNow), rowsBefore);
  if (gone < leastOf(rule) || gone / rowsBefore <= rule.share) return undefined;
  return `${gone} of ${rowsBefore} rows went (${percent(gone / rowsBefore)}), and more than ${percent(rule.share)} is unusual.`;
}

function leastOf({ least = LEAST_ROWS }: ShrinkRule): number {
  return Math.max(1, least);
}

/** The same of a state that nobody compared with the one before: by its bytes. */
export function unusualSize(rule: ShrinkRule, before: number, now: number): string | undefined {
  const gone = 1 - now / Math.max(1, before);
  if (gone <= rule.share) return undefined;
  return `The state has ${now} bytes, ${percent(gone)} less than the ${before} before, and more than ${percent(rule.share)} is unusual.`;
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
