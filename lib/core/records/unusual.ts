// Whether more has gone from a state than its owner takes for usual.

import type { ShrinkRule } from './settings.ts';

/** Rows of a table that was there: those that the next state has not any more. */
export interface TableLoss {
  /** JSON Pointer. */
  pointer: string;
  rows: number;
  gone: number;
}

/** Why a backup is unusual. Sizes in bytes. */
export interface Unusual {
  code: 'rows_gone' | 'size_gone';
  /** A sentence for a person; names of tables and numbers, no data. */
  detail: string;
  /** Of `rows_gone`: the table that has lost the largest part, and of how many rows how many have gone. */
  table?: string;
  rows?: number;
  gone?: number;
  /** Of `size_gone`, where rows could not be counted. */
  sizeBefore?: number;
  size?: number;
  /** It would have been refused, and whoever made it said that it was meant. */
  accepted?: true;
}

/** Fewer rows than that may go whatever share they are, unless the rule says otherwise. */
const LEAST_ROWS = 10;
/** Names may be megabytes long, and this is kept with the backup. */
const TABLE_CHARS_MAX = 1024;
const SAID_CHARS_MAX = 200;

const cut = (text: string, charsMax: number): string =>
  text.length > charsMax ? `${text.slice(0, charsMax)}…` : text;

/** The table that has lost the largest part of its rows, if that is more than usual. */
export function judgeRows(rule: ShrinkRule, losses: readonly TableLoss[]): Unusual | undefined {
  const { share, least = LEAST_ROWS } = rule;
  let worst: TableLoss | undefined;
  for (const loss of losses) {
    if (loss.gone < least || loss.gone <= share * loss.rows) continue;
    // Compared as products: shares of large numbers are not exact.
    const isWorse = worst === undefined || loss.gone * worst.rows > worst.gone * loss.rows;
    const isLarger =
      worst !== undefined && loss.gone * worst.rows === worst.gone * loss.rows && loss.gone > worst.gone;
    if (isWorse || isLarger) worst = loss;
  }
  if (worst === undefined) return undefined;
  const { rows, gone } = worst;
  const table = cut(worst.pointer, TABLE_CHARS_MAX);
  const where = table === '' ? 'the state' : cut(table, SAID_CHARS_MAX);
  return { code: 'rows_gone', detail: `${gone} of ${rows} rows of ${where} have gone.`, table, rows, gone };
}

/** The same by size alone, of states whose rows cannot be counted. */
export function judgeSize({ share }: ShrinkRule, sizeBefore: number, size: number): Unusual | undefined {
  if (sizeBefore - size <= share * sizeBefore) return undefined;
  const detail = `The state has shrunk from ${sizeBefore} to ${size} bytes; its rows could not be counted.`;
  return { code: 'size_gone', detail, sizeBefore, size };
}
