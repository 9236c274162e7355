// The record of a backup by its id: the one place where a hidden one is as good as none.

import { ServiceError } from '../../core/records/errors.ts';
import type { BackupRecord } from '../../core/records/model.ts';
import type { Deps } from '../contract/deps.ts';
import { demandSameBackup } from './agreement.ts';

/** The live backup of that id. Throws ServiceError `backup_not_found`. */
export async function liveBackup({ catalog }: Pick<Deps, 'catalog'>, id: string): Promise<BackupRecord> {
  const record = await catalog.getBackup(id);
  if (record === undefined || record.deletedAt !== undefined) throw noBackup(id);
  demandSameBackup(record, { id });
  return record;
}

/** The backup of that id, hidden or not. Throws ServiceError `backup_not_found`. */
export async function anyBackup({ catalog }: Pick<Deps, 'catalog'>, id: string): Promise<BackupRecord> {
  const record = await catalog.getBackup(id);
  if (record === undefined) throw noBackup(id);
  demandSameBackup(record, { id });
  return record;
}

export function noBackup(id: string): ServiceError {
  return new ServiceError('backup_not_found', `There is no backup ${id}.`);
}
