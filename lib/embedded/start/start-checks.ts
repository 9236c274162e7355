// Whether what lies in a data folder belongs together, before anything is built on it or removed from it. What was lost can
// be made anew from the blobs; what is begun anew over them, or goes on from an older catalog, gives ids twice and takes
// the newer backups for rubbish.

import { existsSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { BlobHeader } from '../../core/blob/header.ts';
import type { ResourceHead } from '../../core/records/model.ts';
import { PortError } from '../../ports/errors.ts';
import type { Keyring } from '../../ports/keyring.ts';
import { blobPath, blobPaths, describeBlobs, hasBlobs, headerAt } from '../blobs/blob-survey.ts';
import { readBlob } from '../blobs/prove-blob.ts';
import { asideEntries } from '../blobs/quarantine.ts';
import { rolledBack } from '../catalog/same-store.ts';
import { type DocRow, keyText } from '../catalog/schema.ts';
import { blobsDirectory, readGeneration, segmentNumbers } from '../disk/store-mark.ts';
import type { CatalogReader } from './start-look.ts';

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

/** Newest backups whose blobs are looked for. */
const LOOKED_FOR = 20;

/**
 * A catalog that names live backups needs at least some of their blobs: else they are gone, or are those of another store.
 * Gives how many of the newest are missing. Throws PortError `integrity`.
 */
export function demandBlobs(database: CatalogReader, dataDir: string): number {
  const newest = database.statement<{ own_blob: string }>(
    `SELECT own_blob FROM backup WHERE live = 1 ORDER BY created_at DESC LIMIT ${LOOKED_FOR}`,
  );
  const wanted = newest.all();
  const missing = wanted.filter(({ own_blob }) => !existsSync(blobPath(dataDir, own_blob))).length;
  // Whoever has lost the newest, and has no copy of them, must not lose what is left.
  if (missing === 0 || missing < wanted.length || isAnyNamed(database, dataDir)) return missing;
  const count = `${wanted.length} newest backup${wanted.length === 1 ? '' : 's'}`;
  const what = hasBlobs(dataDir) ? 'blobs/ has others, and none' : 'blobs/ is empty: it has none';
  throw new PortError(
    'integrity',
    `${what} of the blobs of the ${count} that the catalog names: put the folder back from a copy`,
    { reason: 'blobs_lost' },
  );
}

function isAnyNamed(database: CatalogReader, dataDir: string): boolean {
  const named = database.statement<{ named: 1 }>(
    'SELECT 1 AS named FROM backup WHERE own_blob = ? AND live = 1',
  );
  for (const { blobId } of blobPaths(dataDir)) if (named.get(blobId) !== undefined) return true;
  return false;
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

/**
 * A crash leaves at most a blob of the sequence that comes next, and heads only move on: one from beyond that was once
 * committed, in a later catalog than this; and so it is if catalog and marks were put back together, and agree. Opens the headers
 * of the blobs that the catalog does not name, and proves one that says so: a bit of it may have flipped. Gives those headers.
 * Throws PortError `integrity`.
 */
export async function demandNothingNewer(
  database: CatalogReader,
  dataDir: string,
  keyring: () => Keyring,
): Promise<BlobHeader[]> {
  const unnamed: BlobHeader[] = [];
  const named = database.statement<{ named: 1 }>(
    `SELECT 1 AS named WHERE EXISTS (SELECT 1 FROM backup WHERE own_blob = ?1)
       OR EXISTS (SELECT 1 FROM garbage WHERE blob_id = ?1)`,
  );
  const headOf = database.statement<DocRow>('SELECT doc FROM head WHERE resource_id = ?');
  for (const { blobId, path } of blobPaths(dataDir)) {
    if (named.get(blobId) !== undefined) continue;
    const header = await headerAt(path);
    if (header === undefined) continue;
    unnamed.push(header);
    const doc = headOf.get(keyText(header.resourceId))?.doc;
    const { sequence } = doc === undefined ? { sequence: 0 } : (JSON.parse(doc) as ResourceHead);
    if (header.sequence <= sequence + 1) continue;
    if (await isKnownToBeDamaged(blobId, path, keyring)) continue;
    throw rolledBack(
      `catalog.sqlite is older than the blobs: it does not know ${header.backupId}, whose blob is there`,
    );
  }
  return unnamed;
}

/** Without the key nobody can tell: then a header is believed. */
async function isKnownToBeDamaged(blobId: string, path: string, keyring: () => Keyring): Promise<boolean> {
  let keys: Keyring;
  try {
    keys = keyring();
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    return false;
  }
  const blob = await readBlob(blobId, path, keys);
  return !('header' in blob) || blob.damage !== undefined;
}

/** The same error, with what is there and the command that mends it, if there is one. */
export async function withWayOut(error: unknown, dataDir: string): Promise<unknown> {
  if (!(error instanceof PortError) || !MENDED_BY_REBUILD.includes(error.reason)) return error;
  const blobs = await describeBlobs(dataDir);
  const command = `${REBUILD} ${shellWord(dataDir)}`;
  const wayOut =
    hasBlobs(dataDir) || asideEntries(dataDir).length > 0
      ? `blobs/ has ${blobs}. Nothing was removed. This makes the catalog anew from them: ${command}`
      : wayOutWithoutBlobs(dataDir, command);
  const message = `${error.message}; ${wayOut}`;
  return new PortError(error.code, message, {
    cause: error,
    ...(error.reason === undefined ? {} : { reason: error.reason }),
  });
}

/** Of no backup there is a state then. But work may have been accepted before the first one was made. */
function wayOutWithoutBlobs(dataDir: string, command: string): string {
  const what = existsSync(blobsDirectory(dataDir)) ? 'empty' : 'missing';
  const back = `put the whole folder ${shellWord(dataDir)} back from a copy, or choose another with BACKUP_DATA_DIR to begin anew`;
  return segmentNumbers(dataDir).length === 0
    ? `blobs/ is ${what} too, so there is nothing to make it anew from: ${back}`
    : `blobs/ is ${what} too, so no backup can be given back: ${back}. If none had been made yet, this makes the catalog anew: ${command}`;
}

/** A path as a POSIX shell takes it for one word. */
function shellWord(path: string): string {
  return /^[\w./@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
