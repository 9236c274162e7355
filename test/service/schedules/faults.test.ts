// A fault in each call that a slot makes, before it or after it: in the end the slot has its run, and its one backup.

import { describe, expect, it } from '@jest/globals';
import { faulty } from '../../../lib/decorators/faulty.ts';
import { PortError } from '../../../lib/ports/errors.ts';
import { workRuns } from '../../../lib/service/schedules/worker.ts';
import { createScheduled } from './world.ts';

const FIRST = Date.parse('2026-01-02T01:30:00.000Z');
const MINUTE_MS = 60_000;

type When = 'before' | 'after';

async function runWith(port: 'catalog' | 'blobs', when: When, at: number): Promise<'none left' | 'done'> {
  let calls = -1;
  let isOver = false;
  const world = createScheduled((deps) => ({
    [port]: faulty(deps[port] as object, {
      [when]: () => {
        if (calls < 0 || isOver) return;
        if (calls++ !== at) return;
        isOver = true;
        throw new PortError('unavailable', 'for once');
      },
    }),
  }));
  await world.begin({ drillEvery: 1 });
  calls = 0;
  for (let minute = 0; minute < 4; minute++) {
    world.clock.advance(Math.max(FIRST, world.clock.now() + MINUTE_MS) - world.clock.now());
    // What fails is tried again by the next look.
    await world.tick().catch(() => undefined);
    await workRuns(world.deps, Number.MAX_SAFE_INTEGER).catch(() => undefined);
  }
  const hasFailed = isOver;
  isOver = true;
  // Whoever could not say how it ended is gone by then.
  world.clock.advance(25 * MINUTE_MS);
  for (let minute = 0; minute < 4; minute++) {
    world.clock.advance(MINUTE_MS);
    await world.tick();
    await workRuns(world.deps, Number.MAX_SAFE_INTEGER);
  }
  const runs = await world.runs();
  expect(runs.map(({ slot, status }) => [slot, status])).toEqual([[FIRST, 'completed']]);
  expect(await world.backups()).toHaveLength(1);
  const { progress } = (await world.service.getSchedule('nightly')).schedule;
  expect(progress).not.toHaveProperty('running');
  expect(await world.events('run.completed')).toHaveLength(1);
  return hasFailed ? 'done' : 'none left';
}

describe.each(['catalog', 'blobs'] as const)('a fault of %s', (port) => {
  it.each(['before', 'after'] as const)(
    '%s any one of its calls loses no slot, and makes none twice',
    async (when) => {
      let tried = 0;
      for (; (await runWith(port, when, tried)) === 'done'; tried++) {
        // The next one.
      }
      expect(tried).toBeGreaterThan(port === 'catalog' ? 20 : 1);
    },
  );
});
