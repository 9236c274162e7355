// Blobs as a rebuild finds them, made of nothing but their headers.

import { type FoundBlob, refOf } from '../../../lib/core/blob/found.ts';
import type { BlobHeader } from '../../../lib/core/blob/header.ts';

let made = 0;
const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0');

/** A blob of a full backup, unless `over` says more. */
export function blob(over: Partial<BlobHeader>, damage?: string): FoundBlob {
  const id = ++made;
  const { backupId = `backup-${id}`, sequence = 1, checksum = hex(id, 64) } = over;
  const header = {
    blobId: hex(id, 32),
    kind: 'state',
    resourceId: 'r',
    resourceType: 'generic',
    backupId,
    sequence,
    type: 'full',
    chainId: backupId,
    checksum,
    size: 10,
    plainBytes: 10,
    plainSha256: checksum,
    codec: 'gzip',
    compressedBytes: 5,
    metadata: { version: '1.0', source: 'api', tags: {}, retentionDays: 30 },
    createdAt: 1000 * sequence,
    cipher: 'none',
    ...over,
  } as BlobHeader;
  const ref = refOf(header, 100, hex(id, 64));
  return { header, ref, ...(damage === undefined ? {} : { damage }) };
}

/** A delta on a blob. */
export function delta(base: FoundBlob, over: Partial<BlobHeader> = {}, damage?: string): FoundBlob {
  const { blobId, checksum, chainId, sequence, backupId } = base.header;
  const on = { baseBlobId: blobId, baseChecksum: checksum, baseBackupId: backupId, chainId };
  return blob({ kind: 'delta', type: 'incremental', sequence: sequence + 1, ...on, ...over }, damage);
}
