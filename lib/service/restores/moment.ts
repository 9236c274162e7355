// Which backup an instant means, and whether it is that moment's own.

import { hasCode, ServiceError } from '../../core/records/errors.ts';
import type { BackupRecord, OperationRecord, Way } from '../../core/records/model.ts';
import type { MissingState, StateAt } from '../../core/records/timeline.ts';
import { demandSameBackup } from '../chains/agreement.ts';
import { liveBackup } from '../chains/live.ts';
import type { Deps } from '../contract/deps.ts';

/** Clocks differ; what is further ahead than this is a mistake, not a clock. */
const AHEAD_MS_MAX = 60_000;
/** So often may what was found be deleted before it is read. */
const LOOKS_MAX = 5;

/** What a restore says of the instant that it was asked for. */
export type Moment = Pick<OperationRecord, 'pointInTime' | 'stateOf' | 'exact' | 'inexact'>;

/**
 * The newest state accepted by `at`. Throws ServiceError `invalid_request` for an instant that is still ahead,
 * `resource_not_found`, or `snapshot_not_found` naming the earliest instant there is. `pointer` says where it was asked.
 * `onWay` hears the way to the state if that is known before its record is.
 */
export async function findMoment(
  deps: Pick<Deps, 'catalog' | 'clock'>,
  resourceId: string,
  at: number,
  pointer = '/timestamp',
  onWay?: (way: Way) => void,
): Promise<{ record: BackupRecord; moment: Moment }> {
  const now = deps.clock.now();
  if (at > now + AHEAD_MS_MAX) {
    throw new ServiceError('invalid_request', 'The instant is in the future.', {
      errors: [{ pointer, detail: `must not be ahead: it is ${text(now)} here` }],
    });
  }
  for (let look = 1; ; look++) {
    const state = await deps.catalog.stateAt(resourceId, at);
    if (state.found === undefined) throw nothingAt(state);
    if (state.way !== undefined) onWay?.(state.way);
    try {
      const { backupId: id, createdAt, sequence } = state.found;
      const record = await liveBackup(deps, id);
      demandSameBackup(record, { id, resourceId, createdAt, sequence });
      return { record, moment: momentOf(state, record, at) };
    } catch (error) {
      if (!hasCode(error, 'backup_not_found') || look === LOOKS_MAX) throw error;
    }
  }
}

function momentOf({ next, missing }: StateAt, { id, createdAt }: BackupRecord, at: number): Moment {
  const exact = missing === undefined;
  return {
    pointInTime: at,
    stateOf: createdAt,
    exact,
    ...(exact
      ? {}
      : {
          inexact: {
            ...missing,
            previous: { backupId: id, createdAt },
            ...(next && { next: { backupId: next.backupId, createdAt: next.createdAt } }),
          },
        }),
  };
}

export function nothingAt({ earliest, missing }: StateAt): ServiceError {
  const why = missing === undefined ? '' : ` ${whatBecameOf(missing)}`;
  const extra = missing === undefined ? {} : { reason: missing.reason, missing: missing.backupId };
  if (earliest === undefined) {
    return new ServiceError('resource_not_found', `The resource has no backups.${why}`, { extra });
  }
  const first = text(earliest.createdAt);
  return new ServiceError('snapshot_not_found', `The earliest state of the resource is of ${first}.${why}`, {
    extra: { earliest: first, backupId: earliest.backupId, ...extra },
  });
}

function whatBecameOf({ reason, backupId = 'A backup' }: MissingState): string {
  switch (reason) {
    case 'pending':
      return `${backupId} is still being made.`;
    case 'failed':
      return `${backupId} was accepted by then and has failed.`;
    case 'deleted':
      return `${backupId}, of that time, has been deleted.`;
    case 'expired':
      return `${backupId}, of that time, has expired.`;
    case 'gone':
      return 'What there was has been removed.';
  }
}

function text(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
