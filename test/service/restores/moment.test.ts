// Time is what it was: order is the order of acceptance, times are the wall clock's, and an instant gives what it had.

import { describe, expect, test } from '@jest/globals';
import { DAY_MS, LIMITS } from '../../../lib/core/records/limits.ts';
import type { BackupRequest, OperationRecord } from '../../../lib/core/records/model.ts';
import { faulty } from '../../../lib/decorators/faulty.ts';
import { workQueue } from '../../../lib/service/jobs/worker.ts';
import { sweep } from '../../../lib/service/retention/sweep.ts';
import { createWorld, inputOf, START, type World } from '../world.ts';

const CALLER = { actor: 'tester' };
const ASK = { targetResourceId: 'restored', createdBy: 'ann', validate: true, async: false };

async function accept(world: World, resourceId: string, json: string, type = 'full'): Promise<BackupRequest> {
  const { uploadId, url } = await world.service.createUpload();
  world.uploads.put(url, Buffer.from(json));
  const { state: _state, ...asked } = inputOf(resourceId, 'null');
  const input = { ...asked, type: type as 'full', uploadId };
  return (await world.service.requestBackup(input, CALLER)).request as BackupRequest;
}

async function momentOf(world: World, at: number): Promise<OperationRecord> {
  return (await world.service.restorePointInTime({ ...ASK, resourceId: 'db', at }, CALLER)).operation;
}

/** Backups of db, ten seconds apart, that hold their numbers. */
async function tenSecondsApart(world: World, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    world.clock.set(START + n * 10_000);
    await world.make('db', String(n), 'full');
  }
}

const secondsIn = (n: number) => START + n * 1000;

describe('a clock that was ahead, and is right again', () => {
  test('neither hides what came later nor dates it into the future', async () => {
    const world = createWorld();
    await world.make('db', '"first"', 'full');
    world.clock.set(START + 20 * DAY_MS);
    await world.make('db', '"ahead"', 'incremental');
    world.clock.set(START + 60_000);
    const later = await world.make('db', '"later"', 'incremental');
    const last = await world.make('db', '"last"', 'incremental');
    expect([later.createdAt, last.createdAt]).toEqual([START + 60_000, START + 60_001]);
    expect(later.expiresAt).toBe(START + 60_000 + 30 * DAY_MS);
    expect(await world.textAt('db', START + 59_999)).toBe('"first"');
    expect(await world.textAt('db', START + 60_000)).toBe('"later"');
    expect(await world.textAt('db', START + 60_010)).toBe('"last"');
    const { items } = await world.service.listBackups({ limit: 10, resourceId: 'db' });
    expect(items.map(({ sequence }) => sequence)).toEqual([4, 3, 2, 1]);
    // What goes on builds on the newest, not on the latest by the clock, also when that one is deleted.
    await world.remove(last.id);
    expect(await world.make('db', '"on"', 'incremental')).toMatchObject({
      baseBackupId: later.id,
      sequence: 5,
    });
    world.clock.set(START + 30 * DAY_MS);
    expect(await world.textAt('db', START + 20 * DAY_MS)).toBe('"on"');
  });
});

describe('what is accepted first', () => {
  test('stands first, though it is built last: "now" gives what was accepted last', async () => {
    const world = createWorld();
    await world.make('db', '"base"', 'full');
    world.clock.set(secondsIn(10));
    const first = await accept(world, 'db', '"first"', 'incremental');
    world.clock.set(secondsIn(20));
    const second = await world.make('db', '"second"', 'incremental');
    expect([first.sequence, second.sequence]).toEqual([2, 3]);
    expect(second.baseBackupId).toBe('backup-1');
    expect(await momentOf(world, secondsIn(15))).toMatchObject({
      backupId: 'backup-1',
      exact: false,
      inexact: { reason: 'pending', backupId: first.id, next: { backupId: second.id } },
    });
    world.clock.set(secondsIn(30));
    await workQueue(world.deps);
    expect(await world.service.findBackup(first.id)).toMatchObject({
      sequence: 2,
      createdAt: secondsIn(10),
      completedAt: secondsIn(30),
      expiresAt: secondsIn(10) + 30 * DAY_MS,
      baseBackupId: 'backup-1',
    });
    expect(await world.textAt('db', secondsIn(30))).toBe('"second"');
    expect(await world.textAt('db', secondsIn(15))).toBe('"first"');
    const third = await world.make('db', '"third"', 'incremental');
    expect(third).toMatchObject({ sequence: 4, baseBackupId: second.id });
  });

  test('finds its base before it: the newest full, for a differential', async () => {
    const world = createWorld();
    await world.make('db', '"full"', 'full');
    await world.make('db', '"incremental"', 'incremental');
    const asked = await accept(world, 'db', '"asked"', 'differential');
    const orphaned = await accept(world, 'other', '"asked"', 'incremental');
    await world.make('db', '"later"', 'full');
    await world.make('other', '"later"', 'full');
    await workQueue(world.deps);
    expect(await world.service.findBackup(asked.id)).toMatchObject({
      type: 'differential',
      baseBackupId: 'backup-1',
    });
    expect(await world.service.findBackup(orphaned.id)).toMatchObject({
      type: 'full',
      requestedType: 'incremental',
    });
    expect(await world.text(asked.id)).toBe('"asked"');
    expect((await world.plain.catalog.getHead('db'))?.latestFull?.id).not.toBe(asked.id);
  });

  test('takes a place that nobody else gets, though it fails', async () => {
    const world = createWorld();
    const failing = await accept(world, 'db', '{"cut');
    const later = await world.make('db', '1', 'full');
    await workQueue(world.deps);
    expect([failing.sequence, later.sequence]).toEqual([1, 2]);
    expect((await world.make('db', '2', 'incremental')).sequence).toBe(3);
  });
});

describe('an instant', () => {
  test('reaches any live backup, not the newest hundred, also when those are deleted', async () => {
    const world = createWorld();
    await tenSecondsApart(world, LIMITS.snapshotsMax + 30);
    expect(await world.textAt('db', START)).toBe('0');
    expect(await world.textAt('db', START + 10_000)).toBe('1');
    for (let n = 31; n <= LIMITS.snapshotsMax + 30; n++) await world.remove(`backup-${n}`);
    expect(await momentOf(world, world.clock.now())).toMatchObject({
      backupId: 'backup-30',
      exact: false,
      inexact: { reason: 'deleted', backupId: `backup-${LIMITS.snapshotsMax + 30}` },
    });
    await expect(world.textAt('db', START - 1)).rejects.toMatchObject({
      code: 'snapshot_not_found',
      extra: { earliest: new Date(START).toISOString() },
    });
  });

  test('says how far its answer is exact, through deletion, sweep and end', async () => {
    const world = createWorld();
    await tenSecondsApart(world, 3);
    expect(await momentOf(world, secondsIn(15))).toMatchObject({
      pointInTime: secondsIn(15),
      stateOf: secondsIn(10),
      exact: true,
    });
    expect(await momentOf(world, secondsIn(15))).not.toHaveProperty('inexact');
    await world.remove('backup-2');
    const neighbours = {
      previous: { backupId: 'backup-1', createdAt: START },
      next: { backupId: 'backup-3', createdAt: secondsIn(20) },
    };
    const deleted = { reason: 'deleted', backupId: 'backup-2', createdAt: secondsIn(10) };
    expect((await momentOf(world, secondsIn(10))).inexact).toEqual({ ...deleted, ...neighbours });
    expect(await momentOf(world, secondsIn(9))).toMatchObject({ backupId: 'backup-1', exact: true });
    expect(await momentOf(world, secondsIn(20))).toMatchObject({ backupId: 'backup-3', exact: true });
    world.clock.advance(DAY_MS + 1);
    await sweep(world.deps);
    expect(await world.plain.catalog.getBackup('backup-2')).toBeUndefined();
    const gone = { reason: 'gone', createdAt: secondsIn(10) };
    expect((await momentOf(world, secondsIn(15))).inexact).toEqual({ ...gone, ...neighbours });
    expect((await momentOf(world, secondsIn(9))).exact).toBe(true);
  });

  test('before the first it names the earliest that there is; what is no resource is another matter', async () => {
    const world = createWorld();
    await tenSecondsApart(world, 2);
    const earliestOf = (at: number) =>
      momentOf(world, at).then(
        () => undefined,
        ({ code, extra }) => [code, extra.earliest],
      );
    expect(await earliestOf(START - 1)).toEqual(['snapshot_not_found', new Date(START).toISOString()]);
    await world.remove('backup-1');
    const second = new Date(secondsIn(10)).toISOString();
    expect(await earliestOf(START)).toEqual(['snapshot_not_found', second]);
    await world.remove('backup-2');
    expect(await earliestOf(START)).toEqual(['resource_not_found', undefined]);
    const nothing = world.service.restorePointInTime({ ...ASK, resourceId: 'nothing', at: START }, CALLER);
    await expect(nothing).rejects.toMatchObject({ code: 'resource_not_found' });
  });

  test('may be a minute ahead, as clocks differ, and no more', async () => {
    const world = createWorld();
    await tenSecondsApart(world, 1);
    const now = world.clock.now();
    expect((await momentOf(world, now + 60_000)).backupId).toBe('backup-1');
    await expect(momentOf(world, now + 60_001)).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ pointer: '/timestamp' }],
    });
  });
});

test('a lone writer loses to nobody who only moves the head', async () => {
  let moved = 0;
  const world = createWorld(({ catalog }) => ({
    catalog: faulty(catalog, {
      async before({ method, args }) {
        const changes = method === 'commit' ? (args[0] as { kind: string }[]) : [];
        if (moved >= 10 || !changes.some(({ kind }) => kind === 'backup.insert')) return;
        moved++;
        const head = await catalog.getHead('db');
        if (head === undefined) return;
        const next = { ...head, version: head.version + 1 };
        await catalog.commit([{ kind: 'head.put', head: next, expect: head.version }]);
      },
    }),
  }));
  await world.make('db', '{"a":1}', 'full');
  const made = await world.make('db', '{"a":2}', 'incremental');
  expect([moved, made.sequence, made.baseBackupId]).toEqual([10, 2, 'backup-1']);
  // It was built once: nothing was stored in vain.
  expect(await world.blobCount()).toBe(2);
});
