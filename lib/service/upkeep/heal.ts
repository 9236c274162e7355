// A blob that is damaged or missing, taken from the second copy.

import { createHash } from 'node:crypto';
import type { BackupRecord, BlobRef } from '../../core/records/model.ts';
import type { BlobCopy } from '../../ports/blob-copy.ts';
import { PortError } from '../../ports/errors.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { event } from '../kit/events.ts';

const BY: Readonly<Caller> = { actor: 'upkeep' };

/**
 * Whether the blob is whole now. Only the very bytes that the record names are taken; what lay in their place goes into the quarantine.
 * Throws PortError from the catalog.
 */
export async function healBlob(
  deps: Deps,
  ref: BlobRef,
  { id: backupId, resourceId }: Pick<BackupRecord, 'id' | 'resourceId'>,
): Promise<boolean> {
  const { blobs, catalog, clock, copy, log } = deps;
  if (copy === undefined) return false;
  const { blobId, bytes, sha256 } = ref;
  try {
    // Looked at whole before anything is moved: what is in the place now may still be of use to somebody.
    if (!(await holds(copy, ref))) throw new PortError('integrity', 'it is damaged there as well');
    await blobs.setAside(blobId);
    try {
      await blobs.put(blobId, await copy.get(blobId), { bytes, sha256 });
    } catch (error) {
      await blobs.putBack(blobId).catch(missingIsNoError);
      throw error;
    }
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    log.error('a blob cannot be had from the second copy', { blobId, backupId, resourceId, error });
    return false;
  }
  log.warn('a blob was taken from the second copy', { blobId, backupId, resourceId });
  await catalog.commit([
    event(deps, 'blob.healed', clock.now(), BY, { resourceId, backupId, detail: { blobId } }),
  ]);
  return true;
}

/** Whether the copy has the very bytes. Throws PortError. */
async function holds(copy: BlobCopy, { blobId, bytes, sha256 }: BlobRef): Promise<boolean> {
  const hash = createHash('sha256');
  let found = 0;
  for await (const chunk of await copy.get(blobId)) {
    hash.update(chunk);
    found += chunk.length;
  }
  return found === bytes && hash.digest('hex') === sha256;
}

function missingIsNoError(error: unknown): void {
  if (!(error instanceof PortError && error.code === 'not_found')) throw error;
}
