// The records of a catalog, from what the blobs say and what the trail has. The trail knows what became of a backup; a blob
// knows what it was made as. Where the trail ends, the blobs alone speak.

import type { FoundBlob } from '../../core/blob/found.ts';
import { withBases } from '../../core/records/chain.ts';
import type { BackupRecord, BlobRef, ResourceHead } from '../../core/records/model.ts';
import { withNextState } from '../../core/records/timeline.ts';
import type { TrailBackup } from '../../ports/trail-lines.ts';
import { type BlobIndex, indexBlobs } from './chains.ts';
import { type Ambiguity, recordsFromBlobs, standingOn } from './from-blobs.ts';
import { type NotTaken, notTakenBy } from './not-taken.ts';
import { placeKey, type Replayed } from './replay.ts';

export interface RebuiltCatalog {
  /** Live ones and tombstones. */
  backups: BackupRecord[];
  heads: ResourceHead[];
  /** Backups that only their blobs tell of: whether they were deleted, held or locked since is not known. */
  fromBlobsAlone: string[];
  uncertain: Ambiguity[];
  notTaken: NotTaken[];
}

/** Puts the records together: no two have one id, or one place in the history of a resource. Never throws. */
export function rebuildRecords(blobs: readonly FoundBlob[], trail: Replayed): RebuiltCatalog {
  const index = indexBlobs(blobs);
  const ownBlobs = Map.groupBy(blobs, ({ header }) => header.backupId);
  const all = [...trail.backups.values()].map((record) =>
    recordFromTrail(record, trail, index, ownBlobs.get(record.id) ?? []),
  );
  const { known, outrivalled } = oneOfEachPlace(all, index);
  const { records: fresh, uncertain } = recordsFromBlobs(blobs, trail, index);
  const backups = [...known, ...fresh];
  return {
    backups,
    heads: headsOf(backups, blobs, trail),
    fromBlobsAlone: fresh.map(({ id }) => id),
    uncertain,
    notTaken: notTakenBy(backups, { blobs, trail, index, outrivalled, uncertain }),
  };
}

/**
 * Two backups of one number have both been committed if the catalog was put back to an earlier day in between. What lives comes
 * before what was deleted, what can be restored before what cannot, what others build on before what nothing does; else the
 * one that was committed last stands: by it the catalog went on.
 */
function oneOfEachPlace(records: readonly BackupRecord[], index: BlobIndex) {
  const known: BackupRecord[] = [];
  const outrivalled: BackupRecord[] = [];
  const weight = (record: BackupRecord): number =>
    (record.deletedAt === undefined ? 4 : 0) +
    (index.isSound(record.chain) ? 2 : 0) +
    (index.isBuiltOn(record.id, record.checksum) ? 1 : 0);
  for (const rivals of Map.groupBy(records, placeKey).values()) {
    const latestFirst = rivals.toReversed();
    const [best, ...others] = latestFirst.sort((a, b) => weight(b) - weight(a)) as [BackupRecord];
    known.push(best);
    outrivalled.push(...others);
  }
  return { known, outrivalled };
}

/**
 * As the trail has it; but where a blob of its chain is gone or damaged, and others give the same state, through those. They are
 * there if a rebase came after the end of the trail.
 */
function recordFromTrail(
  { own, before, ...rest }: TrailBackup,
  trail: Replayed,
  index: BlobIndex,
  ownBlobs: readonly FoundBlob[],
): BackupRecord {
  const refs = before.map((blobId) => trail.refs.get(blobId) ?? index.byId(blobId)?.ref);
  const chain = refs.every((ref) => ref !== undefined) ? [...(refs as BlobRef[]), own] : undefined;
  if (chain !== undefined && index.isSound(chain)) return { ...rest, chain };
  const sameState = ownBlobs.filter(
    ({ header }) => header.sequence === rest.sequence && header.checksum === rest.checksum,
  );
  // Its own first: nothing else of the record is another's then.
  for (const blob of sameState.sort((a, b) => rankOf(b, own) - rankOf(a, own))) {
    const way = index.chainTo(blob);
    if (way === undefined || !index.isSound(way)) continue;
    const { key: _key, ...record } = rest;
    return { ...record, ...standingOn(blob, way, index) };
  }
  return { ...rest, chain: chain ?? [own] };
}

function rankOf({ header }: FoundBlob, own: BlobRef): number {
  return header.blobId === own.blobId ? 1 : 0;
}

/** What a damaged blob says of its sequence is believed no further than this beyond what sound ones say. */
const BELIEVED_BEYOND = 1000;

/** No sequence that was ever given is given again: that of a blob, a request, or of what is long gone. */
function headsOf(
  backups: readonly BackupRecord[],
  blobs: readonly FoundBlob[],
  trail: Replayed,
): ResourceHead[] {
  const heads = new Map<string, ResourceHead>(
    [...trail.heads].map(([id, head]) => [id, { ...head, version: 1 }]),
  );
  const accept = ({ resourceId, sequence, createdAt }: Accepted): void => {
    const head = heads.get(resourceId);
    if (sequence <= (head?.sequence ?? 0)) return;
    heads.set(resourceId, { ...withNextState(head, resourceId, createdAt), sequence, version: 1 });
  };
  const sound = blobs.filter(({ damage }) => damage === undefined);
  const seen: Accepted[] = [...backups, ...sound.map(({ header }) => header), ...trail.gaps.values()];
  for (const { resourceId, sequence = 0, createdAt } of trail.requests.values()) {
    seen.push({ resourceId, sequence, createdAt });
  }
  const damaged = new Set(blobs.filter(({ damage }) => damage !== undefined).map(({ ref }) => ref.blobId));
  const isProven = (accepted: Accepted): boolean =>
    !('chain' in accepted) || !damaged.has((accepted as BackupRecord).chain.at(-1)!.blobId);
  for (const accepted of seen.filter(isProven).sort(bySequence)) accept(accepted);
  for (const { header } of blobs.filter(({ damage }) => damage !== undefined).sort(byHeader)) {
    const { resourceId, sequence, createdAt } = header;
    const most = (heads.get(resourceId)?.sequence ?? 0) + BELIEVED_BEYOND;
    accept({ resourceId, sequence: Math.min(sequence, most), createdAt });
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

type Accepted = Pick<BackupRecord, 'resourceId' | 'sequence' | 'createdAt'>;

const bySequence = (a: Accepted, b: Accepted): number => a.sequence - b.sequence;
const byHeader = (a: FoundBlob, b: FoundBlob): number => bySequence(a.header, b.header);
