// Finds blobs that no record names: what a crash between storing and committing leaves behind. The catalog alone is no
// witness for that: it may be an older one. So each blob is asked what it is, and none is removed, only set aside.

import { LIMITS } from '../../core/records/limits.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { peekAtClock } from '../kit/clock-watch.ts';
import { pages } from '../kit/collect.ts';
import { event } from '../kit/events.ts';
import { clearNotice, raiseNotice } from '../kit/notices.ts';
import { demandTrust, ROLLBACK_NOTICE } from '../kit/trust.ts';
import { type FoundPage, type Lap, type OrphanLap, orphanLap } from './orphan-lap.ts';
import { reportRollback, takeRollbackBack } from './rollback.ts';
import { judgeBlobs, type Orphan } from './unknown-blobs.ts';

export interface OrphanSearch {
  /** Blobs looked at since the search was begun, by whichever run. */
  looked: number;
  setAside: number;
  /** What had been set aside long enough ago. */
  removed: number;
  /** Whether it has come to its end: if not, the next run goes on where this one had no time left. */
  finished: boolean;
  /** Why nothing was set aside, though something was found; `looked_only`: a rollback was proven before, and is no more. */
  stopped?: 'rollback' | 'looked_only' | 'unproven' | 'too_many' | 'clock';
}

export interface SearchBounds {
  /** Epoch milliseconds. */
  deadline?: number;
  /** A search that has come to its end is the last one for so long. */
  restMs?: number;
}

const BY: Readonly<Caller> = { actor: 'upkeep' };
const ORPHANS_NOTICE = 'orphans';
/** Where a search keeps how far it has come, and one that only looks whether a proof still holds. */
const SEARCH = 'orphans';
const LOOK_AGAIN = 'rollback-look';

/**
 * Sets blobs aside that are older than the grace period and that neither a record nor the garbage names, and removes what
 * was set aside 30 days ago. A blob that no crash can have left (of a sequence that its resource has not reached) proves
 * that the catalog has lost commits: then nothing is touched, and the store is no longer trusted. More orphans than
 * accidents leave are an alarm, and not touched either. It takes as many runs as it takes, each of which goes on where the last one
 * stopped: it looks at all blobs first, since who has not seen them all cannot judge, and then asks each that it found once more.
 *
 * Where such a proof stands, it only looks whether it still holds, and takes it back if it does not. Throws ServiceError
 * `store_untrusted` where something else is wrong.
 */
export async function findOrphans(deps: Deps, bounds: SearchBounds = {}): Promise<OrphanSearch> {
  const { deadline = Number.POSITIVE_INFINITY, restMs = 0 } = bounds;
  const { clock, options } = deps;
  const isOver = (): boolean => clock.now() >= deadline || deps.isStopping?.() === true;
  await deps.trust.learn();
  if (deps.trust.fault()?.code === ROLLBACK_NOTICE) return lookAgain(deps, isOver);
  await demandTrust(deps);
  // How long something lies there is told by the clock.
  if ((await peekAtClock(deps)).wait !== undefined) return untouched(0, 'clock');
  const known = await deps.proofOfRollback?.();
  if (known !== undefined) return provenRollback(deps, undefined, known);
  // A backup under way has stored its blob and not yet committed: never younger than the longest operation.
  const writtenBefore = clock.now() - Math.max(options.graceMs, LIMITS.operationMs);
  const search = await orphanLap(deps, SEARCH, { writtenBefore, restMs });
  if (search === undefined) return untouched(0);
  const proof = await search.look(isOver);
  if (proof !== undefined) return provenRollback(deps, search, proof);
  const { lap } = search;
  const { looked } = lap;
  if (lap.isThrough !== true || isOver()) {
    const { wait } = await peekAtClock(deps);
    return { ...untouched(looked, wait === undefined ? undefined : 'clock'), finished: false };
  }
  const stopped = await whyNot(deps, lap);
  if (stopped !== undefined) {
    if (stopped !== 'clock') await search.end();
    return untouched(looked, stopped);
  }
  let aside = 0;
  for (const page of await search.found()) {
    const set = await setPageAside(deps, page, isOver);
    if (set.proof !== undefined) return provenRollback(deps, search, set.proof);
    aside += set.aside;
    if (set.isLeft) return { ...untouched(looked), setAside: aside, finished: false };
  }
  await clearNotice(deps, ORPHANS_NOTICE);
  const removed = await removeOld(deps, isOver);
  await search.end();
  return { looked, setAside: aside, removed, finished: true };
}

function untouched(looked: number, stopped?: OrphanSearch['stopped']): OrphanSearch {
  return { looked, setAside: 0, removed: 0, finished: true, ...(stopped === undefined ? {} : { stopped }) };
}

/** It begins anew once the proof is gone. */
async function provenRollback(
  deps: Deps,
  search: OrphanLap | undefined,
  proof: string,
): Promise<OrphanSearch> {
  await reportRollback(deps, proof);
  await search?.end();
  return untouched(search?.lap.looked ?? 0, 'rollback');
}

/** Why what was found is not set aside. */
async function whyNot(
  deps: Deps,
  { looked, orphans, unprovable, example }: Lap,
): Promise<OrphanSearch['stopped']> {
  const mostSetAside = Math.max(LIMITS.orphansMax, Math.floor(looked * LIMITS.orphansRatioMax));
  if (example !== undefined) {
    await tellOfUnprovable(deps, unprovable, example);
    return 'unproven';
  }
  if (orphans > mostSetAside) {
    const detail = `${orphans} of ${looked} stored blobs are named by no backup; at most ${mostSetAside} can be what accidents leave. None was touched.`;
    await raiseNotice(deps, { id: ORPHANS_NOTICE, code: 'orphans', severity: 'warning', detail });
    deps.log.error('too many blobs that no backup names', { orphans, looked });
    return 'too_many';
  }
  // It has taken its time, and the clock may have been set meanwhile.
  return (await peekAtClock(deps)).wait === undefined ? undefined : 'clock';
}

/**
 * Asks no clock, and moves nothing: heads only move on, so a blob that proves a rollback does so however old it is, and
 * one of a backup under way never does.
 */
async function lookAgain(deps: Deps, isOver: () => boolean): Promise<OrphanSearch> {
  const known = await deps.proofOfRollback?.();
  if (known !== undefined) return provenRollback(deps, undefined, known);
  const search = (await orphanLap(deps, LOOK_AGAIN, { restMs: 0 }))!;
  const proof = await search.look(isOver);
  const { looked, isThrough } = search.lap;
  if (proof !== undefined) return provenRollback(deps, search, proof);
  if (isThrough !== true || deps.isStopping?.() === true) return { ...untouched(looked), finished: false };
  await takeRollbackBack(deps);
  await search.end();
  return untouched(looked, 'looked_only');
}

/** They are neither taken for a proof, which anybody could forge, nor for rubbish, which nothing need be if they are right. */
async function tellOfUnprovable(
  deps: Deps,
  unprovable: number,
  { backupId, sequence }: NonNullable<Lap['example']>,
): Promise<void> {
  const detail = `${unprovable} stored blobs say that they are later than the catalog knows, such as ${backupId}, number ${sequence} of its resource, and nothing proves it. None was touched.`;
  await raiseNotice(deps, { id: ORPHANS_NOTICE, code: 'orphans', severity: 'warning', detail });
}

/** What it has to say of itself is read once more: since it was found much may have come. */
async function setPageAside(
  deps: Deps,
  { blobs, done }: FoundPage,
  isOver: () => boolean,
): Promise<{ aside: number; isLeft: boolean; proof?: string }> {
  let aside = 0;
  for (const blob of blobs) {
    if (isOver()) return { aside, isLeft: true };
    const { orphans, proof } = await judgeBlobs(deps, [blob]);
    if (proof !== undefined) return { aside, isLeft: true, proof };
    for (const orphan of orphans) if (await setAside(deps, orphan)) aside++;
  }
  await done();
  return { aside, isLeft: false };
}

/** False if something has come to name it since it was found. */
async function setAside(deps: Deps, { blobId, about }: Orphan): Promise<boolean> {
  const { blobs, catalog, clock, log } = deps;
  if ((await catalog.findUnknownBlobs([blobId])).length === 0) return false;
  await blobs.setAside(blobId);
  log.warn('a blob that no backup names was set aside', { blobId, ...about });
  await catalog.commit([event(deps, 'blob.set_aside', clock.now(), BY, { ...about, detail: { blobId } })]);
  return true;
}

async function removeOld(deps: Deps, isOver: () => boolean): Promise<number> {
  const { blobs, catalog, clock } = deps;
  const before = clock.now() - LIMITS.quarantineMs;
  let removed = 0;
  for await (const { blobId, writtenAt } of pages((page) => blobs.listAside(page))) {
    if (isOver()) break;
    if (writtenAt >= before) continue;
    // Something may have come to name it since: a rebuilt catalog.
    const [unknown] = await catalog.findUnknownBlobs([blobId]);
    if (unknown === undefined) continue;
    await blobs.deleteAside(blobId);
    await catalog.commit([
      event(deps, 'blob.removed', clock.now(), BY, {
        resourceId: '',
        detail: { blobId, reason: 'set_aside' },
      }),
    ]);
    removed++;
  }
  return removed;
}
