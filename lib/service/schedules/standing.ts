// How a schedule stands: what comes, what it does now, and why it does not run.

import { DAY_MS, LIMITS } from '../../core/records/limits.ts';
import { SKIPPED_BECAUSE, type Timing } from '../../core/schedule/decide.ts';
import type { RunRecord, ScheduleRecord } from '../../core/schedule/records.ts';
import { longestInterval } from '../../core/schedule/slots.ts';
import type { Deps } from '../contract/deps.ts';
import type { FoundSchedule } from '../contract/schedules.ts';
import type { Kept } from './documents.ts';
import { liveRunOf } from './queue.ts';
import { comingOf, timesOf } from './timing.ts';

const NEXT_SLOTS = 5;

export async function found(
  deps: Pick<Deps, 'catalog' | 'clock'>,
  { body: schedule, dueAt }: Kept<'schedule'>,
  count: number = NEXT_SLOTS,
): Promise<FoundSchedule> {
  const now = deps.clock.now();
  const timing = timesOf(schedule);
  const running = await liveRunOf(deps, schedule);
  // One that is due and has not been looked at yet comes first.
  const isDue = dueAt !== undefined && dueAt <= now && running === undefined;
  const from = isDue
    ? dueAt - timing.jitterMs - 1
    : Math.max(now - timing.jitterMs, schedule.progress.decidedUntil);
  const next = comingOf(timing, from, Math.min(Math.max(1, count), LIMITS.nextSlotsMax));
  return {
    resourceId: schedule.resourceId,
    schedule,
    next,
    standing: standingOf(schedule, running, next[0]?.dueAt, now),
    ...(running === undefined ? {} : { running }),
    warnings: warningsFor(schedule, timing, now),
  };
}

function standingOf(
  schedule: ScheduleRecord,
  running: RunRecord | undefined,
  dueAt: number | undefined,
  now: number,
): FoundSchedule['standing'] {
  const said = lastSaid(schedule);
  if (running !== undefined) {
    const state = running.status === 'running' ? 'running' : 'queued';
    const since = new Date(running.startedAt ?? running.queuedAt).toISOString();
    const why =
      state === 'running'
        ? `${running.id} is under way since ${since}.`
        : `${running.id} waits to be begun since ${since}.`;
    return { state, why };
  }
  if (schedule.isPaused) return { state: 'paused', why: `${pausedSaid(schedule)}${said}` };
  if (dueAt === undefined) return { state: 'over', why: `No slot of it comes any more.${said}` };
  const when = new Date(dueAt).toISOString();
  const why =
    dueAt <= now
      ? `It is due since ${when}; the next look at what is due begins it.`
      : `It is due at ${when}.`;
  return { state: 'waiting', why: why + said };
}

/** A reason is told as it was said. */
function pausedSaid({ pause }: ScheduleRecord): string {
  if (pause === undefined) return 'It is paused.';
  const { at, by, reason } = pause;
  const why = reason === undefined ? '.' : `: ${reason.replace(/[.\s]+$/, '')}.`;
  return `It is paused since ${new Date(at).toISOString()} by ${by}${why}`;
}

/** What became of the last slot that was due, if it did not run well. */
function lastSaid({ progress }: ScheduleRecord): string {
  const [skip] = progress.skips;
  const { last } = progress;
  if (skip !== undefined && skip.to > (last?.slot ?? 0)) {
    return ` ${new Date(skip.to).toISOString()} did not run: ${SKIPPED_BECAUSE[skip.reason]}.`;
  }
  if (last?.code === undefined) return '';
  const why = last.detail === undefined ? '.' : `: ${last.detail}`;
  return ` The last run, ${last.runId}, has failed (${last.code})${why}`;
}

function warningsFor(schedule: ScheduleRecord, { slots }: Timing, now: number): string[] {
  const interval = longestInterval(slots, now);
  const keptMs = schedule.retentionDays * DAY_MS;
  if (interval === undefined || keptMs === 0 || keptMs > 2 * interval) return [];
  return [
    `Backups are kept for ${schedule.retentionDays} days, and up to ${Math.round(interval / DAY_MS)} days lie between two: ` +
      'one that fails may leave none.',
  ];
}
