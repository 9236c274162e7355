// A backup that was asked for and not made stands in the trail too: whoever relies on backups must hear of those that do not come,
// and the caller who was told may be a script that nobody reads.

import { type ErrorCode, ServiceError } from '../../core/records/errors.ts';
import { PortError } from '../../ports/errors.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { event } from '../kit/events.ts';

/** Of the same kind one is written in that time, with how many there were since. */
const PERIOD_MS = 60_000;
/** Kinds that are told apart; of more the longest ago is forgotten. */
const KINDS_MAX = 1000;

/** What is the caller's own doing, or will be better at once: nothing has failed that was to be a backup. */
const NO_FAILURES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'forbidden',
  'precondition_failed',
  'idempotency_key_reused',
  'backup_not_found',
  'out_of_order',
  'foreign_lineage',
  'resource_locked',
  'invalid_request',
  'too_many_requests',
]);

export interface Failures {
  /** Counts one of that kind. Gives how many there were since one was written down, if this one is to be. */
  count(kind: string, now: number): number | undefined;
}

export function createFailures(): Failures {
  const kinds = new Map<string, { writtenAt: number; since: number }>();
  return {
    count(kind, now) {
      const known = kinds.get(kind);
      // A clock that was set back must not silence anything.
      if (known !== undefined && Math.abs(now - known.writtenAt) < PERIOD_MS) {
        known.since++;
        return undefined;
      }
      kinds.delete(kind);
      kinds.set(kind, { writtenAt: now, since: 0 });
      if (kinds.size > KINDS_MAX) kinds.delete(kinds.keys().next().value!);
      return 1 + (known?.since ?? 0);
    },
  };
}

type FailedDeps = Pick<Deps, 'catalog' | 'clock' | 'log' | 'random'>;

/** Does the work, and writes down if it fails. Throws what it throws, whatever becomes of that. */
export async function notingFailure<T>(
  deps: FailedDeps,
  failures: Failures,
  resourceId: string,
  caller: Caller,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = codeOf(error);
    if (!NO_FAILURES.has(code)) await note(deps, failures, resourceId, caller, code);
    throw error;
  }
}

async function note(
  deps: FailedDeps,
  failures: Failures,
  resourceId: string,
  caller: Caller,
  code: ErrorCode,
): Promise<void> {
  const now = deps.clock.now();
  const count = failures.count(JSON.stringify([resourceId, code]), now);
  if (count === undefined) return;
  try {
    const about = { resourceId, detail: { code, count } };
    await deps.catalog.commit([event(deps, 'backup.failed', now, caller, about)]);
  } catch (error) {
    deps.log.warn('a backup that failed could not be written down', { resourceId, code, count, error });
  }
}

/** As callers are answered. */
function codeOf(error: unknown): ErrorCode {
  if (error instanceof ServiceError) return error.code;
  if (!(error instanceof PortError)) return 'internal_error';
  if (error.reason === 'disk_full' || error.reason === 'read_only') return error.reason;
  if (error.code === 'integrity') return 'integrity_error';
  return error.code === 'conflict' || error.code === 'exists' ? 'write_conflict' : 'dependency_unavailable';
}
