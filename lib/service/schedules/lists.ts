// Runs and drills, newest first.

import type { DrillRecord, RunRecord } from '../../core/schedule/records.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import type { Deps } from '../contract/deps.ts';
import type { RunQuery } from '../contract/schedules.ts';
import { findKept, listKept } from './documents.ts';
import { noRun } from './missing.ts';

/** Pages that are looked through for one resource's; what is left has a cursor. */
const ROUNDS_MAX = 10;

/** Throws ServiceError `run_not_found`. */
export async function getRun(deps: Pick<Deps, 'catalog'>, id: string): Promise<RunRecord> {
  const kept = await findKept(deps, 'run', id);
  if (kept === undefined) throw noRun(id);
  return kept.body;
}

export function listRuns(deps: Pick<Deps, 'catalog'>, request: RunQuery): Promise<Page<RunRecord>> {
  return listWhere(request, (page) => bodiesOf(deps, 'run', page));
}

export function listDrills(deps: Pick<Deps, 'catalog'>, request: RunQuery): Promise<Page<DrillRecord>> {
  return listWhere(request, (page) => bodiesOf(deps, 'drill', page));
}

async function bodiesOf<K extends 'run' | 'drill'>(
  deps: Pick<Deps, 'catalog'>,
  collection: K,
  page: PageRequest & { group?: string },
) {
  const { items, ...rest } = await listKept(deps, collection, { ...page, falling: true });
  return { ...rest, items: items.map(({ body }) => body) };
}

/** Of one schedule they are found as such; of a resource they are looked for. */
async function listWhere<T extends { resourceId: string }>(
  { scheduleId, resourceId, limit, cursor: first }: RunQuery,
  list: (page: PageRequest & { group?: string }) => Promise<Page<T>>,
): Promise<Page<T>> {
  const group = scheduleId === undefined ? {} : { group: scheduleId };
  const items: T[] = [];
  let cursor = first;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    // As many as are looked at are at most taken: a page has no cursor into its middle.
    const more = cursor === undefined ? {} : { cursor };
    const page = await list({ limit: limit - items.length, ...group, ...more });
    items.push(...page.items.filter((one) => resourceId === undefined || one.resourceId === resourceId));
    cursor = page.cursor;
    if (cursor === undefined || resourceId === undefined || items.length === limit) break;
  }
  return { items, ...(cursor === undefined ? {} : { cursor }) };
}
