// A resource that has lost more than usual: a warning, a mark and an event, or a refusal that leaves nothing behind, whatever the
// type of the backup and by whichever way it comes.

import { describe, expect, test } from '@jest/globals';
import type { BackupType } from '../../../lib/core/records/model.ts';
import type { ShrinkRule } from '../../../lib/core/records/settings.ts';
import { createKeptBases } from '../../../lib/service/chains/bases.ts';
import { workQueue } from '../../../lib/service/jobs/worker.ts';
import { createWorld, inputOf, OPTIONS, type World } from '../world.ts';

const CALLER = { actor: 'ann' };
const TYPES: BackupType[] = ['full', 'incremental', 'differential'];

const shop = (orders: number): string =>
  JSON.stringify({
    orders: Array.from({ length: orders }, (_, id) => ({ id, item: `item ${id}` })),
    users: [{ id: 1 }],
  });

async function createShop(shrink: ShrinkRule, replace?: Parameters<typeof createWorld>[0]) {
  const world = createWorld(replace);
  await world.service.putSettings('shop', { shrink }, {}, CALLER);
  await world.backup('shop', shop(100));
  return world;
}

const LOST = { table: '/orders', rows: 100, gone: 60 };

async function left(world: World) {
  const { catalog } = world.plain;
  const { items } = await catalog.listBackups({ resourceId: 'shop', limit: 50 });
  const events = await catalog.listEvents({ resourceId: 'shop', limit: 50 });
  return {
    backups: items,
    blobs: await world.blobCount(),
    events: events.items,
    head: await catalog.getHead('shop'),
  };
}

const upload = async (world: World, type: BackupType, text: string, more: object = {}) => {
  const { uploadId, url } = await world.service.createUpload();
  world.uploads.put(url, Buffer.from(text));
  const { state: _state, ...asked } = inputOf('shop', text);
  const { request } = await world.service.requestBackup({ ...asked, type, uploadId, ...more }, CALLER);
  return request.id;
};

const worked = async (world: World, id: string) => {
  await workQueue(world.deps);
  return world.service.findBackup(id);
};

describe.each(TYPES)('%s', (type) => {
  test('a warning marks the backup, and an event tells of it', async () => {
    const world = await createShop({ share: 0.2, action: 'warn' });
    const usual = await world.make('shop', shop(90), type);
    expect(usual.unusual).toBeUndefined();
    const { unusual, id } = await world.make('shop', shop(30), type);
    expect(unusual).toEqual({
      code: 'rows_gone',
      detail: '60 of 90 rows of /orders have gone.',
      table: '/orders',
      rows: 90,
      gone: 60,
    });
    const { events } = await left(world);
    const told = events.filter(({ action }) => action === 'backup.unusual');
    expect(told).toMatchObject([
      { backupId: id, actor: 'tester', detail: { code: 'rows_gone', table: '/orders', rows: 90, gone: 60 } },
    ]);
    const { items } = await world.service.listResources({ limit: 5 });
    expect(items[0]!.health).toEqual({ state: 'unusual', reason: unusual!.detail });
    // The next one is compared with it: then all is as usual again.
    expect((await world.make('shop', shop(30).replace('item 1', 'other'), type)).unusual).toBeUndefined();
    expect(await world.text(id)).toBe(shop(30));
  });

  test('a refusal leaves nothing behind but the word that it was one, until somebody says that it is meant', async () => {
    const world = await createShop({ share: 0.2, action: 'refuse' });
    const before = await left(world);
    const refused = world.make('shop', shop(40), type, { idempotencyKey: 'k' });
    await expect(refused).rejects.toMatchObject({
      code: 'unusual_change',
      extra: { unusual: { code: 'rows_gone', ...LOST } },
    });
    const after = await left(world);
    expect(after.events[0]).toMatchObject({ action: 'backup.failed', detail: { code: 'unusual_change' } });
    expect({ ...after, events: after.events.slice(1) }).toEqual(before);
    const made = await world.make('shop', shop(40), type, { acceptUnusual: true, idempotencyKey: 'k' });
    expect(made.unusual).toMatchObject({ ...LOST, accepted: true });
    const { events } = await left(world);
    expect(events.find(({ action }) => action === 'backup.unusual')?.detail).toMatchObject({
      accepted: true,
    });
    expect(await world.text(made.id)).toBe(shop(40));
  });

  test('by upload the request fails, or is made because it was said to be meant', async () => {
    const world = await createShop({ share: 0.2, action: 'refuse' });
    const failed = await worked(world, await upload(world, type, shop(40)));
    expect(failed).toMatchObject({ status: 'failed', failure: { code: 'unusual_change' } });
    expect((await left(world)).backups).toHaveLength(1);
    const made = await worked(world, await upload(world, type, shop(40), { acceptUnusual: true }));
    expect(made).toMatchObject({ status: 'completed', unusual: { ...LOST, accepted: true } });
  });

  test('what is compared with is not read twice, and stays in memory if it is refused', async () => {
    const counts = { gets: 0 };
    const world = await createShop({ share: 0.2, action: 'refuse' }, ({ blobs }) => ({
      bases: createKeptBases(1_000_000),
      blobs: {
        ...blobs,
        get(...asked) {
          counts.gets++;
          return blobs.get(...asked);
        },
      },
    }));
    for (let n = 0; n < 2; n++) {
      await expect(world.make('shop', shop(10), type)).rejects.toMatchObject({ code: 'unusual_change' });
    }
    await world.make('shop', shop(95), type);
    // Each time it is looked whether the stored bytes are still there, and no more than that.
    expect(counts.gets).toBe(3);
  });
});

describe('what is compared', () => {
  test.each(['{}', '{"orders":[]}', '{"orders":null}', '{"orders":{}}', '0'])(
    'a table that is gone, whatever stands there now: %s',
    async (json) => {
      const world = await createShop({ share: 0.5, action: 'refuse' });
      for (const type of TYPES) {
        await expect(world.make('shop', json, type)).rejects.toMatchObject({ code: 'unusual_change' });
      }
    },
  );

  test('nothing where nothing is said, and no first state', async () => {
    const world = createWorld();
    await world.service.putSettings('shop', { shrink: { share: 0, action: 'refuse' } }, {}, CALLER);
    await world.backup('shop', shop(3));
    await world.service.putSettings('shop', {}, {}, CALLER);
    expect((await world.backup('shop', shop(0))).unusual).toBeUndefined();
  });

  test('rows by what is said of them', async () => {
    const lines = (...some: number[]) =>
      JSON.stringify(some.map((line) => ({ order_no: 1, line, id: 'same' })));
    const world = createWorld();
    const shrink = { share: 0.5, action: 'refuse', least: 1 } as const;
    const identity = { '': ['order_no', 'line'] };
    await world.backup('shop', lines(1, 2, 3));
    await world.service.putSettings('shop', { shrink, identity }, {}, CALLER);
    await expect(world.backup('shop', lines(3, 4, 5))).rejects.toMatchObject({ code: 'unusual_change' });
    await world.service.putSettings('shop', { shrink }, {}, CALLER);
    expect((await world.backup('shop', lines(3, 4, 5))).unusual).toBeUndefined();
  });

  test('sizes where a state is too long to be compared', async () => {
    const memory = { ...OPTIONS.memory, deltaStateBytesMax: 1000 };
    const world = await createShop({ share: 0.2, action: 'refuse' }, ({ options }) => ({
      options: { ...options, memory },
    }));
    await expect(world.backup('shop', shop(70))).rejects.toMatchObject({
      code: 'unusual_change',
      extra: { unusual: { code: 'size_gone', sizeBefore: shop(100).length, size: shop(70).length } },
    });
    expect((await world.backup('shop', shop(95))).unusual).toBeUndefined();
  });

  test('sizes where what was there is damaged: old damage neither refuses new states nor lets a loss pass', async () => {
    const world = await createShop({ share: 0.2, action: 'refuse' });
    const { head } = await left(world);
    await world.plain.blobs.delete(head!.latest!.chain[0]!.blobId);
    await expect(world.backup('shop', shop(10))).rejects.toMatchObject({ code: 'unusual_change' });
    const made = await world.make('shop', shop(99), 'incremental');
    expect(made).toMatchObject({ type: 'full', requestedType: 'incremental' });
  });

  test('a state in its place in the order: what was accepted before, not what has been made since', async () => {
    const world = await createShop({ share: 0.2, action: 'warn' });
    const id = await upload(world, 'full', shop(99));
    await world.backup('shop', shop(200));
    const made = await worked(world, id);
    expect(made).toMatchObject({ status: 'completed' });
    expect(made).not.toHaveProperty('unusual');
  });
});

describe('rows that are told apart', () => {
  test('a key that does not hold is said with the backup, which is made', async () => {
    const world = createWorld();
    await world.service.putSettings('shop', { identity: { '/lines': ['order_no', 'line'] } }, {}, CALLER);
    const lines = (q: number) =>
      JSON.stringify({ lines: [1, 2, 2, null].map((line) => ({ order_no: 1, line, q, line2: q })), v: 1 });
    await world.backup('shop', lines(1));
    const input = { ...inputOf('shop', lines(2)), type: 'incremental' } as const;
    const { backup, warnings } = await world.service.createBackup(input, CALLER);
    expect(warnings).toEqual([
      expect.stringMatching(/\/lines.*1 that were compared have no such key, 2 share one/),
    ]);
    expect(await world.text(backup.id)).toBe(lines(2));
  });

  test('a served delta goes by what is said now', async () => {
    const world = createWorld();
    const lines = (...some: number[]) =>
      JSON.stringify({ lines: some.map((line) => ({ order_no: 1, line, q: line % 2 })) });
    await world.backup('shop', lines(1, 2, 3, 4));
    const { id } = await world.make('shop', lines(4, 2, 5), 'incremental');
    await world.service.putSettings('shop', { identity: { '/lines': ['order_no', 'line'] } }, {}, CALLER);
    const { chunks } = await world.service.getDelta(id, CALLER);
    const delta = JSON.parse(Buffer.concat(chunks as Uint8Array[]).toString()) as {
      additions: { value: { line: number } }[];
      deletions: { value: { line: number } }[];
      changes: unknown[];
    };
    expect(delta.deletions.map(({ value }) => value.line).sort()).toEqual([1, 3]);
    expect(delta.additions.map(({ value }) => value.line)).toEqual([5]);
    expect(delta.changes).toEqual([]);
  });
});
