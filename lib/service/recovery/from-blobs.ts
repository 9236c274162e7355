// Backups that only their blobs tell of: made after the end of the trail, or before there was one.

import type { BackupRecord } from '../../core/model.ts';
import type { BlobIndex, FoundBlob } from './chains.ts';
import type { Replayed } from './replay.ts';

/** Two blobs that claim one place, of which nothing told the true one. */
export interface Ambiguity {
  resourceId: string;
  sequence: number;
  kept: { backupId: string; blobId: string };
  others: { backupId: string; blobId: string }[];
}

export interface RecordsFromBlobs {
  records: BackupRecord[];
  uncertain: Ambiguity[];
}

/** The backups that the trail does not know, and that no backup that it knows has taken the place of. */
export function recordsFromBlobs(
  blobs: readonly FoundBlob[],
  trail: Replayed,
  index: BlobIndex,
): RecordsFromBlobs {
  const isOpen = ({ header }: FoundBlob): boolean =>
    !trail.backups.has(header.backupId) &&
    !trail.removed.has(header.backupId) &&
    !trail.garbage.has(header.blobId);
  const gone = [...trail.removed.values()].filter((record) => record !== undefined);
  const taken = new Set(
    [...trail.backups.values(), ...gone, ...trail.gaps.values()].map(({ resourceId, sequence }) =>
      place(resourceId, sequence),
    ),
  );
  const byBackup = Map.groupBy(blobs.filter(isOpen), ({ header }) => header.backupId);
  const candidates = [...byBackup.values()].flatMap((group) => lastOf(group));
  const records: BackupRecord[] = [];
  const uncertain: Ambiguity[] = [];
  const byPlace = Map.groupBy(candidates, ({ header }) => place(header.resourceId, header.sequence));
  for (const [at, rivals] of byPlace) {
    // What has lost the race to a backup that the trail knows was never one.
    if (taken.has(at)) continue;
    const { best, others } = truest(rivals, index);
    records.push(recordOf(best, index));
    if (others.length > 0) uncertain.push(ambiguityOf(best, others));
  }
  // About the order in which they were made: lists show equal times in that of their insertion.
  records.sort((a, b) => a.completedAt - b.completedAt || a.sequence - b.sequence);
  return { records, uncertain };
}

/**
 * Of all blobs under one id those of its last sequence: an attempt that lost its race was made anew under the next one. What a
 * damaged blob says counts only where no sound one says anything.
 */
function lastOf(group: FoundBlob[]): FoundBlob[] {
  const sound = group.filter(({ damage }) => damage === undefined);
  const heard = sound.length > 0 ? sound : group;
  const sequence = heard.reduce((most, { header }) => Math.max(most, header.sequence), 0);
  return heard.filter(({ header }) => header.sequence === sequence);
}

/** What later blobs build on is true. Sound ones come before damaged ones, and those with a whole chain before others. */
function truest(rivals: FoundBlob[], index: BlobIndex): { best: FoundBlob; others: FoundBlob[] } {
  const rank = (blob: FoundBlob): number => {
    const chain = index.chainTo(blob);
    if (blob.damage !== undefined) return 0;
    if (chain === undefined) return 1;
    return index.isSound(chain) ? 3 : 2;
  };
  const builtOn = rivals.filter((blob) => index.isBuiltOn(blob));
  const heard = builtOn.length > 0 ? builtOn : rivals;
  const [best, ...rest] = heard.sort(
    (a, b) => rank(b) - rank(a) || a.header.createdAt - b.header.createdAt,
  ) as [FoundBlob, ...FoundBlob[]];
  // A rebase writes the same state of the same backup again: either will do.
  const others = rest.filter(
    ({ header }) => header.backupId !== best.header.backupId || header.checksum !== best.header.checksum,
  );
  return { best, others };
}

function ambiguityOf({ header }: FoundBlob, others: FoundBlob[]): Ambiguity {
  const nameOf = ({ backupId, blobId }: FoundBlob['header']) => ({ backupId, blobId });
  const { resourceId, sequence } = header;
  return { resourceId, sequence, kept: nameOf(header), others: others.map((other) => nameOf(other.header)) };
}

function recordOf(blob: FoundBlob, index: BlobIndex): BackupRecord {
  const { header, ref } = blob;
  const { requestedType, baseBackupId, expiresAt, changes } = header;
  return {
    id: header.backupId,
    resourceId: header.resourceId,
    resourceType: header.resourceType,
    type: header.type,
    ...(requestedType === undefined ? {} : { requestedType }),
    sequence: header.sequence,
    status: 'completed',
    size: header.size,
    checksum: header.checksum,
    ...(baseBackupId === undefined ? {} : { baseBackupId }),
    chainId: header.chainId,
    ...standingOn(blob, index.chainTo(blob) ?? [ref], index),
    ...(changes === undefined ? {} : { changes }),
    metadata: header.metadata,
    createdAt: header.createdAt,
    completedAt: header.completedAt ?? header.createdAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    version: 1,
  };
}

/** What of a record follows from its own blob and the chain that leads to it. */
export function standingOn(
  { header }: FoundBlob,
  chain: BackupRecord['chain'],
  index: BlobIndex,
): Pick<BackupRecord, 'compressedSize' | 'encrypted' | 'chain' | 'key'> {
  const sealed = chain.findLast(({ encrypted }) => encrypted);
  const keyed = sealed && index.byId(sealed.blobId)?.header;
  return {
    compressedSize: header.compressedBytes,
    encrypted: header.cipher !== 'none',
    chain,
    ...(keyed !== undefined && keyed.cipher !== 'none' ? { key: keyed.key } : {}),
  };
}

function place(resourceId: string, sequence: number): string {
  return JSON.stringify([resourceId, sequence]);
}
