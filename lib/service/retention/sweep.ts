// The sweep: hides what has expired, removes what nothing needs any more.

import { forEachAtOnce } from '../../core/at-once.ts';
import { ownBlob } from '../../core/records/chain.ts';
import { CLOCK_TOLERANCE_MS } from '../../core/records/expiry-wait.ts';
import { DAY_MS, LIMITS } from '../../core/records/limits.ts';
import { timeOfExpiry } from '../../core/records/retention.ts';
import type { ExpiryWait } from '../../core/records/retention-records.ts';
import { PortError } from '../../ports/errors.ts';
import { type Standing, standingNotices } from '../chains/disagreement.ts';
import type { Deps } from '../contract/deps.ts';
import { lookAtClock, peekAtClock } from '../kit/clock-watch.ts';
import { pageFrom, readProgress } from '../kit/progress.ts';
import { demandTrust } from '../kit/trust.ts';
import { ifWritable } from '../restores/late-operations.ts';
import { type Judgement, judgeExpiry, keepFarthest, keepPass, settleWaits } from './expiry.ts';
import { lapOf, lookFrom, wholeLap } from './lap.ts';
import { pruneResource } from './prune.ts';
import { type Settling, settleResource } from './settle.ts';

/** So many resources for which a dependency was down end a sweep. */
const UNAVAILABLE_MAX = 10;
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
 * Throws what the first resource threw that could not be judged, hidden or pruned, once the others are done.
 */
export async function sweep(
  deps: Deps,
  deadline = Number.POSITIVE_INFINITY,
  judgedAtOnce = JUDGED_AT_ONCE,
): Promise<SweepSummary> {
  await demandTrust(deps);
  const now = deps.clock.now();
  const summary: SweepSummary = {
    ...{ expired: 0, due: 0, overdueMs: 0, waiting: 0, rebased: 0, blobsRemoved: 0, finished: true },
  };
  const clockWait = await lookEvenIfFull(deps);
  if (clockWait !== undefined) {
    const state = await deps.catalog.getExpiryState();
    summary.waiting = (await judgeExpiry(deps, state, clockWait, { lap: wholeLap(state, now) })).waiting.size;
    deps.log.warn('nothing expires and nothing is removed', { ...clockWait });
    return summary;
  }
  const failures: unknown[] = [];
  const run: Run = {
    ...{ now, deadline, judgedAtOnce, summary, touched: new Set() },
    resourcesAtOnce: deps.options.resourcesAtOnce ?? RESOURCES_AT_ONCE,
    despite: despiteFailures(deps, failures),
    standing: await standingNotices(deps),
  };
  // What is merely forgotten waits for nothing that follows, nor does that wait for it.
  const forgetting = forget(deps, now, deadline).catch((error: unknown) => {
    deps.log.error('what is forgotten is still there', { error });
    failures.push(error);
  });
  try {
    const isAllJudged = await hideExpired(deps, run);
    await removeDue(deps, run);
    summary.finished = isAllJudged && !isOver(deps, deadline);
  } finally {
    await forgetting;
  }
  if (failures.length > 0) throw failures[0];
  return summary;
}

/** What the parts of a sweep share. */
interface Run {
  now: number;
  deadline: number;
  judgedAtOnce: number;
  resourcesAtOnce: number;
  summary: SweepSummary;
  /** Resources to be pruned, and then those that have been. */
  touched: Set<string>;
  standing: Standing;
  despite(resourceId: string, work: () => Promise<void>): Promise<void>;
}

/** Resources that cannot be read must not hold up the others, however many they are; a dependency that is down fails them all. */
function despiteFailures({ log }: Deps, failures: unknown[]): Run['despite'] {
  let unavailable = 0;
  return async (resourceId, work) => {
    try {
      await work();
    } catch (error) {
      log.error('sweep of a resource failed', { resourceId, error });
      if (failures.length === 0) failures.push(error);
      const isDown = error instanceof PortError && error.code === 'unavailable';
      if (isDown && ++unavailable === UNAVAILABLE_MAX) throw error;
    }
  };
}

/** Look by look. False if it was over before the end of the lap. */
async function hideExpired(deps: Deps, run: Run): Promise<boolean> {
  const { summary, now, deadline, judgedAtOnce, resourcesAtOnce, despite } = run;
  const { catalog, clock, log } = deps;
  const until = Number.isFinite(deadline) ? deadline - (deadline - now) * REMOVING_SHARE : deadline;
  while (!isOver(deps, until)) {
    // Hiding takes backups out of the very list that is judged, so what is judged together is judged before any of it is hidden.
    const state = await catalog.getExpiryState();
    const judgement = await judgeExpiry(deps, state, undefined, {
      ...{ lap: lapOf(state, clock.now()), atOnce: judgedAtOnce, decidedAtOnce: resourcesAtOnce },
      ...{ hidden: summary.expired, despite },
    });
    const { waiting, begun, next } = judgement;
    summary.waiting += waiting.size;
    if (waiting.size > 0) log.warn('expired backups wait', { waiting: waiting.size, begun: begun.length });
    // What begins to wait is written down first, what has waited last: it may take more than one sweep.
    await settleWaits(deps, { ...judgement, ended: [] });
    await settleAll(deps, run, judgement, until);
    if (isOver(deps, until)) break;
    await settleWaits(deps, { ...judgement, begun: [] });
    await keepPass(deps, judgement);
    if (next === undefined) return true;
  }
  summary.overdueMs = Math.max(summary.overdueMs, now - (await nextPlace(deps, now)));
  return false;
}

async function settleAll(deps: Deps, run: Run, judgement: Judgement, until: number): Promise<void> {
  const { summary, now, touched, standing, resourcesAtOnce, despite } = run;
  const { lap, waiting, resources } = judgement;
  let farthest: Promise<void> | undefined;
  const settling: Settling = {
    ...{ lap, waiting, standing, isOver: () => isOver(deps, until) },
    beforePlacing() {
      farthest ??= keepFarthest(deps, judgement);
      return farthest;
    },
  };
  await forEachAtOnce(resources, resourcesAtOnce, async (judged) => {
    let left = judged.going.filter(({ id }) => !waiting.has(id));
    summary.due += left.length;
    if (!settling.isOver()) {
      await despite(judged.resourceId, async () => {
        const { hidden, left: notCome } = await settleResource(deps, judged, settling);
        summary.expired += hidden.length;
        left = notCome;
        const isBase = hidden.some((record) => judged.bases.has(ownBlob(record).blobId));
        // Else nothing of the resource can go before its garbage is due.
        if (isBase || (deps.options.graceMs === 0 && hidden.length > 0)) touched.add(judged.resourceId);
      });
    }
    for (const record of left) summary.overdueMs = Math.max(summary.overdueMs, now - timeOfExpiry(record));
  });
}

/** Of the resources that were touched, and of those whose garbage is due, page by page. */
async function removeDue(deps: Deps, run: Run): Promise<void> {
  const { summary, now, deadline, touched, standing, resourcesAtOnce, despite } = run;
  const { catalog } = deps;
  const prune = (resourceIds: Iterable<string>): Promise<void> =>
    forEachAtOnce(resourceIds, resourcesAtOnce, async (resourceId) => {
      if (isOver(deps, deadline)) return;
      await despite(resourceId, async () => {
        const pruned = await pruneResource(deps, resourceId, standing);
        summary.rebased += pruned.rebased;
        summary.blobsRemoved += pruned.blobsRemoved;
      });
    });
  await prune(touched);
  const progress = await readProgress<{ cursor: string }>(catalog, 'garbage');
  let { cursor } = progress.body;
  do {
    if (isOver(deps, deadline)) break;
    const page = await pageFrom(cursor, (request) => catalog.dueGarbage({ ...request, before: now }));
    const fresh = new Set(page.items.map(({ resourceId }) => resourceId).filter((id) => !touched.has(id)));
    await prune(fresh);
    // What was not come to is come to by the next sweep, which goes on here.
    if (isOver(deps, deadline)) break;
    for (const resourceId of fresh) touched.add(resourceId);
    cursor = page.cursor;
  } while (cursor !== undefined);
  const place = cursor === undefined ? {} : { cursor };
  await ifWritable(deps, 'how far removing has come', () => progress.keep(place), undefined);
}

async function forget(deps: Deps, now: number, deadline: number): Promise<void> {
  const { catalog, options } = deps;
  const { auditMs } = options;
  const past = {
    now,
    operationsBefore: now - LIMITS.operationHistoryDays * DAY_MS,
    ...(auditMs === 0 ? {} : { eventsBefore: now - auditMs }),
    isOver: () => isOver(deps, deadline),
  };
  await ifWritable<unknown>(deps, 'what is forgotten', () => catalog.purge(past), 0);
}

/** Since when the first has waited that the lap has not come to; now, if nothing is left of it. */
async function nextPlace(deps: Deps, now: number): Promise<number> {
  const { resources } = await lookFrom(deps, lapOf(await deps.catalog.getExpiryState(), now), 1);
  return Math.min(now, ...[...resources.values()].flatMap(({ places }) => [...places.values()]));
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
