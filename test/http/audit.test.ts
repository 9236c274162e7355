// The audit trail over HTTP: what was done, what was read, who was refused and from where; and nobody reads more than is theirs.

import { describe, expect, test } from '@jest/globals';
import { adminOf, type Principal, type Scope } from '../../lib/core/records/access.ts';
import { ServiceError } from '../../lib/core/records/errors.ts';
import { silentLogger } from '../../lib/log.ts';
import { PortError } from '../../lib/ports/errors.ts';
import { createWorld, DAY, OPTIONS, START } from '../service/world.ts';
import { createCheckedApi } from './checked-api.ts';

interface Told {
  action: string;
  actor: string;
  address?: string;
  resourceId?: string;
  at: string;
  detail?: Record<string, unknown>;
}

function createScene(replace: Parameters<typeof createWorld>[0] = () => ({})) {
  const world = createWorld(replace);
  let principal: Principal | undefined = adminOf('root');
  let address = '192.0.2.1';
  const app = createCheckedApi({
    service: world.service,
    auth: {
      identify: () => {
        if (principal === undefined) throw new ServiceError('unauthorized', 'Who are you?');
        return principal;
      },
    },
    version: '1',
    log: silentLogger,
    now: world.clock.now,
    addressOf: () => address,
  });
  const send = async (who: Principal | undefined, method: string, path: string, body?: unknown) => {
    principal = who;
    const response = await app.request(path, {
      method,
      headers: { 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as Record<string, unknown> & {
      events: Told[];
      nextCursor?: string;
      completeSince?: string;
      errors?: { pointer: string; detail: string }[];
    };
    return { status: response.status, answer };
  };
  const audit = async (query = '', who: Principal = ROOT) =>
    (await send(who, 'GET', `/audit?limit=100${query}`)).answer;
  const from = (other: string): void => {
    address = other;
  };
  return { world, send, audit, from };
}

const ROOT = adminOf('root');
const only = (scope: Scope, resources?: Principal['resources']): Principal => ({
  subject: `only ${scope}`,
  scopes: new Set([scope]),
  ...(resources === undefined ? {} : { resources }),
});
const OWN = { ids: ['own'], prefixes: ['own/'] };

test('tells who did what, and from where, newest first', async () => {
  const { send, audit, from, world } = createScene();
  await send(ROOT, 'POST', '/backups', { resourceId: 'db', data: 1 });
  world.clock.advance(1000);
  from('198.51.100.7');
  await send(adminOf('ops'), 'DELETE', '/backups/backup-1');
  const { events, completeSince } = await audit();
  expect(
    events.map(({ action, actor, address, resourceId }) => [action, actor, address, resourceId]),
  ).toEqual([
    ['backup.deleted', 'ops', '198.51.100.7', 'db'],
    ['backup.created', 'root', '192.0.2.1', 'db'],
  ]);
  expect(completeSince).toBeUndefined();
});

test('is asked for by resource, action and time, page by page', async () => {
  const { world, send, audit } = createScene();
  for (let n = 0; n < 3; n++) await world.backup(n === 1 ? 'other' : 'db', String(n));
  await world.remove('backup-1');
  expect((await audit('&resourceId=other')).events).toHaveLength(1);
  expect((await audit('&action=backup.deleted')).events).toHaveLength(1);
  const second = new Date(START + 1).toISOString();
  expect(
    (await audit(`&since=${second}&until=${second}`)).events.map(({ resourceId }) => resourceId),
  ).toEqual(['other']);
  const { answer } = await send(ROOT, 'GET', '/audit?limit=3');
  expect(answer.events).toHaveLength(3);
  const rest = await send(ROOT, 'GET', `/audit?limit=3&cursor=${answer.nextCursor}`);
  expect(rest.answer.events).toHaveLength(1);
});

test.each([
  ['action=backup.made', '/query/action'],
  ['since=yesterday', '/query/since'],
  ['since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z', '/query/until'],
  ['actor=root', '/query/actor'],
])('%s is a fault, and named', async (query, pointer) => {
  const { send } = createScene();
  const { status, answer } = await send(ROOT, 'GET', `/audit?${query}`);
  expect(status).toBe(400);
  expect(answer.errors?.map((one) => one.pointer)).toEqual([pointer]);
});

test('says from when on it is whole, where events age', async () => {
  const { audit, world } = createScene(() => ({ options: { ...OPTIONS, auditMs: 400 * DAY } }));
  expect((await audit()).completeSince).toBe(new Date(world.clock.now() - 400 * DAY).toISOString());
});

test('tells of every read of what is stored, and a read that the trail cannot take is given and logged', async () => {
  const { world, send, audit } = createScene();
  await world.backup('db', '{"a":1}');
  await world.make('db', '{"a":2}', 'incremental');
  await send(ROOT, 'GET', '/backups/backup-2/delta');
  await send(ROOT, 'POST', '/restore', { backupId: 'backup-1', targetResourceId: 't' });
  const actions = (await audit()).events.map(({ action }) => action);
  expect(actions.slice(0, 2).sort()).toEqual(['delta.read', 'restore.completed']);

  const lines: unknown[] = [];
  const log = { ...silentLogger, error: (message: string) => void lines.push(message) };
  const full = createScene(({ catalog }) => ({
    log,
    catalog: {
      ...catalog,
      commit: async (changes) => {
        const isRead = changes.some(
          (one) => one.kind === 'event.append' && one.event.action === 'delta.read',
        );
        if (isRead) throw new PortError('unavailable', 'the disk is full', { reason: 'disk_full' });
        return catalog.commit(changes);
      },
    },
  }));
  await full.world.backup('db', '{"a":1}');
  await full.world.make('db', '{"a":2}', 'incremental');
  expect((await full.send(ROOT, 'GET', '/backups/backup-2/delta')).status).toBe(200);
  expect(lines).toContain('a read could not be written down');
});

describe('a refused call', () => {
  test('is told with the right that was missing, the resource, the route and the address', async () => {
    const { world, send, audit } = createScene();
    await world.backup('db', '1');
    await send(only('backup:list'), 'DELETE', '/backups/backup-1');
    await send(only('backup:delete', OWN), 'DELETE', '/backups/backup-1');
    await send(only('backup:write', OWN), 'POST', '/backups', { resourceId: 'db', data: 1 });
    await send(undefined, 'GET', '/backups');
    const refused = (await audit('&action=access.refused')).events.reverse();
    expect(
      refused.map(({ actor, address, resourceId, detail }) => [actor, address, resourceId, detail]),
    ).toEqual([
      [
        'only backup:list',
        '192.0.2.1',
        undefined,
        { code: 'forbidden', count: 1, scope: 'backup:delete', route: 'DELETE /backups/{id}' },
      ],
      [
        'only backup:delete',
        '192.0.2.1',
        'db',
        { code: 'backup_not_found', count: 1, scope: 'backup:delete', route: 'DELETE /backups/{id}' },
      ],
      [
        'only backup:write',
        '192.0.2.1',
        'db',
        { code: 'forbidden', count: 1, scope: 'backup:write', route: 'POST /backups' },
      ],
      ['anonymous', '192.0.2.1', undefined, { code: 'unauthorized', count: 1, route: 'GET /backups' }],
    ]);
  });

  test.each(['state', 'tree', 'history', 'diff', 'patch', 'timeline'])(
    'for a look at what is another one’s is told too, though it is answered as if nothing were there: %s',
    async (look) => {
      const { world, send, audit } = createScene();
      await world.backup('db', '1');
      const scope = look === 'timeline' ? 'backup:list' : 'data:read';
      expect((await send(only(scope, OWN), 'GET', `/resources/db/${look}`)).status).toBe(404);
      expect((await audit('&action=access.refused')).events).toMatchObject([
        { resourceId: 'db', detail: { scope, route: `GET /resources/{resourceId}/${look}` } },
      ]);
    },
  );

  test('that comes a hundred times is told three times, and of a thousand kinds two hundred are told apart', async () => {
    const { send, audit, from, world } = createScene();
    for (let n = 0; n < 100; n++) await send(undefined, 'GET', '/backups');
    const counts = (await audit('&action=access.refused')).events.map(({ detail }) => detail?.count);
    expect(counts.sort()).toEqual([1, 10, 100]);
    for (let n = 0; n < 310; n++) {
      from(`10.0.${n >> 8}.${n & 255}`);
      await send(undefined, 'GET', '/backups');
    }
    const { items } = await world.deps.catalog.listEvents({ limit: 1000 });
    expect(items.length).toBeLessThan(220);
    expect(items.some(({ detail }) => detail?.others === true && detail.count === 100)).toBe(true);
    world.clock.advance(3_600_001);
    await send(undefined, 'GET', '/backups');
    expect((await audit('&action=access.refused')).events[0]?.detail?.count).toBe(1);
  });

  test('is answered as it was, where the trail cannot be written', async () => {
    const { send } = createScene(({ catalog }) => ({
      catalog: {
        ...catalog,
        commit: async () => {
          throw new PortError('unavailable', 'the disk is full');
        },
      },
    }));
    expect((await send(only('backup:list'), 'DELETE', '/backups/backup-1')).status).toBe(403);
    expect((await send(undefined, 'GET', '/backups')).status).toBe(401);
  });
});

test('who may read the trail of some resources sees nothing of others, nor of the store as a whole', async () => {
  const { world, send, audit } = createScene();
  await world.backup('own', '1');
  await world.backup('other', '2');
  await world.backup('own/part', '3');
  await send(undefined, 'GET', '/backups');
  const auditor = only('audit:read', OWN);
  const seen = (await audit('', auditor)).events;
  expect(seen.map(({ resourceId }) => resourceId)).toEqual(['own/part', 'own']);
  expect((await audit('&resourceId=other', auditor)).events).toEqual([]);
  expect((await audit('&resourceId=own', auditor)).events).toHaveLength(1);
});
