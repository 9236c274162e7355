import type { Clock } from '../ports/clock.ts';

/** The clock of the machine. A function is stopped between two calls, and no clock in it tells for how long. */
export function createSystemClock(): Clock {
  return { now: () => Date.now(), monotonic: () => performance.now(), elapsed: () => undefined };
}
