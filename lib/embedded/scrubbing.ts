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

/** One run; its interval only says how long it may take. */
export function createScrubbing(deps: Deps, intervalMs: number): () => Promise<void> {
  let restUntil = 0;

  async function census(): Promise<void> {
    const from = deps.clock.monotonic();
    if (from < restUntil) return;
    const counted = await takeCensus(deps);
    restUntil = deps.clock.monotonic() + (deps.clock.monotonic() - from) * CENSUS_REST;
    if (counted !== undefined && counted.incomplete > 0) deps.log.error('blobs are missing', { ...counted });
  }

  return async () => {
    // What can be known of a damaged catalog is known already; nothing could be written down.
    if (deps.trust.fault() !== undefined) return;
    await census();
    const summary = await scrub(deps, {
      backupsMin: LIMITS.scrubBackupsMin,
      ageMs: LIMITS.scrubAgeMs,
      deadline: deps.clock.now() + Math.max(RUN_MS_MIN, intervalMs * SHARE),
      pause: async (tookMs) => {
        await wait(Math.min(REST_MS_MAX, tookMs * REST_FOR_EACH_WORKED), undefined, { ref: false });
      },
    });
    deps.log.info('backups proven', { ...summary });
  };
}
