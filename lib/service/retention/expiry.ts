// What expires now and what waits: one judgement for the sweep and the dry run, so that they cannot disagree.

import { areFew, isAbout, isOpen, liveThatMakeFew } from '../../core/records/expiry-wait.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { BackupRecord, ExpiryState, ExpiryWait } from '../../core/records/model.ts';
import { type RetentionDecision, timeOfExpiry } from '../../core/records/retention.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { collect } from '../kit/collect.ts';
import { retryOnConflict } from '../kit/conflict.ts';
import { type EventDeps, event } from '../kit/events.ts';
import { clearNotice, raiseNotice } from '../kit/notices.ts';
import { type Decided, decide } from './decisions.ts';

const BY: Readonly<Caller> = { actor: 'retention' };

export interface Judgement {
  now: number;
  /** All that are past their expiry, those that something keeps included. */
  due: { record: BackupRecord; decision: RetentionDecision }[];
  /** What nothing keeps: it goes, unless it waits. */
  going: BackupRecord[];
  /** By backup. */
  waiting: Map<string, ExpiryWait>;
  /** Waits that begin now, and those that are over or about nothing any more. */
  begun: ExpiryWait[];
  ended: ExpiryWait[];
}

/** Judges all that has expired. `clock` is the wait that stands because of it. Changes nothing. */
export async function judgeExpiry(
  deps: Deps,
  state: ExpiryState | undefined,
  clock: ExpiryWait | undefined,
): Promise<Judgement> {
  const { catalog } = deps;
  const now = deps.clock.now();
  const decided = new Map<string, Decided>();
  const judgement: Judgement = { now, due: [], going: [], waiting: new Map(), begun: [], ended: [] };
  const { due, going, waiting } = judgement;
  for (const record of await collect((page) => catalog.expiring({ ...page, before: now }))) {
    const { resourceId, id } = record;
    if (!decided.has(resourceId)) decided.set(resourceId, await decide(deps, resourceId, now));
    const decision = decided.get(resourceId)!.decisions.find(({ backupId }) => backupId === id);
    // Hidden since it was listed: nothing is left to decide.
    if (decision === undefined) continue;
    due.push({ record, decision });
    if (decision.action === 'drop') going.push(record);
  }
  if (clock !== undefined) {
    for (const { id } of going) waiting.set(id, clock);
    return judgement;
  }
  if (deps.options.expiryHoldMs === 0) return { ...judgement, ended: manyOf(state) };
  const fresh = await holdKnown(judgement, manyOf(state));
  await holdMany(deps, judgement, fresh, decided);
  return judgement;
}

function manyOf(state: ExpiryState | undefined): ExpiryWait[] {
  return state?.waits.filter(({ reason }) => reason === 'many') ?? [];
}

/** What known waits are about waits, or has waited: each backup for the oldest of them. Gives the rest. */
async function holdKnown(judgement: Judgement, waits: readonly ExpiryWait[]): Promise<BackupRecord[]> {
  const { now, going, waiting, ended } = judgement;
  const fresh = new Set(going);
  for (const wait of waits.toSorted((a, b) => a.since - b.since)) {
    const about = [...fresh].filter((record) => isAbout(wait, record, timeOfExpiry(record)));
    for (const record of about) {
      fresh.delete(record);
      if (isOpen(wait, now)) waiting.set(record.id, wait);
    }
    if (about.length === 0 || !isOpen(wait, now)) ended.push(wait);
  }
  return [...fresh];
}

/** More at once than is usual, of a resource or of all, has to wait. */
async function holdMany(
  deps: Deps,
  judgement: Judgement,
  fresh: readonly BackupRecord[],
  decided: ReadonlyMap<string, Decided>,
): Promise<void> {
  const { now, waiting, begun } = judgement;
  const hold = (records: readonly BackupRecord[], resourceId?: string): void => {
    const wait: ExpiryWait = {
      id: `many-${now}${begun.length === 0 ? '' : `-${begun.length}`}`,
      reason: 'many',
      ...(resourceId === undefined ? {} : { resourceId }),
      since: now,
      until: now + deps.options.expiryHoldMs,
      backups: records.length,
      covers: now,
    };
    begun.push(wait);
    for (const { id } of records) waiting.set(id, wait);
  };
  const rest: BackupRecord[] = [];
  const crowds: [string, BackupRecord[]][] = [];
  for (const [resourceId, records] of Map.groupBy(fresh, (record) => record.resourceId)) {
    if (areFew(records.length, decided.get(resourceId)!.backups.length)) rest.push(...records);
    else crowds.push([resourceId, records]);
  }
  if (crowds.length > LIMITS.expiryWaitsMax) hold(fresh);
  else {
    for (const [resourceId, records] of crowds) hold(records, resourceId);
    if (areFew(rest.length, 0)) return;
    if (!(await deps.catalog.hasLive(liveThatMakeFew(rest.length)))) hold(rest);
  }
}

/** Writes down which waits have begun and ended, with events, notices and lines in the log. Throws PortError from the catalog. */
export async function settleWaits(deps: Deps, judgement: Judgement): Promise<void> {
  const { begun, ended, now } = judgement;
  if (begun.length === 0 && ended.length === 0) return;
  const { catalog } = deps;
  await retryOnConflict('The state of expiry', async () => {
    const state = await catalog.getExpiryState();
    const expect = state?.version ?? 0;
    const gone = new Set(ended.map(({ id }) => id));
    const record: ExpiryState = {
      seenAt: state?.seenAt ?? now,
      waits: [...(state?.waits ?? []).filter(({ id }) => !gone.has(id)), ...begun],
      version: expect + 1,
    };
    await catalog.commit([
      { kind: 'expiry.put', record, expect },
      ...begun.slice(0, EVENTS_MAX).map((wait) => eventOf(deps, 'expiry.held', wait, now)),
      ...ended.slice(0, EVENTS_MAX).map((wait) => eventOf(deps, 'expiry.resumed', wait, now)),
    ]);
  });
  for (const wait of begun) await raiseNotice(deps, noticeOf(wait));
  for (const { id } of ended) await clearNotice(deps, `expiry:${id}`);
}

/** Of each, in one commit. */
const EVENTS_MAX = 20;

function eventOf(deps: EventDeps, action: 'expiry.held' | 'expiry.resumed', wait: ExpiryWait, now: number) {
  const { id, resourceId = '', until, backups = 0 } = wait;
  return event(deps, action, now, BY, { resourceId, detail: { id, until, backups } });
}

export function noticeOf(wait: ExpiryWait) {
  const { id, resourceId } = wait;
  const about = resourceId === undefined ? {} : { resourceId };
  const detail = describeWait(wait);
  return { id: `expiry:${id}`, code: 'expiry_held', severity: 'warning', detail, ...about } as const;
}

/** A sentence for a person. */
export function describeWait({ backups = 0, resourceId, until, decision }: ExpiryWait): string {
  const whose = resourceId === undefined ? 'the store' : resourceId;
  const how =
    decision === 'refused'
      ? 'They stay until it is confirmed that they may go'
      : decision === 'confirmed'
        ? 'They go with the next sweep'
        : `They stay until ${new Date(until).toISOString()}, or until it is decided`;
  return `${backups} backups of ${whose} have expired at once, more than a sweep usually hides. ${how}.`;
}
