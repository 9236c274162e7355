// What of a schedule is to run now, what is skipped and why, and when to look again: a function of what stands and of the time.

import { jitterOf } from './jitter.ts';
import { lastSlot, type Slots } from './slots.ts';

const MINUTE_MS = 60_000;
/** What is looked at within that is on time: a look comes every minute, and may take one. */
export const ON_TIME_MS = 5 * MINUTE_MS;
/** Clocks differ, and are set by a little: by less than that nothing is decided anew. */
export const BACK_MS_MAX = 5 * MINUTE_MS;
/** Of more that were missed it is only said that they were. */
export const COUNTED_MAX = 1000;

/** What becomes of the last slot that was missed, when somebody looks again: it runs late, or not at all. */
export type CatchUp = 'one' | 'none';

export const SKIP_REASONS = ['paused', 'overlapping', 'late', 'clock_jumped', 'outage', 'edited'] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/** The same in words, to go on with `did not run:`. */
export const SKIPPED_BECAUSE: Readonly<Record<SkipReason, string>> = {
  paused: 'the schedule was paused',
  overlapping: 'the run before it was still under way',
  late: 'it was too late for it, and the next one was near',
  clock_jumped: 'the clock was set ahead past it',
  outage: 'the service was not running',
  edited: 'the schedule was changed before it began',
};

/** Slots that do not run, from the first to the last of them. */
export interface Skip {
  reason: SkipReason;
  from: number;
  to: number;
  count: number;
  /** There are more than could be counted. */
  isMore?: true;
}

export interface Timing {
  slots: Slots;
  jitterMs: number;
  catchUp: CatchUp;
}

export interface Standing {
  /** Every slot up to here has been decided. */
  decidedUntil: number;
  isPaused: boolean;
  /** A run of it is queued or under way. */
  isRunning: boolean;
}

/** Who looks, as far as that says why something was missed. */
export interface Look {
  now: number;
  /** When somebody looked the last time, if that is known. */
  lookedAt?: number | undefined;
  /** By how much the clock has moved since then beyond what has passed; 0 if nobody can tell. */
  driftMs?: number | undefined;
}

export interface Decision {
  run?: { slot: number; isCatchUp: boolean };
  skipped: Skip[];
  decidedUntil: number;
  /** The clock had been ahead by so much when it was decided before: what lies in between is decided anew when it comes. */
  wentBackMs?: number;
  /** When there is something to decide again; undefined if never. */
  nextDue?: number;
}

export function timingOf(
  slots: Slots,
  { resourceId, jitterSeconds, catchUp }: { resourceId: string; jitterSeconds: number; catchUp: CatchUp },
): Timing {
  return { slots, jitterMs: jitterOf(resourceId, jitterSeconds), catchUp };
}

/**
 * Each slot after `decidedUntil` that is due by now is either the one that runs or in one of those that are skipped. The last one runs if it is on
 * time, or if it may be caught up with and the next is more than half an interval away. A clock that has gone back parks nothing:
 * slots that come again are found to have run by their runs' ids.
 */
export function decide(timing: Timing, standing: Standing, look: Look): Decision {
  const { slots, jitterMs } = timing;
  const until = look.now - jitterMs;
  const aheadMs = standing.decidedUntil - look.now;
  const isBack = aheadMs > BACK_MS_MAX;
  const from = isBack ? until : standing.decidedUntil;
  const due = dueIn(slots, from, until);
  const decidedUntil = due === undefined ? from : due.last;
  const next = slots.after(decidedUntil);
  const common = {
    decidedUntil,
    ...(isBack ? { wentBackMs: aheadMs } : {}),
    ...(next === undefined ? {} : { nextDue: next + jitterMs }),
  };
  if (due === undefined) return { skipped: [], ...common };
  const { first, last } = due;
  const whole = (reason: SkipReason): Decision => ({
    skipped: [skipOf(slots, reason, first, last)],
    ...common,
  });
  if (standing.isPaused) return whole('paused');
  if (standing.isRunning) return whole('overlapping');
  const isOnTime = until - last <= ON_TIME_MS;
  const reason = reasonFor(look);
  if (!isOnTime && timing.catchUp === 'none') return whole(reason);
  const earlier = before(slots, reason, due);
  // The next one is near: two would come on top of each other.
  if (!isOnTime && next !== undefined && next - until <= (next - last) / 2) {
    return { skipped: [...earlier, skipOf(slots, 'late', last, last)], ...common };
  }
  return { run: { slot: last, isCatchUp: !isOnTime }, skipped: earlier, ...common };
}

/**
 * What is skipped as a schedule is edited or goes on after a pause: whatever is due by now, so that neither makes anything run.
 */
export function settle(timing: Timing, decidedUntil: number, now: number, reason: SkipReason): Skip[] {
  const due = dueIn(timing.slots, decidedUntil, now);
  return due === undefined ? [] : [skipOf(timing.slots, reason, due.first, due.last)];
}

interface Due {
  first: number;
  last: number;
}

function dueIn(slots: Slots, from: number, until: number): Due | undefined {
  const first = slots.after(from);
  if (first === undefined || first > until) return undefined;
  return { first, last: lastSlot(slots, from, until) ?? first };
}

/** Those that were missed before the last one. */
function before(slots: Slots, reason: SkipReason, { first, last }: Due): Skip[] {
  if (first === last) return [];
  const earlier = lastSlot(slots, first - 1, last - 1) ?? first;
  return [skipOf(slots, reason, first, earlier)];
}

function skipOf(slots: Slots, reason: SkipReason, from: number, to: number): Skip {
  let count = 1;
  for (let slot = slots.after(from); slot !== undefined && slot <= to; slot = slots.after(slot)) {
    if (++count > COUNTED_MAX) return { reason, from, to, count: COUNTED_MAX, isMore: true };
  }
  return { reason, from, to, count };
}

/** Somebody has set the clock, or nobody has looked, or whoever looks does not keep up. */
function reasonFor({ now, lookedAt, driftMs = 0 }: Look): SkipReason {
  if (driftMs > ON_TIME_MS) return 'clock_jumped';
  if (lookedAt === undefined || now - lookedAt > ON_TIME_MS) return 'outage';
  return 'late';
}
