// Lists in the order of ids.

import { decodeCursor, encodeCursor } from '../ports/checks.ts';
import type { Page, PageRequest } from '../ports/pages.ts';
import { copy } from './copy.ts';

export interface IdOrder<T> {
  /** Names the list in its cursors. */
  list: string;
  idOf: (record: T) => string;
  falling?: boolean;
}

/** One page of those whose ids begin with the prefix, as copies. Throws as `decodeCursor` does. */
export function pageById<T>(
  records: Iterable<T>,
  { list, idOf, falling = false }: IdOrder<T>,
  request: PageRequest & { prefix?: string },
): Page<T> {
  const [after] = decodeCursor(list, ['string'], request) ?? [];
  const { prefix = '', limit } = request;
  const sign = falling ? -1 : 1;
  const keyOf = (record: T): string => inJson(idOf(record));
  const rest = [...records]
    .filter((record) => idOf(record).startsWith(prefix))
    .filter((record) => after === undefined || sign * compare(keyOf(record), after) > 0)
    .sort((a, b) => sign * compare(keyOf(a), keyOf(b)));
  const items = rest.slice(0, limit).map((record) => copy(record));
  const last = items.at(-1);
  return last !== undefined && rest.length > limit
    ? { items, cursor: encodeCursor(list, [keyOf(last)]) }
    : { items };
}

/** So names that no UTF-8 can carry have an order too. */
function inJson(id: string): string {
  return JSON.stringify(id).slice(1, -1);
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
