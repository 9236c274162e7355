// A state that came again makes no backup where that is asked for, and loses nothing: it is noted that it was checked, the
// backup is kept for as long as the state was so, and what is only nearly the same is stored.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CreateBackupInput } from '../../../lib/service/contract/api.ts';
import { sweep } from '../../../lib/service/retention/sweep.ts';
import { createWorld, DAY, inputOf, type World } from '../world.ts';

const CALLER = { actor: 'cron' };
const give = (world: World, json: string, input: Partial<CreateBackupInput> = {}) =>
  world.service.createBackup({ ...inputOf('db', json), ifChanged: true, ...input }, CALLER);
const liveIds = async (world: World) =>
  (await world.service.listBackups({ limit: 100 })).items.map(({ id }) => id);
const eventsOf = async (world: World) =>
  (await world.plain.catalog.pendingEvents(1000)).map(({ action, actor, backupId }) => ({
    action,
    actor,
    backupId,
  }));

describe('a state that came again', () => {
  test.each(['full', 'incremental', 'differential'] as const)(
    'makes no backup of type %s: the answer, an event and the resource say that it was checked',
    async (type) => {
      const world = createWorld();
      const made = await world.backup('db', '{"a":1}');
      world.clock.advance(DAY);
      const answer = await give(world, '{ "a" : 1 }', { type });
      expect(answer).toMatchObject({ unchanged: true, replayed: false, backup: { id: made.id } });
      expect(answer.backup.checkedAt).toBe(world.clock.now());
      expect(await liveIds(world)).toEqual([made.id]);
      expect(await world.blobCount()).toBe(1);
      expect((await world.plain.catalog.getHead('db'))?.checkedAt).toBe(world.clock.now());
      expect((await eventsOf(world)).at(-1)).toEqual({
        action: 'backup.unchanged',
        actor: 'cron',
        backupId: made.id,
      });
    },
  );

  test('is stored where there is nothing yet, and where the newest has another state', async () => {
    const world = createWorld();
    expect((await give(world, '1')).unchanged).toBeUndefined();
    expect((await give(world, '2')).unchanged).toBeUndefined();
    expect((await give(world, '1')).unchanged).toBeUndefined();
    expect(await liveIds(world)).toHaveLength(3);
  });

  test('is stored without being asked about, as before', async () => {
    const world = createWorld();
    await world.backup('db', '1');
    await world.backup('db', '1');
    expect(await liveIds(world)).toHaveLength(2);
  });

  test('keeps its backup for as long as one made now would be kept: it was the state until now', async () => {
    const world = createWorld();
    const made = await world.backup('db', '1');
    world.clock.advance(29 * DAY);
    await give(world, '1');
    world.clock.advance(DAY);
    await world.backup('db', '2');
    world.clock.advance(20 * DAY);
    await sweep(world.deps);
    expect(await liveIds(world)).toContain(made.id);
    expect(await world.textAt('db', world.clock.now() - 21 * DAY)).toBe('1');
    world.clock.advance(10 * DAY);
    await sweep(world.deps);
    expect(await liveIds(world)).not.toContain(made.id);
  });

  test('never shortens how long its backup is kept', async () => {
    const world = createWorld();
    const metadata = { ...inputOf('db', '1').metadata };
    await give(world, '1', { metadata: { ...metadata, retentionDays: 100 } });
    const { backup } = await give(world, '1', { metadata: { ...metadata, retentionDays: 1 } });
    expect(backup.unchangedUntil).toBeUndefined();
    await give(world, '1', { metadata: { ...metadata, retentionDays: 200 } });
    const last = await give(world, '1', { metadata: { ...metadata, retentionDays: 150 } });
    expect(last.backup.unchangedUntil).toBe(world.clock.now() + 200 * DAY);
  });

  test.each<[string, Partial<CreateBackupInput>, Partial<CreateBackupInput>]>([
    ['is to be encrypted, and the newest is not', { encrypt: false }, {}],
    ['is of another type of resource', {}, { resourceType: 'config' }],
    [
      'is to be kept for ever, and the newest expires',
      {},
      { metadata: { ...inputOf('db', '1').metadata, retentionDays: 0 } },
    ],
  ])('is stored if it %s', async (_what, before, asked) => {
    const world = createWorld();
    await world.backup('db', '1', before);
    expect((await give(world, '1', asked)).unchanged).toBeUndefined();
    expect(await liveIds(world)).toHaveLength(2);
  });

  test.each(['is damaged', 'is gone'])('is stored if what the newest has stored %s', async (what) => {
    const world = createWorld();
    const { chain } = await world.backup('db', '{"a":1}');
    const { blobId } = chain[0]!;
    if (what === 'is gone') await world.plain.blobs.delete(blobId);
    else {
      const bytes = Buffer.concat(await Array.fromAsync(await world.plain.blobs.get(blobId)));
      bytes[bytes.length - 1]! ^= 1;
      await world.plain.blobs.delete(blobId);
      await world.plain.blobs.put(blobId, [bytes]);
    }
    const { backup, unchanged } = await give(world, '{"a":1}');
    expect(unchanged).toBeUndefined();
    expect(await world.text(backup.id)).toBe('{"a":1}');
    expect(await world.plain.catalog.listNotices(10)).toHaveLength(1);
  });

  test('is stored after its backup was deleted', async () => {
    const world = createWorld();
    const { id } = await world.backup('db', '1');
    await world.remove(id);
    expect((await give(world, '1')).unchanged).toBeUndefined();
  });

  test('under a key is answered alike when asked again, also once another state has come', async () => {
    const world = createWorld();
    const { id } = await world.backup('db', '1');
    const first = await give(world, '1', { idempotencyKey: 'k' });
    await world.backup('db', '2');
    const again = await give(world, '1', { idempotencyKey: 'k' });
    expect([first.unchanged, again.unchanged, again.replayed]).toEqual([true, true, true]);
    expect(again.backup.id).toBe(id);
  });

  test('beside creates that race for the resource leaves a history that ends in the newest state', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('1', '2'), { minLength: 1, maxLength: 8 }),
        async (states) => {
          const world = createWorld();
          const answers = await Promise.all(states.map((json) => give(world, json)));
          const ids = await liveIds(world);
          // The gate lets them in one after another, so no two neighbours are the same.
          const texts = await Promise.all(ids.map((id) => world.text(id)));
          expect(texts.every((text, i) => i === 0 || text !== texts[i - 1])).toBe(true);
          expect(answers.filter(({ unchanged }) => !unchanged)).toHaveLength(ids.length);
          expect(texts[0]).toBe(states.at(-1));
        },
      ),
      { numRuns: 30 },
    );
  });

  test('given by several processes at once is stored once, and checked by all others', async () => {
    const world = createWorld(() => ({ gate: { run: (_key, work) => work() } }));
    const answers = await Promise.all(Array.from({ length: 4 }, () => give(world, '1')));
    expect(answers.filter(({ unchanged }) => unchanged)).toHaveLength(3);
    expect(await liveIds(world)).toHaveLength(1);
    expect(await world.blobCount()).toBe(1);
  });
});
