// The records of a catalog, from what the blobs say and what the trail has. The trail knows what became of a backup; a blob
// knows what it was made as. Where the trail ends, the blobs alone speak.

import { ownBlob, withBases } from '../../core/chain.ts';
import type { BackupRecord, BlobRef, Head } from '../../core/model.ts';
import { withNextState } from '../../core/timeline.ts';
import type { TrailBackup } from '../trail/lines.ts';
import { type BlobIndex, type FoundBlob, indexBlobs } from './chains.ts';
import type { Replayed } from './replay.ts';

export interface RebuiltCatalog {
  /** Live ones and tombstones. */
  backups: BackupRecord[];
  heads: Head[];
  /** Backups that only their blobs tell of: whether they were deleted, held or locked since is not known. */
  fromBlobsAlone: string[];
  /** Backups that nothing but the trail tells of: their own blob is not here. They are listed, and do not restore. */
  withoutBlob: string[];
  /** Two backups with one sequence, of which nothing told the true one. */
  uncertain: string[];
}

/** Puts the records together. */
export function rebuildRecords(blobs: readonly FoundBlob[], trail: Replayed): RebuiltCatalog {
  const index = indexBlobs(blobs);
  const known = [...trail.backups.values()].map((record) => recordFromTrail(record, trail, index));
  const withoutBlob = known
    .filter((record) => record.deletedAt === undefined && index.byId(ownBlob(record).blobId) === undefined)
    .map(({ id }) => id);
  const { records: fresh, uncertain } = recordsFromBlobs(blobs, trail, index);
  const backups = [...known, ...fresh];
  return {
    backups,
    heads: headsOf(backups, blobs, trail),
    fromBlobsAlone: fresh.map(({ id }) => id),
    withoutBlob,
    uncertain,
  };
}

function recordFromTrail(
  { own, before, ...rest }: TrailBackup,
  trail: Replayed,
  index: BlobIndex,
): BackupRecord {
  const refs = before.map((blobId) => trail.refs.get(blobId) ?? index.byId(blobId)?.ref);
  const chain = refs.every((ref) => ref !== undefined) ? [...(refs as BlobRef[]), own] : undefined;
  const found = index.byId(own.blobId);
  // A name that nothing has any more: what the blobs themselves say is the next best, and else at least its own is named.
  return { ...rest, chain: chain ?? (found && index.chainTo(found)) ?? [own] };
}

/** Backups that the trail does not know: made after its end, or before there was one. */
function recordsFromBlobs(
  blobs: readonly FoundBlob[],
  trail: Replayed,
  index: BlobIndex,
): { records: BackupRecord[]; uncertain: string[] } {
  const isOpen = ({ header }: FoundBlob): boolean =>
    !trail.backups.has(header.backupId) &&
    !trail.removed.has(header.backupId) &&
    !trail.garbage.has(header.blobId);
  const taken = new Set(
    [...trail.backups.values(), ...[...trail.removed.values()].filter((r) => r !== undefined)].map((r) =>
      place(r.resourceId, r.sequence),
    ),
  );
  const candidates = [...Map.groupBy(blobs.filter(isOpen), ({ header }) => header.backupId).values()].map(
    (group) => bestOf(group, index),
  );
  const bases = new Set(blobs.map(({ header }) => header.baseBackupId));
  const records: BackupRecord[] = [];
  const uncertain: string[] = [];
  for (const [at, rivals] of Map.groupBy(candidates, ({ header }) =>
    place(header.resourceId, header.sequence),
  )) {
    // What has lost the race to a backup that the trail knows was never one.
    if (taken.has(at)) continue;
    const builtOn = rivals.filter(({ header }) => bases.has(header.backupId));
    const [first, ...others] = (builtOn.length > 0 ? builtOn : rivals).sort(byCompletion);
    records.push(recordFromBlob(first!, index));
    if (builtOn.length === 0 && others.length > 0)
      uncertain.push(first!.header.backupId, ...others.map(({ header }) => header.backupId));
  }
  return { records, uncertain };
}

/**
 * Of all blobs under one id the one that counts. An attempt that lost its race was made anew under the next sequence; a
 * rebase wrote the same state again, and a whole one stands by itself.
 */
function bestOf(group: FoundBlob[], index: BlobIndex): FoundBlob {
  const sequence = Math.max(...group.map(({ header }) => header.sequence));
  const last = group.filter(({ header }) => header.sequence === sequence);
  const sound = last.filter(({ damage }) => damage === undefined);
  const whole = sound.filter((blob) => index.chainTo(blob) !== undefined);
  const [best] = whole.length > 0 ? whole : sound.length > 0 ? sound : last;
  return best!;
}

function byCompletion(a: FoundBlob, b: FoundBlob): number {
  return a.header.createdAt - b.header.createdAt;
}

function recordFromBlob(blob: FoundBlob, index: BlobIndex): BackupRecord {
  const { header, ref } = blob;
  const chain = index.chainTo(blob) ?? [ref];
  const encryptedOne = chain.toReversed().find(({ encrypted }) => encrypted);
  const keyed = encryptedOne && index.byId(encryptedOne.blobId)?.header;
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
    compressedSize: header.compressedBytes,
    encrypted: header.cipher !== 'none',
    ...(baseBackupId === undefined ? {} : { baseBackupId }),
    chainId: header.chainId,
    chain,
    ...(keyed !== undefined && keyed.cipher !== 'none' ? { key: keyed.key } : {}),
    ...(changes === undefined ? {} : { changes }),
    metadata: header.metadata,
    createdAt: header.createdAt,
    completedAt: header.completedAt ?? header.createdAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    version: 1,
  };
}

/** No sequence that was ever given is given again: that of a blob, a request, or of what is long gone. */
function headsOf(backups: readonly BackupRecord[], blobs: readonly FoundBlob[], trail: Replayed): Head[] {
  const heads = new Map<string, Head>([...trail.heads].map(([id, head]) => [id, { ...head, version: 1 }]));
  const seen = [
    ...backups.map(({ resourceId, sequence, createdAt }) => ({ resourceId, sequence, createdAt })),
    ...blobs.map(({ header: { resourceId, sequence, createdAt } }) => ({ resourceId, sequence, createdAt })),
    ...[...trail.requests.values()].map(({ resourceId, sequence = 0, createdAt }) => ({
      resourceId,
      sequence,
      createdAt,
    })),
  ];
  for (const { resourceId, sequence, createdAt } of seen.sort((a, b) => a.sequence - b.sequence)) {
    const head = heads.get(resourceId);
    if (sequence <= (head?.sequence ?? 0)) continue;
    heads.set(resourceId, { ...withNextState(head, resourceId, createdAt), sequence, version: 1 });
  }
  const live = Map.groupBy(
    backups.filter(({ deletedAt }) => deletedAt === undefined),
    ({ resourceId }) => resourceId,
  );
  return [...heads.values()].map((head) => {
    const newestFirst = (live.get(head.resourceId) ?? []).sort((a, b) => b.sequence - a.sequence);
    return withBases(
      head,
      newestFirst[0],
      newestFirst.find(({ type }) => type === 'full'),
    );
  });
}

function place(resourceId: string, sequence: number): string {
  return JSON.stringify([resourceId, sequence]);
}
