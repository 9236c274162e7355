// Sessions of pages: a token becomes a cookie; what a page of another site, a thief of cookies or a guesser may try, fails.

import { beforeEach, describe, expect, test } from '@jest/globals';
import { silentLogger } from '../../lib/log.ts';
import { createMemoryTokens } from '../../lib/memory/tokens.ts';
import { createWorld } from '../service/world.ts';
import { createCheckedApi } from './checked-api.ts';

const ROOT = 'a-long-and-secret-token';
const HOST = 'backup.internal:3004';
const OWN = { Origin: `http://${HOST}`, 'Sec-Fetch-Site': 'same-origin' };
const MINUTE_MS = 60_000;

function createScene({ token = ROOT, address = '192.0.2.1' }: { token?: string; address?: string } = {}) {
  const world = createWorld(({ clock }) => ({ tokens: createMemoryTokens(clock) }));
  const from = { address };
  const app = createCheckedApi({
    service: world.service,
    auth: { tokens: world.deps.tokens!, ...(token === '' ? {} : { token }) },
    version: '1',
    log: silentLogger,
    now: world.clock.now,
    addressOf: () => from.address,
  });
  const call = async (method: string, path: string, headers: Record<string, string> = {}, body?: unknown) => {
    const response = await app.request(`http://${HOST}${path}`, {
      method,
      headers: {
        Host: HOST,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return {
      status: response.status,
      headers: response.headers,
      // biome-ignore lint/suspicious/noExplicitAny: tests look at what they know.
      body: (await response.json()) as any,
    };
  };
  const signIn = async (presented = ROOT): Promise<string> => {
    const { status, headers } = await call('POST', '/session', OWN, { token: presented });
    expect(status).toBe(201);
    return headers.get('set-cookie')!.split(';')[0]!;
  };
  return { world, call, signIn, from };
}
type Scene = ReturnType<typeof createScene>;

let scene: Scene;
beforeEach(() => {
  scene = createScene();
});

test('signing in: before it nothing is told, behind it who one is; the cookie is for no script and no other site', async () => {
  const { call } = scene;
  const before = await call('GET', '/session');
  expect(before.body).toEqual({ required: true, signedIn: false, now: expect.any(String) });
  const { status, headers, body } = await call('POST', '/session', OWN, { token: ROOT });
  expect(status).toBe(201);
  expect(body).toMatchObject({
    required: true,
    signedIn: true,
    subject: 'token',
    scopes: ['admin'],
    version: '1',
  });
  expect(headers.get('set-cookie')).toMatch(
    /^brs_session=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=28800; HttpOnly; SameSite=Strict$/,
  );
  expect(JSON.stringify(body)).not.toContain(ROOT);
  const Cookie = headers.get('set-cookie')!.split(';')[0]!;
  expect((await call('GET', '/session', { Cookie })).body).toMatchObject({
    signedIn: true,
    subject: 'token',
  });
  expect((await call('GET', '/backups', { Cookie, 'Sec-Fetch-Site': 'same-origin' })).status).toBe(200);
  expect((await call('POST', '/backups', { Cookie, ...OWN }, { resourceId: 'r', data: 1 })).status).toBe(201);
});

test('where no credential is asked for, everybody is signed in', async () => {
  const { call } = createScene({ token: '' });
  expect((await call('GET', '/session')).body).toMatchObject({
    required: false,
    signedIn: true,
    scopes: ['admin'],
  });
});

test('by https the cookie goes by nothing else', async () => {
  const { world } = scene;
  const app = createCheckedApi({
    service: world.service,
    auth: { token: ROOT, tokens: world.deps.tokens! },
    version: '1',
    log: silentLogger,
    now: world.clock.now,
  });
  const response = await app.request('https://backup.internal/session', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ token: ROOT }),
  });
  expect(response.headers.get('set-cookie')).toMatch(/; Secure$/);
});

test('unknown, revoked and expired have one answer', async () => {
  const { call, world } = scene;
  const tokens = world.deps.tokens!;
  const revoked = await tokens.make({ name: 'a', scopes: ['backup:list'] }, 'root');
  await tokens.revoke(revoked.record.id, 'root');
  const expired = await tokens.make(
    { name: 'b', scopes: ['backup:list'], expiresAt: world.clock.now() + 1 },
    'root',
  );
  world.clock.advance(2);
  const answers = [];
  for (const token of ['nobody-has-this', revoked.token, expired.token]) {
    const { status, headers, body } = await call('POST', '/session', OWN, { token });
    expect(headers.get('set-cookie')).toBeNull();
    answers.push([status, body.code, body.detail]);
  }
  expect(new Set(answers.map((one) => JSON.stringify(one))).size).toBe(1);
  expect(answers[0]![0]).toBe(401);
});

describe('what a cookie does not open', () => {
  const POST = ['POST', '/backups', { resourceId: 'r', data: 1 }] as const;
  const GET = ['GET', '/backups', undefined] as const;
  test.each<[string, typeof POST | typeof GET, Record<string, string>, number]>([
    ['a write from another origin', POST, { Origin: 'https://evil.example' }, 403],
    ['a write from another port', POST, { Origin: 'http://backup.internal:8080' }, 403],
    ['a write from nowhere', POST, { Origin: 'null' }, 403],
    ['a write that does not say where it comes from', POST, {}, 403],
    ['a write that a sibling site asks for', POST, { ...OWN, 'Sec-Fetch-Site': 'same-site' }, 403],
    ['a read that another site asks for', GET, { 'Sec-Fetch-Site': 'cross-site' }, 403],
    ['a read from another origin', GET, { Origin: 'https://evil.example' }, 403],
    ['a read that somebody has typed: it does', GET, { 'Sec-Fetch-Site': 'none' }, 200],
    ['a read of our own page: it does', GET, OWN, 200],
    ['a write of our own page: it does', POST, OWN, 201],
  ])('%s', async (_about, [method, path, body], headers, status) => {
    const Cookie = await scene.signIn();
    expect((await scene.call(method, path, { Cookie, ...headers }, body)).status).toBe(status);
  });

  test('a cookie of one’s own choice is none, and is never taken over', async () => {
    const chosen = `brs_session=${'A'.repeat(43)}`;
    const { call } = scene;
    expect((await call('GET', '/backups', { Cookie: chosen })).status).toBe(401);
    const made = await call('POST', '/session', { ...OWN, Cookie: chosen }, { token: ROOT });
    expect(made.headers.get('set-cookie')).not.toContain('AAAA');
    expect((await call('GET', '/backups', { Cookie: chosen })).status).toBe(401);
  });

  test('beside a header it counts for nothing', async () => {
    const Cookie = await scene.signIn();
    expect((await scene.call('GET', '/backups', { Cookie, Authorization: 'Bearer wrong' })).status).toBe(401);
  });
});

test('who signs in and out stands in the trail, and who tried in vain', async () => {
  const { record, token } = await scene.world.deps.tokens!.make({ name: 'ann', scopes: ['admin'] }, 'root');
  await scene.call('POST', '/session', OWN, { token: 'wrong' });
  const Cookie = await scene.signIn(token);
  await scene.call('DELETE', '/session', { Cookie, ...OWN });
  await scene.call('DELETE', '/session', { Cookie, ...OWN });
  const { items } = await scene.world.deps.catalog.listEvents({ limit: 10 });
  const actor = `token:ann:${record.id}`;
  expect(items.map((one) => [one.action, one.actor, one.address])).toEqual([
    ['session.closed', actor, '192.0.2.1'],
    ['session.opened', actor, '192.0.2.1'],
    ['access.refused', 'anonymous', '192.0.2.1'],
  ]);
});

describe('it ends', () => {
  test('when one signs out', async () => {
    const Cookie = await scene.signIn();
    const { status, headers, body } = await scene.call('DELETE', '/session', { Cookie, ...OWN });
    expect([status, body.signedIn]).toEqual([200, false]);
    expect(headers.get('set-cookie')).toMatch(/^brs_session=; Path=\/; Max-Age=0;/);
    expect((await scene.call('GET', '/backups', { Cookie })).status).toBe(401);
  });

  test('when its token is revoked', async () => {
    const { record, token } = await scene.world.deps.tokens!.make(
      { name: 'ci', scopes: ['backup:list'] },
      'root',
    );
    const Cookie = await scene.signIn(token);
    expect((await scene.call('GET', '/backups', { Cookie })).status).toBe(200);
    await scene.world.deps.tokens!.revoke(record.id, 'root');
    expect((await scene.call('GET', '/backups', { Cookie })).status).toBe(401);
    expect((await scene.call('GET', '/session', { Cookie })).body.signedIn).toBe(false);
  });

  test('after half an hour without use', async () => {
    const Cookie = await scene.signIn();
    scene.world.clock.advance(29 * MINUTE_MS);
    expect((await scene.call('GET', '/backups', { Cookie })).status).toBe(200);
    scene.world.clock.advance(30 * MINUTE_MS);
    expect((await scene.call('GET', '/backups', { Cookie })).status).toBe(401);
  });

  test('after eight hours, however much it is used', async () => {
    const Cookie = await scene.signIn();
    for (let minutes = 0; minutes < 8 * 60 - 20; minutes += 20) {
      scene.world.clock.advance(20 * MINUTE_MS);
      expect((await scene.call('GET', '/backups', { Cookie })).status).toBe(200);
    }
    scene.world.clock.advance(20 * MINUTE_MS);
    expect((await scene.call('GET', '/backups', { Cookie })).status).toBe(401);
  });

  test('when there are a thousand newer ones', async () => {
    const first = await scene.signIn();
    const used = await scene.signIn();
    for (let n = 0; n < 999; n++) {
      if (n === 500) await scene.call('GET', '/session', { Cookie: used });
      await scene.signIn();
    }
    expect((await scene.call('GET', '/backups', { Cookie: first })).status).toBe(401);
    expect((await scene.call('GET', '/backups', { Cookie: used })).status).toBe(200);
  });
});

test('who guesses has to wait, and holds up nobody else', async () => {
  const { call, from, world } = scene;
  for (let n = 0; n < 10; n++) {
    expect((await call('POST', '/session', OWN, { token: `guess-${n}` })).status).toBe(401);
  }
  const refused = await call('POST', '/session', OWN, { token: ROOT });
  expect([refused.status, Number(refused.headers.get('retry-after'))]).toEqual([429, 60]);
  from.address = '192.0.2.2';
  expect((await call('POST', '/session', OWN, { token: ROOT })).status).toBe(201);
  from.address = '192.0.2.1';
  world.clock.advance(MINUTE_MS);
  expect((await call('POST', '/session', OWN, { token: ROOT })).status).toBe(201);
});
