// The delta of a backup as its user reads it: worked out from the two states, both proven first.

import { chainOfBase } from '../core/chain.ts';
import { serveDelta } from '../core/delta/serve.ts';
import { ServiceError } from '../core/errors.ts';
import type { BackupRecord } from '../core/model.ts';
import type { Deps } from './deps.ts';
import { liveBackup } from './hide.ts';
import { type ChainSource, loadState } from './state.ts';

/** JSON text in chunks. Throws ServiceError `backup_not_found`, or `delta_not_found` if there is nothing to compare with. */
export async function readDelta(deps: Deps, id: string): Promise<Uint8Array[]> {
  const record = await liveBackup(deps, id);
  if (record.type === 'full') throw new ServiceError('delta_not_found', 'A full backup has no delta.');
  const baseSource = await sourceOfBase(deps, record);
  const [base, target] = await Promise.all([loadState(deps, baseSource), loadState(deps, record)]);
  return serveDelta(base.state, target.state).chunks;
}

/** Where the base's state is to be had: on the way to the backup's own, or, past a checkpoint, with the base itself. */
async function sourceOfBase({ catalog }: Deps, record: BackupRecord): Promise<ChainSource> {
  const chain = chainOfBase(record);
  if (chain !== undefined) return { ...record, chain };
  const base = record.baseBackupId === undefined ? undefined : await catalog.getBackup(record.baseBackupId);
  if (base === undefined) {
    throw new ServiceError('delta_not_found', 'The backup that this one was compared with is gone.');
  }
  return base;
}
