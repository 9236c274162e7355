// All resources, by id: from their heads, each with the newest backup of it.

import type { ResourceHead } from '../../core/records/model.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import type { ResourceSummary } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';

/** One page; it costs a read for each that has a live backup. Throws PortError `not_found` for a cursor of another list. */
export async function listResources(
  deps: Pick<Deps, 'catalog' | 'clock'>,
  request: PageRequest & { prefix?: string },
): Promise<Page<ResourceSummary>> {
  const { items: heads, ...page } = await deps.catalog.listHeads(request);
  return { ...page, items: await Promise.all(heads.map((head) => summaryOf(deps, head))) };
}

async function summaryOf(
  { catalog, clock }: Pick<Deps, 'catalog' | 'clock'>,
  { resourceId, sequence: accepted, latest, checkedAt = 0 }: ResourceHead,
): Promise<ResourceSummary> {
  const newest = latest === undefined ? undefined : await catalog.getBackup(latest.id);
  // Hidden since the head was read: then the next look tells which one is.
  if (newest === undefined || newest.deletedAt !== undefined) return { resourceId, accepted };
  const lastSuccessAt = Math.max(newest.createdAt, newest.checkedAt ?? 0, checkedAt);
  return { resourceId, accepted, newest, lastSuccessAt, ageMs: Math.max(0, clock.now() - lastSuccessAt) };
}
