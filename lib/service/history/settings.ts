// What is said of a resource. It stands in its head: who makes a backup reads that anyway, and nothing else need be.

import { createHash } from 'node:crypto';
import { ServiceError } from '../../core/records/errors.ts';
import type { ResourceHead } from '../../core/records/model.ts';
import { meets, type Precondition } from '../../core/records/precondition.ts';
import type { ResourceSettings } from '../../core/records/settings.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import type { FoundSettings } from '../contract/looks.ts';
import { retryOnConflict } from '../kit/conflict.ts';
import { event } from '../kit/events.ts';

/** Nothing, where nothing was said. */
export async function getSettings(
  { catalog }: Pick<Deps, 'catalog'>,
  resourceId: string,
): Promise<FoundSettings> {
  return foundAs((await catalog.getHead(resourceId))?.settings ?? {});
}

/**
 * Replaces all of them; it may be done before the first state comes. Throws ServiceError `precondition_failed` where what is said is
 * not what the caller has seen, or `write_conflict`.
 */
export function putSettings(
  deps: Pick<Deps, 'catalog' | 'clock' | 'random'>,
  resourceId: string,
  settings: ResourceSettings,
  condition: Precondition,
  caller: Caller,
): Promise<FoundSettings> {
  const { catalog, clock } = deps;
  return retryOnConflict(`Resource ${resourceId}`, async () => {
    const found = (await catalog.getHead(resourceId)) ?? {
      resourceId,
      sequence: 0,
      createdAt: 0,
      version: 0,
    };
    const { settings: before, version: expect, ...rest } = found;
    demandSeen(condition, before);
    const isEmpty = Object.keys(settings).length === 0;
    const head: ResourceHead = { ...rest, ...(isEmpty ? {} : { settings }), version: expect + 1 };
    await catalog.commit([
      { kind: 'head.put', head, expect },
      event(deps, 'settings.changed', clock.now(), caller, { resourceId, detail: detailOf(settings) }),
    ]);
    return foundAs(settings);
  });
}

/** `*` is anything that was said, as a state is any state. */
function demandSeen(condition: Precondition, before: ResourceSettings | undefined): void {
  if (meets(condition, before && checksumOf(before))) return;
  const now =
    before === undefined
      ? 'Nothing is said of the resource.'
      : `What is said of the resource is sha256:${checksumOf(before)} now.`;
  throw new ServiceError('precondition_failed', `${now} Nothing was changed.`);
}

function foundAs(settings: ResourceSettings): FoundSettings {
  return { settings, checksum: checksumOf(settings) };
}

/** Of what is said, not of when: who has seen the same may replace it. Lower-case hex SHA-256. */
function checksumOf({
  identity = {},
  expectEverySeconds,
  shrink,
  sensitive,
  mask,
}: ResourceSettings): string {
  const arrays = Object.entries(identity).sort(([a], [b]) => (a < b ? -1 : 1));
  const rule = shrink && [shrink.share, shrink.action, shrink.least];
  const said = JSON.stringify([arrays, expectEverySeconds, rule, sensitive, mask]);
  return createHash('sha256').update(said).digest('hex');
}

/** What an event tells of it: no names and no words, for those may be secrets of a kind. */
function detailOf({ identity, expectEverySeconds, shrink, sensitive, mask }: ResourceSettings) {
  return {
    ...(identity === undefined ? {} : { arraysWithIdentity: Object.keys(identity).length }),
    ...(expectEverySeconds === undefined ? {} : { expectEverySeconds }),
    ...(shrink === undefined ? {} : { shrinkShare: shrink.share, shrinkAction: shrink.action }),
    ...(shrink?.least === undefined ? {} : { shrinkLeast: shrink.least }),
    ...(sensitive === undefined ? {} : { sensitiveWords: sensitive.length }),
    ...(mask === undefined ? {} : { mask }),
  };
}
