// Every route, tried by principals with every single scope, for resources of their own and of others: from the table itself, so
// that no route can be added that is not tried, and none without a scope. Behind it stands the real service.

import { beforeAll, describe, expect, test } from '@jest/globals';
import { adminOf, type Principal, SCOPES, type Scope } from '../../lib/core/records/access.ts';
import { METRICS_MEDIA_TYPE } from '../../lib/http/contract/metrics.ts';
import { type OperationId, ROUTE_LIST } from '../../lib/http/contract/routes.ts';
import { silentLogger } from '../../lib/log.ts';
import { createMemoryTokens } from '../../lib/memory/tokens.ts';
import type { Sources } from '../../lib/ports/source.ts';
import { workQueue } from '../../lib/service/jobs/worker.ts';
import { workRuns } from '../../lib/service/schedules/worker.ts';
import { createWorld } from '../service/world.ts';
import { createCheckedApi } from './checked-api.ts';

const OWN = { ids: ['own'], prefixes: ['own/'] };
const MINE = { own: 'own', foreign: 'other' };
type Side = keyof typeof MINE;

/** A service with a resource of each side: a full, an incremental, a deleted one, a finished operation. */
async function createScene() {
  const sources: Sources = {
    open: async () => ({
      check: async () => ({ detail: 'a file', warnings: [] }),
      read: async () => ({ chunks: of('{"secret":1}'), warnings: [] }),
    }),
  };
  const world = createWorld(({ clock }) => ({ tokens: createMemoryTokens(clock), sources }));
  let principal: Principal = adminOf('root');
  const app = createCheckedApi({
    service: world.service,
    auth: { identify: () => principal, tokens: world.deps.tokens! },
    version: '1',
    log: silentLogger,
    now: world.clock.now,
    readMetrics: async () => ({ mediaType: METRICS_MEDIA_TYPE, text: 'up 1\n' }),
  });
  const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    app.request(path, {
      method,
      headers: { 'Content-Type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  await send('PUT', '/notifications/ops', { target: { kind: 'ping', url: 'https://example.com/ping' } });
  const sides = {} as Record<
    Side,
    {
      full: string;
      next: string;
      deleted: string;
      operation: string;
      token: string;
      name: string;
      run: string;
      older: string;
    }
  >;
  for (const side of ['own', 'foreign'] as const) {
    const resourceId = MINE[side];
    await send('PUT', `/sources/${side}`, { kind: 'file', path: '/srv/secret.json' });
    await send('PUT', `/schedules/${side}`, scheduleOf(side, resourceId));
    const queued = await send('POST', `/schedules/${side}/run`);
    const run = ((await queued.json()) as { id: string }).id;
    await workRuns(world.deps, Number.MAX_SAFE_INTEGER);
    const full = (await world.backup(resourceId, `{"secret-of-${side}":1}`)).id;
    const next = (await world.make(resourceId, `{"secret-of-${side}":2}`, 'incremental')).id;
    const deleted = (await world.backup(resourceId, '3')).id;
    await world.remove(deleted);
    const older = (await world.backup(`${resourceId}/tf`, terraformState(`secret-of-${side}`, 1))).id;
    await send('PUT', `/retention/policies/${resourceId}`, { keepLast: 5 });
    const asked = { backupId: full, targetResourceId: `copy-of-${resourceId}` };
    const { operation } = (await (
      await send('POST', '/restore', asked, { Prefer: 'respond-async' })
    ).json()) as {
      operation: { id: string };
    };
    const { record } = await world.deps.tokens!.make({ name: side, scopes: ['audit:read'] }, 'root');
    sides[side] = {
      ...{ full, next, deleted, operation: operation.id, token: record.id },
      ...{ name: side, run, older },
    };
  }
  await workQueue(world.deps);
  const as = async (who: Principal, method: string, path: string, body?: unknown) => {
    principal = who;
    const response = await send(method, path, body);
    const text = await response.text();
    principal = adminOf('root');
    return { status: response.status, text };
  };
  return { world, as, sides };
}
async function* of(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

const terraformState = (lineage: string, serial: number) => JSON.stringify({ version: 4, serial, lineage });

const scheduleOf = (sourceId: string, resourceId: string) => ({ sourceId, resourceId, when: '0 3 * * *' });

type Scene = Awaited<ReturnType<typeof createScene>>;

/** What the trail tells of, beside the refusals that are tried here. */
async function told(world: Scene['world']): Promise<string> {
  const { items } = await world.deps.catalog.listEvents({ limit: 100 });
  return JSON.stringify(items.filter(({ action }) => action !== 'access.refused'));
}

/** How each route is called about a side's resource. A route that is missing here does not compile. */
const CALLS: Record<
  OperationId,
  (side: Scene['sides'][Side], resourceId: string) => [path: string, body?: unknown]
> = {
  getServiceInfo: () => ['/'],
  getHealth: () => ['/health'],
  getOpenApi: () => ['/openapi.json'],
  getSession: () => ['/session'],
  openSession: () => ['/session', { token: 'one-that-nobody-has' }],
  closeSession: () => ['/session'],
  createBackup: (_, resourceId) => ['/backups', { resourceId, data: 1 }],
  putState: (_, resourceId) => [`/resources/${resourceId}/state`, 1],
  listBackups: (_, resourceId) => [`/backups?resourceId=${resourceId}`],
  listResources: (_, resourceId) => [`/resources?prefix=${resourceId}`],
  listResourceBackups: (_, resourceId) => [`/resources/${resourceId}/backups?limit=9`],
  getTimeline: (_, resourceId) => [`/resources/${resourceId}/timeline`],
  getSettings: (_, resourceId) => [`/resources/${resourceId}/settings`],
  putSettings: (_, resourceId) => [`/resources/${resourceId}/settings`, { expectEverySeconds: 60 }],
  getTree: (_, resourceId) => [`/resources/${resourceId}/tree`],
  getHistory: (_, resourceId) => [`/resources/${resourceId}/history`],
  getDiff: (_, resourceId) => [`/resources/${resourceId}/diff`],
  getPatch: (_, resourceId) => [`/resources/${resourceId}/patch`],
  getState: (_, resourceId) => [`/resources/${resourceId}/state`],
  getBackup: ({ full }) => [`/backups/${full}`],
  protectBackup: ({ full }) => [`/backups/${full}`, { legalHold: false }],
  deleteBackup: ({ next }) => [`/backups/${next}`],
  undeleteBackup: ({ deleted }) => [`/backups/${deleted}/undelete`],
  getBackupDelta: ({ next }) => [`/backups/${next}/delta`],
  verifyBackup: ({ full }) => [`/backups/${full}/verify`],
  createUpload: () => ['/uploads', {}],
  restoreBackup: ({ full }) => ['/restore', { backupId: full, targetResourceId: 't' }],
  restorePointInTime: (_, resourceId) => [
    '/restore/point-in-time',
    { resourceId, timestamp: '2026-01-01T12:00:00Z' },
  ],
  listOperations: (_, resourceId) => [`/restore/operations?targetResourceId=copy-of-${resourceId}`],
  getOperation: ({ operation }) => [`/restore/operations/${operation}`],
  getOperationResult: ({ operation }) => [`/restore/operations/${operation}/result`],
  planRetention: (_, resourceId) => [`/retention/plan?resourceId=${resourceId}`],
  planPolicy: (_, resourceId) => ['/retention/plan', { resourceId, policy: { keepLast: 1 } }],
  listWaits: () => ['/retention/waits'],
  decideWait: () => ['/retention/waits/clock', { decision: 'confirm' }],
  getPolicy: (_, resourceId) => [`/retention/policies/${resourceId}`],
  putPolicy: (_, resourceId) => [`/retention/policies/${resourceId}`, { keepLast: 1 }],
  removePolicy: (_, resourceId) => [`/retention/policies/${resourceId}`],
  listEvents: (_, resourceId) => [`/audit?resourceId=${resourceId}`],
  getUpkeep: () => ['/upkeep'],
  getMetrics: () => ['/metrics'],
  listChannels: () => ['/notifications'],
  putChannel: () => ['/notifications/new', { target: { kind: 'ping', url: 'https://example.com/ping' } }],
  removeChannel: () => ['/notifications/ops'],
  testChannel: () => ['/notifications/ops/test'],
  listDeliveries: () => ['/notifications/ops/deliveries'],
  replayDeliveries: () => ['/notifications/ops/replay'],
  listSources: () => ['/sources'],
  getSource: ({ name }) => [`/sources/${name}`],
  putSource: ({ name }) => [`/sources/${name}`, { kind: 'file', path: '/srv/other.json' }],
  removeSource: () => ['/sources/spare'],
  checkSource: ({ name }) => [`/sources/${name}/check`],
  listSchedules: () => ['/schedules?limit=9'],
  getSchedule: ({ name }) => [`/schedules/${name}`],
  putSchedule: ({ name }, resourceId) => [`/schedules/${name}`, scheduleOf(name, resourceId)],
  removeSchedule: ({ name }) => [`/schedules/${name}`],
  pauseSchedule: ({ name }) => [`/schedules/${name}/pause`],
  resumeSchedule: ({ name }) => [`/schedules/${name}/resume`],
  runSchedule: ({ name }) => [`/schedules/${name}/run`],
  runDrill: ({ name }) => [`/schedules/${name}/drill`],
  listRuns: (_, resourceId) => [`/runs?resourceId=${resourceId}`],
  getRun: ({ run }) => [`/runs/${run}`],
  listDrills: (_, resourceId) => [`/drills?resourceId=${resourceId}`],
  getTerraformState: (_, resourceId) => [`/terraform/${resourceId}%2Ftf`],
  putTerraformState: (_, resourceId) => [
    `/terraform/${resourceId}%2Ftf?force=true`,
    { serial: 2, lineage: 'l' },
  ],
  forgetTerraformState: (_, resourceId) => [`/terraform/${resourceId}%2Ftf`],
  rollBackTerraform: ({ older }, resourceId) => [
    `/terraform/${resourceId}%2Ftf/rollback`,
    { backupId: older },
  ],
  getTerraformLock: (_, resourceId) => [`/terraform/${resourceId}%2Ftf/lock`],
  lockTerraformState: (_, resourceId) => [`/terraform/${resourceId}%2Ftf/lock`, { ID: 'lock-1' }],
  unlockTerraformState: (_, resourceId) => [`/terraform/${resourceId}%2Ftf/lock`],
  listTokens: () => ['/tokens'],
  makeToken: () => ['/tokens', { name: 'new', scopes: ['admin'] }],
  revokeToken: ({ token }) => [`/tokens/${token}`],
};

/** Not about any one resource: whoever has the scope may call them, and sees of others' nothing. */
const OF_NO_RESOURCE: ReadonlySet<OperationId> = new Set(['createUpload', 'listWaits', 'listSchedules']);
/** About every resource at once: for nobody who is let in for some of them. */
const ABOUT_ALL: readonly OperationId[] = [
  'getMetrics',
  'listChannels',
  'putChannel',
  'removeChannel',
  'testChannel',
  'listDeliveries',
  'replayDeliveries',
  'listSources',
  'getSource',
  'putSource',
  'removeSource',
  'checkSource',
  'putSchedule',
];
const bearer = (scope: Scope, resources: Principal['resources'] = OWN): Principal => ({
  subject: `only ${scope}`,
  scopes: new Set([scope]),
  resources: resources!,
});

const closed = ROUTE_LIST.filter(({ scope }) => scope !== 'public');

describe.each(closed.map(({ operationId, method, scope }) => [operationId, method, scope as Scope] as const))(
  '%s (%s, %s)',
  (operationId, method, needed) => {
    // One for all who are refused: whatever one of them does after all, all after it see.
    let shared: Scene;
    beforeAll(async () => {
      shared = await createScene();
    });

    test.each(SCOPES.filter((scope) => scope !== needed && scope !== 'admin'))(
      'who only holds %s is refused, for a resource of its own too, and nothing is done',
      async (scope) => {
        const { as, sides, world } = shared;
        const before = await told(world);
        for (const side of ['own', 'foreign'] as const) {
          const [path, body] = CALLS[operationId](sides[side], MINE[side]);
          const { status, text } = await as(bearer(scope), method, path, body);
          expect({ status, text }).toMatchObject({
            status: 403,
            text: expect.stringContaining(`the scope ${needed}`),
          });
          expect(text).not.toContain('secret');
        }
        expect(await told(world)).toBe(before);
      },
    );

    test('who holds it may, for a resource of its own', async () => {
      const { as, sides } = await createScene();
      const [path, body] = CALLS[operationId](sides.own, MINE.own);
      const { status, text } = await as(bearer(needed), method, path, body);
      // Nothing waits: to decide about the clock needs a credential for all resources, as what names them all does.
      if (['decideWait', ...ABOUT_ALL].includes(operationId)) expect(status).toBe(403);
      else expect({ status, text, ok: status < 300 }).toMatchObject({ ok: true });
    });

    // Admin is no right for some resources.
    if (needed === 'admin') return;
    test('who holds it for its own resources neither sees nor touches those of others', async () => {
      const { as, sides, world } = shared;
      const before = await told(world);
      const [path, body] = CALLS[operationId](sides.foreign, MINE.foreign);
      const { status, text } = await as(bearer(needed), method, path, body);
      if (OF_NO_RESOURCE.has(operationId)) expect(status).toBeLessThan(300);
      else if (path.includes('?') && !['planRetention', 'putTerraformState'].includes(operationId))
        expect(text).toContain('"count":0');
      else expect([403, 404]).toContain(status);
      expect(text).not.toMatch(/secret|sha256/);
      expect(await told(world)).toBe(before);
    });

    test('what is there but not to be seen is answered like what is not there', async () => {
      const { as, sides } = shared;
      if (!/\{id\}/.test(ROUTE_LIST.find((route) => route.operationId === operationId)!.path)) return;
      if (operationId === 'decideWait') return;
      const missing = {
        full: 'backup-99',
        next: 'backup-99',
        deleted: 'backup-99',
        operation: 'restore-99',
        token: 'aaaaaaaa',
        name: 'none',
        run: 'run-99',
        older: 'backup-99',
      };
      const [seen, body] = CALLS[operationId](sides.foreign, MINE.foreign);
      const [none] = CALLS[operationId](missing, 'none');
      const one = await as(bearer(needed), method, seen, body);
      const other = await as(bearer(needed), method, none, body);
      const plain = (text: string) =>
        text
          .replaceAll(/run-[\w.]*\w(-\w+)?/g, 'run-N')
          .replaceAll(/(backup|restore)-\d+/g, '$1-N')
          .replaceAll(/\b(foreign|none)\b/g, 'NAME');
      expect({ ...one, text: plain(one.text) }).toEqual({ ...other, text: plain(other.text) });
    });
  },
);

test('admin is every scope, for every resource', async () => {
  const { as, sides } = await createScene();
  for (const { operationId, method } of closed) {
    const isRemoving = ['removeSource', 'removeSchedule', 'removeChannel'].includes(operationId);
    if (isRemoving || ['deleteBackup', 'removePolicy', 'decideWait'].includes(operationId)) continue;
    const [path, body] = CALLS[operationId](sides.foreign, MINE.foreign);
    const { status, text } = await as({ ...bearer('admin'), resources: OWN }, method, path, body);
    expect({ operationId, text, ok: status < 300 }).toMatchObject({ ok: true });
  }
});

test('a list without a resource shows what may be seen, in full pages, and goes on behind it', async () => {
  const { as, world } = await createScene();
  for (let i = 0; i < 7; i++) {
    await world.backup('other', String(i));
    await world.backup(`own/${i}`, String(i));
  }
  const seen: string[] = [];
  let cursor = '';
  do {
    const { text } = await as(bearer('backup:list'), 'GET', `/backups?limit=3${cursor}`);
    const page = JSON.parse(text) as { backups: { resourceId: string }[]; nextCursor?: string };
    if (page.nextCursor !== undefined) expect(page.backups).toHaveLength(3);
    seen.push(...page.backups.map(({ resourceId }) => resourceId));
    cursor = page.nextCursor === undefined ? '' : `&cursor=${page.nextCursor}`;
  } while (cursor !== '');
  expect(seen).toEqual([...[6, 5, 4, 3, 2, 1, 0].map((i) => `own/${i}`), 'own/tf', 'own', 'own', 'own']);
});

test('a prefix reaches what begins with it, and nothing else', async () => {
  const { as } = await createScene();
  const write = (resourceId: string) =>
    as(bearer('backup:write'), 'POST', '/backups', { resourceId, data: 1 });
  for (const id of ['own', 'own/', 'own/a', 'own/a/b']) expect((await write(id)).status).toBe(201);
  for (const id of ['ow', 'owner', 'own2', 'Own', 'other', ' own', 'own ']) {
    expect([400, 403]).toContain((await write(id)).status);
  }
});

test('who may only write is told nothing of other states: no sizes saved, no base, no counts, no chain', async () => {
  const { as, sides } = await createScene();
  const body = { resourceId: 'own', type: 'incremental', data: { 'secret-of-own': 3 } };
  const answer = JSON.parse((await as(bearer('backup:write'), 'POST', '/backups', body)).text);
  expect(Object.keys(answer).sort()).toEqual(
    'receipt id resourceId status resourceType type size encrypted checksum metadata completedAt data createdAt expiresAt'
      .split(' ')
      .sort(),
  );
  const held = await as(bearer('hold:manage'), 'PATCH', `/backups/${sides.own.full}`, { legalHold: true });
  expect(Object.keys(JSON.parse(held.text)).sort()).toEqual(
    'receipt id resourceId status data legalHold createdAt expiresAt'.split(' ').sort(),
  );
});

test('who may only write is not told whether a state is that of the newest backup', async () => {
  const { as } = await createScene();
  const body = { resourceId: 'own', data: { 'secret-of-own': 2 }, ifChanged: true };
  const { status, text } = await as(bearer('backup:write'), 'POST', '/backups', body);
  expect({ status, text }).toMatchObject({ status: 403, text: expect.stringContaining('backup:list') });
  const both = { ...bearer('backup:write'), scopes: new Set<Scope>(['backup:write', 'backup:list']) };
  expect((await as(both, 'POST', '/backups', body)).status).toBe(200);
});

test('nobody is told of what an operator has to do, but that something is', async () => {
  const { as, world } = await createScene();
  const notice = {
    id: 'n',
    code: 'damaged',
    severity: 'critical',
    detail: 'Blob of secret-resource is damaged.',
    resourceId: 'secret-resource',
    since: 1,
    version: 1,
  } as const;
  await world.deps.catalog.commit([{ kind: 'notice.put', record: notice, expect: 0 } as never]);
  const nobody = { subject: 'anonymous', scopes: new Set<Scope>() };
  const { status, text } = await as(nobody, 'GET', '/health');
  expect(status).toBe(503);
  expect(text).not.toContain('secret-resource');
  expect(JSON.parse(text).notices).toEqual([
    { code: 'damaged', severity: 'critical', since: '1970-01-01T00:00:00.001Z' },
  ]);
  expect((await as(adminOf('root'), 'GET', '/health')).text).toContain('secret-resource');
});
