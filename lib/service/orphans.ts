// Finds blobs that no record names: what a crash between storing and committing leaves behind. The catalog alone is no
// witness for that: it may be an older one. So each blob is asked what it is, and none is removed, only set aside.

import type { BlobHeader } from '../core/envelope-header.ts';
import { LIMITS } from '../core/limits.ts';
import type { BlobInfo } from '../ports.ts';
import { headerOf } from './blob-header.ts';
import { peekAtClock } from './clock-watch.ts';
import { pages } from './collect.ts';
import type { Deps } from './deps.ts';
import { event } from './events.ts';
import { clearNotice, raiseNotice } from './notices.ts';
import { demandTrust } from './trust.ts';

export interface OrphanSearch {
  /** Blobs looked at. */
  looked: number;
  setAside: number;
  /** What had been set aside long enough ago. */
  removed: number;
  /** Why nothing was set aside, though something was found. */
  stopped?: 'rollback' | 'too_many' | 'clock';
}

const ACTOR = 'upkeep';
const ORPHANS_NOTICE = 'orphans';
const ROLLBACK_NOTICE = 'rollback';

interface Orphan {
  blobId: string;
  header: BlobHeader | undefined;
}

/**
 * Sets blobs aside that are older than the grace period and that neither a record nor the garbage names, and removes what
 * was set aside 30 days ago. A blob that no crash can have left (of a sequence that its resource has not reached) proves
 * that the catalog has lost commits: then nothing is touched, and the store is no longer trusted. More orphans than
 * accidents leave are an alarm, and not touched either. Throws ServiceError `store_untrusted`.
 */
export async function findOrphans(deps: Deps): Promise<OrphanSearch> {
  demandTrust(deps);
  // How long something lies there is told by the clock.
  if ((await peekAtClock(deps)).wait !== undefined) {
    return { looked: 0, setAside: 0, removed: 0, stopped: 'clock' };
  }
  const { looked, orphans } = await unknownBlobs(deps);
  // Who has not seen them all cannot judge.
  if (deps.isStopping?.() === true) return { looked, setAside: 0, removed: 0 };
  const rolledBack = await findRollback(deps, orphans);
  if (rolledBack !== undefined) {
    await reportRollback(deps, rolledBack, orphans.length);
    return { looked, setAside: 0, removed: 0, stopped: 'rollback' };
  }
  const mostSetAside = Math.max(LIMITS.orphansMax, Math.floor(looked * LIMITS.orphansRatioMax));
  if (orphans.length > mostSetAside) {
    const detail = `${orphans.length} of ${looked} stored blobs are named by no backup; at most ${mostSetAside} can be what accidents leave. None was touched.`;
    await raiseNotice(deps, { id: ORPHANS_NOTICE, code: 'orphans', severity: 'warning', detail });
    deps.log.error('too many blobs that no backup names', { orphans: orphans.length, looked });
    return { looked, setAside: 0, removed: 0, stopped: 'too_many' };
  }
  for (const orphan of orphans) await setAside(deps, orphan);
  await clearNotice(deps, ORPHANS_NOTICE);
  return { looked, setAside: orphans.length, removed: await removeOld(deps) };
}

async function unknownBlobs({ blobs, catalog, clock, options, isStopping }: Deps) {
  // A backup under way has stored its blob and not yet committed: never younger than the longest operation.
  const writtenBefore = clock.now() - Math.max(options.graceMs, LIMITS.operationMs);
  const orphans: string[] = [];
  let looked = 0;
  let some: BlobInfo[] = [];
  const ask = async (): Promise<void> => {
    orphans.push(...(await catalog.findUnknownBlobs(some.map(({ blobId }) => blobId))));
    some = [];
  };
  for await (const blob of pages((page) => blobs.list({ ...page, writtenBefore }))) {
    if (isStopping?.() === true) break;
    looked++;
    some.push(blob);
    if (some.length === LIMITS.listPageMax) await ask();
  }
  if (some.length > 0) await ask();
  return { looked, orphans: await withHeaders({ blobs }, orphans) };
}

/** One after the other: there are few, or else many will not be touched anyway. */
async function withHeaders(deps: Pick<Deps, 'blobs'>, blobIds: string[]): Promise<Orphan[]> {
  const orphans: Orphan[] = [];
  for (const blobId of blobIds) orphans.push({ blobId, header: await headerOf(deps, blobId) });
  return orphans;
}

/**
 * A crash leaves at most a blob of the sequence that comes next, and heads only move on. So a blob from beyond that was
 * once committed, in a catalog that was a later one than this.
 */
async function findRollback({ catalog }: Deps, orphans: readonly Orphan[]): Promise<BlobHeader | undefined> {
  for (const { header } of orphans) {
    if (header === undefined) continue;
    const head = await catalog.getHead(header.resourceId);
    if (header.sequence > (head?.sequence ?? 0) + 1) return header;
  }
  return undefined;
}

async function reportRollback(deps: Deps, proof: BlobHeader, orphans: number): Promise<void> {
  const detail = `The catalog is older than the blobs: it does not know ${proof.backupId}, number ${proof.sequence} of its resource, whose blob is there (${orphans} blobs in all that no backup names). Nothing was removed; rebuild the catalog from the blobs.`;
  deps.trust.distrust({ code: 'rollback', detail });
  await raiseNotice(deps, { id: ROLLBACK_NOTICE, code: 'rollback', severity: 'critical', detail });
}

async function setAside({ blobs, catalog, clock, log }: Deps, { blobId, header }: Orphan): Promise<void> {
  await blobs.setAside(blobId);
  const about = { resourceId: header?.resourceId ?? '', ...(header && { backupId: header.backupId }) };
  log.warn('a blob that no backup names was set aside', { blobId, ...about });
  await catalog.commit([event('blob.set_aside', clock.now(), ACTOR, { ...about, detail: { blobId } })]);
}

async function removeOld({ blobs, catalog, clock }: Deps): Promise<number> {
  const before = clock.now() - LIMITS.quarantineMs;
  let removed = 0;
  for await (const { blobId, writtenAt } of pages((page) => blobs.listAside(page))) {
    if (writtenAt >= before) continue;
    // Something may have come to name it since: a rebuilt catalog.
    const [unknown] = await catalog.findUnknownBlobs([blobId]);
    if (unknown === undefined) continue;
    await blobs.deleteAside(blobId);
    await catalog.commit([
      event('blob.removed', clock.now(), ACTOR, { resourceId: '', detail: { blobId, reason: 'set_aside' } }),
    ]);
    removed++;
  }
  return removed;
}
