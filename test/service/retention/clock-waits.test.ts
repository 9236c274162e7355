import { describe, expect, test } from '@jest/globals';
import { lookAtClock, recallClock } from '../../../lib/service/kit/clock-watch.ts';
import { sweep } from '../../../lib/service/retention/sweep.ts';
import { createWorld, DAY } from '../world.ts';
import {
  actions,
  CALLER,
  createWaitingWorld,
  days,
  expectPlanned,
  HOUR,
  live,
  liveIds,
  notices,
  restarted,
  set,
} from './waiting-world.ts';

describe('a clock that jumped', () => {
  test('ahead for one sweep and back again loses nothing, and nothing is removed meanwhile', async () => {
    const world = await createWaitingWorld();
    for (const n of [1, 2, 3]) await world.backup('db', String(n));
    await world.remove('backup-1');
    set(world, 365 * DAY);
    expect(await sweep(world.deps)).toMatchObject({ expired: 0, waiting: 1, blobsRemoved: 0 });
    expect(await world.blobCount()).toBe(3);
    expect(await notices(world)).toEqual(['clock']);
    expect(await actions(world)).toContain('expiry.held');
    set(world, -365 * DAY);
    expect(await sweep(world.deps)).toMatchObject({ expired: 0, waiting: 0 });
    expect(await notices(world)).toEqual([]);
    expect(await liveIds(world)).toEqual(['backup-3', 'backup-2']);
    // The one was raised ahead of the other's time.
    expect(await actions(world)).toEqual(expect.arrayContaining(['notice.cleared', 'notice.raised']));
  });

  test.each([
    ['in one process', false],
    ['and the process was begun anew meanwhile', true],
  ])(
    'back, %s: what was made under it lives as long as it was told to once it is set right',
    async (_, isAnew) => {
      const world = await createWaitingWorld();
      await world.backup('db', '1', days(10));
      set(world, -400 * DAY);
      await lookAtClock(world.deps);
      if (isAnew) {
        restarted(world);
        await recallClock(world.deps);
      }
      await live(world, 2 * HOUR);
      await world.backup('db', '2', days(10));
      await world.backup('db', '3', days(0));
      set(world, 400 * DAY);
      await live(world, 9 * DAY);
      await sweep(world.deps);
      expect(await liveIds(world)).toContain('backup-2');
      await live(world, 2 * DAY);
      await sweep(world.deps);
      expect(await liveIds(world)).toEqual(['backup-3']);
    },
  );

  test('ahead for two sweeps, 40 days and then 42, removes no bytes', async () => {
    const world = await createWaitingWorld();
    for (const n of [1, 2, 3]) await world.backup('db', String(n));
    set(world, 40 * DAY);
    await sweep(world.deps);
    set(world, 2 * DAY);
    await sweep(world.deps);
    expect(await world.blobCount()).toBe(3);
    expect(await liveIds(world)).toHaveLength(3);
  });

  test('under a new process it is found by what the last one saw', async () => {
    const world = await createWaitingWorld();
    for (const n of [1, 2, 3]) await world.backup('db', String(n));
    set(world, 365 * DAY);
    restarted(world);
    expect(await sweep(world.deps)).toMatchObject({ expired: 0, waiting: 2 });
    set(world, -365 * DAY);
    restarted(world);
    expect(await sweep(world.deps)).toMatchObject({ expired: 0, waiting: 0 });
    expect(await liveIds(world)).toHaveLength(3);
  });

  test('that stays as it is is believed after a day, and expiry goes on', async () => {
    const world = await createWaitingWorld();
    for (const n of [1, 2, 3]) await world.backup('db', String(n));
    set(world, 365 * DAY);
    await sweep(world.deps);
    await live(world, DAY - HOUR);
    await expectPlanned(world);
    expect(await liveIds(world)).toHaveLength(3);
    await live(world, HOUR);
    await expectPlanned(world);
    expect(await liveIds(world)).toEqual(['backup-3']);
    expect(await notices(world)).toEqual([]);
  });

  test('can be confirmed at once, or refused until it is', async () => {
    const world = await createWaitingWorld();
    for (const n of [1, 2, 3]) await world.backup('db', String(n));
    set(world, 365 * DAY);
    await sweep(world.deps);
    const [wait] = await world.service.listWaits();
    expect(wait).toMatchObject({ id: 'clock', reason: 'clock_jumped', until: world.clock.now() + DAY });
    await world.service.decideWait('clock', 'refuse', CALLER);
    await live(world, 5 * DAY);
    await expectPlanned(world);
    expect(await liveIds(world)).toHaveLength(3);
    expect(await notices(world)).toEqual(['clock']);
    await world.service.decideWait('clock', 'confirm', CALLER);
    expect(await notices(world)).toEqual([]);
    await expectPlanned(world);
    expect(await liveIds(world)).toEqual(['backup-3']);
    await expect(world.service.decideWait('clock', 'confirm', CALLER)).rejects.toMatchObject({
      code: 'wait_not_found',
    });
  });

  test('neither ends a lock nor lets one be shortened', async () => {
    const world = await createWaitingWorld();
    const { id } = await world.backup('db', '1');
    const lockedUntil = world.clock.now() + 300 * DAY;
    await world.service.protectBackup(id, { lockedUntil }, CALLER);
    set(world, 365 * DAY);
    await expect(world.remove(id)).rejects.toMatchObject({ code: 'backup_protected' });
    await expect(
      world.service.protectBackup(id, { lockedUntil: lockedUntil - DAY }, CALLER),
    ).rejects.toMatchObject({ code: 'backup_protected' });
    await sweep(world.deps);
    await world.service.decideWait('clock', 'confirm', CALLER);
    await world.remove(id);
  });

  test('while a sweep is at work ends it', async () => {
    const world = createWorld(({ options, catalog }) => ({
      options: { ...options, expiryHoldMs: DAY },
      catalog: {
        ...catalog,
        async dueGarbage(request) {
          const page = await catalog.dueGarbage({ ...request, before: request.before + 9 * DAY });
          set(world, 9 * DAY);
          return page;
        },
      },
    }));
    await lookAtClock(world.deps);
    await world.backup('db', '1');
    await world.remove('backup-1');
    expect(await sweep(world.deps)).toMatchObject({ blobsRemoved: 0, finished: false });
    expect(await world.blobCount()).toBe(1);
  });

  test('time that passes is no jump, however long a service runs', async () => {
    const world = await createWaitingWorld();
    for (const n of [1, 2]) await world.backup('db', String(n), days(7));
    await live(world, 7 * DAY);
    await expectPlanned(world);
    expect(await liveIds(world)).toEqual(['backup-2']);
    expect(await actions(world)).not.toContain('expiry.held');
  });
});

describe('a first sweep after a long silence', () => {
  test('waits for a day; a short pause is none', async () => {
    for (const [pause, expected] of [
      [20 * HOUR, 'none'],
      [3 * DAY, 'silence'],
    ] as const) {
      const world = await createWaitingWorld();
      for (const n of [1, 2]) await world.backup('db', String(n), days(1));
      await live(world, 12 * HOUR);
      world.clock.advance(pause);
      restarted(world);
      await expectPlanned(world);
      expect((await world.service.listWaits())[0]?.reason ?? 'none').toBe(expected);
      await live(world, DAY);
      await expectPlanned(world);
      expect(await liveIds(world)).toEqual(['backup-2']);
    }
  });

  test('in a store that was never looked at, the last commit tells', async () => {
    const world = createWorld(({ options }) => ({ options: { ...options, expiryHoldMs: DAY } }));
    for (const n of [1, 2]) await world.backup('db', String(n), days(1));
    world.clock.advance(40 * DAY);
    restarted(world);
    expect(await sweep(world.deps)).toMatchObject({ expired: 0, waiting: 1 });
  });
});

test('a lock of more than ten years is refused: it could not be shortened', async () => {
  const world = await createWaitingWorld();
  const { id } = await world.backup('db', '1');
  const lockedUntil = Date.UTC(9999, 0, 1);
  await expect(world.service.protectBackup(id, { lockedUntil }, CALLER)).rejects.toMatchObject({
    code: 'invalid_request',
    errors: [{ pointer: '/lockedUntil' }],
  });
  await world.service.protectBackup(id, { lockedUntil: world.clock.now() + 3652 * DAY }, CALLER);
});
