// Keeps stored bytes from being removed, by whoever, for as long as live backups need them: where the store can.

import { forEachAtOnce } from '../../core/at-once.ts';
import { needsOf } from '../../core/records/protection.ts';
import type { BlobStore } from '../../ports/blob-store.ts';
import { PortError } from '../../ports/errors.ts';
import type { Deps } from '../contract/deps.ts';
import { collect } from '../kit/collect.ts';
import { pageFrom, readProgress } from '../kit/progress.ts';

const BLOBS_AT_ONCE = 32;
/** After so many a run looks whether it still has time. */
const RESOURCES_AT_ONCE = 100;

interface Place {
  /** Where the list of resources goes on; absent at its end. */
  cursor?: string;
}

/**
 * Goes through all resources, from where the run before stopped. A lock is only ever prolonged, so what is missed in one round is
 * done in the next; one begins well before the store's own first lock has passed.
 *
 * @returns how many blobs were looked at, how many locks had to change, and which blobs are not there
 */
export async function protectBytes(
  deps: Pick<Deps, 'blobs' | 'catalog' | 'clock' | 'log'>,
  deadline: number,
): Promise<{ looked: number; changed: number; missing: number } | undefined> {
  const { blobs, catalog, clock, log } = deps;
  if (blobs.protect === undefined) return undefined;
  const protect = blobs.protect.bind(blobs);
  const done = { looked: 0, changed: 0, missing: 0 };
  const progress = await readProgress<Place>(catalog, 'locks');
  let { cursor } = progress.body;
  do {
    const page = await pageFrom(cursor, (request) => catalog.listHeads(request), RESOURCES_AT_ONCE);
    for (const { resourceId } of page.items) await protectResource(deps, protect, resourceId, done);
    cursor = page.cursor;
  } while (cursor !== undefined && clock.now() < deadline);
  if (done.missing > 0) log.error('blobs that are needed are not there', { code: 'broken_chain', ...done });
  await progress.keep(cursor === undefined ? {} : { cursor });
  return done;
}

async function protectResource(
  { catalog }: Pick<Deps, 'catalog'>,
  protect: NonNullable<BlobStore['protect']>,
  resourceId: string,
  done: { looked: number; changed: number; missing: number },
): Promise<void> {
  const live = await collect((page) => catalog.resourceHistory({ ...page, resourceId, fromSequence: 1 }));
  await forEachAtOnce(needsOf(live), BLOBS_AT_ONCE, async ([blobId, need]) => {
    done.looked += 1;
    try {
      if (await protect(blobId, need)) done.changed += 1;
    } catch (error) {
      if (!(error instanceof PortError && error.code === 'not_found')) throw error;
      done.missing += 1;
    }
  });
}
