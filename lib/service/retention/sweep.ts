// The sweep: hides what has expired, removes what nothing needs any more; where that is much, several at once.

import { DAY_MS, LIMITS } from '../../core/records/limits.ts';
import type { ExpiryState, ExpiryWait } from '../../core/records/retention-records.ts';
import { randomUuid } from '../../ports/random.ts';
import { standingNotices } from '../chains/disagreement.ts';
import type { Deps } from '../contract/deps.ts';
import { lookAtClock, peekAtClock } from '../kit/clock-watch.ts';
import { readProgress } from '../kit/progress.ts';
import { demandTrust } from '../kit/trust.ts';
import { ifWritable } from '../restores/late-operations.ts';
import { judgeExpiry } from './expiry.ts';
import { hideExpired, wholeWay } from './hide-expired.ts';
import { dividedPass, THROUGH, wholeLap } from './lap.ts';
import { countParts, divideLap, mayDivide, takePart } from './parts.ts';
import { removeDue } from './remove-due.ts';
import { despiteFailures, isOver, type Run, type SweepSummary } from './run.ts';

export type { SweepSummary } from './run.ts';

/** Expired backups that are judged together, in memory: what is more comes after those, or is divided among several. */
const JUDGED_AT_ONCE = 10_000;
/** Resources worked on at once: each waits for a store most of the time. What needs memory takes turns (`prune.ts`). */
const RESOURCES_AT_ONCE = 16;
/** Of the time that a sweep has, what is left to remove bytes in. */
const REMOVING_SHARE = 1 / 3;

/**
 * Hides what has expired and frees what nothing live needs. Stops at `deadline` (epoch milliseconds) between two steps; running it
 * again goes on from there. Of more than `atOnce`, where there are others to call, it does a part.
 * Throws what the first resource threw that could not be judged, hidden or pruned, once the others are done.
 */
export async function sweep(
  deps: Deps,
  deadline = Number.POSITIVE_INFINITY,
  atOnce = JUDGED_AT_ONCE,
): Promise<SweepSummary> {
  return sweeping(deps, deadline, atOnce, async (run, state) => {
    const { now } = run;
    // What is merely forgotten waits for nothing that follows, nor does that wait for it.
    const forgetting = forget(deps, now, deadline).catch((error: unknown) => {
      deps.log.error('what is forgotten is still there', { error });
      run.fail(error);
    });
    try {
      const isDivided = dividedPass(deps, state) !== undefined || !(await sweepWhole(deps, run, state));
      if (isDivided) {
        await callOthers(deps, run);
        await sweepParts(deps, run);
      }
    } finally {
      await forgetting;
    }
  });
}

/** Does of a sweep that is divided what nobody is at. Stops and throws as `sweep` does. */
export async function helpSweep(
  deps: Deps,
  deadline = Number.POSITIVE_INFINITY,
  atOnce = JUDGED_AT_ONCE,
): Promise<SweepSummary> {
  return sweeping(deps, deadline, atOnce, (run) => sweepParts(deps, run));
}

/** What every sweep begins with. */
async function sweeping(
  deps: Deps,
  deadline: number,
  judgedAtOnce: number,
  work: (run: Run & { fail(error: unknown): void }, state: ExpiryState | undefined) => Promise<void>,
): Promise<SweepSummary> {
  await demandTrust(deps);
  const now = deps.clock.now();
  const summary: SweepSummary = {
    ...{
      expired: 0,
      due: 0,
      overdueMs: 0,
      waiting: 0,
      rebased: 0,
      blobsRemoved: 0,
      called: 0,
      finished: true,
    },
  };
  const clockWait = await lookEvenIfFull(deps);
  const state = await deps.catalog.getExpiryState();
  if (clockWait !== undefined) {
    summary.waiting = (await judgeExpiry(deps, state, clockWait, wholeLap(state, now))).waiting.size;
    deps.log.warn('nothing expires and nothing is removed', { ...clockWait });
    return summary;
  }
  const failures: unknown[] = [];
  const hidingUntil = Number.isFinite(deadline) ? deadline - (deadline - now) * REMOVING_SHARE : deadline;
  await work(
    {
      ...{ now, deadline, hidingUntil, judgedAtOnce, summary },
      resourcesAtOnce: deps.options.resourcesAtOnce ?? RESOURCES_AT_ONCE,
      despite: despiteFailures(deps, failures),
      standing: await standingNotices(deps),
      fail: (error) => failures.push(error),
    },
    state,
  );
  if (failures.length > 0) throw failures[0];
  return summary;
}

/** As one sweep goes. False if it is more than one should do alone, and has been divided. */
async function sweepWhole(deps: Deps, run: Run, state: ExpiryState | undefined): Promise<boolean> {
  const { summary, now, deadline, judgedAtOnce } = run;
  const touched = new Set<string>();
  const hiding = await hideExpired(deps, run, wholeWay(deps, state), touched, mayDivide(deps));
  if (hiding === 'many') {
    await divideLap(deps, false);
    return false;
  }
  const progress = await readProgress<{ cursor: string }>(deps.catalog, 'garbage');
  const bound = mayDivide(deps) ? { entriesMax: judgedAtOnce } : {};
  const cursor = await removeDue(deps, run, {
    ...{ touched, before: now, cursor: progress.body.cursor },
    ...bound,
  });
  const isMany = cursor !== THROUGH && mayDivide(deps) && !isOver(deps, deadline);
  const place = cursor === undefined || cursor === THROUGH || isMany ? {} : { cursor };
  await ifWritable(deps, 'how far removing has come', () => progress.keep(place), undefined);
  if (isMany) await divideLap(deps, hiding === 'through');
  summary.finished = hiding === 'through' && !isOver(deps, deadline);
  return !isMany;
}

/** For the parts that nobody is at, but for the one that this sweep takes. */
async function callOthers(deps: Deps, { summary }: Run): Promise<void> {
  if (deps.sweepers === undefined) return;
  const { free, taken } = await countParts(deps);
  const count = Math.min(free, deps.sweepers.most - taken) - 1;
  if (count <= 0) return;
  try {
    await deps.sweepers.call(count);
    summary.called = count;
  } catch (error) {
    // It goes more slowly then.
    deps.log.warn('others could not be called to sweep', { count, error });
  }
}

async function sweepParts(deps: Deps, run: Run): Promise<void> {
  const { deadline, summary } = run;
  const by = randomUuid(deps.random);
  const passedOver = new Set<number>();
  while (!isOver(deps, deadline)) {
    const taken = await takePart(deps, by, passedOver);
    if (taken === undefined) break;
    const { way, part, before } = taken;
    let garbage = taken.garbage;
    try {
      const touched = new Set<string>();
      const hiding = await hideExpired(deps, run, way, touched);
      if (hiding === 'later') passedOver.add(part);
      if (taken.isMine()) garbage = await removeDue(deps, run, { touched, before, part, cursor: garbage });
    } finally {
      await taken.leave(garbage);
    }
  }
  const { free, taken } = await countParts(deps);
  summary.finished = free + taken === 0;
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

/** On a full disk the wait cannot be written down, but it is found again each time. */
async function lookEvenIfFull(deps: Deps): Promise<ExpiryWait | undefined> {
  const { wait } = await peekAtClock(deps);
  return ifWritable(deps, 'the clock', () => lookAtClock(deps), wait);
}
