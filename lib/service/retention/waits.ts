// What an operator decides of what waits to expire.

import { ServiceError } from '../../core/records/errors.ts';
import { CLOCK_WAIT } from '../../core/records/expiry-wait.ts';
import type { ExpiryState, ExpiryWait } from '../../core/records/retention-records.ts';
import type { Caller, Decision, DescribedWait } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { describeClockWait, lookAtClock, peekAtClock } from '../kit/clock-watch.ts';
import { retryOnConflict } from '../kit/conflict.ts';
import { event } from '../kit/events.ts';
import { clearNotice, raiseNotice } from '../kit/notices.ts';
import { describeWait, noticeOf } from './wait-words.ts';

/** All waits, the longest standing first. */
export async function listWaits(deps: Deps): Promise<DescribedWait[]> {
  const { state, wait } = await peekAtClock(deps);
  const others = state?.waits.filter(({ id }) => id !== CLOCK_WAIT) ?? [];
  return (wait === undefined ? others : [wait, ...others]).map(described).sort((a, b) => a.since - b.since);
}

export function described(wait: ExpiryWait): DescribedWait {
  return { ...wait, detail: wait.reason === 'many' ? describeWait(wait) : describeClockWait(wait) };
}

/**
 * Confirmed, it is over: what it is about goes with the next sweep, and a clock is believed from now on. Refused, it stands
 * until it is confirmed. Throws ServiceError `wait_not_found`.
 */
export async function decideWait(
  deps: Deps,
  id: string,
  decision: Decision,
  caller: Caller,
): Promise<DescribedWait> {
  const { catalog, clock } = deps;
  // It may have been shown before it was written down.
  if (id === CLOCK_WAIT) await lookAtClock(deps);
  const wait = await retryOnConflict('The state of expiry', async () => {
    const state = await catalog.getExpiryState();
    const standing = state?.waits.find((one) => one.id === id);
    if (state === undefined || standing === undefined) {
      throw new ServiceError('wait_not_found', `Nothing waits under ${id}.`);
    }
    const now = clock.now();
    const next = decided(standing, decision, now);
    const isOver = next.decision === 'confirmed' && id === CLOCK_WAIT;
    const record: ExpiryState = {
      ...state,
      seenAt: isOver ? now : state.seenAt,
      waits: state.waits.flatMap((one) => (one !== standing ? [one] : isOver ? [] : [next])),
      version: state.version + 1,
    };
    await catalog.commit([
      { kind: 'expiry.put', record, expect: state.version },
      event(deps, 'expiry.decided', now, caller, {
        resourceId: standing.resourceId ?? '',
        detail: { id, decision },
      }),
    ]);
    return next;
  });
  if (wait.id === CLOCK_WAIT) {
    if (decision === 'confirm') await clearNotice(deps, 'clock');
    else
      await raiseNotice(deps, {
        id: 'clock',
        code: 'clock',
        severity: 'warning',
        detail: describeClockWait(wait),
      });
    deps.clockWatch.look();
  } else if (decision === 'confirm') await clearNotice(deps, `expiry:${id}`);
  else await raiseNotice(deps, noticeOf(wait));
  return described(wait);
}

function decided(wait: ExpiryWait, decision: Decision, now: number): ExpiryWait {
  if (decision === 'refuse') return { ...wait, decision: 'refused' };
  return { ...wait, decision: 'confirmed', until: now, ...(wait.reason === 'many' ? { covers: now } : {}) };
}
