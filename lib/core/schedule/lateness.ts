// Whether a state that a schedule has promised has not come.

import type { ScheduleRecord } from './records.ts';

const MINUTE_MS = 60_000;
/** A run takes its time; so much is given to it, and half of its interval at most. */
const GRACE_MS_MAX = 60 * MINUTE_MS;
const GRACE_MS_MIN = 5 * MINUTE_MS;

export interface Promised {
  schedule: Pick<ScheduleRecord, 'id' | 'isPaused' | 'progress'>;
  /** When its next slot is due; one that lies back has not been looked at. */
  dueAt: number | undefined;
}

/** Since when a state should be there, and of which schedule; undefined if it is, or none was promised. */
export function lateBy(
  promised: readonly Promised[],
  lastSuccessAt: number | undefined,
  now: number,
): { scheduleId: string; expectedAt: number } | undefined {
  let worst: { scheduleId: string; expectedAt: number } | undefined;
  for (const { schedule, dueAt } of promised) {
    if (schedule.isPaused) continue;
    const { expected } = schedule.progress;
    const isUnseen = dueAt !== undefined && dueAt < now;
    const expectedAt = isUnseen ? dueAt : expected?.at;
    if (expectedAt === undefined) continue;
    const intervalMs = expected?.intervalMs ?? 2 * GRACE_MS_MAX;
    const graceMs = Math.min(GRACE_MS_MAX, Math.max(GRACE_MS_MIN, intervalMs / 2));
    const isLate = now - expectedAt > graceMs && (lastSuccessAt === undefined || lastSuccessAt < expectedAt);
    if (isLate && (worst === undefined || expectedAt < worst.expectedAt)) {
      worst = { scheduleId: schedule.id, expectedAt };
    }
  }
  return worst;
}
