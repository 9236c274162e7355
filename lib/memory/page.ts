// Pages over a list held in memory.

import { decodeCursor, encodeCursor } from '../ports/checks.ts';
import type { Page, PageRequest } from '../ports/pages.ts';
import { copy } from './copy.ts';

/** A stored record, and the number of its first insertion: it settles the order of records with equal keys. */
export interface Entry<T> {
  row: number;
  record: T;
}

export interface Order<T> {
  /** Names the list in its cursors. */
  list: string;
  key: (record: T) => number;
  direction: 'rising' | 'falling';
}

/** One page of `entries` in the given order, as copies. Throws as `decodeCursor` does. */
export function pageOf<T>(entries: Iterable<Entry<T>>, order: Order<T>, request: PageRequest): Page<T> {
  const after = decodeCursor(order.list, ['number', 'number'], request);
  const sign = order.direction === 'rising' ? 1 : -1;
  const positionOf = (entry: Entry<T>): [number, number] => [order.key(entry.record), entry.row];
  const compare = (a: readonly [number, number], b: readonly [number, number]) =>
    sign * (a[0] === b[0] ? a[1] - b[1] : a[0] - b[0]);
  const rest = [...entries]
    .filter((entry) => after === undefined || compare(positionOf(entry), after) > 0)
    .sort((a, b) => compare(positionOf(a), positionOf(b)));
  const shown = rest.slice(0, request.limit);
  const last = shown.at(-1);
  const items = shown.map((entry) => copy(entry.record));
  return last !== undefined && rest.length > shown.length
    ? { items, cursor: encodeCursor(order.list, positionOf(last)) }
    : { items };
}
