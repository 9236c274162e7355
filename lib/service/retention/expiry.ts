// What expires now and what waits: one judgement for the sweep and the dry run, so that they cannot disagree.

import { forEachAtOnce } from '../../core/at-once.ts';
import { areFew, isAbout, isOpen, liveThatMakeFew } from '../../core/records/expiry-wait.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { BackupRecord } from '../../core/records/model.ts';
import { type RetentionDecision, timeOfExpiry } from '../../core/records/retention.ts';
import type { ExpiryPass, ExpiryState, ExpiryWait } from '../../core/records/retention-records.ts';
import { PortError } from '../../ports/errors.ts';
import type { Page } from '../../ports/pages.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { retryOnConflict } from '../kit/conflict.ts';
import { type EventDeps, event } from '../kit/events.ts';
import { clearNotice, raiseNotice } from '../kit/notices.ts';
import { type Decided, decide } from './decisions.ts';

const BY: Readonly<Caller> = { actor: 'retention' };

export interface Judgement {
  now: number;
  /** Where the next look goes on, and what this one and those before it were about; absent at the end of the list. */
  pass?: ExpiryPass;
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

/** Resources that are decided at once: each takes a read or two. */
const DECIDED_AT_ONCE = 16;

/**
 * Judges what has expired: all of it, or up to `atOnce` from where the sweep before has stopped. `clock` is the wait that stands because
 * of it; `hidden` are so many as the same sweep has hidden already, which count among what is usual. Changes nothing.
 */
export async function judgeExpiry(
  deps: Deps,
  state: ExpiryState | undefined,
  clock: ExpiryWait | undefined,
  { atOnce = Number.POSITIVE_INFINITY, hidden = 0 } = {},
): Promise<Judgement> {
  const now = deps.clock.now();
  const isWhole = atOnce === Number.POSITIVE_INFINITY;
  const before = isWhole ? undefined : state?.pass;
  const { records, cursor } = await expired(deps, now, before?.cursor, atOnce);
  const decided = new Map<string, Decided>();
  await forEachAtOnce(new Set(records.map(({ resourceId }) => resourceId)), DECIDED_AT_ONCE, async (id) => {
    decided.set(id, await decide(deps, id, now));
  });
  const judgement: Judgement = { now, due: [], going: [], waiting: new Map(), begun: [], ended: [] };
  const { due, going, waiting } = judgement;
  const decisions = new Map(
    [...decided.values()].flatMap((of) => of.decisions).map((one) => [one.backupId, one]),
  );
  for (const record of records) {
    const decision = decisions.get(record.id);
    // Hidden since it was listed: nothing is left to decide.
    if (decision === undefined) continue;
    due.push({ record, decision });
    if (decision.action === 'drop') going.push(record);
  }
  const about = new Set(before?.about);
  if (clock !== undefined) for (const { id } of going) waiting.set(id, clock);
  else if (deps.options.expiryHoldMs === 0) judgement.ended = manyOf(state);
  else {
    const fresh = holdKnown(judgement, manyOf(state), about);
    await holdMany(deps, judgement, fresh, decided, hidden);
    for (const { id } of judgement.begun) about.add(id);
    // Only at the end of the list it is known which are about nothing any more.
    if (cursor === undefined) {
      judgement.ended = manyOf(state).filter((wait) => !about.has(wait.id) || !isOpen(wait, now));
    }
  }
  return cursor === undefined ? judgement : { ...judgement, pass: { cursor, about: [...about] } };
}

/** From the cursor on; from the beginning where it is not one of this list any more. */
async function expired(
  deps: Deps,
  before: number,
  from: string | undefined,
  atOnce: number,
): Promise<{ records: BackupRecord[]; cursor?: string }> {
  try {
    return await expiredFrom(deps, before, from, atOnce);
  } catch (error) {
    if (from === undefined || !(error instanceof PortError && error.code === 'not_found')) throw error;
    return expiredFrom(deps, before, undefined, atOnce);
  }
}

/** In whole pages. Throws PortError `not_found` for a cursor that the list does not know. */
async function expiredFrom(
  { catalog }: Deps,
  before: number,
  from: string | undefined,
  atOnce: number,
): Promise<{ records: BackupRecord[]; cursor?: string }> {
  const records: BackupRecord[] = [];
  let cursor = from;
  do {
    const limit = Math.min(LIMITS.listPageMax, atOnce);
    const page: Page<BackupRecord> = await catalog.expiring({
      limit,
      before,
      ...(cursor === undefined ? {} : { cursor }),
    });
    records.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined && records.length < atOnce);
  return { records, ...(cursor === undefined ? {} : { cursor }) };
}

function manyOf(state: ExpiryState | undefined): ExpiryWait[] {
  return state?.waits.filter(({ reason }) => reason === 'many') ?? [];
}

/** What known waits are about waits, or has waited: each backup for the oldest of them. Gives the rest, and adds which are about something. */
function holdKnown(
  judgement: Judgement,
  waits: readonly ExpiryWait[],
  aboutSomething: Set<string>,
): BackupRecord[] {
  const { now, going, waiting } = judgement;
  const fresh = new Set(going);
  for (const wait of waits.toSorted((a, b) => a.since - b.since)) {
    const about = [...fresh].filter((record) => isAbout(wait, record, timeOfExpiry(record)));
    if (about.length > 0) aboutSomething.add(wait.id);
    for (const record of about) {
      fresh.delete(record);
      if (isOpen(wait, now)) waiting.set(record.id, wait);
    }
  }
  return [...fresh];
}

/** More at once than is usual, of a resource or of all, has to wait. */
async function holdMany(
  deps: Deps,
  judgement: Judgement,
  fresh: readonly BackupRecord[],
  decided: ReadonlyMap<string, Decided>,
  hidden: number,
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
  const judged = new Set(judgement.due.map(({ record }) => record.id));
  const rest: BackupRecord[] = [];
  const crowds: [string, BackupRecord[]][] = [];
  for (const [resourceId, records] of Map.groupBy(fresh, (record) => record.resourceId)) {
    const { backups, decisions } = decided.get(resourceId)!;
    // What goes with a later look goes as well.
    const later = decisions.filter(({ action, backupId }) => action === 'drop' && !judged.has(backupId));
    if (areFew(records.length + later.length, backups.length)) rest.push(...records);
    else crowds.push([resourceId, records]);
  }
  if (crowds.length > LIMITS.expiryWaitsMax) hold(fresh);
  else {
    for (const [resourceId, records] of crowds) hold(records, resourceId);
    const inAll = rest.length + hidden;
    if (rest.length === 0 || areFew(inAll, 0)) return;
    // What was hidden was live when it began.
    if (!(await deps.catalog.hasLive(liveThatMakeFew(inAll) - hidden))) hold(rest);
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
      ...state,
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

/** Writes down where the next look goes on, if that has changed. Throws PortError from the catalog. */
export async function keepPass({ catalog }: Deps, { pass, now }: Judgement): Promise<void> {
  await retryOnConflict('The state of expiry', async () => {
    const state = await catalog.getExpiryState();
    if (JSON.stringify(state?.pass) === JSON.stringify(pass)) return;
    const { pass: _before, ...rest } = state ?? { seenAt: now, waits: [], version: 0 };
    const record: ExpiryState = { ...rest, ...(pass && { pass }), version: rest.version + 1 };
    await catalog.commit([{ kind: 'expiry.put', record, expect: rest.version, isMark: true }]);
  });
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
