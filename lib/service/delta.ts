// The delta of a backup as its user reads it: worked out from the two states, both proven first.

import { chainOfBase } from '../core/chain.ts';
import { serveDelta } from '../core/delta/serve.ts';
import { hasCode, ServiceError } from '../core/errors.ts';
import type { BackupRecord } from '../core/model.ts';
import type { Deps } from './deps.ts';
import { liveBackup } from './hide.ts';
import { loadBackup } from './load-backup.ts';
import { type LoadedState, loadState } from './state.ts';

/** JSON text in chunks. Throws ServiceError `backup_not_found`, or `delta_not_found` if there is nothing to compare with. */
export async function readDelta(deps: Deps, id: string): Promise<Uint8Array[]> {
  const record = await liveBackup(deps, id);
  if (record.type === 'full') throw new ServiceError('delta_not_found', 'A full backup has no delta.');
  try {
    return await compare(deps, record);
  } catch (error) {
    if (!hasCode(error, 'broken_chain')) throw error;
    // Perhaps a sweep has given it a new chain since it was read: then once more, with that.
    const fresh = await liveBackup(deps, id);
    if (fresh.version === record.version) throw error;
    return compare(deps, fresh);
  }
}

async function compare(deps: Deps, record: BackupRecord): Promise<Uint8Array[]> {
  const [base, target] = await Promise.all([loadBase(deps, record), loadState(deps, record)]);
  return serveDelta(base.state, target.state).chunks;
}

/** The base's state is to be had on the way to the backup's own or, past a checkpoint, with the base itself. */
async function loadBase(deps: Deps, record: BackupRecord): Promise<LoadedState> {
  const chain = chainOfBase(record);
  if (chain !== undefined) return loadState(deps, { ...record, chain });
  const { baseBackupId } = record;
  const base = baseBackupId === undefined ? undefined : await deps.catalog.getBackup(baseBackupId);
  if (base === undefined) throw baseIsGone();
  const isHidden = base.deletedAt !== undefined;
  try {
    return await (isHidden ? loadState(deps, base) : loadBackup(deps, base));
  } catch (error) {
    // Nobody keeps together what a hidden backup is made of: what it builds on may go before its own blob does.
    if (hasCode(error, 'backup_not_found') || (isHidden && hasCode(error, 'broken_chain'))) {
      throw baseIsGone(error);
    }
    throw error;
  }
}

function baseIsGone(cause?: unknown): ServiceError {
  return new ServiceError('delta_not_found', 'The backup that this one was compared with is gone.', {
    cause,
  });
}
