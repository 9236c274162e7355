// Legal hold and lock: while either stands, a backup is neither deleted nor expired.

import { ServiceError } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { BackupRecord } from '../../core/records/model.ts';
import { liveBackup } from '../chains/live.ts';
import type { Caller, ProtectionInput } from '../contract/api.ts';
import type { ClockDeps } from '../kit/clock-watch.ts';
import { retryOnConflict } from '../kit/conflict.ts';
import { event } from '../kit/events.ts';
import { refuseDoubtfulEnd } from './hide.ts';

/**
 * Sets or lifts a hold, sets or extends a lock.
 * Throws ServiceError `backup_not_found`, or `backup_protected` when a lock would be shortened.
 */
export async function protectBackup(
  deps: ClockDeps,
  id: string,
  input: ProtectionInput,
  caller: Caller,
): Promise<BackupRecord> {
  return retryOnConflict(`Backup ${id}`, async () => {
    const record = await liveBackup(deps, id);
    const now = deps.clock.now();
    const { lockedUntil, legalHold } = input;
    if (
      lockedUntil !== undefined &&
      record.lockedUntil !== undefined &&
      record.lockedUntil > now &&
      lockedUntil < record.lockedUntil
    ) {
      throw new ServiceError('backup_protected', 'A lock can be moved later, never earlier.');
    }
    if (lockedUntil !== undefined && lockedUntil < (record.lockedUntil ?? 0))
      await refuseDoubtfulEnd(deps, record);
    if (lockedUntil !== undefined && lockedUntil > now + LIMITS.lockMs) {
      throw new ServiceError('invalid_request', 'A lock lasts ten years at most: it cannot be shortened.', {
        errors: [{ pointer: '/lockedUntil', detail: 'must not be more than ten years ahead' }],
      });
    }
    const next = { ...record, ...input, version: record.version + 1 };
    await deps.catalog.commit([
      { kind: 'backup.update', record: next, expect: record.version },
      event(deps, 'backup.protection_changed', now, caller, {
        resourceId: record.resourceId,
        backupId: id,
        detail: {
          ...(legalHold === undefined ? {} : { legalHold }),
          ...(lockedUntil === undefined ? {} : { lockedUntil }),
        },
      }),
    ]);
    return next;
  });
}
