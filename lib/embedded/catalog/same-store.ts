// Whether a catalog and what stands beside the blobs are of one store and one time: one that is older, or of another store,
// would give ids twice and take the newer backups for rubbish.

import type { DatabaseSync } from 'node:sqlite';
import { PortError } from '../../ports/errors.ts';
import type { Random } from '../../ports/random.ts';
import { makePrivateDirectory } from '../disk/data-dir.ts';
import {
  type GenerationFile,
  newStoreId,
  openGenerationFile,
  readGeneration,
  readStoreId,
  segmentNumbers,
  trailDirectory,
  writeStoreId,
} from '../disk/store-mark.ts';

/** `unmarked`: of a release that knew no marks, or what lay beside the blobs is gone. */
export type StoreMark = 'marked' | 'unmarked';

/**
 * Compares a catalog with what stands beside the blobs; without one, as for a format that knows no marks. Throws PortError
 * `integrity` with the reason `foreign_catalog` or `rolled_back`.
 */
export function demandSameStore(native: DatabaseSync | undefined, dataDir: string): StoreMark {
  const row = native?.prepare('SELECT * FROM store').get();
  const beside = readStoreId(dataDir);
  if (row === undefined) {
    // An older catalog of the first release has been put back, under blobs that a later one has marked.
    if (beside !== undefined) throw foreign();
    return 'unmarked';
  }
  if (beside !== undefined && beside !== row.id) throw foreign();
  const missing = readGeneration(dataDir) - Number(row.generation);
  if (missing > 0) {
    const what = missing === 1 ? 'last commit is' : `last ${missing} commits are`;
    throw rolledBack(`catalog.sqlite or its -wal is older than the blobs: the ${what} missing from it`);
  }
  // The process may have died between a segment and its mark: then there is one more, and no more than one.
  if ((segmentNumbers(dataDir).at(-1) ?? 0) > Number(row.segment ?? 0) + 1) {
    throw rolledBack('catalog.sqlite is older than its own trail');
  }
  return beside === undefined ? 'unmarked' : 'marked';
}

/**
 * Holds an opened catalog to what stands beside the blobs; one that is new, or of a release that knew no such marks, is
 * given them. Throws as `demandSameStore`.
 */
export function matchStore(native: DatabaseSync, dataDir: string, random: Random): GenerationFile {
  if (demandSameStore(native, dataDir) === 'unmarked') {
    makePrivateDirectory(trailDirectory(dataDir));
    // The catalog first: a mark beside the blobs without one in the catalog would mean that the catalog is older.
    native
      .prepare('INSERT INTO store (one, id, generation) VALUES (1, ?, 0) ON CONFLICT DO NOTHING')
      .run(newStoreId(random));
    writeStoreId(dataDir, String(native.prepare('SELECT id FROM store').get()!.id));
  }
  return openGenerationFile(dataDir);
}

export function rolledBack(message: string): PortError {
  return new PortError('integrity', message, { reason: 'rolled_back' });
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
