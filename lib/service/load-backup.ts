// Reads a live backup's state, even while a sweep gives it a new chain.

import { hasCode } from '../core/errors.ts';
import type { BackupRecord } from '../core/model.ts';
import type { Deps } from './deps.ts';
import { liveBackup } from './hide.ts';
import { type LoadedState, loadState } from './state.ts';

/** As `loadState`; when a blob is missing because the backup was rebased since `record` was read, it reads anew, once. */
export async function loadBackup(
  deps: Pick<Deps, 'blobs' | 'keyring' | 'catalog'>,
  record: BackupRecord,
  onProgress?: (done: number) => void,
): Promise<LoadedState> {
  try {
    return await loadState(deps, record, onProgress);
  } catch (error) {
    if (!hasCode(error, 'broken_chain')) throw error;
    const fresh = await liveBackup(deps, record.id);
    if (fresh.version === record.version) throw error;
    return loadState(deps, fresh, onProgress);
  }
}
