// A clock that stands still until a test moves it.

import type { Clock } from '../ports.ts';

export interface ManualClock extends Clock {
  /** Jumps to an instant, forwards or backwards (epoch milliseconds). */
  set(atMs: number): void;
  /** Moves on by so many milliseconds; negative ones move it back. */
  advance(byMs: number): void;
}

/** A clock that shows `startMs` (epoch milliseconds) until it is moved. */
export function createManualClock(startMs = Date.UTC(2025, 0, 1)): ManualClock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    set: (atMs) => {
      nowMs = atMs;
    },
    advance: (byMs) => {
      nowMs += byMs;
    },
  };
}
