import { describe, expect, test } from '@jest/globals';
import { failAbandoned } from '../../../lib/service/restores/operations.ts';
import { sweep } from '../../../lib/service/retention/sweep.ts';
import { createWorld, DAY, inputOf, type World } from '../world.ts';

const CALLER = { actor: 'tester' };
const rows = (n: number): string =>
  JSON.stringify({ rows: Array.from({ length: n }, (_, id) => ({ id, text: `row ${id * 7919}` })) });
const keep = (retentionDays: number) => ({ metadata: { ...inputOf('db', '1').metadata, retentionDays } });

async function chainsOf({ deps }: World, ...ids: string[]): Promise<number[]> {
  return Promise.all(ids.map(async (id) => (await deps.catalog.getBackup(id))!.chain.length));
}

describe('the specification own script: the full is deleted before its incremental', () => {
  test('the incremental restores in between; then both are gone, and their bytes after the grace period', async () => {
    const world = createWorld();
    await world.make('db', rows(50), 'full');
    await world.make('db', rows(51), 'incremental');
    await world.remove('backup-1');
    await expect(world.restore('backup-1')).rejects.toMatchObject({ code: 'backup_not_found' });
    expect(await world.text('backup-2')).toBe(rows(51));
    await world.remove('backup-2');
    await expect(world.restore('backup-2')).rejects.toMatchObject({ code: 'backup_not_found' });
    await sweep(world.deps);
    expect(await world.blobCount()).toBe(2);
    world.clock.advance(DAY);
    await sweep(world.deps);
    expect(await world.blobCount()).toBe(0);
    expect(await world.deps.catalog.getBackup('backup-1')).toBeUndefined();
  });
});

describe('expiry', () => {
  test('a base that expires is released on time: its dependents are rebased, then its bytes go', async () => {
    const world = createWorld();
    await world.make('db', rows(200), 'full', keep(1));
    for (const n of [201, 202, 203]) await world.make('db', rows(n), 'incremental', keep(10));
    for (const n of [204, 205]) await world.make('db', rows(n), 'differential', keep(10));
    world.clock.advance(DAY);
    expect(await sweep(world.deps)).toMatchObject({
      expired: 1,
      rebased: 5,
      blobsRemoved: 0,
      finished: true,
    });
    // One whole state instead of the full; the others are deltas on it, or follow by reference.
    expect(await chainsOf(world, 'backup-2', 'backup-3', 'backup-4', 'backup-5', 'backup-6')).toEqual([
      1, 2, 3, 2, 2,
    ]);
    for (const n of [201, 202, 203, 204, 205]) expect(await world.text(`backup-${n - 199}`)).toBe(rows(n));
    world.clock.advance(DAY);
    expect(await sweep(world.deps)).toMatchObject({ rebased: 0, blobsRemoved: 4 });
    expect(await world.blobCount()).toBe(5);
    for (const n of [201, 202, 203, 204, 205]) expect(await world.text(`backup-${n - 199}`)).toBe(rows(n));
    // New backups build on the rebased head.
    const next = await world.make('db', rows(206), 'incremental', keep(10));
    expect(next).toMatchObject({ type: 'incremental', baseBackupId: 'backup-6' });
    expect(await world.text(next.id)).toBe(rows(206));
  });

  test('a gap in the middle of a chain keeps the clean part before it', async () => {
    const world = createWorld();
    await world.make('db', rows(200), 'full', keep(10));
    await world.make('db', rows(201), 'incremental', keep(1));
    await world.make('db', rows(202), 'incremental', keep(10));
    await world.make('db', rows(203), 'incremental', keep(10));
    world.clock.advance(DAY + 10);
    expect(await sweep(world.deps)).toMatchObject({ expired: 1, rebased: 2 });
    expect(await chainsOf(world, 'backup-3', 'backup-4')).toEqual([2, 3]);
    for (let i = 0; i < 2; i++) {
      world.clock.advance(DAY);
      await sweep(world.deps);
    }
    expect(await world.blobCount()).toBe(3);
    for (const n of [200, 202, 203]) expect(await world.text(`backup-${n - 199}`)).toBe(rows(n));
  });

  test('held and locked backups neither expire nor can be deleted', async () => {
    const world = createWorld();
    await world.backup('db', '1', keep(1));
    await world.backup('db', '2', keep(1));
    await world.service.putPolicy('db', { expireNewest: true }, CALLER);
    await world.service.protectBackup('backup-1', { legalHold: true }, CALLER);
    await world.service.protectBackup('backup-2', { lockedUntil: world.clock.now() + 5 * DAY }, CALLER);
    for (const id of ['backup-1', 'backup-2']) {
      await expect(world.remove(id)).rejects.toMatchObject({ code: 'backup_protected' });
    }
    world.clock.advance(2 * DAY);
    expect(await sweep(world.deps)).toMatchObject({ expired: 0 });
    await expect(
      world.service.protectBackup('backup-2', { lockedUntil: world.clock.now() }, CALLER),
    ).rejects.toMatchObject({ code: 'backup_protected' });
    await world.service.protectBackup('backup-1', { legalHold: false }, CALLER);
    expect(await sweep(world.deps)).toMatchObject({ expired: 1 });
    world.clock.advance(4 * DAY);
    expect(await sweep(world.deps)).toMatchObject({ expired: 1 });
  });

  test('a policy keeps what it names beyond expiry, and the plan says why', async () => {
    const world = createWorld();
    for (let i = 0; i < 4; i++) {
      await world.backup('db', String(i), keep(1));
      world.clock.advance(DAY);
    }
    await world.service.putPolicy('db', { keepLast: 1, keepDaily: 2 }, CALLER);
    const plan = await world.service.planRetention({ resourceId: 'db', limit: 10 });
    const told = Object.fromEntries(plan.items.map((d) => [d.backupId, [d.action, ...d.reasons]]));
    expect(told['backup-1']).toEqual(['drop', 'expired']);
    expect(told['backup-4']?.[0]).toBe('keep');
    const due = await world.service.planRetention({ limit: 10 });
    expect(due.items.filter((d) => d.action === 'drop').map((d) => d.backupId)).toEqual([
      'backup-1',
      'backup-2',
    ]);
    expect(await sweep(world.deps)).toMatchObject({ expired: 2 });
    expect((await world.service.listBackups({ limit: 10 })).items.map((r) => r.id)).toEqual([
      'backup-4',
      'backup-3',
    ]);
    await world.service.removePolicy('db', CALLER);
    // The newest stays by itself.
    expect(await sweep(world.deps)).toMatchObject({ expired: 1 });
  });

  test('the plan of a resource comes in pages', async () => {
    const world = createWorld();
    for (let i = 0; i < 5; i++) await world.backup('db', String(i));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await world.service.planRetention({
        resourceId: 'db',
        limit: 2,
        ...(cursor ? { cursor } : {}),
      });
      seen.push(...page.items.map((d) => d.backupId));
      cursor = page.cursor;
    } while (cursor);
    expect(new Set(seen).size).toBe(5);
    await expect(
      world.service.planRetention({ resourceId: 'db', limit: 2, cursor: 'cGxhbjo5OTk' }),
    ).rejects.toMatchObject({ code: 'invalid_cursor' });
  });
});

describe('removal', () => {
  test('a lease on the chain holds it up', async () => {
    const world = createWorld();
    await world.backup('db', '1');
    await world.service.restore(
      { backupId: 'backup-1', targetResourceId: 't', createdBy: 'x', validate: true, async: true },
      CALLER,
    );
    await world.remove('backup-1');
    world.deps.options.graceMs = 0;
    world.clock.advance(DAY);
    const operation = await world.service.getOperation('restore-1');
    await world.deps.catalog.commit([
      {
        kind: 'operation.update',
        record: { ...operation, leaseUntil: world.clock.now() + 1000, version: 2 },
        expect: 1,
      },
    ]);
    expect(await sweep(world.deps)).toMatchObject({ blobsRemoved: 0 });
    world.clock.advance(1000);
    expect(await failAbandoned(world.deps, { interrupted: false })).toBe(1);
    expect(await sweep(world.deps)).toMatchObject({ blobsRemoved: 1 });
  });

  test('a deadline ends a sweep between two steps, and the next goes on', async () => {
    const world = createWorld();
    for (let i = 0; i < 3; i++) {
      await world.backup(`db-${i}`, '1', keep(1));
      await world.backup(`db-${i}`, '2');
    }
    world.clock.advance(DAY);
    expect(await sweep(world.deps, world.clock.now())).toMatchObject({ expired: 0, finished: false });
    expect(await sweep(world.deps, world.clock.now() + 1)).toMatchObject({ expired: 3, finished: true });
  });
});
