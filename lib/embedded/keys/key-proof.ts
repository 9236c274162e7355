// Whether the master key is the one that has sealed what is here: found out at the start, not on the day of the restore.

import { keyContextOf } from '../../core/blob/key-context.ts';
import type { BackupRecord } from '../../core/records/model.ts';
import { PortError } from '../../ports/errors.ts';
import type { Keyring } from '../../ports/keyring.ts';
import type { Database } from '../catalog/database.ts';
import { type DocRow, recordOf } from '../catalog/schema.ts';

/** Newest backups that are looked at for one with a key. */
const LOOKED_AT_MAX = 100;

/**
 * Opens a data key of the newest backup that has one. Throws PortError `denied` if the key file does not open it: what
 * would be sealed from now on would open with another key than all that is here. The first formats had no sums.
 */
export async function demandRightKey(
  database: Pick<Database, 'statement'>,
  keyring: Keyring,
  hasSums = true,
): Promise<void> {
  const newest = database.statement<DocRow>(
    `SELECT doc, ${hasSums ? 'sum' : 'doc_sum(doc) AS sum'} FROM backup WHERE live = 1 ORDER BY created_at DESC LIMIT ${LOOKED_AT_MAX}`,
  );
  let record: BackupRecord | undefined;
  for (const row of newest.all()) {
    record = recordOf<BackupRecord>('backup', row);
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
