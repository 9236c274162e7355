// Schedules as answers show them: what is said, what comes, how it stands.

import * as z from 'zod/mini';
import { offsetsOf } from '../../core/records/calendar.ts';
import { SKIP_REASONS, SKIPPED_BECAUSE } from '../../core/schedule/decide.ts';
import type { RunBrief } from '../../core/schedule/records.ts';
import type { FoundSchedule } from '../../service/contract/schedules.ts';
import type { Answer } from './answers.ts';
import { formatInstant } from './instant.ts';
import { once } from './once.ts';
import { runAnswers, viewRun } from './runs.ts';
import { shapes } from './shapes.ts';

/** Made on demand. */
export const scheduleAnswers = once(() => {
  const { about, time, count } = shapes();
  const { Run } = runAnswers();
  const ScheduleSlot = z.object({
    slot: time.check(about('In UTC')),
    local: z.string().check(about('The same in the zone of the schedule, with its offset')),
    dueAt: time.check(about('With the jitter of its resource')),
  });
  const EndedRun = z.object({
    runId: z.string(),
    slot: time,
    status: z.enum(['queued', 'running', 'completed', 'unchanged', 'failed']),
    finishedAt: time,
    backupId: z.exactOptional(z.string()),
    code: z.exactOptional(z.string()).check(about('Why it failed, in a word')),
    detail: z.exactOptional(z.string()).check(about('The same in a sentence')),
  });
  const Schedule = z.object({
    id: z.string(),
    sourceId: z.string(),
    resourceId: z.string(),
    resourceType: z.string(),
    when: z.string(),
    zone: z.string(),
    jitterSeconds: count,
    catchUp: z.enum(['one', 'none']),
    type: z.enum(['full', 'incremental', 'differential']),
    retentionDays: count,
    tags: z.record(z.string(), z.string()),
    ifChanged: z.boolean(),
    drillEvery: count,
    drillInto: z.exactOptional(z.string()),
    paused: z.boolean(),
    pause: z
      .exactOptional(z.object({ at: time, by: z.string(), reason: z.exactOptional(z.string()) }))
      .check(about('Since when, by whom and why, while it is paused')),
    state: z.enum(['paused', 'queued', 'running', 'waiting', 'over']),
    why: z.string().check(about('Why it does not run now, in a sentence or two')),
    next: z.array(ScheduleSlot),
    running: z.exactOptional(Run).check(about('The run that is queued or under way')),
    last: z.exactOptional(EndedRun),
    lastSuccessAt: z.exactOptional(time),
    expectedIntervalSeconds: z.exactOptional(count).check(about('From the last slot to the next')),
    failuresInARow: count,
    missed: count.check(about('Slots that did not run since it was made, paused ones apart')),
    skips: z
      .array(
        z.object({
          reason: z.enum(SKIP_REASONS),
          why: z.string().check(about('The same in words')),
          from: time,
          to: time,
          count,
          isMore: z.exactOptional(z.boolean()).check(about('More than could be counted')),
          decidedAt: time,
        }),
      )
      .check(about('What did not run, newest first')),
    lastDrill: z.exactOptional(z.object({ id: z.string(), at: time, passed: z.boolean() })),
    warnings: z.array(z.string()),
    createdAt: time,
    updatedAt: time,
    updatedBy: z.string(),
  });
  const ScheduleList = z.object({
    schedules: z.array(Schedule),
    count,
    nextCursor: z.exactOptional(z.string()),
  });
  const ScheduleRemoved = z.object({ id: z.string(), status: z.enum(['removed']) });
  return { ScheduleSlot, Schedule, ScheduleList, ScheduleRemoved };
});

export function viewSchedule({
  schedule,
  next,
  standing,
  running,
  warnings,
}: FoundSchedule): Answer<'Schedule'> {
  const { id, sourceId, resourceId, resourceType, when, zone, jitterSeconds, catchUp, type, retentionDays } =
    schedule;
  const {
    tags,
    ifChanged,
    drillEvery,
    drillInto,
    isPaused,
    pause,
    createdAt,
    updatedAt,
    updatedBy,
    progress,
  } = schedule;
  const { last, lastSuccess, failuresInARow, missed, skips, lastDrill, expected } = progress;
  const localOf = localIn(zone);
  return {
    ...{ id, sourceId, resourceId, resourceType, when, zone, jitterSeconds, catchUp, type, retentionDays },
    ...(drillInto === undefined ? {} : { drillInto }),
    ...(pause === undefined ? {} : { pause: { ...pause, at: formatInstant(pause.at) } }),
    ...{ tags, ifChanged, drillEvery, paused: isPaused, state: standing.state, why: standing.why },
    next: next.map(({ slot, dueAt }) => ({
      slot: formatInstant(slot),
      local: localOf(slot),
      dueAt: formatInstant(dueAt),
    })),
    ...(running === undefined ? {} : { running: viewRun(running) }),
    ...(last === undefined ? {} : { last: viewBrief(last) }),
    ...(lastSuccess === undefined ? {} : { lastSuccessAt: formatInstant(lastSuccess.finishedAt) }),
    ...(expected?.intervalMs === undefined
      ? {}
      : { expectedIntervalSeconds: Math.round(expected.intervalMs / 1000) }),
    ...{ failuresInARow, missed },
    skips: skips.map(({ reason, from, to, count, isMore, decidedAt }) => ({
      ...{
        reason,
        why: SKIPPED_BECAUSE[reason],
        from: formatInstant(from),
        to: formatInstant(to),
        count,
        decidedAt: formatInstant(decidedAt),
      },
      ...(isMore === undefined ? {} : { isMore }),
    })),
    ...(lastDrill === undefined
      ? {}
      : { lastDrill: { id: lastDrill.id, at: formatInstant(lastDrill.at), passed: lastDrill.passed } }),
    warnings,
    ...{ createdAt: formatInstant(createdAt), updatedAt: formatInstant(updatedAt), updatedBy },
  };
}

function viewBrief({ runId, slot, status, finishedAt, backupId, code, detail }: RunBrief) {
  return {
    ...{ runId, slot: formatInstant(slot), status, finishedAt: formatInstant(finishedAt) },
    ...(backupId === undefined ? {} : { backupId }),
    ...(code === undefined ? {} : { code }),
    ...(detail === undefined ? {} : { detail }),
  };
}

const MINUTE_MS = 60_000;

/** `2026-03-29T03:00:00+02:00`. */
function localIn(zone: string): (instant: number) => string {
  const offsetAt = offsetsOf(zone);
  return (instant) => {
    const offset = offsetAt(instant);
    const wall = new Date(instant + offset).toISOString().slice(0, 19);
    const minutes = Math.abs(offset) / MINUTE_MS;
    const two = (value: number): string => String(value).padStart(2, '0');
    return `${wall}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  };
}
