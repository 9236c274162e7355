// The look at what is due, once a minute: decides for each schedule what runs and what does not, in one conditional commit with the
// events, so that of two who look at once one decides. Nothing is read or made here: runs are queued.

import { BACK_MS_MAX, type Decision, type Look } from '../../core/schedule/decide.ts';
import type { RunRecord, ScheduleRecord } from '../../core/schedule/records.ts';
import { runIdOf } from '../../core/schedule/records.ts';
import type { Change } from '../../ports/change.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Deps } from '../contract/deps.ts';
import { pages } from '../kit/collect.ts';
import { retryOnConflict } from '../kit/conflict.ts';
import { dueKept, findKept, type Kept, listKept, putKept } from './documents.ts';
import { actorOf, runEvent, skippedEvent } from './events.ts';
import { freshRun, keptRunTimes, liveRunOf, mendRuns } from './queue.ts';
import { decideFor, progressAfter, timesOf } from './timing.ts';

/** So often all schedules are looked at, whatever they say of when they are due. */
const WHOLE_LOOK_MS = 60 * 60_000;

export type TickDeps = Pick<Deps, 'catalog' | 'clock' | 'log' | 'random' | 'upkeep' | 'runs'>;

export interface Ticked {
  queued: number;
  skipped: number;
}

/** What one process knows of its looks. */
interface Before {
  wall: number;
  elapsed: number | undefined;
  monotonic: number;
  wholeAt: number | undefined;
}

/**
 * Looks once. A schedule that cannot be decided is logged, and holds up no other. Throws PortError from the catalog where it does not
 * answer.
 */
export function createTick(deps: TickDeps): () => Promise<Ticked> {
  const { clock } = deps;
  let before: Before | undefined;
  return async () => {
    const now = clock.now();
    const driftMs = before === undefined ? 0 : driftSince(before, clock);
    const lookedAt = before?.wall ?? (await lastLookOf(deps));
    // A clock that was ahead may have put off what a look by due time would not see.
    const isBack = lookedAt !== undefined && lookedAt - now > BACK_MS_MAX;
    const isOld = before?.wholeAt === undefined || clock.monotonic() - before.wholeAt >= WHOLE_LOOK_MS;
    const isWhole = isBack || isOld || driftMs < -BACK_MS_MAX;
    const done = await lookAt(deps, { now, lookedAt, driftMs }, isWhole);
    before = {
      wall: now,
      elapsed: clock.elapsed(),
      monotonic: clock.monotonic(),
      wholeAt: isWhole ? clock.monotonic() : before?.wholeAt,
    };
    if (done.queued > 0) deps.runs?.tell();
    return done;
  };
}

/** By how much the wall clock has moved beyond what has passed; 0 where nobody can tell. */
function driftSince({ wall, elapsed }: Before, clock: Clock): number {
  const passed = clock.elapsed();
  if (elapsed === undefined || passed === undefined) return 0;
  return clock.now() - wall - (passed - elapsed);
}

/** Of whichever process. */
async function lastLookOf({ upkeep, log }: Pick<Deps, 'upkeep' | 'log'>): Promise<number | undefined> {
  try {
    return (await upkeep?.list())?.find(({ name }) => name === 'schedules')?.succeededAt;
  } catch (error) {
    // It only says why something was missed.
    log.warn('when schedules were last looked at could not be read', { error });
    return undefined;
  }
}

async function lookAt(deps: TickDeps, look: Look, isWhole: boolean): Promise<Ticked> {
  const done: Ticked = { queued: 0, skipped: 0 };
  if (isWhole) await mendRuns(deps);
  const read = isWhole
    ? (page: { limit: number; cursor?: string }) => listKept(deps, 'schedule', page)
    : (page: { limit: number; cursor?: string }) => dueKept(deps, 'schedule', { ...page, before: look.now });
  // All of them first: what is decided moves in the list that is read.
  const ids: string[] = [];
  for await (const { id } of pages(read)) ids.push(id);
  let failure: unknown;
  for (const id of ids) {
    try {
      const decided = await tickOne(deps, id, look);
      done.queued += decided.run === undefined ? 0 : 1;
      done.skipped += decided.skipped.reduce((sum, { count }) => sum + count, 0);
    } catch (error) {
      failure ??= error;
      deps.log.error('a schedule could not be decided', { schedule: id, error });
    }
  }
  if (failure !== undefined) throw failure;
  return done;
}

const NOTHING: Readonly<Pick<Decision, 'skipped' | 'run'>> = { skipped: [] };

async function tickOne(deps: TickDeps, id: string, look: Look): Promise<Pick<Decision, 'skipped' | 'run'>> {
  return retryOnConflict(`Schedule ${id}`, async () => {
    const kept = await findKept(deps, 'schedule', id);
    if (kept === undefined) return NOTHING;
    const schedule = kept.body;
    const timing = timesOf(schedule);
    const live = await liveRunOf(deps, schedule);
    const decision = decideFor(schedule, timing, live !== undefined, look);
    const { run, skipped, wentBackMs } = decision;
    if (wentBackMs !== undefined) {
      deps.log.warn('the clock has gone back: a schedule is decided anew from now on', {
        schedule: id,
        wentBackMs,
      });
    }
    const isRun = run !== undefined && (await findKept(deps, 'run', runIdOf(id, run.slot))) === undefined;
    const isMoved = decision.decidedUntil !== schedule.progress.decidedUntil;
    if (!isMoved && kept.dueAt === decision.nextDue) return NOTHING;
    await deps.catalog.commit(changesOf(deps, kept, decision, isRun, look.now));
    for (const { reason, count } of skipped)
      deps.log.warn('slots do not run', { schedule: id, reason, count });
    return { skipped, ...(isRun ? { run } : {}) };
  });
}

function changesOf(
  deps: TickDeps,
  kept: Kept<'schedule'>,
  decision: Decision,
  isRun: boolean,
  now: number,
): Change[] {
  const { body: schedule } = kept;
  const timing = timesOf(schedule);
  const run = isRun ? runFor(schedule, decision.run!, now) : undefined;
  const progress = progressAfter(schedule, timing, decision, now);
  const next: ScheduleRecord = {
    ...schedule,
    progress: run === undefined ? progress : { ...progress, running: run.id },
  };
  return [
    putKept('schedule', next, { dueAt: decision.nextDue }, kept),
    ...decision.skipped.map((skip) => skippedEvent(deps, schedule, skip, now)),
    ...(run === undefined
      ? []
      : [
          putKept('run', run, keptRunTimes(run)),
          runEvent(deps, 'run.queued', run, now, actorOf(schedule.id)),
        ]),
  ];
}

function runFor(schedule: ScheduleRecord, run: NonNullable<Decision['run']>, now: number): RunRecord {
  return freshRun(schedule, {
    slot: run.slot,
    trigger: run.isCatchUp ? 'catch_up' : 'schedule',
    requestedBy: actorOf(schedule.id).actor,
    now,
    text: run.isCatchUp
      ? `Late, for ${new Date(run.slot).toISOString()}, which was missed.`
      : `For ${new Date(run.slot).toISOString()}.`,
  });
}
