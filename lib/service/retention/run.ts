// What all that is done in one sweep shares: its time, its figures, and what becomes of a resource that cannot be read.

import { CLOCK_TOLERANCE_MS } from '../../core/records/expiry-wait.ts';
import { PortError } from '../../ports/errors.ts';
import type { Standing } from '../chains/disagreement.ts';
import type { Deps } from '../contract/deps.ts';

/** So many resources for which a dependency was down end a sweep. */
const UNAVAILABLE_MAX = 10;

export interface SweepSummary {
  expired: number;
  /** What was to go when it looked. Of that which it did not come to, or could not hide: how long ago the longest overdue has expired. */
  due: number;
  overdueMs: number;
  /** What has expired and waits (see `waits.ts`). */
  waiting: number;
  rebased: number;
  blobsRemoved: number;
  /** Others that it has called, to sweep beside it. */
  called: number;
  /** False if the deadline ended it; the next sweep goes on. */
  finished: boolean;
}

export interface Run {
  now: number;
  /** Epoch milliseconds; what is hidden is hidden before `hidingUntil`, so that there is time to remove. */
  deadline: number;
  hidingUntil: number;
  /** Backups that are judged together, in memory; resources worked on at once. */
  judgedAtOnce: number;
  resourcesAtOnce: number;
  summary: SweepSummary;
  standing: Standing;
  despite(resourceId: string, work: () => Promise<void>): Promise<void>;
}

/** Resources that cannot be read must not hold up the others, however many they are; a dependency that is down fails them all. */
export function despiteFailures({ log }: Deps, failures: unknown[]): Run['despite'] {
  let unavailable = 0;
  return async (resourceId, work) => {
    try {
      await work();
    } catch (error) {
      log.error('sweep of a resource failed', { resourceId, error });
      if (failures.length === 0) failures.push(error);
      const isDown = error instanceof PortError && error.code === 'unavailable';
      if (isDown && ++unavailable === UNAVAILABLE_MAX) throw error;
    }
  };
}

/** Between two steps, whether there is to be no other: nor is there if the clock has been set since it was looked at. */
export function isOver({ clock, clockWatch, options, isStopping }: Deps, deadline: number): boolean {
  if (options.expiryHoldMs > 0 && Math.abs(clockWatch.driftMs()) > CLOCK_TOLERANCE_MS) return true;
  return clock.now() >= deadline || isStopping?.() === true;
}
