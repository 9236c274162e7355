// The sweep: hides what has expired, removes what nothing needs any more.

import { forEachAtOnce } from '../../core/at-once.ts';
import { ServiceError } from '../../core/records/errors.ts';
import { CLOCK_TOLERANCE_MS } from '../../core/records/expiry-wait.ts';
import { DAY_MS, LIMITS } from '../../core/records/limits.ts';
import type { BackupRecord } from '../../core/records/model.ts';
import { timeOfExpiry } from '../../core/records/retention.ts';
import type { ExpiryWait } from '../../core/records/retention-records.ts';
import { hideBackup } from '../backups/hide.ts';
import { mayExpire } from '../chains/disagreement.ts';
import type { Deps } from '../contract/deps.ts';
import { lookAtClock, peekAtClock } from '../kit/clock-watch.ts';
import { pages } from '../kit/collect.ts';
import { demandTrust } from '../kit/trust.ts';
import { ifWritable } from '../restores/late-operations.ts';
import { judgeExpiry, keepPass, settleWaits } from './expiry.ts';
import { pruneResource } from './prune.ts';

/** So many resources that cannot be pruned end a sweep. */
const FAILED_RESOURCES_MAX = 10;
/** Expired backups that are judged together, in memory: what is more comes after those. */
const JUDGED_AT_ONCE = 10_000;
/** Resources worked on at once: each waits for a store most of the time. What needs memory takes turns (`prune.ts`). */
const RESOURCES_AT_ONCE = 16;
/** Of the time that a sweep has, what is left to remove bytes in. */
const REMOVING_SHARE = 1 / 3;

export interface SweepSummary {
  expired: number;
  /** What was to go when it looked. Of that which it did not come to, or could not hide: how long ago the longest overdue has expired. */
  due: number;
  overdueMs: number;
  /** What has expired and waits (see `waits.ts`). */
  waiting: number;
  rebased: number;
  blobsRemoved: number;
  /** False if the deadline ended it; the next sweep goes on. */
  finished: boolean;
}

/**
 * Hides what has expired and frees what nothing live needs.
 * Stops at `deadline` (epoch milliseconds) between two steps; running it again goes on from there.
 * Throws what the first resource that could not be pruned threw, once the others are done.
 */
export async function sweep(
  deps: Deps,
  deadline = Number.POSITIVE_INFINITY,
  judgedAtOnce = JUDGED_AT_ONCE,
): Promise<SweepSummary> {
  await demandTrust(deps);
  const { catalog } = deps;
  const summary: SweepSummary = {
    expired: 0,
    due: 0,
    overdueMs: 0,
    waiting: 0,
    rebased: 0,
    blobsRemoved: 0,
    finished: false,
  };
  const touched = new Set<string>();
  const failures: unknown[] = [];
  /** One resource that cannot be read must not hold up the others; a dependency that is down fails them all. */
  const despite = async (resourceId: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      deps.log.error('sweep of a resource failed', { resourceId, error });
      if (failures.push(error) === FAILED_RESOURCES_MAX) throw error;
    }
  };
  const now = deps.clock.now();
  const clockWait = await lookEvenIfFull(deps);
  if (clockWait !== undefined) {
    summary.waiting = (await judgeExpiry(deps, await catalog.getExpiryState(), clockWait)).waiting.size;
    deps.log.warn('nothing expires and nothing is removed', { ...clockWait });
    return { ...summary, finished: true };
  }
  // What is merely forgotten waits for nothing that follows.
  const operationsBefore = now - LIMITS.operationHistoryDays * DAY_MS;
  const { auditMs } = deps.options;
  const past = { now, operationsBefore, ...(auditMs === 0 ? {} : { eventsBefore: now - auditMs }) };
  try {
    await ifWritable<unknown>(deps, 'what is forgotten', () => catalog.purge(past), 0);
  } catch (error) {
    deps.log.error('what is forgotten is still there', { error });
    failures.push(error);
  }
  const hidingUntil = Number.isFinite(deadline) ? deadline - (deadline - now) * REMOVING_SHARE : deadline;
  let isAllJudged = false;
  while (!isAllJudged && !isOver(deps, hidingUntil)) {
    // Hiding takes backups out of the very list that is judged, so what is judged together is judged before any of it is hidden.
    const judgement = await judgeExpiry(deps, await catalog.getExpiryState(), undefined, {
      atOnce: judgedAtOnce,
      hidden: summary.expired,
    });
    const { going, waiting, begun } = judgement;
    summary.waiting += waiting.size;
    if (waiting.size > 0)
      deps.log.warn('expired backups wait', { waiting: waiting.size, begun: begun.length });
    // What begins to wait is written down first, what has waited last: it may take more than one sweep.
    await settleWaits(deps, { ...judgement, ended: [] });
    const due = going.filter(({ id }) => !waiting.has(id));
    summary.due += due.length;
    const left = new Set(due);
    const leaving = Map.groupBy(due, ({ resourceId }) => resourceId);
    await forEachAtOnce(leaving, RESOURCES_AT_ONCE, async ([resourceId, records]) => {
      for (const record of records) {
        if (isOver(deps, hidingUntil)) return;
        touched.add(resourceId);
        await despite(resourceId, async () => {
          if (await expire(deps, record)) summary.expired++;
          left.delete(record);
        });
      }
    });
    for (const record of left) {
      summary.overdueMs = Math.max(summary.overdueMs, now - timeOfExpiry(record));
    }
    if (isOver(deps, hidingUntil)) break;
    await settleWaits(deps, { ...judgement, begun: [] });
    await keepPass(deps, judgement);
    isAllJudged = judgement.pass === undefined;
  }
  for await (const entry of pages((page) => catalog.dueGarbage({ ...page, before: now }))) {
    touched.add(entry.resourceId);
  }
  await forEachAtOnce(touched, RESOURCES_AT_ONCE, async (resourceId) => {
    if (isOver(deps, deadline)) return;
    await despite(resourceId, async () => {
      const pruned = await pruneResource(deps, resourceId);
      summary.rebased += pruned.rebased;
      summary.blobsRemoved += pruned.blobsRemoved;
    });
  });
  if (failures.length > 0) throw failures[0];
  return { ...summary, finished: isAllJudged && !isOver(deps, deadline) };
}

/** On a full disk the wait cannot be written down, but it is found again each time. */
async function lookEvenIfFull(deps: Deps): Promise<ExpiryWait | undefined> {
  const { wait } = await peekAtClock(deps);
  return ifWritable(deps, 'the clock', () => lookAtClock(deps), wait);
}

/** Between two steps, whether there is to be no other: nor is there if the clock has been set since it was looked at. */
function isOver({ clock, clockWatch, options, isStopping }: Deps, deadline: number): boolean {
  if (options.expiryHoldMs > 0 && Math.abs(clockWatch.driftMs()) > CLOCK_TOLERANCE_MS) return true;
  return clock.now() >= deadline || isStopping?.() === true;
}

/** False if somebody else hid or protected it first. */
async function expire(deps: Deps, record: BackupRecord): Promise<boolean> {
  if (!(await mayExpire(deps, record))) return false;
  try {
    await hideBackup(deps, record.id, 'expired', { actor: 'retention' });
    return true;
  } catch (error) {
    if (error instanceof ServiceError && ['backup_not_found', 'backup_protected'].includes(error.code))
      return false;
    throw error;
  }
}
