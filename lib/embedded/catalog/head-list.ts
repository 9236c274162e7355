// The heads of all resources, in the order of their ids.

import type { ResourceHead } from '../../core/records/model.ts';
import { decodeCursor, encodeCursor } from '../../ports/checks.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import type { Database } from './database.ts';
import { type DocRow, damagedRow, keyText, nameOf, recordOf } from './schema.ts';

/** Behind every id: no text has a greater character, and no id is as long. */
const BEHIND_ALL = '\u{10ffff}'.repeat(300);

/** Prepares the list. It throws as `decodeCursor` does. */
export function createHeadList(
  database: Database,
): (request: PageRequest & { prefix?: string }) => Page<ResourceHead> {
  const statement = database.statement<DocRow & { resource_id: string }>(
    `SELECT resource_id, doc, sum FROM head
     WHERE resource_id > ?1 AND resource_id >= ?2 AND resource_id < ?3 ORDER BY resource_id LIMIT ?4`,
  );
  return (request) => {
    const [after = ''] = decodeCursor('resources', ['string'], request) ?? [];
    const prefix = keyText(request.prefix ?? '');
    // One more than asked for tells whether this page is the last.
    const rows = statement.all(after, prefix, prefix + BEHIND_ALL, request.limit + 1);
    const shown = rows.slice(0, request.limit);
    const items = shown.map((row) => {
      const head = recordOf<ResourceHead>('head', row);
      if (head.resourceId !== nameOf(row.resource_id)) throw damagedRow('head');
      return head;
    });
    return rows.length > shown.length
      ? { items, cursor: encodeCursor('resources', [shown.at(-1)!.resource_id]) }
      : { items };
  };
}
