// Records as this home makes them: ids of 128 bits, and blobs that are named after their backups.

import { newId } from '../../lib/aws/catalog/ids.ts';
import { blobNamedAfter } from '../../lib/core/records/ids.ts';
import type { BackupRecord } from '../../lib/core/records/model.ts';
import { systemRandom } from '../../lib/random.ts';

/** The record under such an id, its own blob with it. */
export function named(record: BackupRecord): BackupRecord {
  const id = newId('backup', record.createdAt, systemRandom);
  const own = { ...record.chain.at(-1)!, backupId: id, blobId: blobNamedAfter(id)! };
  const chainId = record.chainId === record.id ? id : record.chainId;
  return { ...record, id, chainId, chain: [...record.chain.slice(0, -1), own] };
}
