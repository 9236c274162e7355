// A way through all that is to be decided, in looks: resources of which something has changed, and backups whose place among what
// expires has come. What is kept is given a place further on, so that it is not looked at again before its answer can be another one.

import { CLOCK_TOLERANCE_MS } from '../../core/records/expiry-wait.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type {
  ExpiryPart,
  ExpiryPass,
  ExpiryPlace,
  ExpiryState,
} from '../../core/records/retention-records.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import type { Deps } from '../contract/deps.ts';
import { pageFrom } from '../kit/progress.ts';

/** What of a resource is to be decided. */
export interface Listed {
  /** Backups by id, and the place that each has among what expires. */
  places: Map<string, number>;
  /** All of it, whatever its place. */
  isAll: boolean;
}

export interface Look {
  resources: Map<string, Listed>;
  /** Where the next look goes on; absent at the end. */
  next?: ExpiryPlace;
}

/** The place of a list that has been gone through. */
export const THROUGH = 'end';

/** Whether nothing is left of it, neither to decide nor to remove. */
export function isThrough({ heads, cursor, garbage }: ExpiryPart): boolean {
  return [heads, cursor, garbage].every((place) => place === THROUGH);
}

export type Divided = ExpiryPass & { parts: ExpiryPart[] };

/** The lap that is under way, where it is divided: into as many parts as this catalog has, or another kind has left it. */
export function dividedPass(
  { catalog }: Pick<Deps, 'catalog'>,
  state: ExpiryState | undefined,
): Divided | undefined {
  const pass = state?.pass;
  const isDivided = pass?.parts !== undefined && pass.parts.length === catalog.capabilities?.parts;
  return isDivided ? (pass as Divided) : undefined;
}

/** Beyond it nothing is placed while the lap lasts: one moment for all of it, so that what is placed is not met again. */
export function farthestPlace({ since }: Pick<ExpiryPass, 'since'>): number {
  return since + LIMITS.decidedForMs;
}

/** Whether the lap looks at places that have not come yet. */
export function looksAhead({ since, to }: Pick<ExpiryPass, 'since' | 'to'>): boolean {
  return to > since;
}

/** The lap that is under way, or a new one; its parts apart. */
export function lapOf(state: ExpiryState | undefined, now: number): ExpiryPass {
  if (state?.pass !== undefined) {
    const pass = state.pass as Partial<ExpiryPass> & Pick<ExpiryPass, 'about'>;
    const { since = now, to = now, parts: _parts, ...rest } = pass;
    return { since, to, ...rest };
  }
  const farthest = farthestPlace({ since: now });
  const placedTo = state?.placedTo ?? 0;
  const isClockBack = placedTo > farthest + CLOCK_TOLERANCE_MS;
  // What was refused has been given places: confirmed, it is to be found there.
  const isConfirmed = state?.waits.some(({ decision }) => decision === 'confirmed') ?? false;
  return { since: now, to: isClockBack || isConfirmed ? Math.max(placedTo, farthest) : now, about: [] };
}

/** Everything that has expired, wherever its place is. */
export function wholeLap(state: ExpiryState | undefined, now: number): ExpiryPass {
  return { since: now, to: Math.max(state?.placedTo ?? 0, farthestPlace({ since: now })), about: [] };
}

export interface LookRequest {
  lap: Pick<ExpiryPass, 'since' | 'to'>;
  /** From where on; from the beginning without it. */
  place?: ExpiryPlace;
  part?: number;
  atOnce?: number;
}

/** Reads on from a place, up to `atOnce` backups and as many resources, in whole pages. Throws PortError. */
export async function lookFrom(
  { catalog }: Pick<Deps, 'catalog'>,
  { lap, place = {}, part, atOnce = Number.POSITIVE_INFINITY }: LookRequest,
): Promise<Look> {
  const inPart = part === undefined ? {} : { part };
  const resources = new Map<string, Listed>();
  const listed = (resourceId: string): Listed => {
    const known = resources.get(resourceId) ?? { places: new Map(), isAll: false };
    resources.set(resourceId, known);
    return known;
  };
  const heads = await readOn(place.heads, atOnce, (page) => catalog.undecidedHeads({ ...page, ...inPart }));
  for (const { resourceId } of heads.items) listed(resourceId).isAll = true;
  const list = (page: PageRequest) => catalog.expiring({ ...page, ...inPart, before: lap.to });
  const expiring = await readOn(place.cursor, atOnce, list);
  for (const { record, at } of expiring.items) {
    // Of those whose place has not come yet some have not expired either. One that had, by a clock that was ahead, was given its place then.
    const { expiresAt } = record;
    if (expiresAt !== undefined && (expiresAt <= lap.since || expiresAt < at))
      listed(record.resourceId).places.set(record.id, at);
  }
  if (heads.cursor === THROUGH && expiring.cursor === THROUGH) return { resources };
  return { resources, next: { heads: heads.cursor, cursor: expiring.cursor } };
}

/** From a place in a list on, in whole pages. Throws PortError. */
async function readOn<T>(
  from: string | undefined,
  atOnce: number,
  read: (page: PageRequest) => Promise<Page<T>>,
): Promise<{ items: T[]; cursor: string }> {
  const items: T[] = [];
  let cursor = from;
  while (cursor !== THROUGH && items.length < atOnce) {
    const page: Page<T> = await pageFrom(cursor, read, Math.min(LIMITS.listPageMax, atOnce));
    items.push(...page.items);
    cursor = page.cursor ?? THROUGH;
  }
  return { items, cursor: cursor ?? THROUGH };
}
