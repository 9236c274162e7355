// When expiry waits, and for how long. Pure. What is hidden or removed by mistake is missed late; what stays a day longer
// is not missed at all. So whatever makes the clock or a sweep look wrong is given time to be looked at.

import type { ExpiryState, ExpiryWait } from './retention-records.ts';

/** Clocks are corrected by seconds; what is more has been set. */
export const CLOCK_TOLERANCE_MS = 60_000;
/** A clock that nobody has looked at for longer may have become another one. A day, and what a daily sweep may be late. */
export const SILENCE_MS = 25 * 3_600_000;
/** So many backups may expire in one sweep however few there are, and otherwise that part of them. */
const FEW_BACKUPS = 10;
const FEW_RATIO = 0.25;

export const CLOCK_WAIT = 'clock';

export interface ClockLook {
  /** What the wall clock says. */
  now: number;
  /** By how much it has moved since the last look of this process beyond what has passed; 0 if nobody can tell. */
  driftMs: number;
  /** What it said when it was last believed: of the last look, or of the last commit; absent where there was none. */
  trustedAt: number | undefined;
  /** The wait that stands because of the clock. */
  standing: ExpiryWait | undefined;
  /** How long expiry is to wait; 0 for not at all. */
  holdMs: number;
}

/** The wait because of the clock after another look at it: the standing one, a new one, or none (any more). */
export function clockWaitAfter(look: ClockLook): ExpiryWait | undefined {
  const { now, driftMs, trustedAt, standing, holdMs } = look;
  if (holdMs === 0) return undefined;
  const offsetMs = (standing?.offsetMs ?? 0) + driftMs;
  const hasJumped = Math.abs(driftMs) > CLOCK_TOLERANCE_MS;
  const wait = (reason: ExpiryWait['reason']): ExpiryWait => ({
    id: CLOCK_WAIT,
    reason,
    since: now,
    until: now + holdMs,
    offsetMs,
    ...(standing?.decision === undefined ? {} : { decision: standing.decision }),
  });
  if (standing === undefined) {
    if (hasJumped) return wait('clock_jumped');
    if (trustedAt === undefined || isPlausible(now, trustedAt)) return undefined;
    return now < trustedAt ? wait('clock_behind') : { ...wait('silence'), trustedAt };
  }
  // Right again: then it had been wrong only meanwhile, and nothing was done in that time.
  const isBack = hasJumped && Math.abs(offsetMs) <= CLOCK_TOLERANCE_MS && standing.reason === 'clock_jumped';
  const wasImplausible = trustedAt !== undefined && !isPlausible(standing.since, trustedAt);
  if (isBack || (wasImplausible && isPlausible(now, trustedAt))) return undefined;
  // Set again, or, while nobody looked, set back: from then on anew.
  if (hasJumped || now < standing.since - CLOCK_TOLERANCE_MS) return wait('clock_jumped');
  if (standing.decision === 'refused' || now < standing.until) return standing;
  return undefined;
}

function isPlausible(now: number, trustedAt: number): boolean {
  return now >= trustedAt - CLOCK_TOLERANCE_MS && now - trustedAt <= SILENCE_MS;
}

export function clockWaitOf(state: ExpiryState | undefined): ExpiryWait | undefined {
  return state?.waits.find(({ id }) => id === CLOCK_WAIT);
}

/** Whether so many of so many may expire in one sweep without a question. */
export function areFew(expiring: number, live: number): boolean {
  return expiring <= Math.max(FEW_BACKUPS, live * FEW_RATIO);
}

/** So many live backups make that number few. */
export function liveThatMakeFew(expiring: number): number {
  return Math.ceil(expiring / FEW_RATIO);
}

/** Whether what a wait is about stays because of it. */
export function isOpen({ decision, until }: ExpiryWait, now: number): boolean {
  return decision === 'refused' || (decision !== 'confirmed' && now < until);
}

/** Whether a wait is about a backup that expired at `expiredAt`. Those that expire later are judged by themselves. */
export function isAbout(wait: ExpiryWait, backup: { resourceId: string }, expiredAt: number): boolean {
  if (wait.reason !== 'many') return true;
  return (
    (wait.resourceId ?? backup.resourceId) === backup.resourceId && expiredAt <= (wait.covers ?? wait.since)
  );
}
