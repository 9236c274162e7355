import type { Clock } from '../ports.ts';

/** The clock of the machine. */
export function createSystemClock(): Clock {
  return { now: () => Date.now() };
}
