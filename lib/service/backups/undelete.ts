// Takes a deletion or an expiry back, while the bytes are there.

import { ownBlob, withBackup } from '../../core/records/chain.ts';
import { ServiceError } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { BackupRecord } from '../../core/records/model.ts';
import { headerOf, isHeader } from '../chains/blob-header.ts';
import { anyBackup } from '../chains/live.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { collect } from '../kit/collect.ts';
import { retryOnConflict } from '../kit/conflict.ts';
import { event } from '../kit/events.ts';
import { demandTrust } from '../kit/trust.ts';

/**
 * Makes a hidden backup a live one again; one that is live stays as it is. What would expire again within days is kept
 * for a grace period from now. Throws ServiceError `backup_not_found`, or `broken_chain` once its bytes are due to go.
 */
export async function undeleteBackup(deps: Deps, id: string, caller: Caller): Promise<BackupRecord> {
  const [, { resourceId }] = await Promise.all([demandTrust(deps), anyBackup(deps, id)]);
  return deps.gate.run(resourceId, () =>
    retryOnConflict(`Backup ${id}`, () => attemptUndelete(deps, id, caller)),
  );
}

async function attemptUndelete(deps: Deps, id: string, caller: Caller): Promise<BackupRecord> {
  const { catalog, clock } = deps;
  const record = await anyBackup(deps, id);
  if (record.deletedAt === undefined) return record;
  const now = clock.now();
  await demandBytes(deps, record, now);
  const { resourceId, sequence, createdAt } = record;
  const head = await catalog.getHead(resourceId);
  if (head === undefined) throw new Error(`resource of ${id} has no head`);
  const next = revived(record, now);
  await catalog.commit([
    { kind: 'backup.update', record: next, expect: record.version },
    { kind: 'snapshot.add', pointer: { resourceId, createdAt, sequence, backupId: id } },
    { kind: 'garbage.remove', blobId: ownBlob(record).blobId },
    {
      kind: 'head.put',
      head: withBackup({ ...head, version: head.version + 1 }, next),
      expect: head.version,
    },
    event(deps, 'backup.undeleted', now, caller, { resourceId, backupId: id }),
  ]);
  return next;
}

function revived(record: BackupRecord, now: number): BackupRecord {
  const { deletedAt: _at, deletedReason: _reason, restorableUntil: _until, ...rest } = record;
  const keptUntil = now + LIMITS.undeletedMs;
  const isShort = rest.expiresAt !== undefined && rest.expiresAt < keptUntil;
  return { ...rest, ...(isShort ? { keptUntil } : {}), version: record.version + 1 };
}

/** From the moment on at which its bytes may go nobody can be promised them: another sweep may be at it. */
async function demandBytes(deps: Deps, record: BackupRecord, now: number): Promise<void> {
  const { catalog } = deps;
  const { id, resourceId, chain } = record;
  const own = ownBlob(record).blobId;
  const garbage = await collect((page) => catalog.resourceGarbage({ ...page, resourceId }));
  const entry = garbage.find(({ blobId }) => blobId === own);
  if (entry === undefined || entry.dueAt <= now) throw gone(id);
  for (const { blobId } of chain) {
    if (!isHeader(await headerOf(deps, blobId))) throw gone(id);
  }
}

function gone(id: string): ServiceError {
  return new ServiceError(
    'broken_chain',
    `The bytes of ${id} are gone, or about to go: it cannot be undeleted.`,
    {
      extra: { backupId: id },
    },
  );
}
