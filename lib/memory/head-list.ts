// The heads of all resources, in the order of their ids.

import type { ResourceHead } from '../core/records/model.ts';
import { decodeCursor, encodeCursor } from '../ports/checks.ts';
import type { Page, PageRequest } from '../ports/pages.ts';
import { copy } from './copy.ts';

/** One page of those whose ids begin with the prefix, as copies. Throws as `decodeCursor` does. */
export function pageOfHeads(
  heads: Iterable<ResourceHead>,
  request: PageRequest & { prefix?: string },
): Page<ResourceHead> {
  const [after = ''] = decodeCursor('resources', ['string'], request) ?? [];
  const { prefix = '', limit } = request;
  const rest = [...heads]
    .filter(({ resourceId }) => resourceId.startsWith(prefix) && compare(keyOf(resourceId), after) > 0)
    .sort((a, b) => compare(keyOf(a.resourceId), keyOf(b.resourceId)));
  const items = rest.slice(0, limit).map((head) => copy(head));
  const last = items.at(-1);
  return last !== undefined && rest.length > limit
    ? { items, cursor: encodeCursor('resources', [keyOf(last.resourceId)]) }
    : { items };
}

/** As JSON writes it: so names that no UTF-8 can carry have an order too. */
function keyOf(resourceId: string): string {
  return JSON.stringify(resourceId).slice(1, -1);
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
