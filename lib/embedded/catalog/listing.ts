// Pages of a table in index order. The cursor is the key and the row where the last page ended, so what is inserted
// or removed between two pages neither repeats nor skips anything else.

import type { SQLInputValue } from 'node:sqlite';
import { decodeCursor, encodeCursor } from '../../ports/checks.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import type { Database } from './database.ts';
import { type DocRow, damagedRow, recordOf } from './schema.ts';

export interface ListingPlan<T> {
  /** Names the list in its cursors. */
  list: string;
  table: string;
  /** The index that gives it, where SQLite could take another. */
  index?: string;
  /** The column of whole numbers it is sorted by. */
  key: string;
  direction: 'rising' | 'falling';
  /** What orders rows with equal keys, where an index has something else than the order of insertion behind the key. */
  tie?: 'row' | 'sequence';
  /** What is read of a row beside its document, as SQL, and how it becomes a record; without it the document is the record. */
  rows?: { columns: string; reader(): (row: DocRow) => T };
  /** SQL of what belongs in the list; its parameters come first. */
  where: string;
  /** Whether a record is one of those that were asked for, by the parameters: an index that is damaged may give another. */
  belongs?: (record: T, parameters: readonly SQLInputValue[]) => boolean;
}

export type Listing<T> = (request: PageRequest, ...parameters: SQLInputValue[]) => Page<T>;

interface ListedRow extends DocRow {
  position: number;
  tied: number;
}

/** Prepares a list of records of type T. The listing throws as `decodeCursor` does. */
export function createListing<T>(database: Database, plan: ListingPlan<T>): Listing<T> {
  const { list, table, index, key, tie = 'row', where, belongs, rows: kind } = plan;
  const [beyond, order, start] =
    plan.direction === 'rising'
      ? ['>', 'ASC', Number.MIN_SAFE_INTEGER]
      : ['<', 'DESC', Number.MAX_SAFE_INTEGER];
  const source = index === undefined ? table : `${table} INDEXED BY ${index}`;
  const statement = database.statement<ListedRow>(
    `SELECT ${key} AS position, ${tie} AS tied, ${kind?.columns ?? 'doc, sum'} FROM ${source} WHERE ${where} AND (${key}, ${tie}) ${beyond} (?, ?)
     ORDER BY ${key} ${order}, ${tie} ${order} LIMIT ?`,
  );
  return (request, ...parameters) => {
    const after = decodeCursor(list, ['number', 'number'], request) ?? [start, start];
    // One more than asked for tells whether this page is the last.
    const rows = statement.all(...parameters, ...after, request.limit + 1);
    const shown = rows.slice(0, request.limit);
    const last = shown.at(-1);
    const read = kind?.reader() ?? ((found: DocRow) => recordOf<T>(table, found));
    const items = shown.map(read);
    if (belongs !== undefined && !items.every((item) => belongs(item, parameters))) throw damagedRow(table);
    return last !== undefined && rows.length > shown.length
      ? { items, cursor: encodeCursor(list, [last.position, last.tied]) }
      : { items };
  };
}
