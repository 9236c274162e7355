// Background work on a timer, by timers that the test moves.

import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { every, type Repeated } from '../../../lib/embedded/process/every.ts';
import { silentLogger } from '../../../lib/log.ts';

let repeated: Repeated | undefined;

beforeEach(() => void jest.useFakeTimers());
afterEach(async () => {
  await repeated?.stop();
  jest.useRealTimers();
});

/** When each of the first runs began, in milliseconds, each run ending at once as said. */
async function begun(outcomes: (() => unknown)[], intervalMs: number): Promise<number[]> {
  const at: number[] = [];
  const from = Date.now();
  repeated = every('work', intervalMs, silentLogger, async () => {
    at.push(Date.now() - from);
    return outcomes[at.length - 1]?.();
  });
  await jest.advanceTimersByTimeAsync(intervalMs * 3);
  return at;
}

test('what says that it has not finished goes on soon, and then rests for its interval', async () => {
  const left = () => ({ finished: false });
  const at = await begun([left, left, () => ({ finished: true })], 60_000);
  expect(at.slice(0, 4)).toEqual([0, 1000, 2000, 62_000]);
});

test('what says nothing of it, or fails, comes again after its interval', async () => {
  const fail = () => {
    throw new Error('no');
  };
  expect(await begun([() => undefined, fail, () => ({})], 60_000)).toEqual([0, 60_000, 120_000, 180_000]);
});
