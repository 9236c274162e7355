// A lap in parts, for several sweeps at once: each takes one that is free, and is the only one at work on it while its lease lasts. Who dies
// leaves it, and the next who looks goes on where that one was. What they may hide without a question they count together.

import { CLOCK_TOLERANCE_MS } from '../../core/records/expiry-wait.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type {
  ExpiryPart,
  ExpiryPass,
  ExpiryPlace,
  ExpiryState,
} from '../../core/records/retention-records.ts';
import type { Deps } from '../contract/deps.ts';
import { type Held, holdMany } from './expiry.ts';
import { changeExpiry, type ExpiryChange } from './expiry-state.ts';
import { endOfLap, type Way } from './hide-expired.ts';
import { type Divided, dividedPass, isThrough, lapOf, THROUGH } from './lap.ts';

/** Whether there is somebody to share the work with. */
export function mayDivide({ catalog, sweepers }: Deps): boolean {
  return (catalog.capabilities?.parts ?? 1) > 1 && (sweepers?.most ?? 1) > 1;
}

/** Divides the lap that is under way. `isDecided`: nothing of it is to be decided any more, only removed. Throws PortError. */
export async function divideLap(deps: Deps, isDecided: boolean): Promise<void> {
  await changeExpiry(deps, (state) => {
    if (dividedPass(deps, state) !== undefined) return undefined;
    const now = deps.clock.now();
    const { heads: _heads, cursor: _cursor, ...lap } = lapOf(state, now);
    const decided: ExpiryPass = { since: now, to: now, about: [], isDecided: true };
    const from: ExpiryPart = isDecided ? { heads: THROUGH, cursor: THROUGH } : {};
    const parts = Array.from({ length: deps.catalog.capabilities?.parts ?? 1 }, () => ({ ...from }));
    return { state: { ...state, pass: { ...(isDecided ? decided : lap), parts } } };
  });
}

/** How many nobody works on, and how many somebody does. Throws PortError. */
export async function countParts(deps: Deps): Promise<{ free: number; taken: number }> {
  const pass = dividedPass(deps, await deps.catalog.getExpiryState());
  const left = pass?.parts.filter((part) => !isThrough(part)) ?? [];
  const now = deps.clock.now();
  const taken = left.filter((part) => isTaken(part, now)).length;
  return { free: left.length - taken, taken };
}

export interface Taken {
  way: Way;
  part: number;
  before: number;
  garbage: string | undefined;
  /** False once another has taken it over. */
  isMine(): boolean;
  /** Gives it back, with how far removing has come. */
  leave(garbage: string | undefined): Promise<void>;
}

/**
 * Takes the first part that is free; those that are to be passed over only where nobody is about to hide anything. Undefined if there is
 * none. Throws PortError.
 */
export async function takePart(
  deps: Deps,
  by: string,
  passedOver: ReadonlySet<number>,
): Promise<Taken | undefined> {
  let taken: { part: number; pass: Divided } | undefined;
  await changeExpiry(deps, (state) => {
    taken = undefined;
    const pass = dividedPass(deps, state);
    const now = deps.clock.now();
    if (pass === undefined) return undefined;
    const isHiding = pass.parts.some((one) => isTaken(one, now) && (one.going ?? 0) > 0);
    const isFree = (one: ExpiryPart, i: number): boolean =>
      !isThrough(one) && !isTaken(one, now) && !(isHiding && passedOver.has(i));
    const part = pass.parts.findIndex(isFree);
    if (part < 0) return undefined;
    const { going = 0, lease: _lease, ...rest } = pass.parts[part]!;
    // Whoever had it died over so many: some of them may be hidden.
    const doubtful = (pass.doubtful ?? 0) + going;
    const next = withPart({ ...pass, ...(doubtful > 0 && { doubtful }) }, part, {
      ...rest,
      lease: leaseOf(by, now),
    });
    taken = { part, pass: next };
    return { state: { ...state, pass: next } };
  });
  return taken && partOf(deps, by, taken.part, taken.pass);
}

/** Changes a part, unless it has become another's meanwhile; resolves with whether it has not. */
type ChangeMine = (
  change: (pass: Divided, mine: ExpiryPart, state: ExpiryState) => Promise<ExpiryChange | undefined>,
) => Promise<boolean>;

function changing(deps: Deps, by: string, part: number): ChangeMine {
  return async (change) => {
    let isMine = false;
    await changeExpiry(deps, async (state) => {
      const pass = dividedPass(deps, state);
      const mine = pass?.parts[part];
      isMine = mine?.lease?.by === by;
      return isMine ? change(pass!, mine!, state) : undefined;
    });
    return isMine;
  };
}

function partOf(deps: Deps, by: string, part: number, pass: Divided): Taken {
  const { clock, options } = deps;
  const { parts, ...lap } = pass;
  const { heads, cursor, garbage } = parts[part]!;
  const change = changing(deps, by, part);
  const isDecided = heads === THROUGH && cursor === THROUGH;
  let isMine = true;
  const isCounted = options.expiryHoldMs > 0;
  const way: Way = {
    ...{ lap, part },
    place: isDecided ? undefined : { ...(heads && { heads }), ...(cursor && { cursor }) },
    async hold(judged) {
      const isIdle = judged.resources.every(({ going }) => going.length === 0);
      if (!isCounted || isIdle) return holdMany(deps, judged, undefined);
      let held: Held | undefined;
      isMine = await change(async (now, mine, state) => {
        held = await holdMany(deps, judged, state, countedIn(now, part, clock.now()));
        if (held === undefined) return undefined;
        const { begun, fresh, usual } = held;
        const next = withPart({ ...now, usual }, part, {
          ...mine,
          ...{ going: fresh.size, lease: leaseOf(by, clock.now()) },
        });
        return { state: { ...state, pass: next, waits: [...state.waits, ...begun] }, begun };
      });
      return isMine ? held : undefined;
    },
    async keep(held, hiddenNow, place) {
      isMine = await change(async (now, mine, state) => {
        const { going: _going, ...rest } = mine;
        const hidden = (now.hidden ?? 0) + (isCounted ? hiddenNow : 0);
        const counted: Divided = {
          ...now,
          ...(hidden > 0 && { hidden }),
          about: [...new Set([...now.about, ...held.about])],
        };
        const at: ExpiryPlace = place ?? { heads: THROUGH, cursor: THROUGH };
        const next = withPart(counted, part, { ...rest, ...at, lease: leaseOf(by, clock.now()) });
        return { state: { ...state, pass: next } };
      });
      way.place = isMine ? place : undefined;
    },
  };
  return {
    ...{ way, part, before: lap.since, garbage, isMine: () => isMine },
    async leave(garbageNow) {
      await change(async (now, mine, state) => {
        const { lease: _lease, going = 0, ...rest } = mine;
        const doubtful = (now.doubtful ?? 0) + going;
        const left = { ...rest, ...(garbageNow === undefined ? {} : { garbage: garbageNow }) };
        const next = withPart({ ...now, ...(doubtful > 0 && { doubtful }) }, part, left);
        return next.parts.every(isThrough)
          ? endOfLap(deps, { ...state, pass: next }, next)
          : { state: { ...state, pass: next } };
      });
    },
  };
}

/** What all parts have hidden, may have hidden, and are about to hide. */
function countedIn(pass: Divided, part: number, now: number) {
  const { hidden = 0, doubtful = 0, usual, parts } = pass;
  const others = parts.filter((_, i) => i !== part);
  const sum = (of: readonly ExpiryPart[]): number => of.reduce((all, { going = 0 }) => all + going, 0);
  const more = doubtful + sum(others);
  const going = sum(others.filter((one) => isTaken(one, now)));
  return { hidden, more, going, hasMore: true, ...(usual !== undefined && { usual }) };
}

function withPart(pass: Divided, part: number, one: ExpiryPart): Divided {
  return { ...pass, parts: pass.parts.map((other, i) => (i === part ? one : other)) };
}

function leaseOf(by: string, now: number): NonNullable<ExpiryPart['lease']> {
  return { by, until: now + LIMITS.sweepLeaseMs };
}

/** A lease that ends later than any could has been given by a clock that was ahead. */
function isTaken({ lease }: ExpiryPart, now: number): boolean {
  if (lease === undefined) return false;
  return now < lease.until && lease.until <= now + LIMITS.sweepLeaseMs + CLOCK_TOLERANCE_MS;
}
