// States that were looked into last stay in memory: each page after the first reads no blob, and shows the same.

import { describe, expect, test } from '@jest/globals';
import { createKeptBases } from '../../../lib/service/chains/bases.ts';
import { createWorld } from '../world.ts';

const CALLER = { actor: 'ann' };
const MIB = 1024 * 1024;
const rows = (count: number, v = 0) =>
  JSON.stringify({ rows: Array.from({ length: count }, (_, id) => ({ id, v })) });

function createScene(bytesMax = 64 * MIB) {
  let reads = 0;
  const world = createWorld(({ blobs }) => ({
    blobs: {
      ...blobs,
      get: (...asked: Parameters<typeof blobs.get>) => {
        reads++;
        return blobs.get(...asked);
      },
    },
    looks: createKeptBases(bytesMax),
  }));
  const readsOf = async (work: () => Promise<unknown>) => {
    const before = reads;
    await work();
    return reads - before;
  };
  const tree = (after: number, back = 0) =>
    world.service.readTree(
      {
        resourceId: 'db',
        at: { back },
        steps: ['rows'],
        path: '/rows',
        options: { limit: 2, after, textBytesMax: 100 },
      },
      CALLER,
    );
  const diff = (after: number) =>
    world.service.readDiff(
      {
        ...{ resourceId: 'db', from: { back: 1 }, to: { back: 0 }, steps: [], path: '' },
        options: { format: 'entries', limit: 2, after, valueBytesMax: 100 },
      },
      CALLER,
    );
  return { world, readsOf, tree, diff };
}

describe('a page of what was just looked at', () => {
  test('of a tree reads nothing, and is what it was', async () => {
    const { world, readsOf, tree } = createScene();
    await world.backup('db', rows(50));
    expect(await readsOf(() => tree(0))).toBeGreaterThan(0);
    expect(await readsOf(() => tree(2))).toBe(0);
    expect((await tree(2)).tree.children).toMatchObject([{ index: 2 }, { index: 3 }]);
    expect((await Promise.all([tree(0), tree(2), tree(4)])).map(({ tree: { next } }) => next)).toEqual([
      2, 4, 6,
    ]);
  });

  test('of a comparison reads nothing of either state', async () => {
    const { world, readsOf, diff } = createScene();
    await world.backup('db', rows(50));
    await world.make('db', rows(50, 1), 'incremental');
    const first = await diff(0);
    expect(await readsOf(() => diff(2))).toBe(0);
    expect(await diff(0)).toEqual(first);
    const same = { ...{ resourceId: 'db', from: { back: 0 }, to: { back: 0 }, steps: [], path: '' } };
    const options = { format: 'stat', limit: 1, after: 0, valueBytesMax: 0 } as const;
    expect((await world.service.readDiff({ ...same, options }, CALLER)).page.counts.changes).toBe(0);
  });

  test('is refused once the backup is hidden, and another state is another look', async () => {
    const { world, tree, readsOf } = createScene();
    await world.backup('db', rows(5));
    const { id } = await world.make('db', rows(7), 'incremental');
    expect((await tree(0)).tree.count).toBe(7);
    await world.remove(id);
    expect((await tree(0)).tree.count).toBe(5);
    await expect(
      world.service.readTree(
        {
          resourceId: 'db',
          at: { backupId: id },
          steps: [],
          path: '',
          options: { limit: 1, after: 0, textBytesMax: 9 },
        },
        CALLER,
      ),
    ).rejects.toMatchObject({ code: 'backup_not_found' });
    expect(await readsOf(() => tree(2))).toBe(0);
  });

  test('is read again where it did not fit', async () => {
    const { world, tree, readsOf } = createScene(100);
    await world.backup('db', rows(50));
    await tree(0);
    expect(await readsOf(() => tree(2))).toBeGreaterThan(0);
  });

  test('leaves a line in the trail like the first', async () => {
    const { world, tree } = createScene();
    await world.backup('db', rows(5));
    for (let n = 0; n < 3; n++) await tree(0);
    const { items } = await world.plain.catalog.listEvents({ limit: 10, action: 'state.read' });
    expect(items).toHaveLength(3);
  });
});

describe('two states of one chain', () => {
  const VALUES = Array.from({ length: 300 }, (_, i) => ((i + 1) * 2654435761) % 1_000_003);
  const numbered = (n: number) => JSON.stringify({ n, values: VALUES });

  async function chain() {
    const scene = createScene();
    const records = [await scene.world.make('db', numbered(0), 'full')];
    for (let n = 1; n < 4; n++) records.push(await scene.world.make('db', numbered(n), 'incremental'));
    expect(records.map((record) => record.chain.length)).toEqual([1, 2, 3, 4]);
    const compare = (from: number, to: number) =>
      scene.world.service.readDiff(
        {
          ...{ resourceId: 'db', from: { back: 3 - from }, to: { back: 3 - to }, steps: [], path: '' },
          options: { format: 'entries', limit: 9, after: 0, valueBytesMax: 100 },
        },
        CALLER,
      );
    return { ...scene, records, compare };
  }

  test.each([
    [0, 3],
    [1, 3],
    [2, 3],
    [3, 0],
    [3, 1],
    [1, 2],
  ])('%i and %i are rebuilt on one way', async (from, to) => {
    const { compare, readsOf } = await chain();
    const reads = await readsOf(async () => {
      expect(JSON.parse((await compare(from, to)).page.lists!.changes)).toMatchObject([
        { key: 'n', oldValue: from, newValue: to },
      ]);
    });
    expect(reads).toBe(Math.max(from, to) + 1);
    expect(await readsOf(() => compare(from, to))).toBe(0);
    expect(await readsOf(() => compare(to, from))).toBe(0);
  });

  test('of two chains each is read on its own', async () => {
    const { world, compare, readsOf } = await chain();
    await world.make('db', numbered(9), 'full');
    // The newest, and the one of four blobs before it.
    expect(await readsOf(() => compare(2, 3))).toBe(5);
  });

  test.each([0, 1, 2, 3])('a blob that is damaged on the way is found: that of %i', async (n) => {
    const { world, records, compare } = await chain();
    const { blobId } = records[n]!.chain.at(-1)!;
    const [bytes] = [Buffer.concat((await Array.fromAsync(await world.plain.blobs.get(blobId))) as Buffer[])];
    bytes[bytes.length - 40]! ^= 1;
    await world.plain.blobs.delete(blobId);
    await world.plain.blobs.put(blobId, [bytes]);
    await expect(compare(1, 3)).rejects.toMatchObject({ code: 'integrity_error', extra: { blobId } });
  });
});
