// Which events a channel was given, as far as any is ever published again: the last few stand beside its counter, what came before them
// in pages, which are written once they are full and not again until the last of them is. So each delivery writes few bytes.

import type { AuditEvent } from '../../core/records/model.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Change } from '../../ports/change.ts';
import { type Counter, type KnownPage, knownPageId, put } from './documents.ts';

/** Ids of a page: they, and the counter beside them, fit into one write unit of DynamoDB. */
const PAGE_IDS = 18;
/** Together more than are ever published again: a segment of the trail has 500 events. The next page takes the place of the first. */
const PAGES_MAX = 28;
/** Of one commit; a counter of before has more ids than that, and gives them to the first of these. */
const PAGES_AT_ONCE = 2;
/** Clocks of two processes are nearer to each other than that. */
const CLOCKS_APART_MS = 60_000;

type Reads = Pick<Catalog, 'getDocument'>;

/** Those of `events` that the channel was not given yet. Throws PortError. */
export async function unknownOf(
  catalog: Reads,
  channelId: string,
  { recent = [], pages = 0, latestAt = Number.POSITIVE_INFINITY }: Partial<Counter>,
  events: readonly AuditEvent[],
): Promise<AuditEvent[]> {
  const known = new Set(recent);
  const unknown = events.filter(({ id }) => !known.has(id));
  // What is later than all that was given is in no page.
  if (pages === 0 || unknown.every(({ at }) => at > latestAt)) return unknown;
  const slots = Array.from({ length: Math.min(pages, PAGES_MAX) }, (_, slot) => slot);
  const found = await Promise.all(
    slots.map((slot) => catalog.getDocument('delivery', knownPageId(channelId, slot))),
  );
  for (const page of found) for (const id of (page?.body as KnownPage | undefined)?.ids ?? []) known.add(id);
  return unknown.filter(({ id }) => !known.has(id));
}

/** The counter once it has these events too, and the pages that are full with that. Throws PortError. */
export async function withGiven(
  catalog: Reads,
  channelId: string,
  { given = 0, recent = [], pages = 0, latestAt }: Partial<Counter>,
  fresh: readonly AuditEvent[],
  now: number,
): Promise<{ counter: Counter; full: Change[] }> {
  const ids = [...recent, ...fresh.map(({ id }) => id)];
  const kept = ids.length % PAGE_IDS || Math.min(ids.length, PAGE_IDS);
  const full = await Promise.all(
    inPages(ids.slice(0, ids.length - kept)).map(async (ofPage, n) => {
      const id = knownPageId(channelId, (pages + n) % PAGES_MAX);
      const body: KnownPage = { ids: ofPage };
      return put({ collection: 'delivery', id, body }, await catalog.getDocument('delivery', id));
    }),
  );
  return {
    counter: {
      given: given + fresh.length,
      recent: ids.slice(ids.length - kept),
      pages: pages + full.length,
      // A counter of before does not say it: none that it was given is later than the clocks may be now.
      latestAt: Math.max(latestAt ?? now + CLOCKS_APART_MS, ...fresh.map(({ at }) => at)),
    },
    full,
  };
}

/** So many ids make pages without a rest. */
function inPages(ids: readonly string[]): string[][] {
  const count = Math.min(ids.length / PAGE_IDS, PAGES_AT_ONCE);
  return Array.from({ length: count }, (_, n) => {
    const end = ids.length - (count - 1 - n) * PAGE_IDS;
    return ids.slice(n === 0 ? 0 : end - PAGE_IDS, end);
  });
}
