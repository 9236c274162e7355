// States that are looked into, one page after the other: the last ones stay in memory, so that only the first look rebuilds them.

import type { CanonicalText } from '../../core/bytes/text.ts';
import { ownBlob } from '../../core/records/chain.ts';
import type { BackupRecord, BlobRef } from '../../core/records/model.ts';
import type { Deps } from '../contract/deps.ts';
import { readBackup } from './read-backup.ts';
import { loadState, loadTwoStates } from './state.ts';

/** A state that was taken to be looked into. */
export interface Look {
  state: CanonicalText;
  /** To be called once its bytes are back and nobody looks any more: then the next look finds it in memory. */
  keep(): void;
}

/** Of one resource as many are kept: what is looked at, and what it is compared with. */
type Side = 0 | 1;

/** Whether a look at it costs no memory of its own: it is there. */
export function isKept(deps: Pick<Deps, 'looks' | 'bases'>, record: BackupRecord): boolean {
  const { blobId } = ownBlob(record);
  return deps.looks?.has(blobId) === true || deps.bases?.has(blobId) === true;
}

/**
 * The state of a backup, which the caller has just found to be live: from memory, where it was proven when it came there, or rebuilt and proven now.
 * Throws as `loadState`.
 */
export async function takeLook(deps: Deps, record: BackupRecord, side: Side = 0): Promise<Look> {
  const kept = takeKept(deps, record, side);
  if (kept !== undefined) return kept;
  const { state } = await readBackup(deps, record, (current) => loadState(deps, current));
  return lookAt(deps, record, side, state);
}

/** The same of two, the other one to compare it with. Where the way to one leads through the other, it is gone once. */
export async function takeLooks(
  deps: Deps,
  record: BackupRecord,
  other: BackupRecord,
): Promise<[Look, Look]> {
  if (isKept(deps, record) || isKept(deps, other)) {
    return Promise.all([takeLook(deps, record), takeLook(deps, other, 1)]);
  }
  const [further, nearer] = other.chain.length > record.chain.length ? [other, record] : [record, other];
  if (!leadsThrough(further.chain, nearer.chain)) {
    return Promise.all([takeLook(deps, record), takeLook(deps, other, 1)]);
  }
  const states = await readBackup(deps, further, async (current) => {
    if (leadsThrough(current.chain, nearer.chain)) return loadTwoStates(deps, current, nearer);
    const [{ state: last }, { state: first }] = await Promise.all([
      loadState(deps, current),
      readBackup(deps, nearer, (now) => loadState(deps, now)),
    ]);
    return { first, last };
  });
  const [own, others] = further === record ? [states.last, states.first] : [states.first, states.last];
  return [lookAt(deps, record, 0, own), lookAt(deps, other, 1, others)];
}

function leadsThrough(further: readonly BlobRef[], nearer: readonly BlobRef[]): boolean {
  return nearer.length < further.length && nearer.every(({ blobId }, i) => further[i]!.blobId === blobId);
}

/** As `takeLook`, if it is in memory. */
export function takeKept(deps: Deps, record: BackupRecord, side: Side): Look | undefined {
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
  return undefined;
}

function lookAt(deps: Deps, record: BackupRecord, side: Side, state: CanonicalText): Look {
  const name = JSON.stringify([record.resourceId, side]);
  return { state, keep: () => deps.looks?.keep(name, ownBlob(record).blobId, state) };
}
