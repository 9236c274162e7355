// What expires now and what waits: one judgement for the sweep and the dry run, so that they cannot disagree.

import { forEachAtOnce } from '../../core/at-once.ts';
import { areFew, isAbout, isOpen, liveThatMakeFew } from '../../core/records/expiry-wait.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { BackupRecord } from '../../core/records/model.ts';
import { type RetentionDecision, timeOfExpiry } from '../../core/records/retention.ts';
import type { ExpiryPass, ExpiryState, ExpiryWait } from '../../core/records/retention-records.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { retryOnConflict } from '../kit/conflict.ts';
import { type EventDeps, event } from '../kit/events.ts';
import { clearNotice, raiseNotice } from '../kit/notices.ts';
import { type JudgedResource, judgeResource } from './judge-resource.ts';
import { farthestPlace, lookFrom, looksAhead } from './lap.ts';

const BY: Readonly<Caller> = { actor: 'retention' };

export interface Judgement {
  now: number;
  lap: ExpiryPass;
  /** Where the next look goes on, and what this one and those before it were about; absent at the end of the lap. */
  next?: ExpiryPass;
  /** All that are past their expiry and were looked at, those that something keeps included. */
  due: RetentionDecision[];
  resources: JudgedResource[];
  /** What goes, unless it waits; by backup. */
  waiting: Map<string, ExpiryWait>;
  /** Waits that begin now, and those that are over or about nothing any more. */
  begun: ExpiryWait[];
  ended: ExpiryWait[];
}

/** Resources that are decided at once: each takes a read or two. */
const DECIDED_AT_ONCE = 16;

/**
 * Judges what a look at what is to be decided has found. `clock` is the wait that stands because of it; `hidden` are so many as the same
 * sweep has hidden already, which count among what is usual. Changes nothing. Throws PortError.
 */
export async function judgeExpiry(
  deps: Deps,
  state: ExpiryState | undefined,
  clock: ExpiryWait | undefined,
  {
    lap,
    atOnce = Number.POSITIVE_INFINITY,
    hidden = 0,
    decidedAtOnce = DECIDED_AT_ONCE,
    despite,
  }: JudgeOptions,
): Promise<Judgement> {
  const now = deps.clock.now();
  const look = await lookFrom(deps, lap, atOnce);
  const due: RetentionDecision[] = [];
  const resources: JudgedResource[] = [];
  await forEachAtOnce(look.resources, decidedAtOnce, async ([resourceId, listed]) => {
    const judge = async (): Promise<void> => {
      const judged = await judgeResource(deps, { resourceId, listed, lap, now });
      due.push(...judged.due);
      resources.push(judged);
    };
    await (despite === undefined ? judge() : despite(resourceId, judge));
  });
  const judgement: Judgement = { now, lap, due, resources, waiting: new Map(), begun: [], ended: [] };
  const going = resources.flatMap((one) => one.going);
  const about = new Set(lap.about);
  if (clock !== undefined) for (const { id } of going) judgement.waiting.set(id, clock);
  else if (deps.options.expiryHoldMs === 0) judgement.ended = manyOf(state);
  else {
    const fresh = holdKnown(judgement, going, manyOf(state), about);
    await holdMany(deps, judgement, fresh, hidden);
    for (const { id } of judgement.begun) about.add(id);
    // Only at the end of the lap it is known which are about nothing any more; what was refused has its places ahead.
    if (look.next === undefined) {
      judgement.ended = manyOf(state).filter(
        (wait) =>
          (wait.decision === undefined || looksAhead(lap)) && (!about.has(wait.id) || !isOpen(wait, now)),
      );
    }
  }
  return look.next === undefined ? judgement : { ...judgement, next: { ...look.next, about: [...about] } };
}

export interface JudgeOptions {
  lap: ExpiryPass;
  atOnce?: number;
  hidden?: number;
  decidedAtOnce?: number;
  /** Takes it on itself that a resource cannot be judged: it is left out. */
  despite?: (resourceId: string, judge: () => Promise<void>) => Promise<void>;
}

function manyOf(state: ExpiryState | undefined): ExpiryWait[] {
  return state?.waits.filter(({ reason }) => reason === 'many') ?? [];
}

/** What known waits are about waits, or has waited: each backup for the oldest of them. Gives the rest, and adds which are about something. */
function holdKnown(
  { now, waiting }: Judgement,
  going: readonly BackupRecord[],
  waits: readonly ExpiryWait[],
  aboutSomething: Set<string>,
): BackupRecord[] {
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
  hidden: number,
): Promise<void> {
  const { now, waiting, begun } = judgement;
  const judged = new Map(judgement.resources.map((one) => [one.resourceId, one]));
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
    const { live, later } = judged.get(resourceId)!;
    // What goes with a later look goes as well.
    if (areFew(records.length + later, live)) rest.push(...records);
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

/**
 * Writes down where the next look goes on, if that has changed; and, at the end of a lap that has looked ahead, that no place lies further
 * on than that lap has given. Throws PortError from the catalog.
 */
export async function keepPass({ catalog }: Deps, { next, lap, now }: Judgement): Promise<void> {
  await retryOnConflict('The state of expiry', async () => {
    const state = await catalog.getExpiryState();
    const { pass: _before, ...rest } = state ?? { seenAt: now, waits: [], version: 0 };
    const placedTo = next === undefined && looksAhead(lap) ? farthestPlace(lap) : rest.placedTo;
    if (JSON.stringify(state?.pass) === JSON.stringify(next) && placedTo === rest.placedTo) return;
    const record: ExpiryState = {
      ...rest,
      ...(next && { pass: next }),
      ...(placedTo !== undefined && { placedTo }),
      version: rest.version + 1,
    };
    await catalog.commit([{ kind: 'expiry.put', record, expect: rest.version, isMark: true }]);
  });
}

/** Before anything is placed there: so that a lap finds it whatever the clock says then. Throws PortError from the catalog. */
export async function keepFarthest({ catalog }: Deps, { lap, now }: Judgement): Promise<void> {
  const placedTo = farthestPlace(lap);
  await retryOnConflict('The state of expiry', async () => {
    const state = (await catalog.getExpiryState()) ?? { seenAt: now, waits: [], version: 0 };
    if ((state.placedTo ?? 0) >= placedTo) return;
    const record: ExpiryState = { ...state, placedTo, version: state.version + 1 };
    await catalog.commit([{ kind: 'expiry.put', record, expect: state.version, isMark: true }]);
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
