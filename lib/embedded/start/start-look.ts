// A look at a folder before anything in it is opened for writing. SQLite takes the log into the database when it closes, up to
// the first bad frame, and a folder that is adopted is marked: what is refused has to be as it was when the right file is put back.

import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { BlobHeader } from '../../core/blob/header.ts';
import { PortError } from '../../ports/errors.ts';
import type { Random } from '../../ports/random.ts';
import { hasBlobs } from '../blobs/blob-survey.ts';
import { demandKnownFormat, demandSound } from '../catalog/catalog-format.ts';
import type { Database } from '../catalog/database.ts';
import { demandSameStore } from '../catalog/same-store.ts';
import { sumOf } from '../catalog/schema.ts';
import { statementsOf } from '../catalog/statements.ts';
import { fileFailure, sqliteResult } from '../disk/failures.ts';
import { demandRightKey } from '../keys/key-proof.ts';
import { openKeyring } from '../keys/keyring.ts';
import { demandBlobs, demandNothingNewer, demandOnlyFirst } from './start-checks.ts';

/** What can be asked of a catalog that is only read. */
export type CatalogReader = Pick<Database, 'statement'>;

export interface Look {
  isSound: boolean;
  /** What blobs say that the catalog does not name: unproven. */
  unnamed: BlobHeader[];
}

/** The first format whose store has a mark. */
const FORMAT_WITH_MARKS = 4;
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

/**
 * Holds catalog, blobs, marks and key of a folder to each other, and changes nothing in it. Throws PortError `integrity`
 * (`catalog_damaged`, `foreign_catalog`, `rolled_back`, `catalog_lost`, `blobs_lost`) or `denied` if they do not belong together.
 *
 * @returns whether it could look; without room for SQLite's index, or with another owner, it cannot: opening says which
 */
export async function lookAtStore(dataDir: string, random: Random): Promise<Look> {
  const path = join(dataDir, 'catalog.sqlite');
  if (!existsSync(path)) return { isSound: true, unnamed: [] };
  const passing = [`${path}-wal`, `${path}-shm`].filter((name) => !existsSync(name));
  let native: DatabaseSync | undefined;
  let isOurs = false;
  try {
    native = new DatabaseSync(path, { readOnly: true, enableForeignKeyConstraints: false });
    // Locked until it is closed: no owner gets in meanwhile.
    native.exec('BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1');
    isOurs = true;
    native.function('doc_sum', { deterministic: true }, (doc) => sumOf(String(doc)));
    return { isSound: true, unnamed: await judge(native, { dataDir, path, random }) };
  } catch (error) {
    const result = sqliteResult(error instanceof PortError ? error.cause : error);
    if (result === undefined) throw fileFailure(error, 'the marks of the store cannot be read');
    if (result !== CORRUPT && result !== NOT_A_DATABASE) return { isSound: false, unnamed: [] };
    const how = result === CORRUPT ? 'is damaged' : 'is not a SQLite database';
    throw new PortError('integrity', `catalog.sqlite ${how}`, { cause: error, reason: 'catalog_damaged' });
  } finally {
    // Only ours: without the lock they may be those of an owner, who writes into them.
    if (isOurs) for (const name of passing) rmSync(name, { force: true });
    native?.close();
  }
}

async function judge(
  native: DatabaseSync,
  { dataDir, path, random }: { dataDir: string; path: string; random: Random },
): Promise<BlobHeader[]> {
  const reader: CatalogReader = { statement: statementsOf(native) };
  demandSound(native, path);
  const format = demandKnownFormat(native);
  demandSameStore(format < FORMAT_WITH_MARKS ? undefined : native, dataDir);
  // Made, and no table yet: a crash in the very first moment.
  if (format === 0) {
    await demandOnlyFirst(dataDir);
    return [];
  }
  const isNew = reader.statement('SELECT 1 FROM head LIMIT 1').get() === undefined;
  if (isNew) await demandOnlyFirst(dataDir);
  else demandBlobs(reader, dataDir);
  const openKeys = () => openKeyring({ dataDir, mayCreate: false, random });
  const unnamed = isNew ? [] : await demandNothingNewer(reader, dataDir, openKeys);
  if (isNew && !hasBlobs(dataDir)) return [];
  await demandRightKey(reader, openKeys(), format);
  return unnamed;
}
