// When the embedded home proves what it has stored: often, and in such small parts that nobody notices.

import { setTimeout as wait } from 'node:timers/promises';
import { LIMITS } from '../core/records/limits.ts';
import type { Deps } from '../service/contract/deps.ts';
import { takeCensus } from '../service/upkeep/census.ts';
import { scrub } from '../service/upkeep/scrub.ts';

/** A run takes at most that part of the time between two, and works in a fifth of it: 2 %. */
const SHARE = 0.1;
const REST_FOR_EACH_WORKED = 4;
const REST_MS_MAX = 2000;
const RUN_MS_MIN = 1000;
/** After a census that took long the next one waits so many times as long. */
const CENSUS_REST = 50;

/** Looks whether every blob is there; not again soon where that takes long. */
export function createCensus(deps: Deps): () => Promise<object> {
  let restUntil = 0;
  return async () => {
    const from = deps.clock.monotonic();
    // What can be known of a damaged catalog is known already; nothing could be written down.
    if (deps.trust.fault() !== undefined || from < restUntil) return {};
    const counted = await takeCensus(deps);
    restUntil = deps.clock.monotonic() + (deps.clock.monotonic() - from) * CENSUS_REST;
    if (counted !== undefined && counted.incomplete > 0) {
      deps.log.error('blobs are missing', { code: 'broken_chain', ...counted });
    }
    return counted ?? {};
  };
}

/** One run of proving; its interval only says how long it may take. */
export function createScrubbing(deps: Deps, intervalMs: number): () => Promise<object> {
  return async () => {
    if (deps.trust.fault() !== undefined) return {};
    return scrub(deps, {
      backupsMin: LIMITS.scrubBackupsMin,
      ageMs: LIMITS.scrubAgeMs,
      deadline: deps.clock.now() + Math.max(RUN_MS_MIN, intervalMs * SHARE),
      pause: async (tookMs) => {
        await wait(Math.min(REST_MS_MAX, tookMs * REST_FOR_EACH_WORKED), undefined, { ref: false });
      },
    });
  };
}
