// Retention: what a sweep would do and why, and the sweep itself.

import { ownBlob } from '../core/chain.ts';
import { ServiceError } from '../core/errors.ts';
import { DAY_MS, LIMITS } from '../core/limits.ts';
import type { BackupRecord } from '../core/model.ts';
import { planRetention } from '../core/retention.ts';
import type { Page, PageRequest } from '../ports.ts';
import { disagreementOf } from './agreement.ts';
import type { RetentionDecision } from './api.ts';
import { headerOf } from './blob-header.ts';
import { collect, pages } from './collect.ts';
import type { Deps } from './deps.ts';
import { relayEvents } from './events.ts';
import { hideBackup } from './hide.ts';
import { ifWritable, writeLateOperations } from './late-operations.ts';
import { raiseNotice } from './notices.ts';
import { failAbandoned } from './operations.ts';
import { releaseResource } from './release.ts';
import { demandTrust } from './trust.ts';

/** So many resources that cannot be released end a sweep. */
const FAILED_RESOURCES_MAX = 10;

export interface SweepSummary {
  expired: number;
  rebased: number;
  blobsRemoved: number;
  operationsFailed: number;
  /** False if the deadline ended it; the next sweep goes on. */
  finished: boolean;
}

/** The dry run: all live backups of a resource, or, without one, those past their expiry. Changes nothing. */
export async function readPlan(
  deps: Deps,
  request: PageRequest & { resourceId?: string },
): Promise<Page<RetentionDecision>> {
  const { resourceId, limit, cursor } = request;
  const decide = createDecider(deps);
  if (resourceId === undefined) {
    const before = deps.clock.now();
    const page = await deps.catalog.expiring({ before, limit, ...(cursor === undefined ? {} : { cursor }) });
    const items = await Array.fromAsync(page.items, decide);
    return page.cursor === undefined ? { items } : { items, cursor: page.cursor };
  }
  const all = await decisionsOf(deps, resourceId);
  const from = cursor === undefined ? 0 : readOffset(cursor, all.length);
  const items = all.slice(from, from + limit);
  const next = from + limit;
  return next < all.length ? { items, cursor: Buffer.from(`plan:${next}`).toString('base64url') } : { items };
}

/**
 * Hides what has expired, frees what nothing live needs, fails operations that nobody works on any more.
 * Stops at `deadline` (epoch milliseconds) between two steps; running it again goes on from there.
 * Throws what the first resource that could not be released threw, once the others are done.
 */
export async function sweep(deps: Deps, deadline = Number.POSITIVE_INFINITY): Promise<SweepSummary> {
  demandTrust(deps);
  const { catalog, clock } = deps;
  // Neither frees anything, and a sweep is what makes room.
  await ifWritable(deps, 'late restores', () => writeLateOperations(deps), 0);
  const abandoned = () => failAbandoned(deps, { interrupted: false });
  const operationsFailed = await ifWritable(deps, 'abandoned work', abandoned, 0);
  const summary: SweepSummary = {
    expired: 0,
    rebased: 0,
    blobsRemoved: 0,
    operationsFailed,
    finished: false,
  };
  const touched = new Set<string>();
  const failures: unknown[] = [];
  /** One resource that cannot be read must not hold up the others; a dependency that is down fails them all. */
  const despite = async (resourceId: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      deps.log.error('release failed', { resourceId, error });
      if (failures.push(error) === FAILED_RESOURCES_MAX) throw error;
    }
  };
  const decide = createDecider(deps);
  const now = clock.now();
  // Hiding takes backups out of this very list, so it is read to its end before anything is hidden.
  const expired = await collect((page) => catalog.expiring({ ...page, before: now }));
  for (const record of expired) {
    if (isOver(deps, deadline)) return summary;
    if ((await decide(record)).action === 'keep') continue;
    await despite(record.resourceId, async () => {
      if (await expire(deps, record)) summary.expired++;
    });
    touched.add(record.resourceId);
  }
  for await (const entry of pages((page) => catalog.dueGarbage({ ...page, before: now }))) {
    touched.add(entry.resourceId);
  }
  for (const resourceId of touched) {
    if (isOver(deps, deadline)) return summary;
    await despite(resourceId, async () => {
      const released = await releaseResource(deps, resourceId);
      summary.rebased += released.rebased;
      summary.blobsRemoved += released.blobsRemoved;
    });
  }
  const operationsBefore = now - LIMITS.operationHistoryDays * DAY_MS;
  await ifWritable<unknown>(deps, 'what is forgotten', () => catalog.purge({ now, operationsBefore }), 0);
  await ifWritable(deps, 'what was published', () => relayEvents(deps), 0);
  if (failures.length > 0) throw failures[0];
  return { ...summary, finished: true };
}

/** Between two steps, whether there is to be no other. */
function isOver({ clock, isStopping }: Deps, deadline: number): boolean {
  return clock.now() >= deadline || isStopping?.() === true;
}

/** False if somebody else hid or protected it first. */
async function expire(deps: Deps, record: BackupRecord): Promise<boolean> {
  if (!(await agrees(deps, record))) return false;
  try {
    await hideBackup(deps, record.id, 'expired', 'retention');
    return true;
  } catch (error) {
    if (error instanceof ServiceError && ['backup_not_found', 'backup_protected'].includes(error.code))
      return false;
    throw error;
  }
}

/** Whether the backup's own blob says of it what the record says: a record alone hides nothing. */
async function agrees(deps: Deps, record: BackupRecord): Promise<boolean> {
  const header = await headerOf(deps, ownBlob(record).blobId);
  const member = header === undefined ? 'blob' : disagreementOf(record, header);
  if (member === undefined) return true;
  const detail =
    member === 'blob'
      ? `Backup ${record.id} has expired, but its blob is missing or cannot be read: it is kept until somebody has looked.`
      : `Backup ${record.id} is kept: its record says that it has expired, but not what its blob says (${member}).`;
  deps.log.error('record and blob do not agree', {
    backupId: record.id,
    resourceId: record.resourceId,
    member,
  });
  const { id: backupId, resourceId } = record;
  const notice = { id: `disagreement:${backupId}`, code: 'disagreement', severity: 'warning' } as const;
  await raiseNotice(deps, { ...notice, detail, backupId, resourceId });
  return false;
}

/** Decides one backup at a time; a policy needs the whole resource, which is read once. */
function createDecider(deps: Deps): (record: BackupRecord) => Promise<RetentionDecision> {
  const planned = new Map<string, Promise<Map<string, RetentionDecision>>>();
  const plan = async (resourceId: string) =>
    new Map((await decisionsOf(deps, resourceId)).map((decision) => [decision.backupId, decision]));
  return async (record) => {
    const { resourceId, id } = record;
    if (!planned.has(resourceId)) planned.set(resourceId, plan(resourceId));
    const decision = (await planned.get(resourceId)!).get(id);
    // Hidden since it was listed: nothing is left to decide.
    return decision ?? planRetention([record], undefined, deps.clock.now())[0]!;
  };
}

async function decisionsOf({ catalog, clock }: Deps, resourceId: string): Promise<RetentionDecision[]> {
  const [stored, backups] = await Promise.all([
    catalog.getPolicy(resourceId),
    collect((page) => catalog.resourceHistory({ ...page, resourceId, fromSequence: 0 })),
  ]);
  return planRetention(backups, stored?.policy, clock.now());
}

function readOffset(cursor: string, max: number): number {
  const offset = Number(
    /^plan:(\d{1,9})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1] ?? Number.NaN,
  );
  if (!(offset <= max)) throw new ServiceError('invalid_cursor', 'The cursor is not one of this list.');
  return offset;
}
