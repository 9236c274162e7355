// Reads a live backup's state, even while a sweep gives it a new chain.

import { hasCode } from '../../core/records/errors.ts';
import type { BackupRecord } from '../../core/records/model.ts';
import type { Deps } from '../contract/deps.ts';
import { isDamage, reportDamage } from '../kit/damage.ts';
import { anyBackup, liveBackup } from './live.ts';

/**
 * Reads with `read`; when a blob is missing because the backup was rebased since `record` was read, it reads anew, once.
 * Damage that it finds is made known to more than its caller.
 */
export async function readBackup<T>(
  deps: Pick<Deps, 'catalog' | 'clock' | 'log' | 'random'>,
  record: BackupRecord,
  read: (record: BackupRecord) => Promise<T>,
): Promise<T> {
  try {
    return await readCurrent(deps, record, read);
  } catch (error) {
    if (isDamage(error)) {
      await reportDamage(deps, error, { resourceId: record.resourceId, backupId: record.id });
    }
    throw error;
  }
}

async function readCurrent<T>(
  deps: Pick<Deps, 'catalog'>,
  record: BackupRecord,
  read: (record: BackupRecord) => Promise<T>,
): Promise<T> {
  try {
    return await read(record);
  } catch (error) {
    if (!hasCode(error, 'broken_chain')) throw error;
    const find = record.deletedAt === undefined ? liveBackup : anyBackup;
    const fresh = await find(deps, record.id);
    if (fresh.version === record.version) throw error;
    return read(fresh);
  }
}
