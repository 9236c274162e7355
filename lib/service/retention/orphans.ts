// Finds blobs that no record names: what a crash between storing and committing leaves behind. The catalog alone is no
// witness for that: it may be an older one. So each blob is asked what it is, and none is removed, only set aside.

import type { BlobHeader } from '../../core/blob/header.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { peekAtClock } from '../kit/clock-watch.ts';
import { pages } from '../kit/collect.ts';
import { event } from '../kit/events.ts';
import { clearNotice, raiseNotice } from '../kit/notices.ts';
import { demandTrust, ROLLBACK_NOTICE } from '../kit/trust.ts';
import { reportRollback, takeRollbackBack } from './rollback.ts';
import { type Orphan, surveyUnknown } from './unknown-blobs.ts';

export interface OrphanSearch {
  /** Blobs looked at. */
  looked: number;
  setAside: number;
  /** What had been set aside long enough ago. */
  removed: number;
  /** Why nothing was set aside, though something was found; `looked_only`: a rollback was proven before, and is no more. */
  stopped?: 'rollback' | 'looked_only' | 'unproven' | 'too_many' | 'clock';
}

const BY: Readonly<Caller> = { actor: 'upkeep' };
const ORPHANS_NOTICE = 'orphans';

/**
 * Sets blobs aside that are older than the grace period and that neither a record nor the garbage names, and removes what
 * was set aside 30 days ago. A blob that no crash can have left (of a sequence that its resource has not reached) proves
 * that the catalog has lost commits: then nothing is touched, and the store is no longer trusted. More orphans than
 * accidents leave are an alarm, and not touched either.
 *
 * Where such a proof stands, it only looks whether it still holds, and takes it back if it does not. Throws ServiceError
 * `store_untrusted` where something else is wrong.
 */
export async function findOrphans(deps: Deps): Promise<OrphanSearch> {
  await deps.trust.learn();
  if (deps.trust.fault()?.code === ROLLBACK_NOTICE) return lookAgain(deps);
  await demandTrust(deps);
  // How long something lies there is told by the clock.
  if ((await peekAtClock(deps)).wait !== undefined) return untouched(0, 'clock');
  const { clock, options } = deps;
  // A backup under way has stored its blob and not yet committed: never younger than the longest operation.
  const unknown = await surveyUnknown(deps, clock.now() - Math.max(options.graceMs, LIMITS.operationMs));
  const { looked, orphans, kept, proof } = unknown;
  if (proof !== undefined) {
    await reportRollback(deps, proof);
    return untouched(looked, 'rollback');
  }
  // Who has not seen them all cannot judge.
  if (deps.isStopping?.() === true) return untouched(looked);
  const mostSetAside = Math.max(LIMITS.orphansMax, Math.floor(looked * LIMITS.orphansRatioMax));
  if (unknown.example !== undefined) {
    await tellOfUnprovable(deps, unknown.unprovable, unknown.example);
    return untouched(looked, 'unproven');
  }
  if (orphans > mostSetAside) {
    const detail = `${orphans} of ${looked} stored blobs are named by no backup; at most ${mostSetAside} can be what accidents leave. None was touched.`;
    await raiseNotice(deps, { id: ORPHANS_NOTICE, code: 'orphans', severity: 'warning', detail });
    deps.log.error('too many blobs that no backup names', { orphans, looked });
    return untouched(looked, 'too_many');
  }
  // It has taken its time, and the clock may have been set meanwhile.
  if ((await peekAtClock(deps)).wait !== undefined) return untouched(looked, 'clock');
  let aside = 0;
  for (const orphan of kept) if (await setAside(deps, orphan)) aside++;
  await clearNotice(deps, ORPHANS_NOTICE);
  return { looked, setAside: aside, removed: await removeOld(deps) };
}

function untouched(looked: number, stopped?: OrphanSearch['stopped']): OrphanSearch {
  return { looked, setAside: 0, removed: 0, ...(stopped === undefined ? {} : { stopped }) };
}

/**
 * Asks no clock, and moves nothing: heads only move on, so a blob that proves a rollback does so however old it is, and
 * one of a backup under way never does.
 */
async function lookAgain(deps: Deps): Promise<OrphanSearch> {
  const { looked, proof } = await surveyUnknown(deps, Number.POSITIVE_INFINITY);
  if (proof !== undefined) {
    await reportRollback(deps, proof);
    return untouched(looked, 'rollback');
  }
  if (deps.isStopping?.() === true) return untouched(looked);
  await takeRollbackBack(deps);
  return untouched(looked, 'looked_only');
}

/** They are neither taken for a proof, which anybody could forge, nor for rubbish, which nothing need be if they are right. */
async function tellOfUnprovable(
  deps: Deps,
  unprovable: number,
  { backupId, sequence }: BlobHeader,
): Promise<void> {
  const detail = `${unprovable} stored blobs say that they are later than the catalog knows, such as ${backupId}, number ${sequence} of its resource, and nothing proves it. None was touched.`;
  await raiseNotice(deps, { id: ORPHANS_NOTICE, code: 'orphans', severity: 'warning', detail });
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

async function removeOld(deps: Deps): Promise<number> {
  const { blobs, catalog, clock } = deps;
  const before = clock.now() - LIMITS.quarantineMs;
  let removed = 0;
  for await (const { blobId, writtenAt } of pages((page) => blobs.listAside(page))) {
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
