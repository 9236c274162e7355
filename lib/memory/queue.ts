// Jobs in a Map. Time passes only as the clock says.

import { LIMITS } from '../core/records/limits.ts';
import { checkLimit } from '../ports/checks.ts';
import type { WallClock } from '../ports/clock.ts';
import type { Delivery, Job, Queue } from '../ports/queue.ts';
import { copy } from './copy.ts';

interface QueuedJob {
  job: Job;
  attempt: number;
  /** Nobody receives the job before then. */
  visibleAt: number;
  receipt?: string;
}

/** A queue that forgets everything with the process. */
export function createMemoryQueue(clock: WallClock): Queue {
  const waiting = new Set<QueuedJob>();
  const dead: Job[] = [];
  let deliveries = 0;

  function deliver(entry: QueuedJob): Delivery {
    deliveries += 1;
    entry.receipt = `delivery-${deliveries}`;
    entry.attempt += 1;
    entry.visibleAt = clock.now() + LIMITS.jobVisibilityMs;
    return { job: copy(entry.job), receipt: entry.receipt, attempt: entry.attempt };
  }

  function bury(entry: QueuedJob): void {
    waiting.delete(entry);
    dead.push(entry.job);
  }

  function heldBy(receipt: string): QueuedJob | undefined {
    return [...waiting].find((entry) => entry.receipt === receipt);
  }

  return {
    capabilities: { receiptsRunOut: true },
    async send(job, delayMs = 0) {
      waiting.add({ job: copy(job), attempt: 0, visibleAt: clock.now() + delayMs });
    },

    async receive(limit) {
      checkLimit(limit);
      const now = clock.now();
      // What is further away than any job may be was put there by a clock that has gone back since.
      const due = [...waiting].filter(
        ({ visibleAt }) => visibleAt <= now || visibleAt > now + LIMITS.jobVisibilityMs,
      );
      // A job whose worker died on every delivery must not come back for ever.
      for (const entry of due.filter(isSpent)) {
        bury(entry);
      }
      return due
        .filter((entry) => !isSpent(entry))
        .slice(0, limit)
        .map(deliver);
    },

    async ack(receipt) {
      const entry = heldBy(receipt);
      if (entry !== undefined) {
        waiting.delete(entry);
      }
    },

    async retry(receipt, delayMs) {
      const entry = heldBy(receipt);
      if (entry === undefined) {
        return;
      }
      if (isSpent(entry)) {
        bury(entry);
        return;
      }
      delete entry.receipt;
      entry.visibleAt = clock.now() + delayMs;
    },

    async deadLetters() {
      return copy(dead);
    },
  };
}

function isSpent(entry: QueuedJob): boolean {
  return entry.attempt >= LIMITS.jobAttemptsMax;
}
