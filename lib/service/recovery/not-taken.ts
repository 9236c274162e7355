// What a rebuild has found and not taken into the catalog, because something else has its id or its place: left by a crash
// before its commit, or committed by a catalog that was put back to an earlier day. Nobody else would ever tell of it.

import type { FoundBlob } from '../../core/blob/found.ts';
import { ownBlob } from '../../core/records/chain.ts';
import type { BackupRecord } from '../../core/records/model.ts';
import type { BlobIndex } from './chains.ts';
import type { Ambiguity } from './from-blobs.ts';
import { placeKey, type Replayed } from './replay.ts';

type About = Pick<BackupRecord, 'resourceId' | 'sequence' | 'createdAt' | 'checksum'>;

export interface NotTaken extends About {
  backupId: string;
  blobId: string;
  /** Whether the blob is there and whole: then its state can be read, if the rest of its chain is. */
  isWhole: boolean;
  /** Whether it was certainly acknowledged once; otherwise a crash may have left it. */
  wasCommitted: boolean;
  /** What has its id or its place; absent if that has been removed since. */
  taken?: { backupId: string; sequence: number };
}

export interface Found {
  blobs: readonly FoundBlob[];
  trail: Replayed;
  index: BlobIndex;
  /** What the trail knows to have been committed, and a rival has the place of. */
  outrivalled: readonly BackupRecord[];
  uncertain: readonly Ambiguity[];
}

/** Everything that is neither in one of these records nor known to be gone. */
export function notTakenBy(backups: readonly BackupRecord[], found: Found): NotTaken[] {
  const byId = new Map(backups.map((record) => [record.id, record]));
  const byPlace = new Map(backups.map((record) => [placeKey(record), record]));
  const committed = committedOf(found);
  return [...committed, ...unexplained(byId, committed, found)].map((one) => {
    const taken = byPlace.get(placeKey(one)) ?? byId.get(one.backupId);
    return { ...one, ...(taken && { taken: { backupId: taken.id, sequence: taken.sequence } }) };
  });
}

/** What the trail says of the losers. Those that had been deleted are missed by nobody. */
function committedOf({ trail, index, outrivalled }: Found): NotTaken[] {
  const displaced = [...trail.displaced.values()].map((record) => ({ record, own: record.own }));
  const others = outrivalled.map((record) => ({ record, own: ownBlob(record) }));
  return [...displaced, ...others]
    .filter(({ record }) => record.deletedAt === undefined)
    .map(({ record, own }) => ({
      ...aboutOf(record),
      backupId: record.id,
      blobId: own.blobId,
      isWhole: index.isSound([own]),
      wasCommitted: true,
    }));
}

/** Whole blobs that nothing accounts for. */
function* unexplained(
  byId: ReadonlyMap<string, BackupRecord>,
  committed: readonly NotTaken[],
  { blobs, trail, index, uncertain }: Found,
): Generator<NotTaken> {
  const said = new Set([
    ...[...byId.values()].map((record) => ownBlob(record).blobId),
    ...trail.garbage.keys(),
    ...uncertain.flatMap(({ others }) => others.map(({ blobId }) => blobId)),
  ]);
  const isGone = ({ header }: FoundBlob): boolean => {
    const gone = trail.removed.get(header.backupId);
    return trail.removed.has(header.backupId) && (gone === undefined || isSameState(gone, header));
  };
  for (const blob of blobs) {
    const { header, damage } = blob;
    const { blobId, backupId } = header;
    const record = byId.get(backupId);
    if (damage !== undefined || said.has(blobId) || isGone(blob)) continue;
    // A rebase, or a race that was lost, leaves the same state of the same backup.
    if (record !== undefined && isSameState(record, header)) continue;
    if (committed.some((one) => one.backupId === backupId && isSameState(one, header))) continue;
    yield {
      ...aboutOf(header),
      backupId,
      blobId,
      isWhole: true,
      wasCommitted: index.isBuiltOn(backupId, header.checksum),
    };
  }
}

function aboutOf({ resourceId, sequence, createdAt, checksum }: About): About {
  return { resourceId, sequence, createdAt, checksum };
}

function isSameState(a: Omit<About, 'sequence'>, b: Omit<About, 'sequence'>): boolean {
  return a.resourceId === b.resourceId && a.checksum === b.checksum;
}
