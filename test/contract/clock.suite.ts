// What every clock has to hold.

import { describe, expect, test } from '@jest/globals';
import type { Clock } from '../../lib/ports/clock.ts';
import { type Closing, forEachTest, type Make } from './harness.ts';

const LOOKS = 1000;

export interface ClockHarness extends Closing {
  clock: Clock;
  /** Lets a little time pass on it, whoever has to move it. */
  pass(): void;
}

export function clockSuite(name: string, make: Make<ClockHarness>): void {
  describe(`${name} clock`, () => {
    const open = forEachTest(make);

    test('shows whole milliseconds since 1970', () => {
      const { clock } = open();
      expect(Number.isSafeInteger(clock.now())).toBe(true);
      expect(clock.now()).toBeGreaterThan(Date.UTC(2020, 0, 1));
    });

    test('what has passed never falls, and rises with every little', () => {
      const { clock, pass } = open();
      for (let n = 0, last = clock.monotonic(); n < LOOKS; n++) {
        pass();
        const now = clock.monotonic();
        expect(now).toBeGreaterThan(last);
        last = now;
      }
    });

    test('tells of its stops, or never says how long it has been', () => {
      const { clock, pass } = open();
      const first = clock.elapsed();
      for (let n = 0, last = first; n < LOOKS; n++) {
        pass();
        const now = clock.elapsed();
        expect(typeof now).toBe(typeof first);
        if (now !== undefined) expect(now).toBeGreaterThanOrEqual(last!);
        last = now;
      }
    });
  });
}
