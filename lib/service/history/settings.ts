// What is said of a resource. It stands in its head: who makes a backup reads that anyway, and nothing else need be.

import type { ResourceHead } from '../../core/records/model.ts';
import type { ResourceSettings } from '../../core/records/settings.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { retryOnConflict } from '../kit/conflict.ts';
import { event } from '../kit/events.ts';

/** Nothing, where nothing was said. */
export async function getSettings(
  { catalog }: Pick<Deps, 'catalog'>,
  resourceId: string,
): Promise<ResourceSettings> {
  return (await catalog.getHead(resourceId))?.settings ?? {};
}

/** Replaces all of them; it may be done before the first state comes. Throws ServiceError `write_conflict`. */
export function putSettings(
  deps: Pick<Deps, 'catalog' | 'clock' | 'random'>,
  resourceId: string,
  settings: ResourceSettings,
  caller: Caller,
): Promise<ResourceSettings> {
  const { catalog, clock } = deps;
  return retryOnConflict(`Resource ${resourceId}`, async () => {
    const found = (await catalog.getHead(resourceId)) ?? {
      resourceId,
      sequence: 0,
      createdAt: 0,
      version: 0,
    };
    const { settings: _before, version: expect, ...rest } = found;
    const isEmpty = Object.keys(settings).length === 0;
    const head: ResourceHead = { ...rest, ...(isEmpty ? {} : { settings }), version: expect + 1 };
    await catalog.commit([
      { kind: 'head.put', head, expect },
      event(deps, 'settings.changed', clock.now(), caller, { resourceId }),
    ]);
    return settings;
  });
}
