// What expires now and what waits: one judgement for the sweep and the dry run, so that they cannot disagree.

import { forEachAtOnce } from '../../core/at-once.ts';
import { areFew, isAbout, isOpen, liveThatMakeFew } from '../../core/records/expiry-wait.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { BackupRecord } from '../../core/records/model.ts';
import { type RetentionDecision, timeOfExpiry } from '../../core/records/retention.ts';
import type { ExpiryPass, ExpiryState, ExpiryWait } from '../../core/records/retention-records.ts';
import type { Deps } from '../contract/deps.ts';
import { type JudgedResource, judgeResource } from './judge-resource.ts';
import { type Look, lookFrom } from './lap.ts';

/** What a look has found, resource by resource. */
export interface Judged {
  now: number;
  lap: ExpiryPass;
  /** All that are past their expiry and were looked at, those that something keeps included. */
  due: RetentionDecision[];
  resources: JudgedResource[];
}

/** Resources that are decided at once: each takes a read or two. */
const DECIDED_AT_ONCE = 16;

export interface JudgeOptions {
  lap: ExpiryPass;
  decidedAtOnce?: number;
  /** Takes it on itself that a resource cannot be judged: it is left out. */
  despite?: (resourceId: string, judge: () => Promise<void>) => Promise<void>;
}

/** Judges what a look at what is to be decided has found. Changes nothing. Throws PortError. */
export async function judgeLook(
  deps: Deps,
  look: Look,
  { lap, decidedAtOnce = DECIDED_AT_ONCE, despite }: JudgeOptions,
): Promise<Judged> {
  const now = deps.clock.now();
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
  return { now, lap, due, resources };
}

/** What of a look waits. */
export interface Held {
  /** What goes, unless it waits; by backup. */
  waiting: Map<string, ExpiryWait>;
  /** Waits that begin now, and the ids of all that are about something. */
  begun: ExpiryWait[];
  about: string[];
  /** Those that go and have not waited: they are counted. */
  fresh: ReadonlySet<string>;
  /** So many may go in this lap, as far as is known now. */
  usual: number;
}

/** What is known of the lap that a look belongs to. */
export interface Counted {
  /** So many it has hidden. */
  hidden?: number;
  /** So many more go, or may have gone; and so many of these are being hidden now. */
  more?: number;
  going?: number;
  usual?: number;
  /** Whether more of it is to come. */
  hasMore?: boolean;
}

/**
 * Holds what is more than a sweep usually hides, of a resource or of all. Undefined if that cannot be said before others have hidden what they
 * are about to. Changes nothing. Throws PortError.
 */
export async function holdMany(
  deps: Deps,
  judged: Judged,
  state: ExpiryState | undefined,
  counted: Counted = {},
): Promise<Held | undefined> {
  const { hidden = 0, more = 0, going: beingHidden = 0, hasMore = false } = counted;
  const held: Held = {
    waiting: new Map(),
    begun: [],
    about: [],
    fresh: new Set(),
    usual: counted.usual ?? 0,
  };
  if (deps.options.expiryHoldMs === 0) return held;
  const going = judged.resources.flatMap((one) => one.going);
  const fresh = holdKnown(held, going, manyOf(state), judged.now);
  const rest = holdCrowds(deps, judged, held, fresh, state);
  const inAll = rest.length + hidden + more;
  held.fresh = new Set(rest.map(({ id }) => id));
  if (rest.length === 0 || areFew(inAll, 0) || inAll <= held.usual) return held;
  // What was hidden was live when it began.
  const isUsual = (count: number): Promise<boolean> => deps.catalog.hasLive(liveThatMakeFew(count) - hidden);
  // It reads that many: so twice as many at once, where they will be asked for.
  if (hasMore && (await isUsual(2 * inAll))) return { ...held, usual: 2 * inAll };
  if (await isUsual(inAll)) return { ...held, usual: inAll };
  if (beingHidden > 0 && (await deps.catalog.hasLive(liveThatMakeFew(inAll) - hidden - beingHidden)))
    return undefined;
  begin(deps, judged, held, state, rest);
  return { ...held, fresh: new Set() };
}

/** Judges all that has expired, for the dry run. `clock` is the wait that stands because of it. Throws PortError. */
export async function judgeExpiry(
  deps: Deps,
  state: ExpiryState | undefined,
  clock: ExpiryWait | undefined,
  lap: ExpiryPass,
): Promise<Judged & Pick<Held, 'waiting'>> {
  const judged = await judgeLook(deps, await lookFrom(deps, { lap }), { lap });
  if (clock !== undefined) {
    const going = judged.resources.flatMap((one) => one.going);
    return { ...judged, waiting: new Map(going.map(({ id }) => [id, clock])) };
  }
  const { hidden = 0, doubtful = 0 } = state?.pass ?? {};
  const held = await holdMany(deps, judged, state, { hidden, more: doubtful });
  return { ...judged, waiting: held?.waiting ?? new Map() };
}

/** Those waits that a lap decides about, by what it finds. */
export function manyOf(state: ExpiryState | undefined): ExpiryWait[] {
  return state?.waits.filter(({ reason }) => reason === 'many') ?? [];
}

/** What known waits are about waits, or has waited: each backup for the oldest of them. Gives the rest. */
function holdKnown(
  { waiting, about: aboutSomething }: Held,
  going: readonly BackupRecord[],
  waits: readonly ExpiryWait[],
  now: number,
): BackupRecord[] {
  const fresh = new Set(going);
  for (const wait of waits.toSorted((a, b) => a.since - b.since)) {
    const about = [...fresh].filter((record) => isAbout(wait, record, timeOfExpiry(record)));
    if (about.length > 0) aboutSomething.push(wait.id);
    for (const record of about) {
      fresh.delete(record);
      if (isOpen(wait, now)) waiting.set(record.id, wait);
    }
  }
  return [...fresh];
}

/** More at once of a resource than is usual has to wait. Gives the rest. */
function holdCrowds(
  deps: Deps,
  judged: Judged,
  held: Held,
  fresh: readonly BackupRecord[],
  state: ExpiryState | undefined,
): BackupRecord[] {
  const byId = new Map(judged.resources.map((one) => [one.resourceId, one]));
  const rest: BackupRecord[] = [];
  const crowds: [string, BackupRecord[]][] = [];
  for (const [resourceId, records] of Map.groupBy(fresh, (record) => record.resourceId)) {
    const { live, later } = byId.get(resourceId)!;
    // What goes with a later look goes as well.
    if (areFew(records.length + later, live)) rest.push(...records);
    else crowds.push([resourceId, records]);
  }
  if (crowds.length > 0 && crowds.length + manyOf(state).length > LIMITS.expiryWaitsMax) {
    begin(deps, judged, held, state, fresh);
    return [];
  }
  for (const [resourceId, records] of crowds) begin(deps, judged, held, state, records, resourceId);
  return rest;
}

function begin(
  deps: Deps,
  { now }: Judged,
  { waiting, begun, about }: Held,
  state: ExpiryState | undefined,
  records: readonly BackupRecord[],
  resourceId?: string,
): void {
  const taken = new Set([...(state?.waits ?? []), ...begun].map(({ id }) => id));
  let id = `many-${now}`;
  for (let n = 1; taken.has(id); n++) id = `many-${now}-${n}`;
  const wait: ExpiryWait = {
    ...{ id, reason: 'many' },
    ...(resourceId === undefined ? {} : { resourceId }),
    since: now,
    until: now + deps.options.expiryHoldMs,
    backups: records.length,
    covers: now,
  };
  begun.push(wait);
  about.push(id);
  for (const { id: backupId } of records) waiting.set(backupId, wait);
}
