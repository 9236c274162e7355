// Makes a table anew from what lies in the bucket: from the trail, which knows what became of each backup, and from the blobs, which
// know what they are. Only the table is written, and blobs that come back from quarantine; nothing is removed.

import { DAY_MS, LIMITS } from '../../core/records/limits.ts';
import type { Notice } from '../../core/records/model.ts';
import { PortError } from '../../ports/errors.ts';
import type { TrailStore } from '../../ports/trail.ts';
import { createBlobStore } from '../blobs/blob-store.ts';
import { createTrailStore, storeIdOf } from '../blobs/trail-store.ts';
import { type CatalogLoad, createCatalogLoad, type Stage } from '../catalog/catalog-load.ts';
import { createKeyring } from '../keys/keyring.ts';
import { type Clients, countCalls } from './calls.ts';
import { demandRightKey, openedOnce } from './keys.ts';
import { rebuildPart } from './part.ts';
import { readBlobs } from './read-blobs.ts';
import { type Forgotten, readTrail } from './read-trail.ts';
import { type RebuildReport, reportOf } from './report.ts';
import { openWorkFolder, PARTS, type WorkFolder } from './work-folder.ts';

export interface RebuildOptions {
  bucket: string;
  table: string;
  keyArn: string;
  formerKeyArns: readonly string[];
  /** Where the objects lay before they were copied here: the trail names its store by its bucket. */
  formerBuckets: readonly string[];
  /** A folder of its own, which a run that is broken off goes on with. */
  workFolder: string;
  /** Reads and tells, and writes nothing. */
  isDryRun: boolean;
  /** Reads every byte of every blob, and not of those alone that the trail does not know. */
  isProvingAll: boolean;
  /** Records that are there are removed first. */
  isReplacing: boolean;
  /** How long events can be read in the table; 0: for ever. */
  auditDays: number;
  now: number;
  /** Hears what is being done, and how far it is. */
  onProgress?(doing: 'trail' | 'blobs' | 'parts', done: number, total?: number): void;
}

const REBUILD_NOTICE = 'rollback';

/**
 * Rebuilds `table` from `bucket`. It may be broken off at any moment and run again: it goes on, and what it writes twice is the same.
 * Throws PortError `exists` if the table has records and is not to be replaced, `denied` if no key of the blobs opens, `not_found` if
 * there is nothing to rebuild from, `conflict` for a work folder of another rebuild.
 */
export async function rebuildTable(clients: Clients, options: RebuildOptions): Promise<RebuildReport> {
  const { bucket, table, keyArn, formerKeyArns, formerBuckets, now } = options;
  const folder = openWorkFolder(options.workFolder, `s3://${bucket} into ${table}`);
  const { progress } = folder;
  const { counts } = progress;
  countCalls(clients, counts);
  const load = createCatalogLoad(clients.dynamoDb, table, {
    onWritten(units) {
      counts.writeUnits += units;
    },
    onRead(units) {
      counts.readUnits += units;
    },
  });
  const keyring = openedOnce(createKeyring({ kms: clients.kms, keyArn, formerKeyArns }));
  const blobs = createBlobStore({ s3: clients.s3, bucket });
  const store = createTrailStore({ s3: clients.s3, bucket });
  let stage: Stage | undefined;
  if (!options.isDryRun) {
    stage = await load.stage();
    if (stage !== 'writing') {
      if (!options.isReplacing) await demandEmptyTable(load, table);
      // Before anything is read: what is committed behind that would be in neither.
      await load.begin(noticeAt(now));
    }
  }
  try {
    await readTrail(folder, {
      store,
      keyring,
      storeIds: [storeIdOf(bucket), ...formerBuckets.map(storeIdOf)],
      forgotten: forgottenAt(now, options.auditDays),
      onProgress: (done, total) => options.onProgress?.('trail', done, total),
    });
    demandRightKey(keyring.counts);
    await readBlobs(folder, {
      s3: clients.s3,
      bucket,
      blobs,
      onProgress: (looked) => options.onProgress?.('blobs', looked),
    });
    demandAnything(folder, bucket);
  } catch (error) {
    const isRefusal = error instanceof PortError && ['denied', 'not_found'].includes(error.code);
    if (isRefusal && !options.isDryRun && stage !== 'writing') await load.end(undefined, REBUILD_NOTICE);
    throw error;
  }
  if (!options.isDryRun && stage !== 'writing') {
    if (options.isReplacing) await load.removeRecords();
    await load.beginWriting();
  }
  const { isDryRun, isProvingAll } = options;
  const parts = { folder, s3: clients.s3, bucket, keyring, load, isDryRun, isProvingAll };
  for (let part = 0; part < PARTS; part++) {
    if (progress.done[part] === undefined) {
      progress.done[part] = await rebuildPart(parts, part);
      if (!options.isDryRun) folder.keep();
    }
    options.onProgress?.('parts', part + 1, PARTS);
  }
  if (!options.isDryRun) {
    const { segment, sha256 } = progress.trail;
    await demandEndOfTrail(store, segment);
    await load.end(segment === 0 ? undefined : { segment, sha256 }, REBUILD_NOTICE);
  }
  const report = await reportOf(folder);
  // What a look has read may be no longer so by the time of the run that writes.
  folder.clear();
  return report;
}

async function demandEmptyTable(load: CatalogLoad, table: string): Promise<void> {
  if (!(await load.hasRecords())) return;
  throw new PortError(
    'exists',
    `the table ${table} has records. A rebuild goes into an empty one: deploy a stack with a new table, or say that these are to be replaced`,
  );
}

function demandAnything({ progress: { trail, blobs, aside } }: WorkFolder, bucket: string): void {
  if (trail.segments > 0 || blobs.looked + aside.looked > 0) return;
  throw new PortError('not_found', `there are no blobs and no trail in ${bucket}: nothing to rebuild from`);
}

/** Somebody who does not look at the table writes into the trail: then what it has said since is not in the table. */
async function demandEndOfTrail(store: Pick<TrailStore, 'list'>, segment: number): Promise<void> {
  const [next] = await store.list(segment);
  if (next === undefined) return;
  throw new PortError(
    'conflict',
    `the trail has gone on meanwhile, to segment ${next}: stop whatever writes it, remove the work folder, and run this again`,
  );
}

function forgottenAt(now: number, auditDays: number): Forgotten {
  return {
    eventsBefore: auditDays === 0 ? 0 : now - auditDays * DAY_MS,
    operationsBefore: now - LIMITS.operationHistoryDays * DAY_MS,
    answersBefore: now,
  };
}

function noticeAt(since: number): Notice {
  const detail =
    'The catalog is being made anew from the blobs and the trail. Nothing is written until that is done.';
  return { id: REBUILD_NOTICE, code: 'rollback', severity: 'critical', detail, since, version: 1 };
}
