// Single interleavings and failures that were once wrong, each brought about on purpose.

import { describe, expect, test } from '@jest/globals';
import { LIMITS } from '../../lib/core/records/limits.ts';
import { faulty, faultyBlobStore } from '../../lib/decorators/faulty.ts';
import type { Change } from '../../lib/ports/change.ts';
import { PortError } from '../../lib/ports/errors.ts';
import type { Deps } from '../../lib/service/contract/deps.ts';
import { workQueue } from '../../lib/service/jobs/worker.ts';
import { createGate } from '../../lib/service/kit/gate.ts';
import { findOrphans } from '../../lib/service/retention/orphans.ts';
import { sweep } from '../../lib/service/retention/sweep.ts';
import { createWorld, DAY, inputOf, textOf, type World } from '../service/world.ts';
import { expectCleanable, expectIntact, Ledger } from './invariants.ts';

const CALLER = { actor: 'tester' };
const rows = (n: number): string =>
  `{"rows":[${Array.from({ length: 60 }, (_, id) => `{"id":${id},"v":${id < n ? n : 0}}`)}]}`;
const noise = (n: number): string =>
  JSON.stringify(Array.from({ length: 50 }, (_, i) => Math.sin(n * 100 + i)));
const keep = (retentionDays: number) => ({ metadata: { ...inputOf('db', '1').metadata, retentionDays } });

/** A world in which something happens just before the first commit that holds such a change. */
function createInterruptedWorld(kind: Change['kind']) {
  let interruption: (() => Promise<unknown>) | undefined;
  const world = createWorld(({ catalog }) => ({
    catalog: faulty(catalog, {
      async before({ method, args }) {
        if (method !== 'commit' || !(args[0] as Change[]).some((change) => change.kind === kind)) return;
        const interrupt = interruption;
        interruption = undefined;
        await interrupt?.();
      },
    }),
  }));
  return {
    ...world,
    interrupt(what: () => Promise<unknown>): void {
      interruption = what;
    },
  };
}

/** What a sweep is given, so that something happens just before it first writes this backup's record. */
function heldUp({ deps, plain }: World, id: string, what: () => Promise<void>): Deps {
  let isFirst = true;
  const catalog = faulty(plain.catalog, {
    async before({ method, args }) {
      const writes = (change: Change): boolean => change.kind === 'backup.update' && change.record.id === id;
      if (!isFirst || method !== 'commit' || !(args[0] as Change[]).some(writes)) return;
      isFirst = false;
      await what();
    },
  });
  // As in a process of its own: no gate holds between two.
  return { ...deps, catalog, gate: createGate() };
}

describe('two sweeps at once', () => {
  async function expectGood(world: World, ledger: Ledger): Promise<void> {
    await expectIntact(world, ledger);
    for (let pass = 0; pass < 3; pass++) {
      world.clock.advance(DAY + 1);
      await sweep(world.deps);
      await findOrphans(world.deps);
      await expectIntact(world, ledger);
    }
    await expectCleanable(world);
  }

  test('that rebase the same backups leave no chain through a blob that nothing names', async () => {
    const world = createWorld();
    const ledger = new Ledger();
    ledger.going.add('backup-1');
    for (const [n, type] of (['full', 'incremental', 'incremental'] as const).entries()) {
      const json = rows(n);
      ledger.acknowledge(await world.make('db', json, type), json);
    }
    await world.remove('backup-1');
    world.clock.advance(DAY);
    const reached = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    // The first sweep gives backup-2 its new chain, and is held up on its way to backup-3 by the second, which read
    // the same history and does both.
    const first = (): Promise<unknown> =>
      sweep(
        heldUp(world, 'backup-3', async () => {
          reached.resolve();
          await released.promise;
        }),
      );
    let ended: Promise<unknown> | undefined;
    await sweep(
      heldUp(world, 'backup-2', async () => {
        ended = first();
        await reached.promise;
      }),
    );
    released.resolve();
    await ended;
    await expectGood(world, ledger);
  });

  test('that remove the same backup do not stumble over each other', async () => {
    const world = createInterruptedWorld('backup.remove');
    const ledger = new Ledger();
    for (const id of ['backup-1', 'backup-2']) {
      await world.make('db', rows(1), 'full');
      ledger.going.add(id);
      await world.remove(id);
    }
    world.clock.advance(DAY);
    world.interrupt(() => sweep(world.deps));
    expect(await sweep(world.deps)).toMatchObject({ finished: true });
    expect(await world.blobCount()).toBe(0);
    await expectGood(world, ledger);
  });
});

describe('a sweep', () => {
  test('goes on with the other resources when the bytes of one cannot be read, and says so', async () => {
    let unreadable = '';
    const world = createWorld(({ blobs }) => ({
      blobs: faultyBlobStore(blobs, {
        before({ method, args }) {
          if (method === 'get' && args[0] === unreadable) throw new PortError('unavailable', 'a bad sector');
        },
      }),
    }));
    for (const resourceId of ['a', 'b', 'c']) {
      await world.make(resourceId, rows(1), 'full', keep(1));
      await world.make(resourceId, rows(2), 'incremental');
    }
    unreadable = (await world.plain.catalog.getBackup('backup-1'))!.chain[0]!.blobId;
    for (let pass = 0; pass < 3; pass++) {
      world.clock.advance(DAY + 1);
      await expect(sweep(world.deps)).rejects.toMatchObject({ code: 'unavailable' });
    }
    // One blob each for b and c; a keeps both of its own.
    expect(await world.blobCount()).toBe(4);
    for (const id of ['backup-4', 'backup-6']) expect(await world.text(id)).toBe(rows(2));
    unreadable = '';
    expect(await world.text('backup-2')).toBe(rows(2));
    for (let pass = 0; pass < 2; pass++) {
      await sweep(world.deps);
      world.clock.advance(DAY + 1);
    }
    await sweep(world.deps);
    expect(await world.blobCount()).toBe(3);
  });

  test.each([
    ['in clear beside encrypted ones', [true, false, true, false]],
    ['encrypted, each on a base in clear', [true, true, true, true]],
  ])('rebases what is %s', async (_what, encrypted) => {
    const logged: unknown[] = [];
    const world = createWorld(() => ({
      log: { info: () => {}, warn: () => {}, error: (message, fields) => logged.push([message, fields]) },
    }));
    await world.make('db', rows(1), 'full', { ...keep(1), encrypt: false });
    for (const [n, encrypt] of encrypted.entries()) {
      await world.make('db', rows(n + 2), n < 3 ? 'differential' : 'incremental', { encrypt });
    }
    world.clock.advance(DAY);
    expect(await sweep(world.deps)).toMatchObject({ expired: 1, rebased: 4 });
    expect(logged).toEqual([]);
    for (let pass = 0; pass < 2; pass++) {
      world.clock.advance(DAY + 1);
      await sweep(world.deps);
    }
    expect(await world.blobCount()).toBe(4);
    for (const [n] of encrypted.entries()) expect(await world.text(`backup-${n + 2}`)).toBe(rows(n + 2));
  });
});

describe('the delta', () => {
  test('of a backup whose base lost its own base first is gone, and not broken', async () => {
    const world = createWorld();
    await world.make('db', rows(1), 'full');
    await world.make('db', rows(2), 'incremental');
    // So different that it is stored whole: its chain does not go through the base.
    const { chain } = await world.make('db', noise(3), 'incremental');
    expect(chain).toHaveLength(1);
    await world.remove('backup-1');
    world.clock.advance(DAY / 2);
    await world.remove('backup-2');
    expect((await world.service.getDelta('backup-3', CALLER)).bytes).toBeGreaterThan(0);
    world.clock.advance(DAY / 2);
    // The second can still be undeleted, and needs the first for it.
    expect(await sweep(world.deps)).toMatchObject({ blobsRemoved: 0 });
    expect((await world.service.getDelta('backup-3', CALLER)).bytes).toBeGreaterThan(0);
    world.clock.advance(DAY / 2);
    expect(await sweep(world.deps)).toMatchObject({ blobsRemoved: 2 });
    await expect(world.service.getDelta('backup-3', CALLER)).rejects.toMatchObject({
      code: 'delta_not_found',
    });
    expect(await world.text('backup-3')).toBe(noise(3));
  });

  test('is had from the new chain when a sweep comes in between', async () => {
    let interrupt: (() => Promise<unknown>) | undefined;
    const world = createWorld(({ blobs, options }) => ({
      options: { ...options, graceMs: 0 },
      blobs: faultyBlobStore(blobs, {
        async before({ method }) {
          const now = interrupt;
          interrupt = undefined;
          if (method === 'get') await now?.();
        },
      }),
    }));
    await world.make('db', rows(1), 'full', keep(1));
    await world.make('db', rows(2), 'incremental');
    await world.make('db', rows(3), 'incremental');
    world.clock.advance(DAY);
    interrupt = async () => {
      await sweep(world.deps);
      await sweep(world.deps);
    };
    const delta = JSON.parse(textOf({ data: await world.service.getDelta('backup-3', CALLER) }));
    expect(delta).toMatchObject({ changes: expect.any(Array), additions: [], deletions: [] });
    expect(await world.blobCount()).toBe(2);
  });
});

describe('a store that finds a blob damaged by itself', () => {
  test('is believed: the backup is damaged, not the service', async () => {
    const world = createWorld(({ blobs }) => ({
      blobs: {
        ...blobs,
        async get() {
          throw new PortError('integrity', 'the blob is shorter than its file says');
        },
      },
    }));
    await world.make('db', rows(1), 'full');
    await expect(world.restore('backup-1')).rejects.toMatchObject({ code: 'integrity_error' });
    expect(await world.service.verifyBackup('backup-1')).toMatchObject({
      valid: false,
      checksumValid: false,
    });
  });
});

describe('the worker', () => {
  const ASK = { backupId: 'backup-1', targetResourceId: 't', createdBy: 'x', validate: true, async: true };

  test('told to stop, it ends between two jobs, and the others stay in the queue', async () => {
    const world = createWorld();
    await world.make('db', rows(1), 'full');
    for (let n = 0; n < 9; n++) await world.service.restore(ASK, CALLER);
    let asked = 0;
    await workQueue(world.deps, () => ++asked > 2);
    const unfinished = await world.plain.catalog.unfinishedOperations({ limit: 10 });
    expect(unfinished.items.map(({ status }) => status)).toEqual(Array(5).fill('queued'));
    await workQueue(world.deps);
    expect((await world.plain.catalog.unfinishedOperations({ limit: 10 })).items).toEqual([]);
    expect(textOf(await world.service.getOperationResult('restore-9', CALLER))).toBe(rows(1));
  });

  test('a job that is delivered to two workers at once is done once, and is no mishap', async () => {
    const logged: string[] = [];
    const world = createWorld(() => ({
      log: { info: () => {}, warn: () => {}, error: (message) => logged.push(message) },
    }));
    await world.make('db', rows(1), 'full');
    await world.service.restore(ASK, CALLER);
    for (let n = 0; n < 3; n++) await world.deps.queue.send({ kind: 'restore', id: 'restore-1' });
    for (let pass = 0; pass < 3; pass++) {
      await Promise.all([workQueue(world.deps), workQueue(world.deps)]);
      world.clock.advance(LIMITS.jobVisibilityMs + 1);
    }
    expect(await world.service.getOperation('restore-1')).toMatchObject({ status: 'completed' });
    const { items } = await world.plain.catalog.listEvents({ limit: 100 });
    expect(items.filter(({ action }) => action === 'restore.completed')).toHaveLength(1);
    expect(logged).toEqual([]);
    expect(await world.plain.queue.receive(10)).toEqual([]);
  });
});
