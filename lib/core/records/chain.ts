// Chains: what a new backup builds on, and what a restore has to read. Pure.

import { LIMITS } from './limits.ts';
import type { BackupRecord, BackupType, BaseRef, BlobRef, ResourceHead, Way } from './model.ts';

export interface BackupPlan {
  /** What the backup will be: a delta without anything to build on becomes a full. */
  type: BackupType;
  base?: BaseRef;
  /** Store the whole state though the type is a delta's: the chain has become too long, or its deltas outweigh a whole state. */
  checkpoint: boolean;
}

/** What a backup may build on: the newest live one before it, and the newest live full before it. */
export type Bases = Pick<ResourceHead, 'latest' | 'latestFull'>;

/** Decides what a backup of `requested` type builds on. */
export function planBackup(bases: Bases | undefined, requested: BackupType): BackupPlan {
  const base =
    requested === 'incremental'
      ? bases?.latest
      : requested === 'differential'
        ? bases?.latestFull
        : undefined;
  if (base === undefined) return { type: 'full', checkpoint: false };
  return { type: requested, base, checkpoint: isChainSpent(base.chain) };
}

/** Whether one more delta would make restores cost more than a whole state is worth. */
export function isChainSpent(chain: readonly BlobRef[]): boolean {
  const [state, ...deltas] = chain;
  if (state === undefined) throw new RangeError('a chain begins with a state');
  const deltaBytes = deltas.reduce((sum, blob) => sum + blob.bytes, 0);
  return (
    deltas.length >= LIMITS.chainDeltasMax || deltaBytes > Math.max(state.bytes, LIMITS.chainDeltaBytesFree)
  );
}

/** What the head remembers of a backup that others may build on. */
export function baseRefOf(record: BaseRef): BaseRef {
  const { id, sequence, checksum, size, chainId, chain, key } = record;
  return { id, sequence, checksum, size, chainId, chain, ...(key === undefined ? {} : { key }) };
}

/** The head once this backup is live. One that was accepted before the newest, and built after it, does not become the newest. */
export function withBackup(head: ResourceHead, record: BackupRecord): ResourceHead {
  const base = baseRefOf(record);
  const isAfter = (other: BaseRef | undefined): boolean =>
    other === undefined || record.sequence > other.sequence;
  return {
    ...toBeDecided(head),
    ...(isAfter(head.latest) ? { latest: base } : {}),
    ...(record.type === 'full' && isAfter(head.latestFull) ? { latestFull: base } : {}),
  };
}

/** The head with these backups as what deltas build on. */
export function withBases(head: ResourceHead, latest?: BaseRef, latestFull?: BaseRef): ResourceHead {
  const { latest: _latest, latestFull: _latestFull, ...rest } = head;
  return {
    ...rest,
    ...(latest === undefined ? {} : { latest: baseRefOf(latest) }),
    ...(latestFull === undefined ? {} : { latestFull: baseRefOf(latestFull) }),
  };
}

/** The head once a backup has come or its policy has changed: what was kept of the expired ones may not be any more. */
export function toBeDecided(head: ResourceHead): ResourceHead {
  return head.keepsExpired === true ? { ...head, isUndecided: true } : head;
}

/** The way to a backup's state. */
export function wayOf({ chainId, chain, key }: Pick<BackupRecord, 'chainId' | 'chain' | 'key'>): Way {
  const bytes = chain.reduce((sum, blob) => sum + blob.bytes, 0);
  return {
    chainId,
    blobIds: chain.map(({ blobId }) => blobId),
    bytes,
    ...(key === undefined ? {} : { key }),
  };
}

/** The part of a backup's chain that gives its base's state, if the chain still goes through it. */
export function chainOfBase(record: BackupRecord): BlobRef[] | undefined {
  const at = record.chain.findIndex((blob) => blob.backupId === record.baseBackupId);
  return at < 0 ? undefined : record.chain.slice(0, at + 1);
}

/** The blob that a backup itself added. */
export function ownBlob(record: BackupRecord): BlobRef {
  const blob = record.chain.at(-1);
  if (blob === undefined) throw new RangeError(`backup ${record.id} has no blob`);
  return blob;
}
