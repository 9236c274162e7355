// What is hidden is not gone: it can be listed, restored and undeleted until its bytes go.

import { describe, expect, test } from '@jest/globals';
import { sweep } from '../../../lib/service/retention/sweep.ts';
import { createWorld, DAY, OPTIONS, type World } from '../world.ts';

const CALLER = { actor: 'tester' };
const rows = (n: number): string =>
  JSON.stringify(Array.from({ length: 80 }, (_, id) => ({ id, v: id === n ? n : 0 })));
const WEEK = { options: { ...OPTIONS, graceMs: 7 * DAY } };

const hidden = async (world: World, resourceId = 'db') =>
  (await world.service.listHidden({ limit: 100, resourceId })).items.map(({ id }) => id);
const undelete = (world: World, id: string) => world.service.undeleteBackup(id, CALLER);
const restoreDeleted = async (world: World, id: string) => {
  const input = { backupId: id, targetResourceId: 't', createdBy: 'x', validate: true, async: false };
  const { data } = await world.service.restore({ ...input, includeDeleted: true }, CALLER);
  return Buffer.concat(await Array.fromAsync(data!.chunks)).toString();
};

async function chain(world: World, count = 4): Promise<void> {
  await world.make('db', rows(0), 'full');
  for (let n = 1; n < count; n++) await world.make('db', rows(n), 'incremental');
}

describe('a deleted backup', () => {
  test('is listed as deleted, restores for who asks for it, and for nobody else', async () => {
    const world = createWorld(() => WEEK);
    await chain(world);
    await world.remove('backup-2');
    expect(await hidden(world)).toEqual(['backup-2']);
    expect((await world.service.listHidden({ limit: 10, type: 'full' })).items).toEqual([]);
    await expect(world.text('backup-2')).rejects.toMatchObject({ code: 'backup_not_found' });
    expect(await restoreDeleted(world, 'backup-2')).toBe(rows(1));
  });

  test('is live again once it is undeleted: in lists, by instant, and as the base of what comes', async () => {
    const world = createWorld(() => WEEK);
    await chain(world);
    await world.remove('backup-4');
    await world.remove('backup-3');
    expect(await undelete(world, 'backup-4')).toMatchObject({ id: 'backup-4', sequence: 4 });
    expect(await hidden(world)).toEqual(['backup-3']);
    expect(await world.text('backup-4')).toBe(rows(3));
    const head = await world.plain.catalog.getHead('db');
    expect([head?.latest?.id, head?.latestFull?.id]).toEqual(['backup-4', 'backup-1']);
    expect(await world.make('db', rows(9), 'incremental')).toMatchObject({ baseBackupId: 'backup-4' });
    const input = { resourceId: 'db', at: world.clock.now(), createdBy: 'x', validate: true, async: false };
    expect((await world.service.restorePointInTime(input, CALLER)).operation.backupId).toBe('backup-5');
  });

  test('undeleted twice is no error; one that never was is', async () => {
    const world = createWorld(() => WEEK);
    await chain(world, 1);
    await world.remove('backup-1');
    const first = await undelete(world, 'backup-1');
    expect(await undelete(world, 'backup-1')).toEqual(first);
    await expect(undelete(world, 'backup-9')).rejects.toMatchObject({ code: 'backup_not_found' });
  });

  test('stays whole through all of its grace, whatever else of its chain was deleted before', async () => {
    const world = createWorld(() => WEEK);
    await chain(world, 5);
    for (const id of ['backup-1', 'backup-2', 'backup-3', 'backup-4', 'backup-5']) {
      await world.remove(id);
      world.clock.advance(DAY);
      await sweep(world.deps);
    }
    // The first is due in 2 days, the last in 6: until then it needs all that is before it.
    world.clock.advance(5 * DAY);
    await sweep(world.deps);
    expect(await restoreDeleted(world, 'backup-5')).toBe(rows(4));
    expect(await undelete(world, 'backup-5')).toMatchObject({ id: 'backup-5' });
    world.clock.advance(30 * DAY);
    await sweep(world.deps);
    await sweep(world.deps);
    expect(await world.text('backup-5')).toBe(rows(4));
  });

  test('is gone once its grace is over: it is not promised what a sweep may be removing', async () => {
    const world = createWorld(() => WEEK);
    await chain(world);
    await world.remove('backup-4');
    world.clock.advance(7 * DAY);
    await expect(undelete(world, 'backup-4')).rejects.toMatchObject({ code: 'broken_chain' });
    await sweep(world.deps);
    await sweep(world.deps);
    expect(await hidden(world)).toEqual([]);
    await expect(undelete(world, 'backup-4')).rejects.toMatchObject({ code: 'backup_not_found' });
  });
});

test('an expired backup that is undeleted is kept a week, and only then expires again', async () => {
  const world = createWorld(() => WEEK);
  const metadata = { version: '1.0', source: 'api', tags: {}, retentionDays: 1 };
  await world.make('db', rows(0), 'full', { metadata });
  await world.make('db', rows(1), 'full');
  world.clock.advance(DAY + 1);
  await sweep(world.deps);
  expect(await hidden(world)).toEqual(['backup-1']);
  await undelete(world, 'backup-1');
  world.clock.advance(6 * DAY);
  await sweep(world.deps);
  expect(await world.text('backup-1')).toBe(rows(0));
  world.clock.advance(DAY);
  await sweep(world.deps);
  expect(await hidden(world)).toEqual(['backup-1']);
});
