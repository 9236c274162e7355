// What a start has found that is no reason to refuse the folder, and that somebody has to know of: lines of the log.

import type { BlobHeader } from '../../core/blob/header.ts';
import { SILENCE_MS } from '../../core/records/expiry-wait.ts';
import { DAY_MS } from '../../core/records/limits.ts';
import type { Logger } from '../../log.ts';
import type { WallClock } from '../../ports/clock.ts';
import type { Database } from '../catalog/database.ts';

/** Blobs that are named one by one; of more, how many there are. */
const UNNAMED_TOLD_MAX = 20;

/** What a crash has left before it was acknowledged, or a catalog that was put back since does not know any more. */
export function tellOfUnnamed(unnamed: readonly BlobHeader[], log: Logger): void {
  for (const { blobId, backupId, resourceId, sequence } of unnamed.slice(0, UNNAMED_TOLD_MAX)) {
    log.warn('no backup names this blob', { blobId, backupId, resourceId, sequence });
  }
  if (unnamed.length > UNNAMED_TOLD_MAX) log.warn('no backup names many blobs', { count: unnamed.length });
}

/** Of the newest backups, so many have lost their blobs. */
export function tellOfMissing(missing: number, log: Logger): void {
  if (missing > 0)
    log.error('of the newest backups blobs are missing: the scrub will say which', { missing });
}

/** A folder that was put back whole from a copy is like one that nobody has used since: nothing in it tells. */
export function tellOfAge(database: Database, { now }: WallClock, log: Logger): void {
  const newest = database
    .statement<{ created_at: number }>(
      'SELECT created_at FROM backup WHERE live = 1 ORDER BY created_at DESC',
    )
    .get()?.created_at;
  if (newest === undefined || now() - newest <= SILENCE_MS) return;
  log.warn('the newest backup is old: if there were later ones, this folder is an older copy', {
    createdAt: new Date(newest).toISOString(),
    days: Math.floor((now() - newest) / DAY_MS),
  });
}
