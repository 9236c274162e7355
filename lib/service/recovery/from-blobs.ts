// Backups that only their blobs tell of: made after the end of the trail, or before there was one.

import type { FoundBlob } from '../../core/blob/found.ts';
import type { BackupRecord } from '../../core/records/model.ts';
import type { BlobIndex } from './chains.ts';
import { placeKey, type Replayed } from './replay.ts';

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
  const taken = new Set([...trail.backups.values(), ...gone, ...trail.gaps.values()].map(placeKey));
  const byBackup = Map.groupBy(blobs.filter(isOpen), ({ header }) => header.backupId);
  const records: BackupRecord[] = [];
  const uncertain: Ambiguity[] = [];
  const choose = (rivals: FoundBlob[]): FoundBlob => {
    const { best, others } = truest(rivals, index);
    if (others.length > 0) uncertain.push(ambiguityOf(best, others));
    return best;
  };
  // One of each id first: an id that was given twice may stand at two places.
  const candidates = [...byBackup.values()].map((group) => choose(lastOf(group)));
  for (const [at, rivals] of Map.groupBy(candidates, ({ header }) => placeKey(header))) {
    // What has lost the race to a backup that the trail knows was never one, or is of a time when it did not.
    if (!taken.has(at)) records.push(recordOf(choose(rivals), index));
  }
  // About the order in which they were made: lists show equal times in that of their insertion.
  records.sort((a, b) => a.completedAt - b.completedAt || a.sequence - b.sequence);
  const kept = new Set(records.map(({ chain }) => chain.at(-1)!.blobId));
  return { records, uncertain: uncertain.filter((one) => kept.has(one.kept.blobId)) };
}

/**
 * Of all blobs under one id, and of each state among them, those of its last sequence: an attempt that lost its race was made
 * anew under the next one. What a damaged blob says counts only where no sound one says anything.
 */
function lastOf(group: FoundBlob[]): FoundBlob[] {
  const sound = group.filter(({ damage }) => damage === undefined);
  const states = Map.groupBy(sound.length > 0 ? sound : group, ({ header }) => stateOf(header));
  return [...states.values()].flatMap((same) => {
    const sequence = same.reduce((most, { header }) => Math.max(most, header.sequence), 0);
    return same.filter(({ header }) => header.sequence === sequence);
  });
}

/**
 * What later blobs build on is true. Sound ones come before damaged ones, those with a whole chain before others, and later
 * ones before earlier ones: a catalog that was put back to an earlier day, or a crash, has left the earlier one behind.
 */
function truest(rivals: FoundBlob[], index: BlobIndex): { best: FoundBlob; others: FoundBlob[] } {
  const rank = (blob: FoundBlob): number => {
    const chain = index.chainTo(blob);
    if (blob.damage !== undefined) return 0;
    if (chain === undefined) return 1;
    return index.isSound(chain) ? 3 : 2;
  };
  const builtOn = rivals.filter(({ header }) => index.isBuiltOn(header.backupId, header.checksum));
  const heard = builtOn.length > 0 ? builtOn : rivals;
  const [best, ...rest] = heard.sort(
    (a, b) =>
      rank(b) - rank(a) || b.header.createdAt - a.header.createdAt || b.header.sequence - a.header.sequence,
  ) as [FoundBlob, ...FoundBlob[]];
  // A rebase writes the same state of the same backup again: either will do.
  const others = rest.filter(
    ({ header }) => header.backupId !== best.header.backupId || stateOf(header) !== stateOf(best.header),
  );
  return { best, others };
}

function stateOf({ resourceId, checksum }: FoundBlob['header']): string {
  return JSON.stringify([resourceId, checksum]);
}

function ambiguityOf({ header }: FoundBlob, others: FoundBlob[]): Ambiguity {
  const nameOf = ({ backupId, blobId }: FoundBlob['header']) => ({ backupId, blobId });
  const { resourceId, sequence } = header;
  return { resourceId, sequence, kept: nameOf(header), others: others.map((other) => nameOf(other.header)) };
}

function recordOf(blob: FoundBlob, index: BlobIndex): BackupRecord {
  const { header, ref } = blob;
  const { requestedType, baseBackupId, expiresAt, importedAt, changes } = header;
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
    completedAt: header.completedAt ?? importedAt ?? header.createdAt,
    ...(importedAt === undefined ? {} : { importedAt }),
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
