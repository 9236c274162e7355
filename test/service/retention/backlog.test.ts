// However much has expired and is kept, what nothing keeps goes: a sweep goes on where the one before it had to stop.

import { describe, expect, test } from '@jest/globals';
import { LIMITS } from '../../../lib/core/records/limits.ts';
import { faulty } from '../../../lib/decorators/faulty.ts';
import { sweep } from '../../../lib/service/retention/sweep.ts';
import { createWorld, DAY, type World } from '../world.ts';
import { actions, CALLER, createWaitingWorld, days, HOUR, live, liveIds, notices } from './waiting-world.ts';

const KEPT = 300;

/** Each call of the catalog takes a second. */
function createSlowWorld(): World {
  const world: World = createWorld(({ catalog }) => ({
    catalog: faulty(catalog, {
      before() {
        if (isSlow) world.clock.advance(1000);
      },
    }),
  }));
  return world;
}
let isSlow = false;

async function keptBefore(world: World): Promise<string> {
  for (let n = 0; n < KEPT; n++) await world.backup(`kept-${n}`, '1', days(1));
  for (let n = 0; n < KEPT; n++) {
    await world.service.putPolicy(`kept-${n}`, { keepLast: 1, expireNewest: true }, CALLER);
  }
  await world.backup('going', '1', days(1));
  const { id } = await world.backup('going', '2', days(1));
  await world.backup('going', '3', days(400));
  world.clock.advance(2 * DAY);
  return id;
}

test('what is kept stands before nothing: sweeps that have time for a part of it come to the end of it', async () => {
  isSlow = false;
  const world = createSlowWorld();
  const last = await keptBefore(world);
  isSlow = true;
  const stops = new Set<string>();
  let sweeps = 0;
  for (; (await liveIds(world)).includes(last); sweeps++) {
    expect(sweeps).toBeLessThan(20);
    const { due, expired, overdueMs, finished } = await sweep(world.deps, world.clock.now() + 400_000, 50);
    // Whatever was not come to is told by its age.
    expect(overdueMs > 0).toBe(due > expired || !finished);
    const state = await world.plain.catalog.getExpiryState();
    if (state?.pass !== undefined) stops.add(JSON.stringify(state.pass));
  }
  // It took more than one, each of which began elsewhere.
  expect(sweeps).toBeGreaterThan(2);
  expect(stops.size).toBeGreaterThan(1);
  isSlow = false;
  expect((await sweep(world.deps)).finished).toBe(true);
  expect((await world.plain.catalog.getExpiryState())?.pass).toBeUndefined();
  expect(await liveIds(world)).toHaveLength(KEPT + 1);
});

test('what is forgotten with time does not wait for a sweep that has no time', async () => {
  isSlow = false;
  const world = createSlowWorld();
  const { id } = await world.backup('r', '1', days(0));
  const { operation } = await world.restore(id);
  await keptBefore(world);
  world.clock.advance((LIMITS.operationHistoryDays + 1) * DAY);
  isSlow = true;
  await sweep(world.deps, world.clock.now() + 1000, 50);
  isSlow = false;
  expect(await world.plain.catalog.getOperation(operation.id)).toBeUndefined();
});

test('what cannot be forgotten holds up no expiry, and is told', async () => {
  const world = createWorld(({ catalog }) => ({
    catalog: faulty(catalog, {
      before(call) {
        if (call.method === 'purge') throw new Error('no such row');
      },
    }),
  }));
  const last = await keptBefore(world);
  await expect(sweep(world.deps)).rejects.toThrow('no such row');
  expect(await liveIds(world)).not.toContain(last);
});

test('a place that the list does not know any more is the beginning', async () => {
  isSlow = false;
  const world = createSlowWorld();
  const last = await keptBefore(world);
  const record = {
    seenAt: world.clock.now(),
    waits: [],
    pass: { since: world.clock.now(), to: world.clock.now(), cursor: 'of another list', about: [] },
    version: 1,
  };
  await world.plain.catalog.commit([{ kind: 'expiry.put', record, expect: 0 }]);
  expect(await sweep(world.deps)).toMatchObject({ finished: true, expired: 2 });
  expect(await liveIds(world)).not.toContain(last);
});

describe('a crowd that waits', () => {
  test('waits once, however many looks it takes, and goes when its time is over; no sweep hides more than is usual', async () => {
    const world = await createWaitingWorld();
    for (let n = 0; n < 40; n++) {
      await world.backup(`r${n}`, '1', days(1));
      await world.backup(`r${n}`, '2', days(400));
    }
    await live(world, 1.5 * DAY);
    // A quarter of 80 would be.
    expect(await sweep(world.deps, undefined, 7)).toMatchObject({ expired: 14, waiting: 26, finished: true });
    for (let n = 0; n < 3; n++) {
      expect(await sweep(world.deps, undefined, 7)).toMatchObject({
        expired: 0,
        waiting: 26,
        finished: true,
      });
      await live(world, HOUR);
    }
    expect(await notices(world)).toEqual(['expiry_held']);
    expect((await actions(world)).filter((action) => action === 'expiry.held')).toHaveLength(1);
    await live(world, DAY);
    expect(await sweep(world.deps, undefined, 7)).toMatchObject({ expired: 26, finished: true });
    expect(await notices(world)).toEqual([]);
    expect((await actions(world)).filter((action) => action === 'expiry.resumed')).toHaveLength(1);
  });

  test('of one resource is one, though looks see a part of it each', async () => {
    const world = await createWaitingWorld();
    for (let n = 0; n < 60; n++) await world.backup('r', String(n), days(n < 30 ? 1 : 400));
    for (let n = 0; n < 200; n++) await world.backup(`other-${n}`, '1', days(400));
    await live(world, 1.5 * DAY);
    expect(await sweep(world.deps, undefined, 4)).toMatchObject({ expired: 0, waiting: 30, finished: true });
    expect((await actions(world)).filter((action) => action === 'expiry.held')).toHaveLength(1);
    await live(world, DAY + HOUR);
    expect(await sweep(world.deps, undefined, 4)).toMatchObject({ expired: 30, finished: true });
  });
});
