// Makes the catalog of a data folder anew: from the headers of its blobs, and from the trail for what they do not say. The
// old catalog is kept; a crash at any moment leaves either the old one or the new one in place.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { bindingOf, proveSeal } from '../core/envelope.ts';
import type { BlobHeader } from '../core/envelope-header.ts';
import { ServiceError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { BackupRecord, SegmentMark } from '../core/model.ts';
import { readSegmentHeader } from '../core/trail/segment.ts';
import { type Change, type Keyring, PortError } from '../ports.ts';
import { keyContextOf } from '../service/blobs.ts';
import { type RebuiltCatalog, rebuildRecords } from '../service/recovery/catalog.ts';
import { type FoundBlob, refOf } from '../service/recovery/chains.ts';
import { createReplay, type Replayed } from '../service/recovery/replay.ts';
import { readTrailLine } from '../service/trail/lines.ts';
import { readSegment } from '../service/trail/write.ts';
import { readChunks } from './blob-file.ts';
import { blobPath, blobPaths, headerAt } from './blob-survey.ts';
import { createCatalog } from './catalog.ts';
import { createSystemClock } from './clock.ts';
import { syncDirectorySync } from './data-dir.ts';
import { type Database, openDatabase } from './database.ts';
import { sqliteResult } from './failures.ts';
import { openKeyring } from './keyring.ts';
import { quarantineDirectory } from './quarantine.ts';
import { createQueue } from './queue.ts';
import { keyText } from './schema.ts';
import { readGeneration, readStoreId } from './store-mark.ts';
import { createTrailStore, segmentNumbers } from './trail-store.ts';

export interface RebuildOptions {
  /** Changes nothing. */
  isDryRun: boolean;
  /** Hears how many blobs have been looked at, of how many. */
  onProgress?: (done: number, total: number) => void;
}

export interface RebuildReport {
  blobs: number;
  resources: number;
  live: number;
  hidden: number;
  /** Blobs that are not what was sealed, with the live backups that need them. */
  damaged: { blobId: string; backupId: string; reason: string; neededBy: string[] }[];
  /** Live backups that need blobs which are not here. */
  missing: { blobId: string; neededBy: string[] }[];
  putBack: string[];
  fromBlobsAlone: string[];
  uncertain: string[];
  trail: { segments: number; damaged: number[]; until?: number };
  policies: number;
  held: number;
}

const OWNED = 5;
const REBUILT = 'rebuilt';
const CHANGES_AT_ONCE = 60;

/**
 * Rebuilds the catalog in `dataDir`. Throws PortError `unavailable` while a service owns the folder, `denied` if the key of
 * encrypted blobs is missing, `not_found` if there is nothing to rebuild from.
 */
export async function rebuild(dataDir: string, options: RebuildOptions): Promise<RebuildReport> {
  demandFolder(dataDir);
  demandNoOwner(dataDir);
  const keyring = await openKeyring({ dataDir, mayCreate: false });
  const { replayed, trail } = await readTrail(dataDir, keyring);
  const putBack = takeFromQuarantine(dataDir, replayed, options.isDryRun);
  const blobs = await readBlobs(dataDir, keyring, options);
  const rebuilt = rebuildRecords(blobs, replayed);
  const report = reportOf(blobs, rebuilt, replayed, trail, putBack);
  if (!options.isDryRun) await writeCatalog(dataDir, rebuilt, replayed, blobs);
  return report;
}

function demandFolder(dataDir: string): void {
  if (existsSync(join(dataDir, 'blobs')) || segmentNumbers(dataDir).length > 0) return;
  throw new PortError(
    'not_found',
    `${dataDir} has neither blobs/ nor trail/: there is nothing to rebuild from`,
  );
}

/** A catalog that cannot even be opened belongs to nobody. */
function demandNoOwner(dataDir: string): void {
  const path = join(dataDir, 'catalog.sqlite');
  if (!existsSync(path)) return;
  // Looking leaves an index of the log behind, even to read.
  const beside = [`${path}-shm`, `${path}-wal`].filter((name) => !existsSync(name));
  let native: DatabaseSync | undefined;
  try {
    native = new DatabaseSync(path, { timeout: 0, readOnly: true });
    native.prepare('SELECT count(*) FROM sqlite_schema').get();
  } catch (error) {
    if (sqliteResult(error) !== OWNED) return;
    throw new PortError('unavailable', 'a service owns the data folder: stop it first', { cause: error });
  } finally {
    native?.close();
    for (const name of beside) rmSync(name, { force: true });
  }
}

async function readTrail(dataDir: string, keyring: Keyring) {
  const store = createTrailStore(dataDir);
  const storeId = readStoreId(dataDir) ?? '';
  const replay = createReplay();
  const damaged: number[] = [];
  let until: number | undefined;
  let before: SegmentMark | undefined;
  const numbers = await store.list();
  for (const number of numbers) {
    const { mark, lines } = await readSegment({ store, keyring, storeId }, number);
    const header = lines && readSegmentHeader(await store.read(number));
    if (header === undefined || (before !== undefined && header.previous !== before.sha256)) {
      damaged.push(number);
    }
    for (const line of lines ?? []) replay.take(readTrailLine(line));
    until = header?.writtenAt ?? until;
    before = mark;
  }
  return {
    replayed: replay as Replayed,
    trail: { segments: numbers.length, damaged, ...(until === undefined ? {} : { until }) },
  };
}

/** Blobs that a backup needs, but that lie in quarantine. */
function takeFromQuarantine(dataDir: string, trail: Replayed, isDryRun: boolean): string[] {
  const folder = quarantineDirectory(dataDir);
  if (!existsSync(folder)) return [];
  const needed = new Set([...trail.backups.values()].flatMap(({ own, before }) => [own.blobId, ...before]));
  const putBack: string[] = [];
  for (const name of readdirSync(folder)) {
    const blobId = name.slice(0, 32);
    if (!needed.has(blobId) || existsSync(blobPath(dataDir, blobId))) continue;
    if (!isDryRun) renameSync(join(folder, name), blobPath(dataDir, blobId));
    putBack.push(blobId);
  }
  return putBack;
}

async function readBlobs(
  dataDir: string,
  keyring: Keyring,
  { onProgress }: RebuildOptions,
): Promise<FoundBlob[]> {
  const paths = [...blobPaths(dataDir)];
  const found: FoundBlob[] = [];
  const open = keysOf(keyring);
  for (const [i, { blobId, path }] of paths.entries()) {
    const header = await headerAt(path);
    // What is no blob of ours is left where it is: the search for orphans deals with it.
    if (header !== undefined && header.blobId === blobId) found.push(await proven(path, header, open));
    onProgress?.(i + 1, paths.length);
  }
  return found;
}

/** The data keys of chains, each opened once. */
function keysOf(keyring: Keyring): (header: BlobHeader) => Promise<Uint8Array | undefined> {
  const opened = new Map<string, Promise<Uint8Array>>();
  return async (header) => {
    if (header.cipher === 'none') return undefined;
    const { key } = header;
    const name = JSON.stringify([key, header.resourceId, header.chainId]);
    if (!opened.has(name)) opened.set(name, keyring.open(key, keyContextOf(header)));
    return opened.get(name);
  };
}

async function proven(
  path: string,
  header: BlobHeader,
  open: (header: BlobHeader) => Promise<Uint8Array | undefined>,
): Promise<FoundBlob> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of readChunks(path)) {
      hash.update(chunk);
      bytes += chunk.length;
      if (bytes <= LIMITS.keptBasesBytesMax) chunks.push(chunk);
    }
    const sealed = bytes <= LIMITS.keptBasesBytesMax ? chunks : { bytes, read: () => readChunks(path) };
    await proveSeal(sealed, bindingOf(header), await open(header));
    return { header, ref: refOf(header, bytes, hash.digest('hex')) };
  } catch (error) {
    const isDamage =
      error instanceof ServiceError || (error instanceof PortError && error.code !== 'unavailable');
    if (!isDamage) throw error;
    return { header, ref: refOf(header, bytes, hash.digest('hex')), damage: error.message };
  }
}

function reportOf(
  blobs: readonly FoundBlob[],
  rebuilt: RebuiltCatalog,
  trail: Replayed,
  segments: RebuildReport['trail'],
  putBack: string[],
): RebuildReport {
  const live = rebuilt.backups.filter(({ deletedAt }) => deletedAt === undefined);
  const here = new Set(blobs.map(({ header }) => header.blobId));
  const needs = new Map<string, string[]>();
  for (const { id, chain } of live) {
    for (const { blobId } of chain) needs.set(blobId, [...(needs.get(blobId) ?? []), id]);
  }
  return {
    blobs: blobs.length,
    resources: new Set(live.map(({ resourceId }) => resourceId)).size,
    live: live.length,
    hidden: rebuilt.backups.length - live.length,
    damaged: blobs.flatMap(({ header: { blobId, backupId }, damage }) =>
      damage === undefined ? [] : [{ blobId, backupId, reason: damage, neededBy: needs.get(blobId) ?? [] }],
    ),
    missing: [...needs].flatMap(([blobId, neededBy]) =>
      here.has(blobId) || putBack.includes(blobId) ? [] : [{ blobId, neededBy }],
    ),
    putBack,
    fromBlobsAlone: rebuilt.fromBlobsAlone,
    uncertain: rebuilt.uncertain,
    trail: segments,
    policies: trail.policies.size,
    held: live.filter(({ legalHold, lockedUntil }) => legalHold === true || lockedUntil !== undefined).length,
  };
}

async function writeCatalog(
  dataDir: string,
  rebuilt: RebuiltCatalog,
  trail: Replayed,
  blobs: readonly FoundBlob[],
): Promise<void> {
  const folder = join(dataDir, REBUILT);
  rmSync(folder, { recursive: true, force: true });
  const database = openDatabase(folder);
  try {
    await fill(database, rebuilt, trail, blobs);
    const { id } = database.statement<{ id: string }>('SELECT id FROM store').get()!;
    const storeId = readStoreId(dataDir) ?? id;
    const segment = segmentNumbers(dataDir).at(-1) ?? 0;
    // The next commit's number is beyond all that were acknowledged.
    const generation = readGeneration(dataDir) + 1;
    await database.write(() => {
      database.statement('DELETE FROM outbox').run();
      database
        .statement('UPDATE store SET id = ?, generation = MAX(generation, ?), segment = ?, based = ?')
        .run(storeId, generation, segment, segment > 0 ? 1 : 0);
    });
  } finally {
    database.close();
  }
  exchange(dataDir, folder);
}

async function fill(
  database: Database,
  { backups, heads }: RebuiltCatalog,
  trail: Replayed,
  blobs: readonly FoundBlob[],
): Promise<void> {
  const catalog = createCatalog(database);
  const queue = createQueue(database, createSystemClock());
  const commitAll = async (changes: Iterable<Change>): Promise<void> => {
    let group: Change[] = [];
    for (const change of changes) {
      group.push(change);
      if (group.length < CHANGES_AT_ONCE) continue;
      await catalog.commit(group);
      group = [];
    }
    if (group.length > 0) await catalog.commit(group);
  };
  await commitAll(heads.map((head) => ({ kind: 'head.put', head, expect: 0 })));
  await commitAll(backups.map((record) => ({ kind: 'backup.insert', record })));
  await commitAll(pointersOf(backups));
  await commitAll([...trail.garbage.values()].map((entry) => ({ kind: 'garbage.put', entry })));
  await commitAll(
    [...trail.policies.values()].map((record) => ({ kind: 'policy.put', record: first(record), expect: 0 })),
  );
  await commitAll(
    [...trail.notices.values()].map((record) => ({ kind: 'notice.put', record: first(record), expect: 0 })),
  );
  await commitAll([...trail.requests.values()].map((record) => ({ kind: 'request.insert', record })));
  await commitAll([...trail.operations.values()].map((record) => ({ kind: 'operation.insert', record })));
  await commitAll(
    [...trail.answers.values()].map((record) => ({ kind: 'idempotency.insert', record, now: 0 })),
  );
  await commitAll([...trail.events.values()].map((event) => ({ kind: 'event.append', event })));
  await leaveGaps(database, trail);
  await raiseCounters(database, trail, blobs);
  await database.write(() => database.statement('UPDATE event SET published = 1 WHERE published = 0').run());
  for (const { id, status } of trail.requests.values()) {
    if (status === 'pending' || status === 'in_progress') await queue.send({ kind: 'backup', id });
  }
  for (const { id, status } of trail.operations.values()) {
    if (status === 'queued') await queue.send({ kind: 'restore', id });
  }
}

function first<T extends { version: number }>(record: T): T {
  return { ...record, version: 1 };
}

/** Of each resource the newest; older ones are not shown. */
function* pointersOf(backups: readonly BackupRecord[]): Generator<Change> {
  const live = backups.filter(({ deletedAt }) => deletedAt === undefined);
  for (const [resourceId, records] of Map.groupBy(live, (record) => record.resourceId)) {
    for (const { createdAt, sequence, id } of records
      .sort((a, b) => a.sequence - b.sequence)
      .slice(-LIMITS.snapshotsMax)) {
      yield { kind: 'snapshot.add', pointer: { resourceId, createdAt, sequence, backupId: id } };
    }
  }
}

/** The times of sequences whose backups are gone for good. */
async function leaveGaps(database: Database, trail: Replayed): Promise<void> {
  const leave = database.statement(
    'INSERT INTO gap (resource_id, sequence, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  await database.write(() => {
    for (const record of trail.removed.values()) {
      if (record !== undefined) leave.run(keyText(record.resourceId), record.sequence, record.createdAt);
    }
    for (const { resourceId, sequence, createdAt } of trail.gaps.values()) {
      leave.run(keyText(resourceId), sequence, createdAt);
    }
  });
}

/** No id that was ever given is given again. */
async function raiseCounters(
  database: Database,
  trail: Replayed,
  blobs: readonly FoundBlob[],
): Promise<void> {
  const ids = [
    ...blobs.map(({ header }) => header.backupId),
    ...trail.backups.keys(),
    ...trail.removed.keys(),
    ...trail.requests.keys(),
    ...trail.operations.keys(),
    ...[...trail.events.values()].flatMap(({ backupId = '', operationId = '' }) => [backupId, operationId]),
  ];
  const raise = database.statement(
    `INSERT INTO counter (kind, value) VALUES (?, ?)
     ON CONFLICT (kind) DO UPDATE SET value = excluded.value WHERE excluded.value > counter.value`,
  );
  await database.write(() => {
    for (const kind of ['backup', 'restore'] as const) {
      const numbers = ids.map((id) => Number(new RegExp(`^${kind}-([1-9]\\d*)$`).exec(id)?.[1] ?? 0));
      raise.run(
        kind,
        numbers.reduce(
          (most, number) => Math.max(most, Number.isSafeInteger(number) ? number : 0),
          trail.counters.get(kind) ?? 0,
        ),
      );
    }
  });
}

/** The old files are kept beside the new one, under the time at which they were replaced. */
function exchange(dataDir: string, folder: string): void {
  const stamp = new Date().toISOString().replaceAll(':', '').replaceAll('.', '');
  for (const name of readdirSync(dataDir)) {
    if (name === 'catalog.sqlite' || /^catalog\.sqlite-(wal|shm)$/.test(name)) {
      renameSync(
        join(dataDir, name),
        join(dataDir, name.replace('catalog.sqlite', `catalog.lost-${stamp}.sqlite`)),
      );
    }
  }
  renameSync(join(folder, 'catalog.sqlite'), join(dataDir, 'catalog.sqlite'));
  syncDirectorySync(dataDir);
  rmSync(folder, { recursive: true, force: true });
}
