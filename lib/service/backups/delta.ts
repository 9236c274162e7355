// The delta of a backup as its user reads it: worked out from the two states, both proven first.

import { totalBytes } from '../../core/bytes/chunks.ts';
import { chainOfBase } from '../../core/records/chain.ts';
import { hasCode, ServiceError } from '../../core/records/errors.ts';
import type { BackupRecord } from '../../core/records/model.ts';
import { demandSameBackup } from '../chains/agreement.ts';
import { wayTo } from '../chains/blobs.ts';
import { liveBackup } from '../chains/live.ts';
import { readBackup } from '../chains/read-backup.ts';
import { heldText, takeRoom } from '../chains/readers.ts';
import { type LoadedState, loadState } from '../chains/state.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import type { Text } from '../contract/text.ts';
import { noteRead } from '../kit/reads.ts';

/** JSON text. Throws ServiceError `backup_not_found`, or `delta_not_found` if there is nothing to compare with. */
export async function readDelta(deps: Deps, id: string, caller: Caller): Promise<Text> {
  const record = await liveBackup(deps, id);
  if (record.type === 'full') throw new ServiceError('delta_not_found', 'A full backup has no delta.');
  const room = await takeRoom(deps, record, 2);
  try {
    const chunks = await readBackup(deps, record, (current) => compare(deps, current));
    const bytes = totalBytes(chunks);
    await noteRead(deps, 'delta.read', caller, { resourceId: record.resourceId, backupId: id });
    return heldText({ bytes, chunks }, bytes, room);
  } catch (error) {
    room.free();
    throw error;
  }
}

async function compare(deps: Deps, record: BackupRecord): Promise<Uint8Array[]> {
  if (record.size > deps.options.memory.deltaStateBytesMax) {
    throw new ServiceError('delta_not_found', 'The state is too large to be compared; it was stored whole.');
  }
  const [base, target, head] = await Promise.all([
    loadBase(deps, record),
    loadState(deps, record),
    deps.catalog.getHead(record.resourceId),
  ]);
  return deps.texts.servedChunks(base.state, target.state, head?.settings?.identity);
}

/** The base's state can be read on the way to the backup's own or, past a checkpoint, with the base itself. */
async function loadBase(deps: Deps, record: BackupRecord): Promise<LoadedState> {
  const chain = chainOfBase(record);
  if (chain !== undefined) return loadState(deps, wayTo(record, chain));
  const { baseBackupId } = record;
  const base = baseBackupId === undefined ? undefined : await deps.catalog.getBackup(baseBackupId);
  if (base === undefined) throw baseIsGone();
  demandSameBackup(base, { id: baseBackupId!, resourceId: record.resourceId });
  const isHidden = base.deletedAt !== undefined;
  try {
    const load = (current: BackupRecord) => loadState(deps, current);
    return await (isHidden ? load(base) : readBackup(deps, base, load));
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
