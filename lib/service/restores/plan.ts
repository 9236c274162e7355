// What a restore would do, without doing it: nothing is written, and no blob is read.

import type { BackupRecord } from '../../core/records/model.ts';
import { restoreCost } from '../../core/records/restore-cost.ts';
import { anyBackup, liveBackup } from '../chains/live.ts';
import type { PlanInput, PlannedLink, RestorePlan } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import type { FoundState } from '../contract/looks.ts';
import { findMoment } from './moment.ts';

type PlanDeps = Pick<Deps, 'catalog' | 'clock' | 'options' | 'rates'>;

/**
 * What a restore of this backup, or of this instant, would give, read and cost, and what its target has now. Throws as the restore does,
 * except for what only the blobs can tell.
 */
export async function planRestore(deps: PlanDeps, input: PlanInput): Promise<RestorePlan> {
  const found = await findState(deps, input);
  const { record } = found;
  const [links, target] = await Promise.all([linksOf(deps, record), newestOf(deps, input)]);
  const cost = restoreCost(record.chain, deps.rates);
  const damaged = links.filter(({ isDamaged }) => isDamaged);
  return {
    found,
    targetResourceId: input.targetResourceId,
    ...(target === undefined ? {} : { target }),
    inBackground: input.async || record.size > deps.options.syncBytesMax,
    cost,
    weakest: links.reduce((oldest, link) => (link.provenAt < oldest.provenAt ? link : oldest)),
    damaged,
  };
}

async function findState(deps: PlanDeps, input: PlanInput): Promise<FoundState> {
  const { clock } = deps;
  if ('backupId' in input) {
    const { backupId, includeDeleted } = input;
    const record = includeDeleted ? await anyBackup(deps, backupId) : await liveBackup(deps, backupId);
    return { record, ageMs: Math.max(0, clock.now() - record.createdAt), exact: true };
  }
  const { resourceId, at } = input;
  const { record, moment } = await findMoment(deps, resourceId, at);
  const { exact = true, inexact } = moment;
  const ageMs = Math.max(0, at - record.createdAt);
  return { record, at, ageMs, exact, ...(inexact === undefined ? {} : { inexact }) };
}

/** The backups whose blobs the chain has, and when each was last proven. A chain can go through backups that are hidden. */
async function linksOf({ catalog }: PlanDeps, record: BackupRecord): Promise<PlannedLink[]> {
  return Promise.all(
    record.chain.map(async ({ blobId, backupId }): Promise<PlannedLink> => {
      const owner = backupId === record.id ? record : await catalog.getBackup(backupId);
      // A backup that has been rebased has another blob of its own now; then the backup that needs this one tells.
      const teller = owner?.chain.at(-1)?.blobId === blobId ? owner : record;
      return {
        backupId,
        provenAt: teller.verifiedAt ?? teller.completedAt,
        isDamaged: teller.damagedAt !== undefined,
      };
    }),
  );
}

/** What the target has now: a restore changes nothing there by itself, but whoever puts the state there does. */
async function newestOf(
  { catalog }: PlanDeps,
  { targetResourceId, seesTarget }: PlanInput,
): Promise<BackupRecord | undefined> {
  return seesTarget ? catalog.newestBefore(targetResourceId, Number.MAX_SAFE_INTEGER) : undefined;
}
