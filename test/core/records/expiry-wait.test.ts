import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  areFew,
  type ClockLook,
  clockWaitAfter,
  liveThatMakeFew,
} from '../../../lib/core/records/expiry-wait.ts';
import type { ExpiryWait } from '../../../lib/core/records/retention-records.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const T = Date.UTC(2026, 10, 26);

const look = (fields: Partial<ClockLook>): ExpiryWait | undefined =>
  clockWaitAfter({
    now: T,
    driftMs: 0,
    trustedAt: T - 10 * MINUTE,
    standing: undefined,
    holdMs: DAY,
    ...fields,
  });

describe('a look at the clock', () => {
  test.each<[string, Partial<ClockLook>, ExpiryWait['reason'] | undefined]>([
    ['nothing is strange', {}, undefined],
    ['the first look of all', { trustedAt: undefined }, undefined],
    ['a correction of seconds', { driftMs: 30_000 }, undefined],
    ['set forward by an hour', { driftMs: 60 * MINUTE }, 'clock_jumped'],
    ['set back by an hour', { driftMs: -60 * MINUTE }, 'clock_jumped'],
    ['nobody looked for a day and a half', { trustedAt: T - 1.5 * DAY }, 'silence'],
    ['nobody looked for most of a day', { trustedAt: T - 0.9 * DAY }, undefined],
    ['earlier than it was', { trustedAt: T + 60 * MINUTE }, 'clock_behind'],
    ['nothing is to wait', { driftMs: 9 * DAY, trustedAt: T - 99 * DAY, holdMs: 0 }, undefined],
  ])('%s', (_, fields, reason) => {
    const wait = look(fields);
    expect(wait?.reason).toBe(reason);
    if (wait !== undefined) expect(wait.until - wait.since).toBe(DAY);
  });

  test('ahead and back again: it is over, whatever the distance', () => {
    for (const jump of [2 * 60 * MINUTE, 40 * DAY, 3650 * DAY]) {
      const standing = look({ now: T + jump, driftMs: jump });
      expect(look({ now: T + MINUTE, driftMs: -jump, standing })).toBeUndefined();
    }
  });

  test('ahead when the process began, and set right then or before the next one: it is over', () => {
    const standing = look({ now: T + 365 * DAY });
    expect(standing?.reason).toBe('silence');
    expect(look({ now: T + MINUTE, driftMs: -365 * DAY, standing })).toBeUndefined();
    expect(look({ now: T + MINUTE, standing })).toBeUndefined();
  });

  test('ahead twice: the wait begins anew', () => {
    const first = look({ now: T + 40 * DAY, driftMs: 40 * DAY });
    const second = look({ now: T + 42 * DAY, driftMs: 2 * DAY, standing: first });
    expect(second).toMatchObject({ since: T + 42 * DAY, until: T + 43 * DAY, offsetMs: 42 * DAY });
  });

  test('a wait under a clock far ahead does not last until then once the clock is right', () => {
    const standing = look({ now: T + 3650 * DAY, trustedAt: T - 5 * DAY });
    const wait = look({ now: T, trustedAt: T - 5 * DAY, standing });
    expect(wait?.until).toBe(T + DAY);
  });

  test('it goes on by itself when its time is over, and never if it was refused', () => {
    const standing = look({ driftMs: DAY })!;
    expect(look({ now: T + DAY - 1, standing })).toBe(standing);
    expect(look({ now: T + DAY, standing })).toBeUndefined();
    const refused = { ...standing, decision: 'refused' as const };
    expect(look({ now: T + 99 * DAY, standing: refused })).toBe(refused);
  });

  test('whatever the clock does, a jump is never followed by expiry within the wait', () => {
    const step = fc.record({
      passes: fc.integer({ min: 1, max: 3 * 60 * MINUTE }),
      jump: fc.oneof(fc.constant(0), fc.integer({ min: -400 * DAY, max: 400 * DAY })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let [real, offset] = [T, 0];
        let standing: ExpiryWait | undefined;
        let trustedAt = T;
        /** Since when the clock has had this offset, in real time. */
        let setAt = Number.NEGATIVE_INFINITY;
        for (const { passes, jump } of steps) {
          real += passes;
          offset += jump;
          if (jump !== 0) setAt = real;
          const now = real + offset;
          standing = clockWaitAfter({ now, driftMs: jump, trustedAt, standing, holdMs: DAY });
          if (standing === undefined) {
            trustedAt = now;
            // What is believed is right, or has been as it is for a day.
            const isRight = Math.abs(offset) <= MINUTE * (1 + steps.length);
            expect(isRight || real - setAt >= DAY || isNear(trustedAt, real)).toBe(true);
            if (!isRight) offset = 0;
            real = now;
            setAt = Number.NEGATIVE_INFINITY;
          }
        }
      }),
    );
  });
});

/** Back within a day of what was last believed. */
function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) <= 25 * 60 * MINUTE;
}

describe('how many are few', () => {
  test.each([
    [10, 10, true],
    [11, 11, false],
    [11, 43, false],
    [11, 44, true],
    [250, 1000, true],
    [251, 1000, false],
  ])('%d of %d: %s', (expiring, live, expected) => {
    expect(areFew(expiring, live)).toBe(expected);
    expect(areFew(expiring, Math.max(live, liveThatMakeFew(expiring)))).toBe(true);
  });
});
