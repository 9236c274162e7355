// Runs as a queue: made for a slot or by hand, taken by who works on them, taken again from whoever is gone.

import { ServiceError } from '../../core/records/errors.ts';
import { DAY_MS, LIMITS } from '../../core/records/limits.ts';
import {
  isRunAlive,
  isRunOver,
  type RunRecord,
  type RunTrigger,
  runIdOf,
  type ScheduleRecord,
  withLine,
} from '../../core/schedule/records.ts';
import type { Change } from '../../ports/change.ts';
import { PortError } from '../../ports/errors.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { collect } from '../kit/collect.ts';
import { retryOnConflict } from '../kit/conflict.ts';
import { dueKept, findKept, type Kept, keptBy, putKept } from './documents.ts';
import { actorOf, runEvent } from './events.ts';
import { noSchedule } from './missing.ts';

export type QueueDeps = Pick<Deps, 'catalog' | 'clock' | 'random' | 'log'>;

/** What waits is always due, whatever the clock said when it was queued. */
const AT_ONCE = 0;

export interface FreshRun {
  slot: number;
  trigger: RunTrigger;
  requestedBy: string;
  now: number;
  text: string;
}

export function freshRun(
  schedule: ScheduleRecord,
  { slot, trigger, requestedBy, now, text }: FreshRun,
): RunRecord {
  const { id: scheduleId, sourceId, resourceId } = schedule;
  return {
    ...{ id: runIdOf(scheduleId, slot), scheduleId, sourceId, resourceId, slot, trigger, requestedBy },
    ...{ status: 'queued', progress: 0, attempt: 0, queuedAt: now, log: withLine([], now, text) },
  };
}

/** When something has to be done about a run, and until when it is kept. `notBefore`: of one that is to be begun again. */
export function keptRunTimes(run: RunRecord, notBefore = AT_ONCE): { dueAt?: number; expiresAt: number } {
  const expiresAt = run.queuedAt + LIMITS.runHistoryDays * DAY_MS;
  if (isRunOver(run)) return { expiresAt };
  return { dueAt: run.status === 'queued' ? notBefore : (run.leaseUntil ?? AT_ONCE), expiresAt };
}

/** The run of a schedule that is queued or worked on; one whose worker is gone is none. */
export async function liveRunOf(
  deps: Pick<Deps, 'catalog' | 'clock'>,
  { progress }: Pick<ScheduleRecord, 'progress'>,
): Promise<RunRecord | undefined> {
  if (progress.running === undefined) return undefined;
  const run = (await findKept(deps, 'run', progress.running))?.body;
  return run !== undefined && isRunAlive(run, deps.clock.now(), LIMITS.runLeaseMs) ? run : undefined;
}

/** A run by hand. Throws ServiceError `schedule_not_found`, `run_under_way`. */
export async function queueRun(
  deps: QueueDeps & Pick<Deps, 'runs'>,
  scheduleId: string,
  caller: Caller,
): Promise<RunRecord> {
  const run = await retryOnConflict(`Schedule ${scheduleId}`, async () => {
    const kept = await findKept(deps, 'schedule', scheduleId);
    if (kept === undefined) throw noSchedule(scheduleId);
    const live = await liveRunOf(deps, kept.body);
    if (live !== undefined) {
      throw new ServiceError('run_under_way', `${live.id} is ${live.status}; another comes after it.`, {
        extra: { runId: live.id },
      });
    }
    const now = deps.clock.now();
    const made = freshRun(kept.body, {
      ...{ slot: now, trigger: 'manual', requestedBy: caller.actor, now },
      text: `Asked for by ${caller.actor}.`,
    });
    const progress = { ...kept.body.progress, running: made.id };
    await deps.catalog.commit([
      putKept('schedule', { ...kept.body, progress }, { dueAt: kept.dueAt }, kept),
      putKept('run', made, keptRunTimes(made)),
      runEvent(deps, 'run.queued', made, now, caller),
    ]);
    return made;
  });
  deps.runs?.tell();
  return run;
}

/** Runs to look for at once: those that others have just taken are passed over. */
const LOOKS_MAX = 20;

/**
 * The next run that waits, taken: from now on it is whoever's has called. One whose worker is gone goes back into the queue first, or
 * has failed if that was the last time. Undefined if none waits.
 */
export async function takeRun(deps: QueueDeps): Promise<Kept<'run'> | undefined> {
  const now = deps.clock.now();
  const { items } = await dueKept(deps, 'run', { before: now, limit: LOOKS_MAX });
  for (const { id } of items) {
    try {
      // As it stands: a list by due time may show it as it was.
      const kept = await findKept(deps, 'run', id);
      if (kept === undefined || isRunOver(kept.body)) continue;
      if (kept.body.status === 'running') {
        if (!isRunAlive(kept.body, now, LIMITS.runLeaseMs)) await abandon(deps, kept);
        continue;
      }
      if (kept.dueAt !== undefined && kept.dueAt > now) continue;
      return await begin(deps, kept);
    } catch (error) {
      // Somebody else was faster.
      if (!(error instanceof PortError && error.code === 'conflict')) throw error;
    }
  }
  return undefined;
}

async function begin(deps: QueueDeps, kept: Kept<'run'>): Promise<Kept<'run'>> {
  const now = deps.clock.now();
  const { body } = kept;
  const attempt = body.attempt + 1;
  const run: RunRecord = {
    ...body,
    ...{ status: 'running', attempt, startedAt: body.startedAt ?? now, leaseUntil: now + LIMITS.runLeaseMs },
    log: withLine(
      body.log,
      now,
      attempt === 1 ? 'Begun.' : `Begun again: attempt ${attempt} of ${LIMITS.runAttemptsMax}.`,
    ),
  };
  const put = putKept('run', run, keptRunTimes(run), kept);
  await deps.catalog.commit([put, runEvent(deps, 'run.started', run, now, actorOf(run.scheduleId))]);
  return keptBy<'run'>(put);
}

/** After a restart nobody works on what was under way. Resolves with how many runs that was. */
export async function reopenRuns(deps: QueueDeps): Promise<number> {
  const open = (await unfinishedRuns(deps)).filter(({ body }) => body.status === 'running');
  for (const kept of open) await abandon(deps, kept);
  return open.length;
}

async function unfinishedRuns(deps: Pick<Deps, 'catalog'>): Promise<Kept<'run'>[]> {
  return collect((page) => dueKept(deps, 'run', { ...page, before: Number.MAX_SAFE_INTEGER }));
}

/** Its worker is gone: it is begun again, unless that was the last time. Throws PortError `conflict` if it was moved meanwhile. */
async function abandon(deps: QueueDeps, kept: Kept<'run'>): Promise<void> {
  const { body } = kept;
  const now = deps.clock.now();
  const caller = actorOf(body.scheduleId);
  deps.log.warn('whoever worked on a run is gone', { run: body.id, attempt: body.attempt });
  if (body.attempt >= LIMITS.runAttemptsMax) {
    const detail = `Whoever worked on it was gone ${body.attempt} times before it was done.`;
    await endRun(deps, kept, { status: 'failed', failure: { code: 'run_abandoned', detail } });
    return;
  }
  const { leaseUntil: _lease, ...rest } = body;
  const run: RunRecord = {
    ...rest,
    status: 'queued',
    log: withLine(body.log, now, 'Whoever worked on it is gone; it goes back into the queue.'),
  };
  await deps.catalog.commit([
    putKept('run', run, keptRunTimes(run), kept),
    runEvent(deps, 'run.abandoned', run, now, caller),
  ]);
}

export type RunOutcome = Pick<RunRecord, 'status'> &
  Partial<Pick<RunRecord, 'failure' | 'backupId' | 'warnings' | 'bytes'>>;
/** What the schedule remembers of a run that ended well. */
export type Remembered = Pick<ScheduleRecord['progress'], 'mark' | 'counted'>;

/** Ends a run, and says so in its schedule. Throws PortError `conflict` if somebody else has moved the run. */
export async function endRun(
  deps: QueueDeps,
  kept: Kept<'run'>,
  outcome: RunOutcome,
  remembered: Remembered = {},
): Promise<RunRecord> {
  const { catalog, log } = deps;
  const { leaseUntil: _lease, ...before } = kept.body;
  const now = deps.clock.now();
  const isWell = outcome.status !== 'failed';
  const run: RunRecord = {
    ...before,
    ...outcome,
    ...{ progress: isWell ? 100 : before.progress, finishedAt: now },
    log: withLine(before.log, now, lastWordsOf(outcome)),
  };
  const action = run.status === 'unchanged' ? 'run.unchanged' : isWell ? 'run.completed' : 'run.failed';
  const { failure } = run;
  const ended = runEvent(
    deps,
    action,
    run,
    now,
    actorOf(run.scheduleId),
    failure === undefined ? {} : { code: failure.code },
  );
  await retryWhileScheduleMoves(
    async () => {
      const schedule = await findKept(deps, 'schedule', run.scheduleId);
      await catalog.commit([
        putKept('run', run, keptRunTimes(run), kept),
        ...(schedule === undefined ? [] : [afterRun(schedule, run, remembered)]),
        ended,
      ]);
    },
    async () => (await findKept(deps, 'run', run.id))?.version === kept.version,
  );
  const facts = { run: run.id, schedule: run.scheduleId, resourceId: run.resourceId, attempt: run.attempt };
  if (failure === undefined) log.info('run ended', { ...facts, status: run.status, backupId: run.backupId });
  else log.error('run failed', { ...facts, ...failure });
  return run;
}

/** While it is the schedule that others move, and not the run. */
async function retryWhileScheduleMoves(
  commit: () => Promise<void>,
  isOurs: () => Promise<boolean>,
): Promise<void> {
  let conflict: unknown;
  await retryOnConflict('The schedule', async () => {
    try {
      await commit();
    } catch (error) {
      if (!(error instanceof PortError && error.code === 'conflict') || (await isOurs())) throw error;
      conflict = error;
    }
  });
  if (conflict !== undefined) throw conflict;
}

function lastWordsOf({ status, backupId, failure }: RunOutcome): string {
  if (failure !== undefined) return `Failed: ${failure.detail}`;
  return status === 'unchanged' ? `Unchanged: ${backupId} has this state.` : `Made ${backupId}.`;
}

function afterRun(kept: Kept<'schedule'>, run: RunRecord, remembered: Remembered): Change {
  const { progress } = kept.body;
  const { id: runId, slot, status, finishedAt = 0, backupId, failure } = run;
  const brief = {
    ...{ runId, slot, status, finishedAt },
    ...(backupId === undefined ? {} : { backupId }),
    ...(failure === undefined ? {} : { code: failure.code, detail: failure.detail }),
  };
  const { running, mark, ...others } = progress;
  const isStillRunning = running !== undefined && running !== runId;
  const next = {
    ...others,
    ...(isStillRunning ? { running } : {}),
    last: brief,
    ...(failure === undefined
      ? { failuresInARow: 0, lastSuccess: brief, sinceDrill: progress.sinceDrill + 1, ...remembered }
      : { failuresInARow: progress.failuresInARow + 1, ...(mark === undefined ? {} : { mark }) }),
  };
  return putKept('schedule', { ...kept.body, progress: next }, { dueAt: kept.dueAt }, kept);
}

/** Back into the queue, for a while later. Throws PortError `conflict` if somebody else has moved it. */
export async function putBack(
  deps: QueueDeps,
  kept: Kept<'run'>,
  delayMs: number,
  text: string,
): Promise<void> {
  const now = deps.clock.now();
  const { leaseUntil: _lease, ...body } = kept.body;
  const run: RunRecord = { ...body, status: 'queued', log: withLine(body.log, now, text) };
  await deps.catalog.commit([putKept('run', run, keptRunTimes(run, now + delayMs), kept)]);
  deps.log.warn('a run is put back', { run: run.id, attempt: run.attempt, delayMs, text });
}

/**
 * Where the clock has gone back, what was put off by it would wait for it: such runs are due at once. Resolves with how many that
 * were.
 */
export async function mendRuns(deps: QueueDeps): Promise<number> {
  const now = deps.clock.now();
  let mended = 0;
  for (const kept of await unfinishedRuns(deps)) {
    const { body, dueAt = AT_ONCE } = kept;
    if (body.status === 'running') {
      if (isRunAlive(body, now, LIMITS.runLeaseMs)) continue;
      await abandon(deps, kept);
    } else {
      if (dueAt - now <= LIMITS.runRetryMs * 2 ** LIMITS.runAttemptsMax) continue;
      await putBack(deps, kept, 0, 'The clock has gone back: it need not wait.');
    }
    mended++;
  }
  return mended;
}
