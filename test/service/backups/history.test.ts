import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { BackupType } from '../../../lib/core/records/model.ts';
import { sweep } from '../../../lib/service/retention/sweep.ts';
import { createWorld, DAY, type World } from '../world.ts';

interface Kept {
  id: string;
  json: string;
  createdAt: number;
  live: boolean;
}

/** States that change a little from one to the next, some of them hostile. */
function createStates(seed: number): () => string {
  let state = seed;
  const random = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const row = (id: number): string =>
    `{"id":${id},"name":"user ${random(1000)}","big":9007199254740993,"note":"${'x'.repeat(random(40))}\\ud800"}`;
  let rows = Array.from({ length: 40 }, (_, id) => row(id));
  let next = 40;
  return () => {
    for (let edits = 1 + random(3); edits > 0; edits--) {
      const at = random(rows.length);
      const what = random(6);
      if (what === 0) rows.splice(at, 0, row(next++));
      else if (what === 1 && rows.length > 5) rows.splice(at, 1);
      else if (what === 2) rows.push(...rows.splice(at, 1));
      else if (what === 3 && random(10) === 0) rows = rows.map((_, id) => row(id));
      else rows[at] = row(at);
    }
    const odd = ['1e400', '-0', '{"__proto__":1,"a":1,"a":2}', '["\\u0061","a"]'][random(4)];
    return `{"tables":{"users":[${rows.join(',')}]},"odd":${odd},"users[1]":${random(5)}}`;
  };
}

async function expectExact(world: World, resourceId: string, kept: Kept[]): Promise<void> {
  for (const [i, { id, json, createdAt, live }] of kept.entries()) {
    if (live) expect(await world.text(id)).toBe(json);
    else await expect(world.text(id)).rejects.toMatchObject({ code: 'backup_not_found' });
    const newest = kept.slice(0, i + 1).findLast((k) => k.live);
    if (newest === undefined) {
      await expect(world.textAt(resourceId, createdAt)).rejects.toMatchObject({
        code: /_not_found$/ as never,
      });
    } else {
      expect(await world.textAt(resourceId, createdAt)).toBe(newest.json);
    }
  }
}

const TYPES: BackupType[] = ['full', 'incremental', 'incremental', 'incremental', 'differential'];

describe('a history of sixty backups', () => {
  test('restores exactly at every id and instant, while backups go in random order', async () => {
    const world = createWorld();
    const states = createStates(42);
    const kept: Kept[] = [];
    for (let i = 0; i < 60; i++) {
      world.clock.advance(60_000);
      const json = states();
      const { id, createdAt } = await world.make('db', json, TYPES[(i * 7) % 5]!);
      kept.push({ id, json, createdAt, live: true });
    }
    await expectExact(world, 'db', kept);
    const order = kept.map((_, i) => (i * 37 + 11) % 60);
    for (const [n, i] of order.entries()) {
      await world.remove(kept[i]!.id);
      kept[i]!.live = false;
      if (n % 12 !== 5) continue;
      await expectExact(world, 'db', kept);
      world.clock.advance(DAY + 1);
      await sweep(world.deps);
      await expectExact(world, 'db', kept);
    }
    await expectGone(world);
  }, 120_000);

  test('any order of creating, deleting, waiting and sweeping keeps what lives and frees what does not', async () => {
    const action = fc.oneof(
      { weight: 5, arbitrary: fc.record({ make: fc.constantFrom(...TYPES) }) },
      { weight: 2, arbitrary: fc.record({ remove: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ wait: fc.constantFrom(1000, DAY / 2, DAY + 1, 8 * DAY) }) },
      { weight: 2, arbitrary: fc.constant('sweep' as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 40 }), fc.nat(), async (actions, seed) => {
        const world = createWorld();
        const states = createStates(seed);
        const kept: (Kept & { expiresAt: number })[] = [];
        for (const step of actions) {
          world.clock.advance(1000);
          const live = kept.filter((k) => k.live);
          if (step === 'sweep') {
            const { finished } = await sweep(world.deps);
            expect(finished).toBe(true);
            // The newest stays, whatever its time.
            for (const k of live.slice(0, -1)) k.live = k.expiresAt > world.clock.now();
          } else if ('make' in step) {
            const json = states();
            const retentionDays = 1 + (kept.length % 9);
            const metadata = { version: '1', source: 't', tags: {}, retentionDays };
            const { id, createdAt } = await world.make('db', json, step.make, { metadata });
            kept.push({ id, json, createdAt, live: true, expiresAt: createdAt + retentionDays * DAY });
          } else if ('wait' in step) world.clock.advance(step.wait);
          else if (live.length > 0) {
            const gone = live[step.remove % live.length]!;
            await world.remove(gone.id);
            gone.live = false;
          }
        }
        for (const { id, json } of kept.filter((k) => k.live)) expect(await world.text(id)).toBe(json);
        for (const { id } of kept.filter((k) => k.live)) await world.remove(id);
        await expectGone(world);
      }),
      { numRuns: 40 },
    );
  }, 120_000);
});

/** Once nothing lives, two graces later no byte is left: one for what was deleted, one for what a rebase replaced. */
async function expectGone(world: World): Promise<void> {
  for (let i = 0; i < 3; i++) {
    world.clock.advance(DAY + 1);
    await sweep(world.deps);
  }
  expect(await world.blobCount()).toBe(0);
  expect((await world.deps.catalog.resourceGarbage({ resourceId: 'db', limit: 10 })).items).toEqual([]);
}
