// Hides what has expired, look by look, on the way through all that is to be decided or through a part of it.

import { forEachAtOnce } from '../../core/at-once.ts';
import { ownBlob } from '../../core/records/chain.ts';
import { isOpen } from '../../core/records/expiry-wait.ts';
import { timeOfExpiry } from '../../core/records/retention.ts';
import type {
  ExpiryPass,
  ExpiryPlace,
  ExpiryState,
  ExpiryWait,
} from '../../core/records/retention-records.ts';
import type { Deps } from '../contract/deps.ts';
import { type Held, holdMany, type Judged, judgeLook, manyOf } from './expiry.ts';
import { changeExpiry, type ExpiryChange } from './expiry-state.ts';
import { dividedPass, farthestPlace, lapOf, lookFrom, looksAhead } from './lap.ts';
import { isOver, type Run } from './run.ts';
import { type Settling, settleResource } from './settle.ts';

/** A way through what is to be decided. */
export interface Way {
  lap: ExpiryPass;
  /** Where it goes on; undefined once it has come to its end, or is another's. */
  place: ExpiryPlace | undefined;
  part?: number;
  /** Says what of a look waits, and writes down which waits begin. Undefined if that cannot be said now, or not by this sweep. */
  hold(judged: Judged, hasMore: boolean): Promise<Held | undefined>;
  /** Writes down where the next look goes on, and how many of this one were hidden. */
  keep(held: Held, hidden: number, place: ExpiryPlace | undefined): Promise<void>;
}

/**
 * `through` at the end of the way, `over` when there is no time left, `many` if more is due than a look has and `mayDivide`, `later` if it
 * cannot go on now. Of what was hidden, resources whose blobs others build on are added to `touched`. Throws PortError.
 */
export async function hideExpired(
  deps: Deps,
  run: Run,
  way: Way,
  touched: Set<string>,
  mayDivide = false,
): Promise<'through' | 'over' | 'many' | 'later'> {
  const { summary, judgedAtOnce, resourcesAtOnce, despite, hidingUntil } = run;
  const { lap, part } = way;
  const inPart = part === undefined ? {} : { part };
  while (way.place !== undefined && !isOver(deps, hidingUntil)) {
    const { place } = way;
    // Hiding takes backups out of the very list that is judged, so what is judged together is judged before any of it is hidden.
    const look = await lookFrom(deps, { lap, place, ...inPart, atOnce: judgedAtOnce });
    if (look.next !== undefined && mayDivide) return 'many';
    const judged = await judgeLook(deps, look, { lap, decidedAtOnce: resourcesAtOnce, despite });
    const held = await way.hold(judged, look.next !== undefined);
    if (held === undefined) return 'later';
    const { waiting, begun, fresh } = held;
    summary.waiting += waiting.size;
    if (waiting.size > 0)
      deps.log.warn('expired backups wait', { waiting: waiting.size, begun: begun.length });
    const hidden = await settleAll(deps, run, judged, { waiting, fresh }, touched);
    const isDone = !isOver(deps, hidingUntil);
    await way.keep(held, hidden, isDone ? look.next : place);
    if (!isDone) break;
  }
  if (way.place === undefined) return 'through';
  const { resources } = await lookFrom(deps, { lap, place: way.place, ...inPart, atOnce: 1 });
  const places = [...resources.values()].flatMap((one) => [...one.places.values()]);
  // Since when the first has waited that it has not come to.
  summary.overdueMs = Math.max(summary.overdueMs, run.now - Math.min(run.now, ...places));
  return 'over';
}

/** Gives how many of the fresh ones were hidden. */
async function settleAll(
  deps: Deps,
  run: Run,
  judged: Judged,
  { waiting, fresh }: Pick<Held, 'waiting' | 'fresh'>,
  touched: Set<string>,
): Promise<number> {
  const { summary, now, standing, resourcesAtOnce, despite, hidingUntil } = run;
  const { lap, resources } = judged;
  let expired = 0;
  let farthest: Promise<void> | undefined;
  const settling: Settling = {
    ...{ lap, waiting, standing, isOver: () => isOver(deps, hidingUntil) },
    beforePlacing() {
      farthest ??= keepFarthest(deps, lap);
      return farthest;
    },
  };
  await forEachAtOnce(resources, resourcesAtOnce, async (one) => {
    let left = one.going.filter(({ id }) => !waiting.has(id));
    summary.due += left.length;
    if (!settling.isOver()) {
      await despite(one.resourceId, async () => {
        const { hidden, left: notCome } = await settleResource(deps, one, settling);
        summary.expired += hidden.length;
        expired += hidden.filter(({ id }) => fresh.has(id)).length;
        left = notCome;
        const isBase = hidden.some((record) => one.bases.has(ownBlob(record).blobId));
        // Else nothing of the resource can go before its garbage is due.
        if (isBase || (deps.options.graceMs === 0 && hidden.length > 0)) touched.add(one.resourceId);
      });
    }
    for (const record of left) summary.overdueMs = Math.max(summary.overdueMs, now - timeOfExpiry(record));
  });
  return expired;
}

/** Before anything is placed there: so that a lap finds it whatever the clock says then. Throws PortError from the catalog. */
async function keepFarthest(deps: Deps, lap: ExpiryPass): Promise<void> {
  const placedTo = farthestPlace(lap);
  await changeExpiry(deps, (state) =>
    (state.placedTo ?? 0) >= placedTo ? undefined : { state: { ...state, placedTo } },
  );
}

/** All of it, as one sweep goes. */
export function wholeWay(deps: Deps, state: ExpiryState | undefined): Way {
  const { heads, cursor, ...lap } = lapOf(state, deps.clock.now());
  let { hidden = 0, usual, about } = lap;
  const { doubtful: more = 0 } = lap;
  const isCounted = deps.options.expiryHoldMs > 0;
  /** As it was a moment ago: of the first look, and most have no other. */
  let known = state;
  const way: Way = {
    lap,
    place: { ...(heads !== undefined && { heads }), ...(cursor !== undefined && { cursor }) },
    async hold(judged, hasMore) {
      if (judged.resources.every(({ going }) => going.length === 0)) return holdMany(deps, judged, undefined);
      const counted = { hidden, more, hasMore, ...(usual !== undefined && { usual }) };
      let held: Held | undefined;
      if (known !== undefined) held = await holdMany(deps, judged, known, counted);
      known = undefined;
      if (held?.begun.length === 0) return held;
      await changeExpiry(deps, async (now) => {
        held = await holdMany(deps, judged, now, counted);
        const begun = held?.begun ?? [];
        return begun.length === 0 ? undefined : { state: { ...now, waits: [...now.waits, ...begun] }, begun };
      });
      return held;
    },
    async keep(held, hiddenNow, place) {
      if (place === way.place && hiddenNow === 0) return;
      about = [...new Set([...about, ...held.about])];
      if (isCounted) {
        hidden += hiddenNow;
        usual = held.usual;
      }
      way.place = place;
      await changeExpiry(deps, (now) => {
        // Another has divided it meanwhile: then that is how it goes on.
        if (dividedPass(deps, now) !== undefined) return undefined;
        if (place === undefined) return endOfLap(deps, now, { ...lap, about });
        const counted = hidden > 0 ? { hidden, ...(usual !== undefined && { usual }) } : {};
        const pass: ExpiryPass = { ...lap, ...place, ...counted, about };
        return JSON.stringify(now.pass) === JSON.stringify(pass) ? undefined : { state: { ...now, pass } };
      });
    },
  };
  return way;
}

/**
 * At its end it is known which waits are about nothing any more; and, where it has looked ahead, that no place lies further on than it has
 * given. Undefined if nothing of that is news.
 */
export function endOfLap(deps: Deps, state: ExpiryState, lap: ExpiryPass): ExpiryChange | undefined {
  const { pass, placedTo: before, ...rest } = state;
  if (lap.isDecided) return { state: { ...rest, ...(before !== undefined && { placedTo: before }) } };
  const now = deps.clock.now();
  const about = new Set(lap.about);
  // What was refused has its places ahead.
  const isAboutNothing = (wait: ExpiryWait): boolean =>
    (wait.decision === undefined || looksAhead(lap)) && (!about.has(wait.id) || !isOpen(wait, now));
  const ended = manyOf(state).filter((wait) => deps.options.expiryHoldMs === 0 || isAboutNothing(wait));
  const placedTo = looksAhead(lap) ? farthestPlace(lap) : before;
  if (pass === undefined && placedTo === before && ended.length === 0) return undefined;
  const waits = state.waits.filter((wait) => !ended.includes(wait));
  return { state: { ...rest, waits, ...(placedTo !== undefined && { placedTo }) }, ended };
}
