import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { LIMITS } from '../../../lib/core/records/limits.ts';
import { createWorld, DAY, inputOf, OPTIONS, START } from '../world.ts';

const users = (n: number): string =>
  JSON.stringify({ users: Array.from({ length: n }, (_, id) => ({ id, name: `user ${id}` })) });

describe('creating a backup', () => {
  test('a full says what it is', async () => {
    const { backup, text } = createWorld();
    const record = await backup('db', '{ "a": [1, 2.0] }');
    expect(record).toMatchObject({
      id: 'backup-1',
      type: 'full',
      sequence: 1,
      size: 13,
      checksum: createHash('sha256').update('{"a":[1,2.0]}').digest('hex'),
      encrypted: true,
      createdAt: START,
      expiresAt: START + 30 * DAY,
      chainId: 'backup-1',
    });
    expect(record.chain).toHaveLength(1);
    expect(record.requestedType).toBeUndefined();
    expect(await text('backup-1')).toBe('{"a":[1,2.0]}');
  });

  test('an incremental builds on the newest, a differential on the newest full', async () => {
    const { make, text } = createWorld();
    const full = await make('db', users(50), 'full');
    const first = await make('db', users(51), 'incremental');
    const second = await make('db', users(52), 'incremental');
    const differential = await make('db', users(53), 'differential');
    expect([first.baseBackupId, second.baseBackupId]).toEqual([full.id, first.id]);
    expect(differential).toMatchObject({ baseBackupId: full.id, type: 'differential' });
    expect([full, first, second, differential].map((r) => r.chain.length)).toEqual([1, 2, 3, 2]);
    expect(first.changes).toEqual({ additions: 1, changes: 0, deletions: 0, moves: 0 });
    expect(first.compressedSize).toBeLessThan(full.compressedSize);
    for (const [record, n] of [
      [full, 50],
      [first, 51],
      [second, 52],
      [differential, 53],
    ] as const) {
      expect(await text(record.id)).toBe(users(n));
    }
  });

  test.each(['incremental', 'differential'] as const)(
    '%s without a base becomes a full and says so',
    async (type) => {
      const { make } = createWorld();
      expect(await make('db', '{}', type)).toMatchObject({ type: 'full', requestedType: type });
    },
  );

  test('after as many deltas as a chain may have, a checkpoint stands in it', async () => {
    const { make, text } = createWorld();
    await make('db', users(200), 'full');
    const lengths: number[] = [];
    const ids: string[] = [];
    const { chainDeltasMax } = LIMITS;
    for (let i = 1; i <= chainDeltasMax + 4; i++) {
      const record = await make('db', users(200 + i), 'incremental');
      expect(record.type).toBe('incremental');
      lengths.push(record.chain.length);
      ids.push(record.id);
    }
    expect(Math.max(...lengths)).toBe(LIMITS.chainDeltasMax + 1);
    const rising = Array.from({ length: chainDeltasMax }, (_, i) => i + 2);
    expect(lengths).toEqual([...rising, 1, 2, 3, 4]);
    for (const [i, id] of ids.entries()) expect(await text(id)).toBe(users(201 + i));
  });

  test('a state that shares nothing with its base is stored whole, and keeps its type', async () => {
    const { make, text } = createWorld();
    const noise = (seed: string): string =>
      JSON.stringify(
        Array.from({ length: 50 }, (_, i) =>
          createHash('sha256')
            .update(seed + i)
            .digest('hex'),
        ),
      );
    await make('db', noise('a'), 'full');
    const record = await make('db', noise('b'), 'incremental');
    expect(record.type).toBe('incremental');
    expect(record.chain).toHaveLength(1);
    expect(await text(record.id)).toBe(noise('b'));
  });

  test('the same state again costs next to nothing', async () => {
    const { make, text } = createWorld();
    await make('db', users(1000), 'full');
    const again = await make('db', users(1000), 'incremental');
    expect(again.changes).toEqual({ additions: 0, changes: 0, deletions: 0, moves: 0 });
    expect(again.compressedSize).toBeLessThan(400);
    expect(await text(again.id)).toBe(users(1000));
  });

  test('retentionDays 0 keeps for ever', async () => {
    const { backup } = createWorld();
    const metadata = { ...inputOf('db', '1').metadata, retentionDays: 0 };
    expect((await backup('db', '1', { metadata })).expiresAt).toBeUndefined();
  });

  test('concurrent writers of one resource get one sequence each', async () => {
    const { make, text } = createWorld();
    const made = await Promise.all(
      Array.from({ length: 30 }, (_, i) => make('db', `{"n":${i}}`, i % 2 ? 'incremental' : 'full')),
    );
    expect(new Set(made.map((r) => r.sequence)).size).toBe(30);
    expect(new Set(made.map((r) => r.id)).size).toBe(30);
    for (const [i, record] of made.entries()) expect(await text(record.id)).toBe(`{"n":${i}}`);
  });

  test('two processes on one catalog: the loser rebuilds on the new head', async () => {
    const world = createWorld();
    const other = createWorld(() => world.plain);
    // Each has a gate of its own, so that only the catalog decides.
    other.deps.gate = { run: (_key, work) => work() };
    world.deps.gate = { run: (_key, work) => work() };
    const made = await Promise.all(
      [world, other, world, other].map((w, i) => w.make('db', `{"n":${i}}`, 'incremental')),
    );
    expect(made.map((r) => r.sequence).sort()).toEqual([1, 2, 3, 4]);
    for (const [i, record] of made.entries()) expect(await world.text(record.id)).toBe(`{"n":${i}}`);
  });
});

describe('encryption', () => {
  test('encrypt false is kept in clear, and refused where the deployment does not permit it', async () => {
    const open = createWorld();
    const record = await open.backup('db', '{"x":1}', { encrypt: false });
    expect(record).toMatchObject({ encrypted: false });
    expect(record.key).toBeUndefined();
    expect(await open.text(record.id)).toBe('{"x":1}');
    const strict = createWorld(() => ({ options: { ...OPTIONS, allowUnencrypted: false } }));
    await expect(strict.backup('db', '1', { encrypt: false })).rejects.toMatchObject({
      code: 'encryption_required',
    });
    expect(await strict.blobCount()).toBe(0);
  });

  test('a chain may change its mind either way', async () => {
    const { make, text } = createWorld();
    const states = [100, 101, 102, 103, 104].map(users);
    const encrypt = [false, true, false, true, false];
    const made = [];
    for (const [i, json] of states.entries()) {
      made.push(await make('db', json, i === 0 ? 'full' : 'incremental', { encrypt: encrypt[i]! }));
    }
    expect(made.map((r) => r.encrypted)).toEqual(encrypt);
    expect(made.map((r) => r.chain.length)).toEqual([1, 2, 3, 4, 5]);
    for (const [i, record] of made.entries()) expect(await text(record.id)).toBe(states[i]);
  });

  test('one data key per chain', async () => {
    const { make } = createWorld();
    const a = await make('db', users(50), 'full');
    const b = await make('db', users(51), 'incremental');
    const c = await make('db', users(52), 'full');
    expect(b.key).toEqual(a.key);
    expect(c.key).not.toEqual(a.key);
  });
});
