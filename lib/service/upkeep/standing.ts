// How each resource stands in numbers, for whoever watches from outside.

import type { ResourceHead } from '../../core/records/model.ts';
import { lookedAt } from '../../core/records/proof-time.ts';
import type { Deps } from '../contract/deps.ts';

/** Times are epoch milliseconds. */
export interface ResourceStanding {
  resourceId: string;
  /** When a state last came, new or unchanged; absent while none has, or none is live. */
  succeededAt?: number;
  /** Bytes of the newest state, and when its stored bytes were last proven. */
  size?: number;
  verifiedAt?: number;
  /** The earliest moment that can be restored. */
  earliestAt?: number;
  /** Live backups, and the bytes that they have added to the store. */
  live: number;
  bytes: number;
  damaged: number;
  /** As its owner has said it. */
  expectEveryMs?: number;
}

/** Costs two reads. Throws PortError from the catalog. */
export async function readStanding(
  { catalog }: Pick<Deps, 'catalog'>,
  { resourceId, latest, settings, checkedAt = 0 }: ResourceHead,
): Promise<ResourceStanding> {
  const [found, tally] = await Promise.all([
    latest === undefined ? undefined : catalog.getBackup(latest.id),
    catalog.tally(resourceId),
  ]);
  const newest = found?.deletedAt === undefined ? found : undefined;
  const { live, bytes, damaged, oldestAt } = tally;
  const { expectEverySeconds } = settings ?? {};
  return {
    ...{ resourceId, live, bytes, damaged },
    ...(oldestAt === undefined ? {} : { earliestAt: oldestAt }),
    ...(newest === undefined
      ? {}
      : {
          succeededAt: Math.max(newest.createdAt, newest.checkedAt ?? 0, checkedAt),
          size: newest.size,
          // One that was found damaged since is not proven by that.
          ...(newest.damagedAt === undefined ? { verifiedAt: lookedAt(newest) } : {}),
        }),
    ...(expectEverySeconds === undefined ? {} : { expectEveryMs: expectEverySeconds * 1000 }),
  };
}
