// A state that came again: where the newest backup has it already, and still gives it, it is only noted that it was checked.

import { hasCode } from '../../core/records/errors.ts';
import { DAY_MS } from '../../core/records/limits.ts';
import type {
  BackupRecord,
  BackupRequest,
  IdempotencyRecord,
  ResourceHead,
} from '../../core/records/model.ts';
import type { Change } from '../../ports/change.ts';
import { checkBlob } from '../chains/blobs.ts';
import type { Caller, CreateBackupInput } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { reportDamage } from '../kit/damage.ts';
import { event } from '../kit/events.ts';
import { type KeyUse, rememberAnswer } from '../kit/idempotency.ts';

/** What came, as far as it decides whether the newest backup already is what was asked for. */
export type Given = Pick<CreateBackupInput, 'resourceType' | 'metadata' | 'encrypt' | 'asOf'> & {
  state: Pick<CreateBackupInput['state'], 'checksum'>;
};

/**
 * The newest backup of the resource, if it has the very state that came and its stored bytes are still those that were
 * written; else undefined. One that is damaged, in clear where encryption is asked for, of another type of resource, or
 * that expires where the state is to be kept for ever is not what was asked for.
 */
export async function findSame(
  deps: Deps,
  head: ResourceHead | undefined,
  given: Given,
): Promise<BackupRecord | undefined> {
  if (head?.latest === undefined || head.latest.checksum !== given.state.checksum) return undefined;
  const record = await deps.catalog.getBackup(head.latest.id);
  if (record === undefined || record.deletedAt !== undefined) return undefined;
  if (record.checksum !== given.state.checksum || record.resourceType !== given.resourceType)
    return undefined;
  if (given.encrypt && !record.encrypted) return undefined;
  if (given.metadata.retentionDays === 0 && record.expiresAt !== undefined) return undefined;
  return (await isWhole(deps, record)) ? record : undefined;
}

/** Whoever is told that nothing changed relies on what is stored, so all of it is read. */
async function isWhole(deps: Deps, record: BackupRecord): Promise<boolean> {
  try {
    await Promise.all(record.chain.map((ref) => checkBlob(deps, ref)));
    return true;
  } catch (error) {
    if (!hasCode(error, 'integrity_error', 'broken_chain')) throw error;
    await reportDamage(deps, error, { resourceId: record.resourceId, backupId: record.id });
    return false;
  }
}

export interface Checked {
  /** As it was found. */
  record: BackupRecord;
  head: ResourceHead;
  given: Given;
  caller: Caller;
  use: KeyUse | undefined;
  replaces: IdempotencyRecord | undefined;
  /** What it was accepted as, if it came by upload: then that is over. */
  request: BackupRequest | undefined;
}

/**
 * Notes that the state came again: the backup is kept for as long as one made now would have been, for it is the state of
 * every moment until now. Throws PortError, `conflict` if the resource has been moved on.
 */
export async function noteChecked(
  deps: Deps,
  { record, head, given, caller, use, replaces, request }: Checked,
): Promise<BackupRecord> {
  const now = deps.clock.now();
  const checkedAt = Math.max(given.asOf ?? now, record.checkedAt ?? record.createdAt);
  const { retentionDays } = given.metadata;
  const until = now + deps.clockWatch.behindMs() + retentionDays * DAY_MS;
  const isLonger =
    record.expiresAt !== undefined && until > Math.max(record.expiresAt, record.unchangedUntil ?? 0);
  const next: BackupRecord = {
    ...record,
    checkedAt,
    ...(isLonger ? { unchangedUntil: until } : {}),
    version: record.version + 1,
  };
  const { id: backupId, resourceId } = record;
  await deps.catalog.commit([
    { kind: 'head.put', head: { ...head, checkedAt, version: head.version + 1 }, expect: head.version },
    { kind: 'backup.update', record: next, expect: record.version },
    event(deps, 'backup.unchanged', now, caller, { resourceId, backupId }),
    ...(use === undefined ? [] : [rememberAnswer(use, { id: backupId, unchanged: true }, now, replaces)]),
    ...(request === undefined ? [] : [completedAs(request, backupId)]),
  ]);
  return next;
}

/** The request is done, and has led to a backup that was there. */
function completedAs(request: BackupRequest, sameAs: string): Change {
  const { waiting: _past, ...rest } = request;
  const record = {
    ...rest,
    status: 'completed',
    progress: 100,
    sameAs,
    version: request.version + 1,
  } as const;
  return { kind: 'request.update', record, expect: request.version };
}
