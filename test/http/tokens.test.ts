// Named tokens over HTTP: made, listed and revoked by an admin, and what each opens from the very next call on.

import { expect, test } from '@jest/globals';
import { silentLogger } from '../../lib/log.ts';
import { createMemoryTokens } from '../../lib/memory/tokens.ts';
import { createWorld } from '../service/world.ts';
import { createCheckedApi } from './checked-api.ts';

const ROOT = 'a-long-and-secret-token';

function createScene(token = ROOT) {
  const world = createWorld(({ clock }) => ({ tokens: createMemoryTokens(clock) }));
  const auth = { tokens: world.deps.tokens!, ...(token === '' ? {} : { token }) };
  const app = createCheckedApi({
    service: world.service,
    auth,
    version: '1',
    log: silentLogger,
    now: world.clock.now,
  });
  const call = async (token: string | undefined, method: string, path: string, body?: unknown) => {
    const response = await app.request(path, {
      method,
      headers: {
        'Content-Type': 'application/json',
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: tests look at what they know.
    return { status: response.status, body: (await response.json()) as any };
  };
  return { world, call };
}

test('made, used, listed, revoked: each counts from the next call on, and has its line in the trail', async () => {
  const { world, call } = createScene();
  const asked = { name: 'ci', scopes: ['backup:write', 'backup:list'], resources: ['db'], prefixes: ['tf/'] };
  const made = await call(ROOT, 'POST', '/tokens', asked);
  expect(made).toMatchObject({ status: 201, body: { ...asked, status: 'active', createdBy: 'token' } });
  const { token, id } = made.body;
  expect((await call(token, 'POST', '/backups', { resourceId: 'db', data: 1 })).status).toBe(201);
  expect((await call(token, 'POST', '/backups', { resourceId: 'tf/a', data: 1 })).status).toBe(201);
  expect((await call(token, 'POST', '/backups', { resourceId: 'other', data: 1 })).status).toBe(403);
  expect((await call(token, 'GET', '/backups')).body.count).toBe(2);
  expect((await call(token, 'GET', '/tokens')).status).toBe(403);
  const list = await call(ROOT, 'GET', '/tokens');
  expect(list.body).toMatchObject({ count: 1, tokens: [{ id, name: 'ci', lastUsedAt: expect.any(String) }] });
  expect(JSON.stringify(list.body)).not.toContain(token.slice(token.indexOf('_', 4) + 1));
  expect(JSON.stringify(list.body)).not.toContain('sha256');
  expect(await call(ROOT, 'DELETE', `/tokens/${id}`)).toMatchObject({
    status: 200,
    body: { status: 'revoked' },
  });
  expect(await call(token, 'GET', '/backups')).toMatchObject({
    status: 401,
    body: { detail: 'The token has been revoked.' },
  });
  expect((await call(ROOT, 'DELETE', '/tokens/aaaaaaaa')).status).toBe(404);
  const events = (await world.deps.catalog.listEvents({ limit: 100 })).items.reverse();
  const done = events.filter(({ action }) => action !== 'access.refused');
  expect(done.map(({ action, actor }) => [action, actor])).toEqual([
    ['token.created', 'token'],
    ['backup.created', `token:ci:${id}`],
    ['backup.created', `token:ci:${id}`],
    ['token.revoked', 'token'],
  ]);
  expect(JSON.stringify(events)).not.toContain(token.slice(token.indexOf('_', 4) + 1));
});

test('the first token closes a door that was open', async () => {
  const { call } = createScene('');
  expect((await call(undefined, 'GET', '/backups')).status).toBe(200);
  const { body } = await call(undefined, 'POST', '/tokens', { name: 'boss', scopes: ['admin'] });
  expect((await call(undefined, 'GET', '/backups')).status).toBe(401);
  expect((await call(body.token, 'GET', '/backups')).status).toBe(200);
  await call(body.token, 'DELETE', `/tokens/${body.id}`);
  expect((await call(undefined, 'GET', '/backups')).status).toBe(401);
});

test.each([
  [{ scopes: ['admin'] }, '/name'],
  [{ name: 'a b', scopes: ['admin'] }, '/name'],
  [{ name: 'a', scopes: [] }, '/scopes'],
  [{ name: 'a', scopes: ['root'] }, '/scopes/0'],
  [{ name: 'a', scopes: ['admin'], prefixes: [''] }, '/prefixes/0'],
  [{ name: 'a', scopes: ['admin'], resources: Array(101).fill('x') }, '/resources'],
  [{ name: 'a', scopes: ['admin'], expiresAt: '2020-01-01T00:00:00Z' }, '/expiresAt'],
  [{ name: 'a', scopes: ['admin'], expiresIn: 5 }, '/expiresIn'],
])('%j is refused by its place, and makes nothing', async (asked, pointer) => {
  const { call } = createScene();
  const { status, body } = await call(ROOT, 'POST', '/tokens', asked);
  expect(status).toBe(400);
  expect(body.errors[0].pointer).toBe(pointer);
  expect((await call(ROOT, 'GET', '/tokens')).body.count).toBe(0);
});

test('a name in use is refused', async () => {
  const { call } = createScene();
  await call(ROOT, 'POST', '/tokens', { name: 'a', scopes: ['admin'] });
  expect(await call(ROOT, 'POST', '/tokens', { name: 'a', scopes: ['admin'] })).toMatchObject({
    status: 409,
    body: { code: 'token_exists' },
  });
});

test('a token whose line in the trail cannot be written opens nothing', async () => {
  const { world, call } = createScene();
  const { commit } = world.deps.catalog;
  world.deps.catalog.commit = async () => {
    throw new Error('down');
  };
  expect((await call(ROOT, 'POST', '/tokens', { name: 'a', scopes: ['admin'] })).status).toBe(500);
  world.deps.catalog.commit = commit;
  expect((await call(ROOT, 'GET', '/tokens')).body.tokens).toMatchObject([{ status: 'revoked' }]);
});
