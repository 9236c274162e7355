// States that are looked into, one page after the other: the last ones stay in memory, so that only the first look rebuilds them.

import type { CanonicalText } from '../../core/bytes/text.ts';
import { ownBlob } from '../../core/records/chain.ts';
import type { BackupRecord } from '../../core/records/model.ts';
import type { Deps } from '../contract/deps.ts';
import { readBackup } from './read-backup.ts';
import { loadState } from './state.ts';

/** A state that was taken to be looked into. */
export interface Look {
  state: CanonicalText;
  /** To be called once its bytes are back and nobody looks any more: then the next look finds it in memory. */
  keep(): void;
}

/** Whether a look at it costs no memory of its own: it is there. */
export function isKept(deps: Pick<Deps, 'looks' | 'bases'>, record: BackupRecord): boolean {
  const { blobId } = ownBlob(record);
  return deps.looks?.has(blobId) === true || deps.bases?.has(blobId) === true;
}

/**
 * The state of a backup, which the caller has just found to be live: from memory, where it was proven when it came there, or rebuilt and proven now.
 * Of one resource as many are kept as there are sides: 0 for what is looked at, 1 for what it is compared with. Throws as `loadState`.
 */
export async function takeLook(deps: Deps, record: BackupRecord, side: 0 | 1 = 0): Promise<Look> {
  const { blobId } = ownBlob(record);
  const { checksum, resourceId } = record;
  for (const [kept, name] of [
    [deps.looks, JSON.stringify([resourceId, side])],
    [deps.bases, resourceId],
  ] as const) {
    const state = kept?.take(blobId);
    if (state === undefined) continue;
    if (state.checksum === checksum) return { state, keep: () => kept!.keep(name, blobId, state) };
  }
  const { state } = await readBackup(deps, record, (current) => loadState(deps, current));
  return { state, keep: () => deps.looks?.keep(JSON.stringify([resourceId, side]), blobId, state) };
}
