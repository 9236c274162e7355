// What no call tells of, because nothing happens: that a state does not come, that one has come again, that nothing will be left. Looked
// for by pages of heads, and each told once: what is remembered of it stands in the commit that tells.

import type { DocumentRecord } from '../../core/records/document.ts';
import { DAY_MS, LIMITS } from '../../core/records/limits.ts';
import type { ResourceHead } from '../../core/records/model.ts';
import type { Change } from '../../ports/change.ts';
import { PortError } from '../../ports/errors.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { pages } from '../kit/collect.ts';
import { event } from '../kit/events.ts';
import { decide } from '../retention/decisions.ts';
import { readStanding } from '../upkeep/standing.ts';
import { conditionId, conditionPrefix, put } from './documents.ts';

type ConditionDeps = Pick<Deps, 'catalog' | 'clock' | 'random' | 'isStopping'>;

export interface ConditionsFound {
  late: number;
  recovered: number;
  expiring: number;
}

/** What is so of a resource until it is not. */
interface Condition {
  resourceId: string;
  /** Of `failing`: the last failure. Of `late`: when the last state came, or when it was first seen that none has. */
  since: number;
  /** Whether it is so, and the trail tells of it. */
  isTold: boolean;
  /** Of `expiring`: the newest backup, for which it was told. */
  backupId?: string;
}

type ConditionRecord = DocumentRecord<Condition>;
type Kind = 'failing' | 'late' | 'expiring';

const BY: Readonly<Caller> = { actor: 'service' };
/** So long before the last backup of a resource goes it is told. */
const EXPIRING_MS = 3 * DAY_MS;
/** Another process may have a clock that is behind. */
const LOOK_BACK_MS = 60_000;
const LOOK_ID = '~look';

/** Ends at the deadline (epoch milliseconds): what was not looked at is looked at the next time. Throws PortError from the catalog. */
export async function lookForConditions(deps: ConditionDeps, deadline: number): Promise<ConditionsFound> {
  const { catalog } = deps;
  const found: ConditionsFound = { late: 0, recovered: 0, expiring: 0 };
  const isOver = (): boolean => deps.clock.now() >= deadline || deps.isStopping?.() === true;
  await noteFailures(deps);
  const failing = pages((page) =>
    catalog.listDocuments({ ...page, collection: 'delivery', prefix: conditionPrefix('failing') }),
  );
  for await (const record of failing) {
    if (isOver()) return found;
    found.recovered += await lookAtFailing(deps, record as ConditionRecord);
  }
  for await (const head of pages((page) => catalog.listHeads(page))) {
    if (isOver()) return found;
    await lookAtLate(deps, head, found);
  }
  const before = deps.clock.now() + EXPIRING_MS;
  const seen = new Set<string>();
  for await (const { record } of pages((page) => catalog.expiring({ ...page, before }))) {
    if (isOver()) return found;
    const { resourceId } = record;
    if (!seen.has(resourceId)) found.expiring += await lookAtExpiring(deps, resourceId);
    seen.add(resourceId);
  }
  return found;
}

/** Remembers the resources whose backups have failed since the last look. */
async function noteFailures(deps: ConditionDeps): Promise<void> {
  const { catalog, clock } = deps;
  const now = clock.now();
  const last = (await catalog.getDocument('delivery', LOOK_ID)) as ConditionRecord | undefined;
  const since = (last?.body.since ?? now - DAY_MS) - LOOK_BACK_MS;
  const { items } = await catalog.listEvents({ action: 'backup.failed', since, limit: LIMITS.listPageMax });
  const newest = new Map(items.toReversed().map(({ resourceId, at }) => [resourceId, at]));
  for (const [resourceId, at] of newest) {
    const known = await read(deps, 'failing', resourceId);
    if (known !== undefined && known.body.since >= at) continue;
    await tell(deps, [keep('failing', { resourceId, since: at, isTold: true }, known)]);
  }
  const body: Condition = { resourceId: '', since: now, isTold: true };
  await tell(deps, [put({ collection: 'delivery', id: LOOK_ID, body }, last)]);
}

async function lookAtFailing(deps: ConditionDeps, record: ConditionRecord): Promise<number> {
  const { resourceId, since, isTold } = record.body;
  if (!isTold) return 0;
  const head = await deps.catalog.getHead(resourceId);
  const { succeededAt = 0 } = head === undefined ? {} : await readStanding(deps, head);
  if (succeededAt <= since) return 0;
  // It stays for a while as what is over: the next look reads the same failure again.
  const over: Change = put(
    { ...record, body: { ...record.body, isTold: false }, expiresAt: deps.clock.now() + DAY_MS },
    record,
  );
  return recovered(deps, over, resourceId, 'failed');
}

/** Only what was said to be expected can be late. */
async function lookAtLate(deps: ConditionDeps, head: ResourceHead, found: ConditionsFound): Promise<void> {
  const { resourceId } = head;
  const { expectEverySeconds } = head.settings ?? {};
  if (expectEverySeconds === undefined) return;
  const now = deps.clock.now();
  const [{ succeededAt }, known] = await Promise.all([
    readStanding(deps, head),
    read(deps, 'late', resourceId),
  ]);
  // Where none has ever come, it is expected from the first look on.
  const since = succeededAt ?? known?.body.since ?? now;
  const isLate = now - since > expectEverySeconds * 1000;
  const isTold = known?.body.isTold === true;
  if (isLate && !isTold) {
    const lastSuccess =
      succeededAt === undefined ? {} : { lastSuccessAt: new Date(succeededAt).toISOString() };
    found.late += await tell(deps, [
      keep('late', { resourceId, since, isTold: true }, known),
      event(deps, 'backup.late', now, BY, { resourceId, detail: { expectEverySeconds, ...lastSuccess } }),
    ]);
  } else if (!isLate && isTold) {
    const { id, version: expect } = known!;
    const over: Change = { kind: 'document.remove', collection: 'delivery', id, expect };
    found.recovered += await recovered(deps, over, resourceId, 'late');
  } else if (succeededAt === undefined && known === undefined) {
    await tell(deps, [keep('late', { resourceId, since, isTold: false }, known)]);
  }
}

/** Whether retention would keep nothing of the resource any more, by then. */
async function lookAtExpiring(deps: ConditionDeps, resourceId: string): Promise<number> {
  const { clock } = deps;
  const now = clock.now();
  const [{ backups, decisions }, known] = await Promise.all([
    decide(deps, resourceId, now + EXPIRING_MS),
    read(deps, 'expiring', resourceId),
  ]);
  const newest = backups.at(-1);
  if (newest === undefined || decisions.some(({ action }) => action === 'keep')) return 0;
  if (known?.body.backupId === newest.id) return 0;
  const { id: backupId, expiresAt } = newest;
  const detail = expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() };
  return tell(deps, [
    keep('expiring', { resourceId, since: now, isTold: true, backupId }, known),
    event(deps, 'backup.last_expiring', now, BY, { resourceId, backupId, detail }),
  ]);
}

function recovered(deps: ConditionDeps, over: Change, resourceId: string, after: string): Promise<number> {
  return tell(deps, [
    over,
    event(deps, 'backup.recovered', deps.clock.now(), BY, { resourceId, detail: { after } }),
  ]);
}

async function read(
  { catalog }: ConditionDeps,
  kind: Kind,
  resourceId: string,
): Promise<ConditionRecord | undefined> {
  return (await catalog.getDocument('delivery', conditionId(kind, resourceId))) as
    | ConditionRecord
    | undefined;
}

function keep(kind: Kind, body: Condition, known: ConditionRecord | undefined): Change {
  return put({ collection: 'delivery', id: conditionId(kind, body.resourceId), body }, known);
}

/** Whether it was this look that told: where another has been faster, that one has. */
async function tell({ catalog }: ConditionDeps, changes: Change[]): Promise<number> {
  try {
    await catalog.commit(changes);
    return 1;
  } catch (error) {
    if (!(error instanceof PortError && error.code === 'conflict')) throw error;
    return 0;
  }
}
