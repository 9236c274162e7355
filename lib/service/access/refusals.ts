// Refused calls in the audit trail: each kind of them, and how often, however often somebody tries.

import type { Caller, Refusal } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { event } from '../kit/events.ts';

/** Counted anew after that. */
const PERIOD_MS = 3_600_000;
/** Kinds that are told apart in a period; whoever makes up more of them is counted as one. */
const KINDS_MAX = 200;
const OTHERS = 'others';

export interface Refusals {
  /**
   * Counts a call of that kind. Gives how many there were in this period if that is to be written down: the first, the
   * tenth, the hundredth ... so that a trail of a million of them has seven lines.
   */
  count(kind: string, now: number): { count: number; isOthers: boolean } | undefined;
}

export function createRefusals(): Refusals {
  const counts = new Map<string, number>();
  let began = Number.NEGATIVE_INFINITY;
  return {
    count(kind, now) {
      if (Math.abs(now - began) >= PERIOD_MS) {
        counts.clear();
        began = now;
      }
      const isOthers = !counts.has(kind) && counts.size >= KINDS_MAX;
      const key = isOthers ? OTHERS : kind;
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      return Number.isInteger(Math.log10(count)) ? { count, isOthers } : undefined;
    },
  };
}

/**
 * Writes a refused call into the trail, if it is one of those that are. Never throws: what was refused stays refused, and what
 * cannot be written down is logged.
 */
export async function noteRefusal(
  deps: Pick<Deps, 'catalog' | 'clock' | 'log' | 'random'>,
  refusals: Refusals,
  { code, scope, resourceId = '', route }: Refusal,
  caller: Caller,
): Promise<void> {
  const now = deps.clock.now();
  const kind = JSON.stringify([caller.actor, caller.address, code, scope, route, resourceId]);
  const counted = refusals.count(kind, now);
  if (counted === undefined) return;
  const { count, isOthers } = counted;
  const detail = {
    code,
    count,
    ...(scope === undefined ? {} : { scope }),
    ...(route === undefined ? {} : { route }),
    ...(isOthers ? { others: true } : {}),
  };
  const about = { resourceId: isOthers ? '' : resourceId, detail };
  try {
    await deps.catalog.commit([event(deps, 'access.refused', now, caller, about)]);
  } catch (error) {
    deps.log.error('a refused call could not be written down', { ...detail, actor: caller.actor, error });
  }
}
