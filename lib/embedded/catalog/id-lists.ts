// Lists in the order of ids: the heads of all resources, the documents of a collection.

import type { DocumentRecord } from '../../core/records/document.ts';
import type { ResourceHead } from '../../core/records/model.ts';
import type { DocumentQuery } from '../../ports/catalog.ts';
import { decodeCursor, encodeCursor } from '../../ports/checks.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import { createChainLinks } from './chain-links.ts';
import { HEAD_COLUMNS, type HeadRow, headOf } from './chained-rows.ts';
import type { Database } from './database.ts';
import { type DocRow, damagedRow, keyText, nameOf, recordOf } from './schema.ts';

/** Behind every id: no text has a greater character, and no id is as long. */
const BEHIND_ALL = '\u{10ffff}'.repeat(300);

interface NamedRow extends DocRow {
  key: string;
}

type Prefixed = PageRequest & { prefix?: string };

/** Prepares the list of all heads, or of those that are undecided. It throws as `decodeCursor` does. */
export function createHeadList(
  database: Database,
  isUndecided = false,
): (request: Prefixed) => Page<ResourceHead> {
  const rowsOf = rangeOf<HeadRow & NamedRow>(
    database,
    `SELECT resource_id AS key, ${HEAD_COLUMNS} FROM head`,
    { key: 'resource_id', ...(isUndecided ? { where: 'undecided = 1 AND' } : {}) },
  );
  const links = createChainLinks(database);
  return (request) => {
    const chainOf = links.reader();
    return pageOf(isUndecided ? 'undecided' : 'resources', rowsOf, request, (row) => {
      const head = headOf(row, chainOf);
      if (head.resourceId !== nameOf(row.key)) throw damagedRow('head');
      return head;
    });
  };
}

/** Prepares the lists of documents. They throw as `decodeCursor` does. */
export function createDocumentList(
  database: Database,
): (request: PageRequest & DocumentQuery) => Page<DocumentRecord> {
  const select = 'SELECT id AS key, doc, sum FROM document';
  const both = (from: string, where: string) => {
    const order = { key: 'id', where };
    return {
      rising: rangeOf<NamedRow>(database, from, order),
      falling: rangeOf<NamedRow>(database, from, { ...order, isFalling: true }),
    };
  };
  const all = both(select, 'collection = ? AND');
  // By name: without figures of the table SQLite takes the key of all, and would read the runs of every schedule.
  const grouped = both(`${select} INDEXED BY document_group`, 'collection = ? AND of_group = ? AND');
  return (request) => {
    const { collection, group, falling: isFalling = false } = request;
    const { [isFalling ? 'falling' : 'rising']: rowsOf } = group === undefined ? all : grouped;
    const of = group === undefined ? [collection] : [collection, keyText(group)];
    const list = `${isFalling ? 'last' : 'first'} of ${of.join(' ')}`;
    return pageOf(
      list,
      (range) => rowsOf(range, ...of),
      request,
      (row) => {
        const found = recordOf<DocumentRecord>('document', row);
        const isOther = group !== undefined && found.group !== undefined && found.group !== group;
        if (found.id !== nameOf(row.key) || found.collection !== collection || isOther)
          throw damagedRow('document');
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

function rangeOf<Row extends NamedRow>(
  database: Database,
  select: string,
  { key, where = '', isFalling = false }: { key: string; where?: string; isFalling?: boolean },
) {
  const [beyond, order, start] = isFalling ? ['<', 'DESC', BEHIND_ALL] : ['>', 'ASC', ''];
  const statement = database.statement<Row>(
    `${select}
     WHERE ${where} ${key} ${beyond} ? AND ${key} >= ? AND ${key} < ? ORDER BY ${key} ${order} LIMIT ?`,
  );
  return ({ after, prefix, count }: Range, ...of: string[]): Row[] =>
    statement.all(...of, after ?? start, prefix, prefix + BEHIND_ALL, count);
}

function pageOf<T, Row extends NamedRow>(
  list: string,
  rowsOf: (range: Range) => Row[],
  request: Prefixed,
  read: (row: Row) => T,
): Page<T> {
  const [after] = decodeCursor(list, ['string'], request) ?? [];
  // One more than asked for tells whether this page is the last.
  const rows = rowsOf({ after, prefix: keyText(request.prefix ?? ''), count: request.limit + 1 });
  const shown = rows.slice(0, request.limit);
  const items = shown.map(read);
  return rows.length > shown.length ? { items, cursor: encodeCursor(list, [shown.at(-1)!.key]) } : { items };
}
