// Takes a backup out of sight: the one act behind DELETE and expiry. Bytes stay until nothing live needs them.

import { ownBlob, withBases } from '../../core/records/chain.ts';
import { ServiceError } from '../../core/records/errors.ts';
import type { BackupRecord, BackupType, BaseRef, ResourceHead } from '../../core/records/model.ts';
import type { Change } from '../../ports/change.ts';
import { liveBackup } from '../chains/live.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { type ClockDeps, peekAtClock } from '../kit/clock-watch.ts';
import { retryOnConflict } from '../kit/conflict.ts';
import { event } from '../kit/events.ts';
import { demandTrust } from '../kit/trust.ts';

/**
 * Hides a backup at once and marks its blob for removal after the grace period.
 * Throws ServiceError `backup_not_found`, `backup_protected`, or `write_conflict` when others keep changing it.
 */
export async function hideBackup(
  deps: Pick<Deps, 'gate' | 'trust'> & ClockDeps,
  id: string,
  reason: 'deleted' | 'expired',
  caller: Caller,
): Promise<void> {
  const [, { resourceId }] = await Promise.all([demandTrust(deps), liveBackup(deps, id)]);
  // The head moves: under a create at work on it, that one would have to begin again.
  await deps.gate.run(resourceId, () => hideNow(deps, id, reason, caller));
}

async function hideNow(
  deps: ClockDeps,
  id: string,
  reason: 'deleted' | 'expired',
  caller: Caller,
): Promise<void> {
  const { catalog, clock } = deps;
  await retryOnConflict(`Backup ${id}`, async () => {
    const record = await liveBackup(deps, id);
    const now = clock.now();
    refuseProtected(record, now);
    await refuseDoubtfulEnd(deps, record);
    const changes = hidingChanges(deps, record, now, reason, caller);
    const head = await catalog.getHead(record.resourceId);
    if (head === undefined) throw new Error(`resource of ${id} has no head`);
    // The head moves even if it did not name this backup: two writers that each look at the other's backup must collide.
    const without = await headWithout(deps, head, new Set([id]));
    await catalog.commit([...changes, { kind: 'head.put', head: without, expect: head.version }]);
  });
}

/** All that takes a backup out of sight but the head, which moves with it. */
export function hidingChanges(
  deps: Pick<Deps, 'options' | 'random'>,
  record: BackupRecord,
  now: number,
  reason: 'deleted' | 'expired',
  caller: Caller,
): Change[] {
  const { id, resourceId, chainId, sequence, version: expect } = record;
  const about = { resourceId, backupId: id };
  const dueAt = now + deps.options.graceMs;
  const tombstone: BackupRecord = {
    ...record,
    ...{ deletedAt: now, deletedReason: reason, restorableUntil: dueAt, version: expect + 1 },
  };
  const { blobId } = ownBlob(record);
  return [
    { kind: 'backup.update', record: tombstone, expect },
    { kind: 'snapshot.remove', resourceId, sequence },
    { kind: 'garbage.put', entry: { ...about, blobId, chainId, reason, sequence, markedAt: now, dueAt } },
    event(deps, reason === 'deleted' ? 'backup.deleted' : 'backup.expired', now, caller, about),
  ];
}

function refuseProtected(record: BackupRecord, now: number): void {
  if (record.legalHold) {
    throw new ServiceError('backup_protected', `Backup ${record.id} is under legal hold.`);
  }
  if (record.lockedUntil !== undefined && record.lockedUntil > now) {
    const until = new Date(record.lockedUntil).toISOString();
    throw new ServiceError('backup_protected', `Backup ${record.id} is locked until ${until}.`);
  }
}

/** Throws ServiceError `backup_protected` for a lock that has ended only by a clock that is not believed. */
export async function refuseDoubtfulEnd(deps: ClockDeps, { id, lockedUntil }: BackupRecord): Promise<void> {
  if (lockedUntil === undefined || (await peekAtClock(deps)).wait === undefined) return;
  throw new ServiceError(
    'backup_protected',
    `Backup ${id} was locked, and the clock cannot be believed at the moment: see the waits of retention.`,
  );
}

/** The head once these backups are gone, moved on by one: later deltas build on what is live. */
export async function headWithout(
  { catalog }: Pick<Deps, 'catalog'>,
  head: ResourceHead,
  going: ReadonlySet<string>,
): Promise<ResourceHead> {
  const { resourceId, latest, latestFull, version } = head;
  const beside = async (base: BaseRef | undefined, type?: BackupType): Promise<BaseRef | undefined> => {
    let left = base;
    while (left !== undefined && going.has(left.id)) {
      left = await catalog.newestBefore(resourceId, left.sequence, type);
    }
    return left;
  };
  return withBases(
    { ...head, version: version + 1 },
    ...(await Promise.all([beside(latest), beside(latestFull, 'full')])),
  );
}
