// What is backed up, listed by id: each with its newest backup, how old that is, and whether anything is wrong with it.

import { expect, test } from '@jest/globals';
import { adminOf, type Principal } from '../../lib/core/records/access.ts';
import { silentLogger } from '../../lib/log.ts';
import { createWorld, START } from '../service/world.ts';
import { createCheckedApi } from './checked-api.ts';

interface Listed {
  resources: { id: string; newest?: { backupId: string } }[];
  nextCursor?: string;
}

function createScene(principal: Principal = adminOf('ann')) {
  const world = createWorld();
  const app = createCheckedApi({
    service: world.service,
    auth: { identify: () => principal },
    version: '1',
    log: silentLogger,
    now: world.clock.now,
  });
  const list = async (query: Record<string, string> = {}) =>
    (await (await app.request(`/resources?${new URLSearchParams(query)}`)).json()) as Listed;
  return { world, list };
}

test('each with its newest backup, its age, and what protects it', async () => {
  const { world, list } = createScene();
  await world.backup('db', '1', { resourceType: 'postgresql' });
  const { id, checksum } = await world.make('db', '{"a":1}', 'incremental');
  await world.service.protectBackup(id, { legalHold: true }, { actor: 'ann' });
  world.clock.set(START + 60_000);
  expect(await list()).toMatchObject({
    resources: [
      {
        id: 'db',
        accepted: 2,
        newest: {
          backupId: id,
          type: 'incremental',
          size: 7,
          checksum: `sha256:${checksum}`,
          legalHold: true,
        },
        lastSuccessAt: '2026-01-01T12:00:00.001Z',
        ageSeconds: 59,
      },
    ],
    count: 1,
  });
});

test('a state that came again unchanged is a success too', async () => {
  const { world, list } = createScene();
  await world.backup('db', '1');
  world.clock.set(START + 60_000);
  await world.backup('db', '1', { ifChanged: true });
  world.clock.set(START + 61_000);
  expect(await list()).toMatchObject({
    resources: [{ accepted: 1, lastSuccessAt: '2026-01-01T12:01:00.000Z', ageSeconds: 1 }],
  });
});

test('what has no backup any more is there, without one', async () => {
  const { world, list } = createScene();
  await world.remove((await world.backup('db', '1')).id);
  expect(await list()).toEqual({ resources: [{ id: 'db', accepted: 1, live: 0, bytes: 0 }], count: 1 });
});

test('by prefix, in pages, in the order of the ids', async () => {
  const { world, list } = createScene();
  const ids = ['tf/b', 'tf/a', 'db', 'tf/ä', 'tf2', 'tf/😀'];
  for (const id of ids) await world.backup(id, '1');
  const seen: string[] = [];
  let page = await list({ prefix: 'tf/', limit: '2' });
  seen.push(...page.resources.map(({ id }) => id));
  while (page.nextCursor !== undefined) {
    page = await list({ prefix: 'tf/', limit: '2', cursor: page.nextCursor });
    seen.push(...page.resources.map(({ id }) => id));
  }
  expect(seen).toEqual(['tf/a', 'tf/b', 'tf/ä', 'tf/😀']);
  expect(await list({ cursor: 'x' })).toMatchObject({ code: 'invalid_cursor' });
});

test('who may see some sees these', async () => {
  const principal: Principal = {
    subject: 'ci',
    scopes: new Set(['backup:list']),
    resources: { ids: ['b'], prefixes: ['own/'] },
  };
  const { world, list } = createScene(principal);
  for (const id of ['a', 'b', 'c', 'own/1', 'own/2']) await world.backup(id, '1');
  expect((await list()).resources.map(({ id }) => id)).toEqual(['b', 'own/1', 'own/2']);
});
