import { uptime } from 'node:os';
import type { Clock } from '../ports/clock.ts';

/** The clock of the machine. What has passed is counted from its start: that goes on while it sleeps, and cannot be set. */
export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    elapsed: () => uptime() * 1000,
  };
}
