// The digest of a backup record: kept in the trail, and compared when the record has been made anew from blobs.

import { createHash } from 'node:crypto';
import type { BackupRecord } from '../model.ts';

/**
 * SHA-256, lower-case hex, of the record's members in the order of their names, as JSON. Of its chain only the ids and
 * hashes of the blobs count: what else a reference says is in the blobs. Members that are undefined do not count.
 */
export function digestOfRecord(record: BackupRecord): string {
  const chain = record.chain.map(({ blobId, sha256 }) => [blobId, sha256]);
  const members = Object.entries({ ...record, chain })
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(members)).digest('hex');
}
