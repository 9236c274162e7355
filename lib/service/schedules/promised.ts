// What schedules promise of resources.

import type { Promised } from '../../core/schedule/lateness.ts';
import type { Deps } from '../contract/deps.ts';
import { pages } from '../kit/collect.ts';
import { listKept } from './documents.ts';

/** Of all schedules: there are a thousand at most. */
export async function promisedByResource(deps: Pick<Deps, 'catalog'>): Promise<Map<string, Promised[]>> {
  const byResource = new Map<string, Promised[]>();
  for await (const { body: schedule, dueAt } of pages((page) => listKept(deps, 'schedule', page))) {
    const { resourceId } = schedule;
    byResource.set(resourceId, [...(byResource.get(resourceId) ?? []), { schedule, dueAt }]);
  }
  return byResource;
}
