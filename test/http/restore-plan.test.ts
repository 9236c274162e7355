// Plans of restores: what would be given, read and paid, without doing any of it.

import { describe, expect, test } from '@jest/globals';
import { ratesOf } from '../../lib/aws/rates.ts';
import { adminOf, type Principal } from '../../lib/core/records/access.ts';
import type { Answer } from '../../lib/http/contract/answers.ts';
import { silentLogger } from '../../lib/log.ts';
import { createWorld, START } from '../service/world.ts';
import { createCheckedApi } from './checked-api.ts';
import { problemOf } from './harness.ts';

function createScene(replace?: Parameters<typeof createWorld>[0], principal: Principal = adminOf('ann')) {
  const world = createWorld(replace);
  const app = createCheckedApi({
    service: world.service,
    auth: { identify: () => principal },
    version: '1',
    log: silentLogger,
    now: world.clock.now,
  });
  const ask = (path: string, body: object) =>
    app.request(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ plan: true, ...body }),
    });
  return { world, app, ask };
}

type Scene = ReturnType<typeof createScene>;

async function planOf(answer: ReturnType<Scene['ask']>): Promise<Answer<'PlannedRestore'>['plan']> {
  const response = await answer;
  expect(response.status).toBe(200);
  return ((await response.json()) as Answer<'PlannedRestore'>).plan;
}

/** So long that a delta is worth storing. */
const stateOf = (b: string) =>
  JSON.stringify({ a: Array.from({ length: 500 }, (_, id) => ({ id, v: id * 7919 })), b });

async function createChain({ world }: Scene) {
  world.clock.set(START);
  const full = await world.backup('db', stateOf('x'));
  world.clock.set(START + 60_000);
  const second = await world.make('db', stateOf('y'), 'incremental');
  world.clock.set(START + 120_000);
  const third = await world.make('db', stateOf('z'), 'incremental');
  return [full, second, third] as const;
}

describe('a plan', () => {
  test('of a backup says what is read, what was proven the longest ago, and what the target has', async () => {
    const scene = createScene();
    const [full, second, third] = await createChain(scene);
    const response = await scene.ask('/restore', { backupId: second.id, targetResourceId: 'db' });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      plan: {
        state: expect.objectContaining({
          backupId: second.id,
          checksum: `sha256:${second.checksum}`,
          exact: true,
        }),
        targetResourceId: 'db',
        target: expect.objectContaining({ backupId: third.id, size: third.size, isSame: false }),
        answer: 'call',
        blobs: 2,
        bytes: second.chain.reduce((sum, { bytes }) => sum + bytes, 0),
        keyCalls: 1,
        seconds: expect.any(Number),
        weakest: { backupId: full.id, provenAt: new Date(full.completedAt).toISOString() },
        damaged: [],
      },
    });
  });

  test('of an instant says which state that is, as the restore would', async () => {
    const scene = createScene();
    const [, second, third] = await createChain(scene);
    const timestamp = new Date(START + 90_000).toISOString();
    const plan = await planOf(scene.ask('/restore/point-in-time', { resourceId: 'db', timestamp }));
    expect(plan).toMatchObject({
      state: { backupId: second.id, asked: timestamp },
      targetResourceId: 'db',
      target: { backupId: third.id },
    });
    expect(plan.state.ageSeconds).toBe(30);
  });

  test('reads no blob, opens no key, writes nothing, and leaves no operation', async () => {
    const scene = createScene(({ blobs, keyring }) => ({
      blobs: { ...blobs, get: () => Promise.reject(new Error('a blob was read')) },
      keyring: { ...keyring, open: () => Promise.reject(new Error('a key was opened')) },
    }));
    const full = await scene.world.backup('db', '1');
    const { catalog } = scene.world.plain;
    const events = await catalog.listEvents({ limit: 100 });
    for (const body of [
      { backupId: full.id, targetResourceId: 'elsewhere' },
      { backupId: full.id, targetResourceId: 'elsewhere', path: '/not/there', validate: true },
    ]) {
      const plan = await planOf(scene.ask('/restore', body));
      expect(plan).toMatchObject({ targetResourceId: 'elsewhere', state: { backupId: full.id } });
      expect(plan).not.toHaveProperty('target');
    }
    expect(await catalog.listOperations({ limit: 10 })).toEqual({ items: [] });
    expect(await catalog.listEvents({ limit: 100 })).toEqual(events);
  });

  test('names what is known to be damaged', async () => {
    const scene = createScene();
    const [full, , third] = await createChain(scene);
    const record = { ...full, damagedAt: START + 1, version: full.version + 1 };
    await scene.world.plain.catalog.commit([{ kind: 'backup.update', record, expect: full.version }]);
    const plan = await planOf(scene.ask('/restore', { backupId: third.id, targetResourceId: 'db' }));
    expect(plan.damaged).toEqual([{ backupId: full.id, provenAt: expect.any(String) }]);
  });

  test('says that a large state comes in the background, and on AWS what it costs', async () => {
    const dollars = await Promise.all(
      (['on-demand', 'provisioned'] as const).map(async (mode) => {
        const scene = createScene(({ options }) => ({
          options: { ...options, syncBytesMax: 4 },
          rates: ratesOf(mode),
        }));
        const { id } = await scene.world.backup('db', '"12345"');
        const plan = await planOf(scene.ask('/restore', { backupId: id, targetResourceId: 'db' }));
        expect(plan.answer).toBe('background');
        return plan.dollars as number;
      }),
    );
    // 10 write units and 4 read units are 6.75 millionths on demand, 2.79 provisioned and used to 70 %.
    expect(dollars).toEqual([1.52e-5, 1.13e-5]);
  });

  test('is not given where the restore would be refused', async () => {
    const scene = createScene();
    await scene.world.backup('db', '1');
    for (const [path, body, code] of [
      ['/restore', { backupId: 'backup-99', targetResourceId: 'db' }, 'backup_not_found'],
      ['/restore', { backupId: 'backup-1' }, 'invalid_request'],
      [
        '/restore/point-in-time',
        { resourceId: 'nobody', timestamp: '2026-01-01T00:00:00Z' },
        'resource_not_found',
      ],
    ] as const) {
      expect(await problemOf(await scene.ask(path, body))).toMatchObject({ code });
    }
  });

  test('tells nothing of a target that its caller may not see', async () => {
    const scopes = new Set(['data:read', 'backup:list'] as const);
    const scene = createScene(undefined, {
      subject: 'bob',
      scopes,
      resources: { ids: ['db'], prefixes: [] },
    });
    const { id } = await scene.world.backup('db', '1');
    await scene.world.backup('secret', '1');
    const plan = await planOf(scene.ask('/restore', { backupId: id, targetResourceId: 'secret' }));
    expect(plan).not.toHaveProperty('target');
    const foreign = await scene.world.backup('secret', '2');
    expect(
      await problemOf(await scene.ask('/restore', { backupId: foreign.id, targetResourceId: 'db' })),
    ).toMatchObject({
      code: 'backup_not_found',
    });
  });
});
