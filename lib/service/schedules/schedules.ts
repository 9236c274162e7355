// Schedules by name: said, paused, asked for. Nothing of it makes anything run that would not have run anyway.

import { ServiceError } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import { type SkipReason, settle, type Timing } from '../../core/schedule/decide.ts';
import type { ScheduleProgress, ScheduleRecord, ScheduleSpec } from '../../core/schedule/records.ts';
import { shortestInterval } from '../../core/schedule/slots.ts';
import type { Change } from '../../ports/change.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import type { FoundSchedule } from '../contract/schedules.ts';
import { retryOnConflict } from '../kit/conflict.ts';
import { event } from '../kit/events.ts';
import { findKept, type Kept, keptBy, listKept, putKept, removeKept } from './documents.ts';
import { faultOfScratch } from './drill-into.ts';
import { skippedEvent } from './events.ts';
import { noSchedule, noSource } from './missing.ts';
import { demandRoom } from './sources.ts';
import { found } from './standing.ts';
import { dueAfter, progressAfter, timesOf } from './timing.ts';

export type ScheduleDeps = Pick<Deps, 'catalog' | 'clock' | 'random'>;

export async function listSchedules(deps: ScheduleDeps, request: PageRequest): Promise<Page<FoundSchedule>> {
  const { items, ...page } = await listKept(deps, 'schedule', request);
  return { ...page, items: await Promise.all(items.map((kept) => found(deps, kept, 1))) };
}

/** Throws ServiceError `schedule_not_found`. */
export async function scheduleOf(deps: Pick<Deps, 'catalog'>, id: string): Promise<Kept<'schedule'>> {
  const kept = await findKept(deps, 'schedule', id);
  if (kept === undefined) throw noSchedule(id);
  return kept;
}

/** Throws ServiceError `schedule_not_found`. */
export async function getSchedule(deps: ScheduleDeps, id: string, count?: number): Promise<FoundSchedule> {
  return found(deps, await scheduleOf(deps, id), count);
}

/**
 * Sets or replaces what is said of it. Slots that were due by now and have not been looked at are skipped if its times change, with an
 * event. `isDry`: looks at all of it, gives how it would stand, and keeps nothing. Throws ServiceError `source_not_found`, `invalid_request`,
 * `write_conflict`.
 */
export async function putSchedule(
  deps: ScheduleDeps,
  id: string,
  spec: ScheduleSpec,
  caller: Caller,
  { isDry = false }: { isDry?: boolean } = {},
): Promise<FoundSchedule> {
  const timing = demandTimes(spec, deps.clock.now());
  const kept = await retryOnConflict(`Schedule ${id}`, async () => {
    const [before, source] = await Promise.all([
      findKept(deps, 'schedule', id),
      findKept(deps, 'source', spec.sourceId),
    ]);
    if (source === undefined) throw noSource(spec.sourceId);
    if (before === undefined) await demandRoom(deps, 'schedule', LIMITS.schedulesMax);
    if (spec.drillInto !== undefined) {
      const fault = await faultOfScratch(deps, spec);
      if (fault !== undefined) throw invalid('/drillInto', fault);
    }
    const now = deps.clock.now();
    const isMoved = before !== undefined && hasOtherTimes(before.body, spec);
    const { progress, events } =
      before !== undefined && !isMoved
        ? { progress: before.body.progress, events: [] }
        : moveOn(deps, before?.body, 'edited', now);
    const schedule: ScheduleRecord = {
      ...spec,
      id,
      isPaused: before?.body.isPaused ?? false,
      ...(before?.body.pause === undefined ? {} : { pause: before.body.pause }),
      createdAt: before?.body.createdAt ?? now,
      updatedAt: now,
      updatedBy: caller.actor,
      progress: before?.body.resourceId === spec.resourceId ? progress : withoutMarks(progress),
    };
    const dueAt = before !== undefined && !isMoved ? before.dueAt : dueAfter(timing, now);
    const put = putKept('schedule', schedule, { dueAt }, before);
    if (isDry) return keptBy<'schedule'>(put);
    const { resourceId, when, zone } = spec;
    await deps.catalog.commit([
      put,
      ...events,
      event(deps, 'schedule.changed', now, caller, { resourceId, detail: { schedule: id, when, zone } }),
    ]);
    return keptBy<'schedule'>(put);
  });
  return found(deps, kept);
}

/** Throws ServiceError `schedule_not_found`. */
export async function removeSchedule(deps: ScheduleDeps, id: string, caller: Caller): Promise<void> {
  await retryOnConflict(`Schedule ${id}`, async () => {
    const kept = await scheduleOf(deps, id);
    const now = deps.clock.now();
    const { resourceId } = kept.body;
    await deps.catalog.commit([
      removeKept(kept),
      event(deps, 'schedule.removed', now, caller, { resourceId, detail: { schedule: id } }),
    ]);
  });
}

/** What is so already is no error, and stays as it was said. Throws ServiceError `schedule_not_found`. */
export async function pauseSchedule(
  deps: ScheduleDeps,
  id: string,
  isPaused: boolean,
  caller: Caller,
  reason?: string,
): Promise<FoundSchedule> {
  const kept = await retryOnConflict(`Schedule ${id}`, async () => {
    const before = await scheduleOf(deps, id);
    if (before.body.isPaused === isPaused) return before;
    const now = deps.clock.now();
    // What was due by now is not made up for: whoever goes on wants no run of it.
    const { progress, events } = isPaused
      ? { progress: before.body.progress, events: [] }
      : moveOn(deps, before.body, 'paused', now);
    const { pause: _before, ...others } = before.body;
    const why = reason === undefined ? {} : { reason };
    const schedule: ScheduleRecord = {
      ...{ ...others, isPaused, progress },
      ...(isPaused ? { pause: { at: now, by: caller.actor, ...why } } : {}),
    };
    const dueAt = isPaused ? before.dueAt : dueAfter(timesOf(schedule), now);
    const put = putKept('schedule', schedule, { dueAt }, before);
    const { resourceId } = schedule;
    await deps.catalog.commit([
      put,
      ...events,
      event(deps, isPaused ? 'schedule.paused' : 'schedule.resumed', now, caller, {
        resourceId,
        detail: { schedule: id, ...why },
      }),
    ]);
    return keptBy<'schedule'>(put);
  });
  return found(deps, kept);
}

/** From now on; what was due until now is skipped for this reason. */
function moveOn(
  deps: ScheduleDeps,
  schedule: ScheduleRecord | undefined,
  reason: SkipReason,
  now: number,
): { progress: ScheduleProgress; events: Change[] } {
  if (schedule === undefined) {
    return {
      progress: { decidedUntil: now, failuresInARow: 0, skips: [], missed: 0, sinceDrill: 0 },
      events: [],
    };
  }
  const timing = timesOf(schedule);
  const skipped = settle(timing, schedule.progress.decidedUntil, now, reason);
  const progress = progressAfter(
    { ...schedule, isPaused: true },
    timing,
    { decidedUntil: now, skipped },
    now,
  );
  return { progress, events: skipped.map((skip) => skippedEvent(deps, schedule, skip, now)) };
}

function hasOtherTimes(before: ScheduleSpec, after: ScheduleSpec): boolean {
  const timesIn = ({ when, zone, jitterSeconds, resourceId }: ScheduleSpec) => [
    when,
    zone,
    jitterSeconds,
    resourceId,
  ];
  return JSON.stringify(timesIn(before)) !== JSON.stringify(timesIn(after));
}

/** They were of another resource's states. */
function withoutMarks({
  mark: _mark,
  counted: _counted,
  expected: _expected,
  ...progress
}: ScheduleProgress): ScheduleProgress {
  return progress;
}

function invalid(pointer: string, detail: string): ServiceError {
  return new ServiceError('invalid_request', 'The schedule cannot be kept.', {
    errors: [{ pointer, detail }],
  });
}

/** Throws ServiceError `invalid_request` for what names no times that ever come. */
function demandTimes(spec: ScheduleSpec, now: number): Timing {
  let timing: Timing;
  try {
    timing = timesOf(spec);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw invalid('/when', error.message);
  }
  if (timing.slots.after(now) === undefined) throw invalid('/when', 'names no time that ever comes');
  const shortest = shortestInterval(timing.slots, now);
  if (shortest !== undefined && spec.jitterSeconds * 1000 > shortest) {
    throw invalid('/jitterSeconds', 'must not be longer than from one slot to the next');
  }
  return timing;
}
