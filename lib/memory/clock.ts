// A clock that stands still until a test moves it.

import type { Clock } from '../ports/clock.ts';

export interface ManualClock extends Clock {
  /** Sets the wall clock, forwards or backwards (epoch milliseconds): no time passes. */
  set(atMs: number): void;
  /** So many milliseconds pass. */
  advance(byMs: number): void;
}

/** A clock that shows `startMs` (epoch milliseconds) until it is moved. */
export function createManualClock(startMs = Date.UTC(2025, 0, 1)): ManualClock {
  let nowMs = startMs;
  let passedMs = 0;
  return {
    now: () => nowMs,
    monotonic: () => passedMs,
    elapsed: () => passedMs,
    set: (atMs) => {
      nowMs = atMs;
    },
    advance: (byMs) => {
      nowMs += byMs;
      passedMs += byMs;
    },
  };
}
