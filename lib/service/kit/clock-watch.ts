// Whether the wall clock can be believed. What it says decides what expires and what is removed, so it is held to what has
// passed by a clock that nobody can set, and to when it was last looked at.

import { CLOCK_TOLERANCE_MS, clockWaitAfter, clockWaitOf } from '../../core/records/expiry-wait.ts';
import type { ExpiryState, ExpiryWait } from '../../core/records/retention-records.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import type { ClockWatch } from '../contract/parts.ts';
import { retryOnConflict } from './conflict.ts';
import { event } from './events.ts';
import { clearNotice, raiseNotice } from './notices.ts';

export function createClockWatch(clock: Clock): ClockWatch {
  const read = () => ({ wall: clock.now(), passed: clock.elapsed() });
  let last = read();
  let trusted = last;
  /** What the wall clock has to say at least. */
  const least = ({ passed }: ReturnType<typeof read>): number =>
    trusted.wall + (passed === undefined || trusted.passed === undefined ? 0 : passed - trusted.passed);
  return {
    driftMs() {
      const { wall, passed } = read();
      if (passed === undefined || last.passed === undefined) return 0;
      return wall - last.wall - (passed - last.passed);
    },
    look(trustedAt) {
      last = read();
      trusted = trustedAt === undefined ? last : { ...last, wall: Math.max(trustedAt, least(last)) };
    },
    behindMs() {
      const now = read();
      const behindMs = least(now) - now.wall;
      return behindMs > CLOCK_TOLERANCE_MS ? behindMs : 0;
    },
  };
}

/** When the clock is believed, that is written down so often. */
const MARK_EVERY_MS = 10 * 60_000;
const NOTICE = 'clock';
const BY: Readonly<Caller> = { actor: 'retention' };

export interface ClockState {
  state: ExpiryState | undefined;
  /** Why nothing is to expire or to be removed. */
  wait: ExpiryWait | undefined;
}

/** What a look at the clock would find. Changes nothing. */
export async function peekAtClock(deps: ClockDeps): Promise<ClockState> {
  const { catalog, clock, clockWatch, options } = deps;
  const state = await catalog.getExpiryState();
  const trustedAt = state?.seenAt ?? (await lastCommitAt(deps));
  const wait = clockWaitAfter({
    now: clock.now(),
    driftMs: clockWatch.driftMs(),
    trustedAt,
    standing: clockWaitOf(state),
    holdMs: options.expiryHoldMs,
  });
  return { state, wait };
}

/** What was believed before this process began counts in it from its first moment. Throws PortError from the catalog. */
export async function recallClock(deps: ClockDeps): Promise<void> {
  const { state, wait } = await peekAtClock(deps);
  if (wait !== undefined) deps.clockWatch.look(state?.seenAt ?? (await lastCommitAt(deps)));
}

export type ClockDeps = Pick<Deps, 'catalog' | 'clock' | 'clockWatch' | 'log' | 'options' | 'random'>;

/** Where nothing was ever written down of the clock, its last commit tells when it was believed. */
async function lastCommitAt({ catalog }: Pick<Deps, 'catalog'>): Promise<number | undefined> {
  const { items } = await catalog.listEvents({ limit: 1 });
  return items[0]?.at;
}

/**
 * Looks at the clock: a wait begins, goes on or ends, with an event, a notice and a line in the log. Resolves with the wait
 * that stands. Throws PortError from the catalog.
 */
export async function lookAtClock(deps: ClockDeps): Promise<ExpiryWait | undefined> {
  const { catalog, clock, clockWatch } = deps;
  const { standing, wait, seenAt } = await retryOnConflict('The state of expiry', async () => {
    const { state, wait } = await peekAtClock(deps);
    const standing = clockWaitOf(state);
    const now = clock.now();
    const isNews = JSON.stringify(wait) !== JSON.stringify(standing);
    const isOld = wait === undefined && Math.abs(now - (state?.seenAt ?? 0)) >= MARK_EVERY_MS;
    if (isNews || isOld) {
      const expect = state?.version ?? 0;
      const others = (state?.waits ?? []).filter((one) => one !== standing);
      const record: ExpiryState = {
        ...state,
        // While it is doubted, what it said before is what it is held to.
        seenAt: wait === undefined ? now : (state?.seenAt ?? (await lastCommitAt(deps)) ?? now),
        waits: wait === undefined ? others : [wait, ...others],
        version: expect + 1,
      };
      await catalog.commit(
        isNews
          ? [{ kind: 'expiry.put', record, expect }, eventOf(deps, wait, standing, now)]
          : [{ kind: 'expiry.put', record, expect, isMark: true }],
      );
    }
    return { standing, wait, seenAt: state?.seenAt };
  });
  clockWatch.look(wait === undefined ? undefined : seenAt);
  if (wait !== undefined) {
    await raiseNotice(deps, {
      id: NOTICE,
      code: 'clock',
      severity: 'warning',
      detail: describeClockWait(wait),
    });
  } else if (standing !== undefined) {
    deps.log.info('the clock is believed again: expiry goes on', { since: standing.since });
  }
  if (wait === undefined) await clearNotice(deps, NOTICE);
  return wait;
}

function eventOf(
  deps: ClockDeps,
  wait: ExpiryWait | undefined,
  standing: ExpiryWait | undefined,
  now: number,
) {
  const about = { resourceId: '', detail: detailOf(wait ?? standing!) };
  return event(deps, wait === undefined ? 'expiry.resumed' : 'expiry.held', now, BY, about);
}

function detailOf({ id, reason, until, offsetMs = 0 }: ExpiryWait) {
  return { id, reason, until, offsetMs };
}

/** A sentence for a person. */
export function describeClockWait(wait: ExpiryWait): string {
  const { reason, until, offsetMs = 0, trustedAt, decision } = wait;
  const why = {
    clock_jumped: `The clock has been moved by ${inWords(offsetMs)}`,
    clock_behind: 'The clock is behind what it was when it was last looked at',
    silence: `Nobody has looked at the clock for more than a day, by what it says${trustedAt === undefined ? '' : ` (not since ${new Date(trustedAt).toISOString()}; so looks a folder, too, that was put back whole from a copy)`}`,
    many: 'Many backups have expired at once',
  }[reason];
  const how =
    decision === 'refused'
      ? 'until it is confirmed'
      : `until ${new Date(until).toISOString()}, or until it is confirmed`;
  return `${why}: nothing expires and nothing is removed ${how}.`;
}

function inWords(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000);
  const sign = ms < 0 ? '-' : '+';
  if (seconds >= 2 * 86_400) return `${sign}${Math.round(seconds / 86_400)} days`;
  return seconds >= 7200 ? `${sign}${Math.round(seconds / 3600)} hours` : `${sign}${seconds} seconds`;
}
