// Whether what lies in a data folder belongs together, before anything is built on it or removed from it. What was lost can
// be made anew from the blobs; what is begun anew over them, or goes on from an older catalog, gives ids twice and takes
// the newer backups for rubbish.

import { existsSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { PortError } from '../ports.ts';
import { blobPath, blobPaths, describeBlobs, hasBlobs, headerAt } from './blob-survey.ts';
import { makePrivateDirectory } from './data-dir.ts';
import type { Database } from './database.ts';
import {
  type GenerationFile,
  newStoreId,
  openGenerationFile,
  readGeneration,
  readStoreId,
  trailDirectory,
  writeStoreId,
} from './store-mark.ts';
import { segmentNumbers } from './trail-store.ts';

/** As it is run here: an installed package has no scripts of its own. */
const REBUILD = import.meta.dirname.includes(`${sep}node_modules${sep}`)
  ? 'npx backup-restore-service rebuild'
  : 'npm run rebuild --';

/** Reasons for which a folder is refused that a rebuild mends. */
const MENDED_BY_REBUILD: readonly (string | undefined)[] = [
  'catalog_lost',
  'catalog_damaged',
  'foreign_catalog',
  'rolled_back',
];

/**
 * Looks at a folder before its catalog is opened, or made. Throws PortError `integrity` if there is no catalog where there
 * has been one: a refused folder stays as it is, byte for byte.
 */
export function demandCatalog(dataDir: string): void {
  const path = join(dataDir, 'catalog.sqlite');
  const isThere = existsSync(path);
  if (isThere && statSync(path).size > 0) return;
  if (!hasBlobs(dataDir) && readGeneration(dataDir) === 0) return;
  throw new PortError('integrity', `catalog.sqlite is ${isThere ? 'empty' : 'missing'}`, {
    reason: 'catalog_lost',
  });
}

/**
 * Holds an opened catalog to what stands beside the blobs; one that is new, or of a release that knew no such marks, is
 * given them. Throws PortError `integrity` with the reason `foreign_catalog`, `rolled_back` or `blobs_lost`.
 */
export function matchStore(native: DatabaseSync, dataDir: string): GenerationFile {
  const { id, beside } = checkStore(native, dataDir);
  if (id === undefined) {
    adopt(native, dataDir, newStoreId());
    return openGenerationFile(dataDir);
  }
  // The process may have died between the catalog's first commit and this.
  makePrivateDirectory(trailDirectory(dataDir));
  if (beside === undefined) writeStoreId(dataDir, id);
  return openGenerationFile(dataDir);
}

/** The part of it that only looks: the ids in the catalog and beside the blobs, as far as there are any. Throws as it does. */
export function checkStore(
  native: DatabaseSync,
  dataDir: string,
): { id: string | undefined; beside: string | undefined } {
  const row = native.prepare('SELECT id, generation, segment FROM store').get();
  const beside = readStoreId(dataDir);
  if (row === undefined) {
    // An older catalog of the first release has been put back, under blobs that a later one has marked.
    if (beside !== undefined) throw foreign();
    return { id: undefined, beside };
  }
  const id = String(row.id);
  const generation = Number(row.generation);
  if (beside !== undefined && beside !== id) throw foreign();
  const acknowledged = readGeneration(dataDir);
  if (acknowledged > generation) {
    const missing = acknowledged - generation;
    throw new PortError(
      'integrity',
      `catalog.sqlite or its -wal is older than the blobs: the last ${missing === 1 ? 'commit' : `${missing} commits`} are missing from it`,
      { reason: 'rolled_back' },
    );
  }
  // The process may have died between a segment and its mark: then there is one more, and no more than one.
  if ((segmentNumbers(dataDir).at(-1) ?? 0) > Number(row.segment) + 1) {
    throw new PortError('integrity', 'catalog.sqlite is older than its own trail', { reason: 'rolled_back' });
  }
  return { id, beside };
}

/** Marks both, the catalog first: a mark beside the blobs without one in the catalog would mean that the catalog is older. */
function adopt(native: DatabaseSync, dataDir: string, id: string): void {
  makePrivateDirectory(trailDirectory(dataDir));
  native.prepare('INSERT INTO store (one, id, generation) VALUES (1, ?, 0)').run(id);
  writeStoreId(dataDir, id);
}

function foreign(): PortError {
  return new PortError(
    'integrity',
    'catalog.sqlite and blobs/ are of two different stores, or of two different times',
    {
      reason: 'foreign_catalog',
    },
  );
}

/** Newest backups whose blobs are looked for. */
const LOOKED_FOR = 20;

/**
 * A catalog that names live backups needs at least some of their blobs: else they are gone, or are those of another store.
 * Throws PortError `integrity`.
 */
export function demandBlobs(database: Database, dataDir: string): void {
  const newest = database.statement<{ own_blob: string }>(
    `SELECT own_blob FROM backup WHERE live = 1 ORDER BY created_at DESC LIMIT ${LOOKED_FOR}`,
  );
  const wanted = newest.all();
  if (wanted.length === 0 || wanted.some(({ own_blob }) => existsSync(blobPath(dataDir, own_blob)))) return;
  const count = `${wanted.length} newest backup${wanted.length === 1 ? '' : 's'}`;
  const what = hasBlobs(dataDir) ? 'blobs/ has others, and none' : 'blobs/ is empty: it has none';
  throw new PortError(
    'integrity',
    `${what} of the blobs of the ${count} that the catalog names: put the folder back from a copy`,
    { reason: 'blobs_lost' },
  );
}

/**
 * Blobs beside a catalog that names no resource can be what a crash left of the very first backups, and nothing more.
 * Throws PortError `integrity` if one of them is a later one.
 */
export async function demandOnlyFirst(dataDir: string): Promise<void> {
  for (const { path } of blobPaths(dataDir)) {
    const header = await headerAt(path);
    if (header !== undefined && header.sequence > 1) {
      throw new PortError('integrity', 'catalog.sqlite names no backups', { reason: 'catalog_lost' });
    }
  }
}

/** The same error, with what is there and the command that mends it, if there is one. */
export async function withWayOut(error: unknown, dataDir: string): Promise<unknown> {
  if (!(error instanceof PortError) || !MENDED_BY_REBUILD.includes(error.reason)) return error;
  const blobs = await describeBlobs(dataDir);
  const message = `${error.message}; blobs/ has ${blobs}. Nothing was removed. This makes the catalog anew from them: ${REBUILD} ${shellWord(dataDir)}`;
  return new PortError(error.code, message, {
    cause: error,
    ...(error.reason === undefined ? {} : { reason: error.reason }),
  });
}

/** A path as a POSIX shell takes it for one word. */
function shellWord(path: string): string {
  return /^[\w./@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
