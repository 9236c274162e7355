// What fails again and again is told of when that changes, and else less and less often.

import { afterEach, expect, jest, test } from '@jest/globals';
import { every } from '../../../lib/embedded/process/every.ts';
import { createFailureLog } from '../../../lib/embedded/process/failure-log.ts';
import { createLogger } from '../../../lib/log.ts';
import { PortError } from '../../../lib/ports/errors.ts';

const full = (n = 0) => new PortError('unavailable', `no room for ${n}`, { reason: 'disk_full' });
const MINUTE = 60_000;

function logOf() {
  const lines: string[] = [];
  const log = createLogger((line) => {
    const { level, message, untold } = JSON.parse(line) as Record<string, unknown>;
    lines.push([level, message, ...(untold === undefined ? [] : [untold])].join(' '));
  });
  return { lines, log };
}

test('a failure each second is a line at first, then after one minute, two, four, up to an hour', () => {
  const { lines, log } = logOf();
  let now = 0;
  const told = createFailureLog('jobs', log, () => now);
  const at: number[] = [];
  for (; now < 24 * 60 * MINUTE; now += 1000) {
    const before = lines.length;
    told.failed(full(now));
    if (lines.length > before) at.push(now / MINUTE);
  }
  expect(at.slice(0, 8)).toEqual([0, 1, 3, 7, 15, 31, 63, 123]);
  expect(at.length).toBeLessThan(32);
  expect(lines.slice(0, 2)).toEqual(['error jobs failed', 'error jobs failed 59']);
});

test('another failure is told of at once, and that it is over, once', () => {
  const { lines, log } = logOf();
  let now = 0;
  const told = createFailureLog('jobs', log, () => now);
  told.worked();
  told.failed(full());
  now += 1000;
  told.failed(full());
  told.failed(new PortError('unavailable', 'read only', { reason: 'read_only' }));
  told.failed(new Error('a bug'));
  told.worked();
  told.worked();
  expect(lines).toEqual([
    'error jobs failed',
    'error jobs failed 1',
    'error jobs failed',
    'info jobs works again',
  ]);
});

test('one that comes and goes each second does not write two lines each second', () => {
  const { lines, log } = logOf();
  let now = 0;
  const told = createFailureLog('jobs', log, () => now);
  for (; now < 10 * MINUTE; now += 2000) {
    told.failed(full());
    told.worked();
  }
  expect(lines.length).toBeLessThan(12);
  now += 24 * 60 * MINUTE;
  told.worked();
  told.failed(full());
  expect(lines.at(-1)).toMatch(/^error jobs failed/);
});

afterEach(() => {
  jest.useRealTimers();
});

test('the work of a timer that is also kicked is told of so', async () => {
  jest.useFakeTimers();
  const { lines, log } = logOf();
  let runs = 0;
  const work = every('jobs', 1000, log, async () => {
    runs++;
    throw full(runs);
  });
  for (let second = 0; second < 50; second++) {
    work.kick();
    await jest.advanceTimersByTimeAsync(1000);
  }
  expect(runs).toBeGreaterThanOrEqual(50);
  expect(lines).toEqual(['error jobs failed']);
  await work.stop();
});
