// What is said of a schedule, as times.

import { type Decision, decide, type Look, type Timing, timingOf } from '../../core/schedule/decide.ts';
import type { ScheduleProgress, ScheduleRecord, ScheduleSpec } from '../../core/schedule/records.ts';
import { comingSlots, slotsOf } from '../../core/schedule/slots.ts';
import type { ComingSlot } from '../contract/schedules.ts';

/** Throws RangeError for what names no times. */
export function timesOf(spec: ScheduleSpec): Timing {
  return timingOf(slotsOf(spec), spec);
}

/** The first thing that there is to decide after an instant; undefined if never. */
export function dueAfter({ slots, jitterMs }: Timing, instant: number): number | undefined {
  const next = slots.after(instant);
  return next === undefined ? undefined : next + jitterMs;
}

export function comingOf({ slots, jitterMs }: Timing, after: number, count: number): ComingSlot[] {
  return comingSlots(slots, after, count).map((slot) => ({ slot, dueAt: slot + jitterMs }));
}

export function decideFor(
  schedule: ScheduleRecord,
  timing: Timing,
  isRunning: boolean,
  look: Look,
): Decision {
  const { isPaused, progress } = schedule;
  return decide(timing, { decidedUntil: progress.decidedUntil, isPaused, isRunning }, look);
}

/** Slots that did not run and are shown with the schedule. */
const SKIPS_MAX = 10;

/** The progress with what has been decided. */
export function progressAfter(
  schedule: ScheduleRecord,
  timing: Timing,
  { decidedUntil, skipped, run }: Pick<Decision, 'decidedUntil' | 'skipped' | 'run'>,
  now: number,
): ScheduleProgress {
  const { progress, isPaused } = schedule;
  const last = run?.slot ?? skipped.at(-1)?.to;
  const expected = last === undefined || isPaused ? progress.expected : expectedFrom(timing, last);
  const missed = skipped
    .filter(({ reason }) => reason !== 'paused' && reason !== 'edited')
    .reduce((sum, { count }) => sum + count, 0);
  return {
    ...progress,
    decidedUntil,
    ...(expected === undefined ? {} : { expected }),
    missed: progress.missed + missed,
    skips: [...skipped.map((skip) => ({ ...skip, decidedAt: now })).reverse(), ...progress.skips].slice(
      0,
      SKIPS_MAX,
    ),
  };
}

function expectedFrom({ slots, jitterMs }: Timing, slot: number): ScheduleProgress['expected'] {
  const next = slots.after(slot);
  return { at: slot + jitterMs, ...(next === undefined ? {} : { intervalMs: next - slot }) };
}
