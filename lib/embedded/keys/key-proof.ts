// Whether the master key is the one that has sealed what is here: found out at the start, not on the day of the restore.

import { keyContextOf } from '../../core/blob/key-context.ts';
import type { BackupRecord } from '../../core/records/model.ts';
import { PortError } from '../../ports/errors.ts';
import type { Keyring } from '../../ports/keyring.ts';
import { createChainReader } from '../catalog/chain-links.ts';
import { BACKUP_COLUMNS, type BackupRow, backupOf } from '../catalog/chained-rows.ts';
import type { Database } from '../catalog/database.ts';
import { type DocRow, recordOf } from '../catalog/schema.ts';

/** The first format whose rows have checksums, and the first whose chains stand apart. */
const FORMAT_WITH_SUMS = 4;
const FORMAT_WITH_LINKS = 14;

/** Newest backups that are looked at for one with a key. */
const LOOKED_AT_MAX = 100;

/**
 * Opens a data key of the newest backup that has one. Throws PortError `denied` if the key file does not open it: what
 * would be sealed from now on would open with another key than all that is here. `format`: of the catalog, if not ours.
 */
export async function demandRightKey(
  database: Pick<Database, 'statement'>,
  keyring: Keyring,
  format = FORMAT_WITH_LINKS,
): Promise<void> {
  let record: BackupRecord | undefined;
  for (const found of newestBackups(database, format)) {
    record = found;
    if (record.key !== undefined) break;
  }
  if (record?.key === undefined) return;
  try {
    await keyring.open(record.key, keyContextOf(record));
  } catch (error) {
    if (!(error instanceof PortError) || (error.code !== 'integrity' && error.code !== 'not_found'))
      throw error;
    throw new PortError(
      'denied',
      `master.key is not the key that has sealed the backups here (${record.id} does not open with it): put the right one back`,
      { cause: error, reason: 'wrong_key' },
    );
  }
}

function* newestBackups(database: Pick<Database, 'statement'>, format: number): Generator<BackupRecord> {
  const select = (columns: string) =>
    `SELECT ${columns} FROM backup WHERE live = 1 ORDER BY created_at DESC LIMIT ${LOOKED_AT_MAX}`;
  if (format >= FORMAT_WITH_LINKS) {
    const chainOf = createChainReader(database);
    for (const row of database.statement<BackupRow>(select(BACKUP_COLUMNS)).all())
      yield backupOf(row, chainOf);
    return;
  }
  // The first formats had no sums.
  const sum = format >= FORMAT_WITH_SUMS ? 'sum' : 'doc_sum(doc) AS sum';
  for (const row of database.statement<DocRow>(select(`doc, ${sum}`)).all()) yield recordOf('backup', row);
}
