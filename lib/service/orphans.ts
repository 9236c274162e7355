// Finds blobs that no record names: what a crash between storing and committing leaves behind.

import { LIMITS } from '../core/limits.ts';
import type { Deps } from './deps.ts';

/**
 * Removes blobs that are older than the grace period and that neither a record nor the garbage names. Only for homes
 * whose store can be listed cheaply. Resolves with how many went.
 */
export async function removeOrphans({ blobs, catalog, clock, options, isStopping }: Deps): Promise<number> {
  // A backup under way has stored its blob and not yet committed: never younger than the longest operation.
  const writtenBefore = clock.now() - Math.max(options.graceMs, LIMITS.operationMs);
  let removed = 0;
  let cursor: string | undefined;
  do {
    const page = await blobs.list({
      limit: LIMITS.listPageMax,
      writtenBefore,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const blobId of await catalog.findUnknownBlobs(page.items.map((blob) => blob.blobId))) {
      await blobs.delete(blobId);
      removed++;
    }
    cursor = page.cursor;
  } while (cursor !== undefined && isStopping?.() !== true);
  return removed;
}
