// Which backup a moment of a resource means: by instant, by age, by place among its backups, or by name.

import { type AskedMoment, instantOf } from '../../core/records/asked-moment.ts';
import { ServiceError } from '../../core/records/errors.ts';
import type { BackupRecord } from '../../core/records/model.ts';
import { liveBackup, noBackup } from '../chains/live.ts';
import type { Deps } from '../contract/deps.ts';
import type { FoundState } from '../contract/looks.ts';
import { findMoment, nothingAt } from '../restores/moment.ts';

type FindDeps = Pick<Deps, 'catalog' | 'clock'>;

/**
 * The live backup that is meant, and what it is to the moment. `pointer` says where that was asked.
 * Throws ServiceError `invalid_request` (an instant that is still ahead, more backups back than there are),
 * `resource_not_found`, `snapshot_not_found` (before the first), `backup_not_found` (also for one of another resource).
 */
export async function findState(
  deps: FindDeps,
  resourceId: string,
  asked: AskedMoment,
  pointer: string,
): Promise<FoundState> {
  if ('backupId' in asked) {
    const record = await liveBackup(deps, asked.backupId);
    if (record.resourceId !== resourceId) throw noBackup(asked.backupId);
    return byPlace(deps, record);
  }
  if ('back' in asked) return byPlace(deps, await newestBut(deps, resourceId, asked.back, pointer));
  const at = instantOf(asked, deps.clock.now());
  const { record, moment } = await findMoment(deps, resourceId, at, pointer);
  const { exact = true, inexact } = moment;
  const ageMs = Math.max(0, at - record.createdAt);
  return { record, at, ageMs, exact, ...(inexact === undefined ? {} : { inexact }) };
}

/** What was named is what is given: only its age is of interest. */
function byPlace({ clock }: Pick<Deps, 'clock'>, record: BackupRecord): FoundState {
  return { record, ageMs: Math.max(0, clock.now() - record.createdAt), exact: true };
}

async function newestBut(
  { catalog }: Pick<Deps, 'catalog'>,
  resourceId: string,
  back: number,
  pointer: string,
): Promise<BackupRecord> {
  if (back === 0) {
    const newest = await catalog.newestBefore(resourceId, Number.MAX_SAFE_INTEGER);
    if (newest === undefined) throw nothingAt({});
    return newest;
  }
  const { items } = await catalog.listBackups({ resourceId, limit: back + 1 });
  if (items.length === 0) throw nothingAt({});
  const found = items[back];
  if (found !== undefined) return found;
  const detail = `goes back further than there are backups: ${items.length} are live, so -${items.length - 1} is the first`;
  throw new ServiceError('invalid_request', 'There are not that many backups.', {
    errors: [{ pointer, detail }],
  });
}
