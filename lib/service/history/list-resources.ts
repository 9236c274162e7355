// All resources, by id: from their heads, each with the newest backup of it.

import type { ResourceHead } from '../../core/records/model.ts';
import type { ExpiryWait } from '../../core/records/retention-records.ts';
import { lateBy, type Promised } from '../../core/schedule/lateness.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import type { Deps } from '../contract/deps.ts';
import type { ResourceSummary } from '../contract/looks.ts';
import { promisedByResource } from '../schedules/promised.ts';
import { healthOf } from './health.ts';

/** One page; it costs a read or two for each. Throws PortError `not_found` for a cursor of another list. */
export async function listResources(
  deps: Pick<Deps, 'catalog' | 'clock'>,
  request: PageRequest & { prefix?: string },
): Promise<Page<ResourceSummary>> {
  const [{ items: heads, ...page }, state, promised] = await Promise.all([
    deps.catalog.listHeads(request),
    deps.catalog.getExpiryState(),
    promisedByResource(deps),
  ]);
  const waits = state?.waits ?? [];
  const items = heads.map((head) => summaryOf(deps, head, waits, promised.get(head.resourceId) ?? []));
  return { ...page, items: await Promise.all(items) };
}

async function summaryOf(
  { catalog, clock }: Pick<Deps, 'catalog' | 'clock'>,
  { resourceId, sequence: accepted, latest, settings, checkedAt = 0 }: ResourceHead,
  waits: readonly ExpiryWait[],
  promised: readonly Promised[],
): Promise<ResourceSummary> {
  const [found, tally] = await Promise.all([
    latest === undefined ? undefined : catalog.getBackup(latest.id),
    catalog.tally(resourceId),
  ]);
  // Hidden since the head was read: then the next look tells which one is.
  const newest = found?.deletedAt === undefined ? found : undefined;
  const now = clock.now();
  const lastSuccessAt =
    newest === undefined ? undefined : Math.max(newest.createdAt, newest.checkedAt ?? 0, checkedAt);
  const late = lateBy(promised, lastSuccessAt, now);
  const health = healthOf({ resourceId, tally, newest, lastSuccessAt, settings, waits, late, now });
  return {
    resourceId,
    accepted,
    tally,
    ...(newest === undefined ? {} : { newest }),
    ...(health === undefined ? {} : { health }),
    ...(settings === undefined ? {} : { settings }),
    ...(promised.length === 0 ? {} : { schedules: promised.map(({ schedule }) => schedule.id) }),
    ...(lastSuccessAt === undefined ? {} : { lastSuccessAt, ageMs: Math.max(0, now - lastSuccessAt) }),
  };
}
