// What fails again and again says so when it begins, when it fails in another way, and when it is over; in between less and
// less often, for on a full disk each line is one more that has no room.

import type { Logger } from '../../log.ts';

export interface FailureLog {
  failed(error: unknown): void;
  /** It has worked. */
  worked(): void;
}

const QUIET_MS = 60_000;
const QUIET_MS_MAX = 3_600_000;

/** Of one piece of work. `now` is a time that nobody sets. */
export function createFailureLog(
  name: string,
  log: Logger,
  now: () => number = () => performance.now(),
): FailureLog {
  /** The last failure that was told of. */
  let told: { what: string; at: number; quietMs: number } | undefined;
  /** As far as anybody has been told. */
  let isFailing = false;
  let untold = 0;

  return {
    failed(error) {
      const what = kindOf(error);
      const isKnown = told?.what === what;
      if (told !== undefined && isKnown && now() - told.at < told.quietMs) {
        untold++;
        return;
      }
      const quietMs = told !== undefined && isKnown ? Math.min(told.quietMs * 2, QUIET_MS_MAX) : QUIET_MS;
      log.error(`${name} failed`, { error, ...(untold === 0 ? {} : { untold }) });
      told = { what, at: now(), quietMs };
      isFailing = true;
      untold = 0;
    },
    worked() {
      // What comes and goes is still one failure, until it has stayed away for as long as it would have been silent.
      if (told !== undefined && now() - told.at >= told.quietMs) told = undefined;
      if (!isFailing) return;
      isFailing = false;
      log.info(`${name} works again`, untold === 0 ? {} : { untold });
      untold = 0;
    },
  };
}

/** Messages may hold ids and numbers: what has a code is told apart by it. */
function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, reason } = error as { code?: unknown; reason?: unknown };
  return code === undefined ? error.message : JSON.stringify([code, reason]);
}
