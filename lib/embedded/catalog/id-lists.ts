// Lists in the order of ids: the heads of all resources, the documents of a collection.

import type { DocumentRecord } from '../../core/records/document.ts';
import type { ResourceHead } from '../../core/records/model.ts';
import type { DocumentQuery } from '../../ports/catalog.ts';
import { decodeCursor, encodeCursor } from '../../ports/checks.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import type { Database } from './database.ts';
import { type DocRow, damagedRow, keyText, nameOf, recordOf } from './schema.ts';

/** Behind every id: no text has a greater character, and no id is as long. */
const BEHIND_ALL = '\u{10ffff}'.repeat(300);

interface NamedRow extends DocRow {
  key: string;
}

type Prefixed = PageRequest & { prefix?: string };

/** Prepares the list of all heads. It throws as `decodeCursor` does. */
export function createHeadList(database: Database): (request: Prefixed) => Page<ResourceHead> {
  const rowsOf = rangeOf(database, 'head', 'resource_id', false);
  return (request) =>
    pageOf('resources', rowsOf, request, (row) => {
      const head = recordOf<ResourceHead>('head', row);
      if (head.resourceId !== nameOf(row.key)) throw damagedRow('head');
      return head;
    });
}

/** Prepares the lists of documents. They throw as `decodeCursor` does. */
export function createDocumentList(
  database: Database,
): (request: PageRequest & DocumentQuery) => Page<DocumentRecord> {
  const rising = rangeOf(database, 'document', 'id', false, 'collection = ? AND');
  const falling = rangeOf(database, 'document', 'id', true, 'collection = ? AND');
  return (request) => {
    const { collection, falling: isFalling = false } = request;
    const rowsOf = isFalling ? falling : rising;
    const list = `${isFalling ? 'last' : 'first'} of ${collection}`;
    return pageOf(
      list,
      (range) => rowsOf(range, collection),
      request,
      (row) => {
        const found = recordOf<DocumentRecord>('document', row);
        if (found.id !== nameOf(row.key) || found.collection !== collection) throw damagedRow('document');
        return found;
      },
    );
  };
}

interface Range {
  /** The key that the page before ended with. */
  after: string | undefined;
  prefix: string;
  count: number;
}

function rangeOf(database: Database, table: string, key: string, isFalling: boolean, where = '') {
  const [beyond, order, start] = isFalling ? ['<', 'DESC', BEHIND_ALL] : ['>', 'ASC', ''];
  const statement = database.statement<NamedRow>(
    `SELECT ${key} AS key, doc, sum FROM ${table}
     WHERE ${where} ${key} ${beyond} ? AND ${key} >= ? AND ${key} < ? ORDER BY ${key} ${order} LIMIT ?`,
  );
  return ({ after, prefix, count }: Range, ...of: string[]): NamedRow[] =>
    statement.all(...of, after ?? start, prefix, prefix + BEHIND_ALL, count);
}

function pageOf<T>(
  list: string,
  rowsOf: (range: Range) => NamedRow[],
  request: Prefixed,
  read: (row: NamedRow) => T,
): Page<T> {
  const [after] = decodeCursor(list, ['string'], request) ?? [];
  // One more than asked for tells whether this page is the last.
  const rows = rowsOf({ after, prefix: keyText(request.prefix ?? ''), count: request.limit + 1 });
  const shown = rows.slice(0, request.limit);
  const items = shown.map(read);
  return rows.length > shown.length ? { items, cursor: encodeCursor(list, [shown.at(-1)!.key]) } : { items };
}
