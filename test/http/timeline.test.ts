// The history of a resource in buckets, what is said of it, and how it stands.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createBuckets } from '../../lib/core/records/buckets.ts';
import type { LiveEntry } from '../../lib/core/records/live-entry.ts';
import type { Answer } from '../../lib/http/contract/answers.ts';
import { START } from '../service/world.ts';
import { problemOf } from './harness.ts';
import { createScene } from './resource-scene.ts';

const HOUR = 3_600_000;
const rows = (count: number, v = 0) =>
  JSON.stringify(Array.from({ length: count }, (_, id) => ({ id, v, text: `row ${id * 7919}` })));

async function createHistory() {
  const scene = createScene();
  const { world } = scene;
  const at = (hours: number) => world.clock.set(START + hours * HOUR);
  await world.backup('shop', rows(100));
  at(1);
  await world.make('shop', rows(103), 'incremental');
  at(2);
  await world.make('shop', rows(101), 'incremental');
  at(10);
  await world.backup('shop', rows(50));
  await world.backup('other', '1');
  const ask = async (query = '') =>
    (await (await scene.get(`/timeline?${query}`)).json()) as Answer<'Timeline'>;
  return { ...scene, ask };
}

describe('a timeline', () => {
  test('sums up what is in each bucket, from the first backup to now', async () => {
    const { ask } = await createHistory();
    const timeline = await ask('buckets=6');
    expect(timeline).toMatchObject({
      from: new Date(START).toISOString(),
      live: 4,
      buckets: [
        {
          backups: 2,
          fulls: 1,
          uncounted: 1,
          additions: 3,
          deletions: 0,
          first: 'backup-1',
          last: 'backup-2',
        },
        { backups: 1, fulls: 0, additions: 0, deletions: 2, size: rows(101).length },
        { backups: 1, fulls: 1, size: rows(50).length },
      ],
      totals: { backups: 4, fulls: 2, additions: 3, deletions: 2, uncounted: 2 },
    });
    const bytes = timeline.buckets.reduce((sum, bucket) => sum + bucket.bytes, 0);
    expect(timeline.totals.bytes).toBe(bytes);
  });

  test('of a stretch of time has what is in it, both ends included', async () => {
    const { ask } = await createHistory();
    const from = new Date(START + HOUR).toISOString();
    const to = new Date(START + 2 * HOUR).toISOString();
    expect((await ask(`from=${from}&to=${to}&buckets=1`)).buckets).toMatchObject([{ backups: 2, from, to }]);
    expect((await ask('from=-1h')).totals).toMatchObject({ backups: 1 });
    expect((await ask(`from=${to}&to=${to}`)).buckets).toMatchObject([{ backups: 1, from: to, to }]);
  });

  test('knows nothing of what was deleted, and says what is held', async () => {
    const { ask, world } = await createHistory();
    await world.remove('backup-2');
    await world.service.protectBackup('backup-3', { legalHold: true }, { actor: 'ann' });
    expect((await ask('buckets=1')).totals).toMatchObject({ backups: 3, held: 1, additions: 0 });
  });

  test.each([
    ['buckets=0', '/query/buckets'],
    ['buckets=501', '/query/buckets'],
    ['from=yesterday', '/query/from'],
    ['from=-1h&to=-2h', '/query/from'],
    ['width=5', '/query/width'],
  ])('%s is refused', async (query, pointer) => {
    const { get } = await createHistory();
    expect(await problemOf(await get(`/timeline?${query}`))).toMatchObject({
      status: 400,
      errors: [{ pointer }],
    });
  });

  test('of nobody is not there', async () => {
    const { get } = createScene('nobody');
    expect(await problemOf(await get('/timeline'))).toMatchObject({
      status: 404,
      code: 'resource_not_found',
    });
  });

  test('loses and repeats nothing, however many buckets there are', () => {
    const entry = fc.record({
      at: fc.integer({ min: 0, max: 1000 }),
      counts: fc.option(fc.nat(9)),
      held: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(entry), fc.integer({ min: 1, max: 50 }), (made, count) => {
        const entries = made
          .toSorted((a, b) => a.at - b.at)
          .map(
            ({ at, counts, held }, n): LiveEntry => ({
              ...{
                backupId: `backup-${n}`,
                createdAt: at,
                sequence: n + 1,
                type: 'incremental',
                size: n,
                bytes: 1,
              },
              ...(counts === null
                ? {}
                : { changes: { additions: counts, changes: 1, deletions: 0, moves: 0 } }),
              ...(held ? { legalHold: true as const } : {}),
            }),
          );
        const { add, done } = createBuckets(0, 1000, count);
        for (const one of entries) add(one);
        const { buckets, totals } = done();
        expect(totals).toMatchObject({
          backups: entries.length,
          bytes: entries.length,
          uncounted: made.filter(({ counts }) => counts === null).length,
          additions: made.reduce((sum, { counts }) => sum + (counts ?? 0), 0),
          held: made.filter(({ held }) => held).length,
        });
        expect(buckets.length).toBeLessThanOrEqual(count);
        for (const bucket of buckets) {
          const inside = entries.filter(
            ({ createdAt }) => createdAt >= bucket.from && createdAt <= bucket.to,
          );
          expect([bucket.backups, bucket.first, bucket.last, bucket.size]).toEqual([
            inside.length,
            inside[0]!.backupId,
            inside.at(-1)!.backupId,
            inside.at(-1)!.size,
          ]);
        }
      }),
    );
  });
});

describe('how a resource stands', () => {
  async function stands() {
    const scene = createScene();
    const put = (settings: object) =>
      scene.app.request('/resources/shop/settings', {
        method: 'PUT',
        body: JSON.stringify(settings),
        headers: { 'Content-Type': 'application/json' },
      });
    const health = async () => {
      const answer = (await (await scene.app.request('/resources')).json()) as Answer<'ResourceList'>;
      return answer.resources.find(({ id }) => id === 'shop')?.health;
    };
    return { ...scene, put, health };
  }

  test('is late only where somebody has said what is expected, before the first state too', async () => {
    const { world, put, health, get } = await stands();
    expect((await put({ expectEverySeconds: 3600 })).status).toBe(200);
    expect(await health()).toEqual({
      state: 'late',
      reason: 'No state has come, and one is expected every 1 h.',
    });
    expect((await get('/timeline')).status).toBe(404);
    await world.backup('shop', '1');
    expect(await health()).toMatchObject({ state: 'healthy' });
    world.clock.advance(26 * HOUR);
    expect(await health()).toEqual({
      state: 'late',
      reason: 'The last state came 1 d 2 h ago, and one is expected every 1 h.',
    });
    // An unchanged one has come all the same.
    await world.backup('shop', '1', { ifChanged: true });
    expect(await health()).toMatchObject({ state: 'healthy' });
    world.clock.advance(26 * HOUR);
    await put({});
    expect(await health()).toMatchObject({ state: 'healthy' });
    expect(await (await get('/settings')).json()).toEqual({});
  });

  test('is damaged before all else, and held last', async () => {
    const { world, put, health } = await stands();
    await put({ expectEverySeconds: 60 });
    const record = await world.backup('shop', '1');
    const held = await world.service.protectBackup(record.id, { legalHold: true }, { actor: 'ann' });
    expect(await health()).toEqual({ state: 'held', reason: '1 backup is under a legal hold.' });
    world.clock.advance(HOUR);
    expect(await health()).toMatchObject({ state: 'late' });
    const damaged = { ...held, damagedAt: START + 1, version: held.version + 1 };
    await world.plain.catalog.commit([{ kind: 'backup.update', record: damaged, expect: held.version }]);
    expect(await health()).toEqual({ state: 'damaged', reason: '1 backup does not restore.' });
  });

  test('what is said of it outlives backups, is told in the list and leaves a line in the trail', async () => {
    const { world, put, app } = await stands();
    await put({ expectEverySeconds: 86_400 });
    const { id } = await world.backup('shop', '1');
    await world.make('shop', '2', 'incremental');
    await world.remove(id);
    const { resources } = (await (await app.request('/resources')).json()) as Answer<'ResourceList'>;
    expect(resources).toMatchObject([{ id: 'shop', live: 1, expectEverySeconds: 86_400 }]);
    const { items } = await world.plain.catalog.listEvents({ limit: 10, action: 'settings.changed' });
    expect(items).toMatchObject([{ resourceId: 'shop', actor: 'ann' }]);
  });

  test.each([
    [{ expectEverySeconds: 0 }],
    [{ expectEverySeconds: 1.5 }],
    [{ expectEverySeconds: 1e12 }],
    [{ every: 5 }],
  ])('%j is refused', async (settings) => {
    const { put, app } = await stands();
    const [name] = Object.keys(settings);
    expect(await problemOf(await put(settings))).toMatchObject({
      status: 400,
      errors: [{ pointer: `/${name}` }],
    });
    expect(await (await app.request('/resources')).json()).toMatchObject({ count: 0 });
  });
});
