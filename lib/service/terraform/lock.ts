// Who alone may store a state of a resource. The lock stands in the head, which each store of a state moves, so that no state slips by it.

import { isOpenTo, type LockInfo, lockedBy, type ResourceLock } from '../../core/records/lock.ts';
import type { ResourceHead } from '../../core/records/model.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { retryOnConflict } from '../kit/conflict.ts';
import { event } from '../kit/events.ts';

type LockDeps = Pick<Deps, 'catalog' | 'clock' | 'random'>;

export async function getLock(
  { catalog }: Pick<Deps, 'catalog'>,
  resourceId: string,
): Promise<ResourceLock | undefined> {
  return (await catalog.getHead(resourceId))?.lock;
}

/**
 * May be done before the first state comes. Whoever asks again, because no answer came, has it. Throws ServiceError `resource_locked`,
 * or `write_conflict`.
 */
export function lockResource(
  deps: LockDeps,
  resourceId: string,
  info: LockInfo,
  caller: Caller,
): Promise<ResourceLock> {
  const { catalog, clock } = deps;
  return retryOnConflict(`Resource ${resourceId}`, async () => {
    const head = await headOf(deps, resourceId);
    if (head.lock !== undefined) {
      if (!isOpenTo(head, info.ID)) throw lockedBy(head.lock);
      return head.lock;
    }
    const lock = { info, at: clock.now(), actor: caller.actor };
    await catalog.commit([
      { kind: 'head.put', head: { ...head, lock, version: head.version + 1 }, expect: head.version },
      event(deps, 'lock.taken', lock.at, caller, { resourceId, detail: { ...info } }),
    ]);
    return lock;
  });
}

/**
 * Gives what was released; nothing, where nothing was held. Without an id any lock goes: so Terraform's `force-unlock` asks. Throws
 * ServiceError `resource_locked` where another holds it, or `write_conflict`.
 */
export function unlockResource(
  deps: LockDeps,
  resourceId: string,
  lockId: string | undefined,
  caller: Caller,
): Promise<ResourceLock | undefined> {
  const { catalog, clock } = deps;
  return retryOnConflict(`Resource ${resourceId}`, async () => {
    const head = await catalog.getHead(resourceId);
    if (head?.lock === undefined) return undefined;
    const { lock, version: expect, ...rest } = head;
    const isForced = lockId === undefined;
    if (!isForced && !isOpenTo(head, lockId)) throw lockedBy(lock);
    const about = { ID: lock.info.ID, heldBy: lock.actor, forced: isForced };
    await catalog.commit([
      { kind: 'head.put', head: { ...rest, version: expect + 1 }, expect },
      event(deps, 'lock.released', clock.now(), caller, { resourceId, detail: about }),
    ]);
    return lock;
  });
}

/** Of a resource that has had no state too. */
async function headOf({ catalog }: Pick<Deps, 'catalog'>, resourceId: string): Promise<ResourceHead> {
  const head = await catalog.getHead(resourceId);
  return head ?? { resourceId, sequence: 0, createdAt: 0, version: 0 };
}
