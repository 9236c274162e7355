import { describe, expect, test } from '@jest/globals';
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
  set,
} from './waiting-world.ts';

describe('more at once than is usual', () => {
  test('of a resource waits for a day, and goes on by itself', async () => {
    const world = await createWaitingWorld();
    for (let n = 0; n < 20; n++) await world.backup('db', String(n), days(1));
    await live(world, DAY);
    await expectPlanned(world);
    expect(await liveIds(world)).toHaveLength(20);
    expect(await notices(world)).toEqual(['expiry_held']);
    const [wait] = await world.service.listWaits();
    expect(wait).toMatchObject({ reason: 'many', resourceId: 'db', backups: 19 });
    const plan = await world.service.planRetention({ resourceId: 'db', limit: 100 });
    expect(plan.waits).toEqual([wait]);
    expect(plan.items.filter(({ waitId }) => waitId === wait?.id)).toHaveLength(19);
    await live(world, DAY);
    await expectPlanned(world);
    expect(await liveIds(world)).toEqual(['backup-20']);
    expect(await notices(world)).toEqual([]);
    expect(await world.service.listWaits()).toEqual([]);
    expect((await actions(world)).filter((action) => action.startsWith('expiry.')).reverse()).toEqual([
      'expiry.held',
      'expiry.resumed',
    ]);
  });

  test('of the store waits too, each resource having few', async () => {
    const world = await createWaitingWorld();
    for (let n = 0; n < 12; n++) {
      for (const json of ['1', '2']) await world.backup(`db-${n}`, json, days(1));
    }
    await live(world, DAY);
    await expectPlanned(world);
    expect(await liveIds(world)).toHaveLength(24);
    expect((await world.service.listWaits())[0]).not.toHaveProperty('resourceId');
    await live(world, DAY);
    await expectPlanned(world);
    expect(await liveIds(world)).toHaveLength(12);
  });

  test('is confirmed or refused by an operator; what is not of it goes on', async () => {
    const world = await createWaitingWorld();
    for (let n = 0; n < 20; n++) await world.backup('db', String(n), days(1));
    await world.backup('other', '1', days(2));
    await world.backup('other', '2', days(9));
    await live(world, DAY);
    await sweep(world.deps);
    const [wait] = await world.service.listWaits();
    await world.service.decideWait(wait!.id, 'refuse', CALLER);
    await live(world, 3 * DAY);
    await expectPlanned(world);
    expect(await liveIds(world)).toHaveLength(21);
    expect(await liveIds(world)).not.toContain('backup-21');
    await world.service.decideWait(wait!.id, 'confirm', CALLER);
    await expectPlanned(world);
    expect(await liveIds(world)).toHaveLength(2);
    expect(await notices(world)).toEqual([]);
  });

  test('what comes later waits its own day and holds nothing else up', async () => {
    const world = await createWaitingWorld();
    for (let n = 0; n < 15; n++) await world.backup('db', String(n), days(1));
    await live(world, 12 * HOUR);
    for (let n = 0; n < 15; n++) await world.backup('db', String(n), days(1));
    await live(world, 12 * HOUR);
    await sweep(world.deps);
    await live(world, 12 * HOUR);
    await expectPlanned(world);
    expect(await world.service.listWaits()).toHaveLength(2);
    await live(world, 12 * HOUR);
    await expectPlanned(world);
    expect(await liveIds(world)).toHaveLength(15);
    await live(world, 12 * HOUR);
    await expectPlanned(world);
    expect(await liveIds(world)).toEqual(['backup-30']);
  });

  test('few, or a part of many, do not wait', async () => {
    const world = await createWaitingWorld();
    for (let n = 0; n < 60; n++) await world.backup('db', String(n), days(n < 15 ? 1 : 30));
    await live(world, DAY);
    await expectPlanned(world);
    expect(await liveIds(world)).toHaveLength(45);
  });

  test('a wait that is about nothing any more is over', async () => {
    const world = await createWaitingWorld();
    for (let n = 0; n < 20; n++) await world.backup('db', String(n), days(1));
    await live(world, DAY);
    await sweep(world.deps);
    await world.service.putPolicy('db', { keepLast: 50 }, CALLER);
    await sweep(world.deps);
    expect(await world.service.listWaits()).toEqual([]);
    expect(await notices(world)).toEqual([]);
  });
});

test('with a hold of 0 nothing waits', async () => {
  const world = createWorld();
  for (let n = 0; n < 30; n++) await world.backup('db', String(n), days(1));
  set(world, 365 * DAY);
  expect(await sweep(world.deps)).toMatchObject({ expired: 29, waiting: 0 });
});
