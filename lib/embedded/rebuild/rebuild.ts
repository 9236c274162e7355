// Makes the catalog of a data folder anew: from the headers of its blobs, and from the trail for what they do not say. The
// old catalog is kept; a crash at any moment leaves either the old one or the new one in place.

import type { FoundBlob } from '../../core/blob/found.ts';
import { hasCode } from '../../core/records/errors.ts';
import { readSegmentHeader } from '../../core/trail/segment.ts';
import { PortError } from '../../ports/errors.ts';
import type { Keyring } from '../../ports/keyring.ts';
import type { Random } from '../../ports/random.ts';
import { systemRandom } from '../../random.ts';
import { type RebuiltCatalog, rebuildRecords } from '../../service/recovery/catalog.ts';
import type { Ambiguity } from '../../service/recovery/from-blobs.ts';
import { neededFromQuarantine } from '../../service/recovery/from-quarantine.ts';
import type { NotTaken } from '../../service/recovery/not-taken.ts';
import type { Replayed } from '../../service/recovery/replay.ts';
import { hasBlobs } from '../blobs/blob-survey.ts';
import type { UnreadableBlob } from '../blobs/prove-blob.ts';
import { putBack } from '../blobs/put-back.ts';
import { asideEntries } from '../blobs/quarantine.ts';
import { newStoreId, readGeneration, readStoreId, segmentNumbers } from '../disk/store-mark.ts';
import { openKeyring } from '../keys/keyring.ts';
import { createTrailStore } from '../trail/trail-store.ts';
import { putInPlace, takenOut } from './put-in-place.ts';
import {
  countingKeys,
  type KeyCounts,
  lookInto,
  type ReadBlobs,
  type ReadTrail,
  readBlobs,
  readQuarantine,
  readTrail,
} from './rebuild-read.ts';
import { writeCatalog } from './rebuild-write.ts';

export interface RebuildOptions {
  /** Changes nothing. */
  isDryRun: boolean;
  /** Hears how many blobs have been looked at, of how many. */
  onProgress?: (done: number, total: number) => void;
  /** For tests that make one run twice; otherwise the machine's. */
  random?: Random;
}

export interface RebuildReport {
  blobs: number;
  resources: number;
  live: number;
  hidden: number;
  policies: number;
  held: number;
  /** Blobs that are not what was sealed, with the live backups that need them. */
  damaged: { blobId: string; backupId: string; reason: string; neededBy: string[] }[];
  /** Files in the place of blobs of which nobody knows what they were, with the live backups that need a blob of that name. */
  unreadable: (UnreadableBlob & { neededBy: string[] })[];
  /** Blobs that are not here, with the live backups that need them. */
  missing: { blobId: string; neededBy: string[] }[];
  /** Blobs that were, or would be, put back from quarantine. */
  putBack: string[];
  /** Whole blobs that lay, or lie, in the place of another, and were, or would be, put into their own. */
  misplaced: { blobId: string; backupId: string; at?: string }[];
  /** Blobs of which a whole one takes the place of a damaged one, which is kept in the quarantine. */
  replaced: string[];
  fromBlobsAlone: string[];
  uncertain: Ambiguity[];
  /** What is whole, or was committed once, and is in the catalog no more, because something else has its id or its place. */
  notTaken: NotTaken[];
  trail: Pick<ReadTrail, 'segments' | 'damaged' | 'missing' | 'until' | 'fromCatalog'>;
}

/**
 * Rebuilds the catalog in `dataDir`. Throws PortError `unavailable` while a service owns the folder, `denied` if the key of
 * the blobs is missing or another's, `not_found` if there is nothing to rebuild from.
 */
export async function rebuild(dataDir: string, options: RebuildOptions): Promise<RebuildReport> {
  const { random = systemRandom } = options;
  demandFolder(dataDir);
  demandNoOwner(dataDir);
  const before = readGeneration(dataDir);
  const keyring = countingKeys(await openKeyring({ dataDir, mayCreate: false, random }));
  const storeId = await storeIdOf(dataDir, random);
  const trail = await readTrail(dataDir, storeId, keyring);
  demandAnyBlob(dataDir, trail.replayed);
  const blobs = await readBlobs(dataDir, keyring, options.onProgress);
  const aside = await asideBlobs(dataDir, keyring, blobs);
  const whole = blobs.found.filter(({ damage }) => damage === undefined);
  const wanted = neededFromQuarantine(aside, whole, trail.replayed);
  demandRightKey(keyring.counts);
  const better = new Set(wanted.map(({ header }) => header.blobId));
  const others = blobs.found.filter(({ header }) => !better.has(header.blobId));
  const all = { ...blobs, found: [...others, ...wanted] };
  const rebuilt = rebuildRecords(all.found, trail.replayed);
  const report = reportOf(all, rebuilt, trail, wanted);
  if (options.isDryRun) return report;
  const written = await writeCatalog(dataDir, {
    rebuilt,
    uncertainIds: [
      ...all.found.filter(({ damage }) => damage !== undefined).map(({ header }) => header.backupId),
      ...all.unreadable.flatMap(({ backupId = [] }) => backupId),
    ],
    trail: trail.replayed,
    ids: all.found.filter(({ damage }) => damage === undefined).map(({ header }) => header.backupId),
    recent: trail.recent,
    storeId,
    random,
  });
  putInPlace(dataDir, blobs.misplaced, report.replaced);
  if (wanted.length > 0) for await (const _outcome of putBack(dataDir, report.putBack));
  demandNoOwner(dataDir);
  if (readGeneration(dataDir) !== before) throw owned();
  written.place();
  return report;
}

function demandFolder(dataDir: string): void {
  if (hasAnyBlob(dataDir) || segmentNumbers(dataDir).length > 0) return;
  throw nothingIn(dataDir, 'no blobs, in blobs/ or in quarantine/, and no trail/');
}

/** The trail alone gives no state back, and no start takes a catalog of nothing but what is lost. */
function demandAnyBlob(dataDir: string, { backups }: Replayed): void {
  const live = [...backups.values()].filter(({ deletedAt }) => deletedAt === undefined).length;
  if (live === 0 || hasAnyBlob(dataDir)) return;
  throw nothingIn(
    dataDir,
    `no blobs, in blobs/ or in quarantine/, of the ${live} backups that its trail names`,
  );
}

function hasAnyBlob(dataDir: string): boolean {
  return hasBlobs(dataDir) || takenOut(dataDir).length > 0 || asideEntries(dataDir).length > 0;
}

function nothingIn(dataDir: string, what: string): PortError {
  const message = `${dataDir} has ${what}: there is nothing to rebuild from. Put the whole folder back from a copy`;
  return new PortError('not_found', message);
}

/** A catalog that cannot even be opened belongs to nobody. Throws PortError `unavailable`. */
function demandNoOwner(dataDir: string): void {
  lookInto(dataDir, (native) => native.prepare('SELECT count(*) FROM sqlite_schema').get());
}

function owned(): PortError {
  return new PortError(
    'unavailable',
    'a service has worked in the data folder meanwhile: stop it, and run this again',
  );
}

/** What lies aside and is better than what lies in its place, if anything does. */
async function asideBlobs(dataDir: string, keyring: Keyring, { spoiled }: ReadBlobs) {
  const aside = await readQuarantine(dataDir, keyring);
  for (const blobId of spoiled) if (aside.get(blobId)?.damage !== undefined) aside.delete(blobId);
  return aside;
}

/**
 * As most segments of the trail have it, which were sealed with it; where there are none, as it stands beside the blobs. A bit that
 * flips there makes another id of it.
 */
async function storeIdOf(dataDir: string, random: Random): Promise<string> {
  const trail = createTrailStore(dataDir);
  const votes = new Map<string, number>();
  for (const number of segmentNumbers(dataDir)) {
    try {
      const { store } = readSegmentHeader(await trail.read(number));
      votes.set(store, (votes.get(store) ?? 0) + 1);
    } catch (error) {
      // A damaged one says nothing, and is counted as damaged when the trail is read.
      if (!hasCode(error, 'integrity_error') && !(error instanceof PortError)) throw error;
    }
  }
  const [most] = [...votes].sort(([, a], [, b]) => b - a);
  return most?.[0] ?? storedIdOf(dataDir) ?? newStoreId(random);
}

function storedIdOf(dataDir: string): string | undefined {
  try {
    return readStoreId(dataDir);
  } catch (error) {
    if (!(error instanceof PortError && error.code === 'integrity')) throw error;
    return undefined;
  }
}

/** Nothing that is sealed opens: then what would be called damaged is whole, and what would be sealed from now on lost. */
function demandRightKey({ opened, refused }: KeyCounts): void {
  if (opened > 0 || refused === 0) return;
  throw new PortError(
    'denied',
    'master.key is not the key that has sealed what is here: put the right one back',
    { reason: 'wrong_key' },
  );
}

function reportOf(
  { found, misplaced, spoiled, unreadable }: ReadBlobs,
  rebuilt: RebuiltCatalog,
  { replayed, segments, damaged, missing, until, fromCatalog }: ReadTrail,
  wanted: readonly FoundBlob[],
): RebuildReport {
  const live = rebuilt.backups.filter(({ deletedAt }) => deletedAt === undefined);
  const needs = new Map<string, string[]>();
  for (const { id, chain } of live) {
    for (const { blobId } of chain) {
      const known = needs.get(blobId);
      if (known === undefined) needs.set(blobId, [id]);
      else known.push(id);
    }
  }
  const neededBy = (blobId: string): string[] => needs.get(blobId) ?? [];
  const backupOf = new Map(found.map(({ header }) => [header.blobId, header.backupId]));
  const whole = new Set([
    ...wanted.map(({ header }) => header.blobId),
    ...misplaced.map((one) => one.blobId),
  ]);
  const here = new Set([...found.map(({ ref }) => ref.blobId), ...unreadable.map(({ blobId }) => blobId)]);
  return {
    blobs: found.length + unreadable.filter(({ blobId }) => !whole.has(blobId)).length,
    resources: new Set(live.map(({ resourceId }) => resourceId)).size,
    live: live.length,
    hidden: rebuilt.backups.length - live.length,
    policies: replayed.policies.size,
    held: live.filter(({ legalHold, lockedUntil }) => legalHold === true || lockedUntil !== undefined).length,
    damaged: found.flatMap(({ header: { blobId, backupId }, damage }) =>
      damage === undefined ? [] : [{ blobId, backupId, reason: damage, neededBy: neededBy(blobId) }],
    ),
    unreadable: unreadable.map((blob) => ({
      ...blob,
      neededBy: whole.has(blob.blobId) ? [] : neededBy(blob.blobId),
    })),
    missing: [...needs].flatMap(([blobId, ids]) => (here.has(blobId) ? [] : [{ blobId, neededBy: ids }])),
    putBack: wanted.map(({ header }) => header.blobId),
    misplaced: misplaced.map(({ blobId, at }) => ({
      blobId,
      backupId: backupOf.get(blobId)!,
      ...(at === undefined ? {} : { at }),
    })),
    replaced: spoiled.filter((blobId) => whole.has(blobId)),
    fromBlobsAlone: rebuilt.fromBlobsAlone,
    uncertain: rebuilt.uncertain,
    notTaken: rebuilt.notTaken,
    trail: { segments, damaged, missing, until, ...(fromCatalog === undefined ? {} : { fromCatalog }) },
  };
}
