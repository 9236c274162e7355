// The specification's restores, and the routes around them.

import { describe, expect, test } from '@jest/globals';
import { ServiceError } from '../../lib/core/records/errors.ts';
import { operationRecord } from './fake-service.ts';
import { CURL_HEADERS, createHarness } from './harness.ts';

describe('restoring', () => {
  test('from a backup', async () => {
    const { send, calls } = createHarness();
    const response = await send(
      'POST',
      '/restore',
      `{
    "backupId": "backup-1",
    "targetResourceId": "database-1-restored",
    "createdBy": "admin",
    "validate": true
  }`,
    );
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(
      '{"operation":{"id":"restore-1","backupId":"backup-1","targetResourceId":"database-1-restored",' +
        '"type":"full","status":"completed","validated":true,"validationErrors":[],"progress":100,' +
        '"createdAt":"2025-01-01T13:00:00.000Z","completedAt":"2025-01-01T13:00:10.000Z",' +
        '"createdBy":"admin"},"data":{"a":1}}',
    );
    expect(calls).toEqual([
      {
        method: 'restore',
        args: [
          {
            backupId: 'backup-1',
            targetResourceId: 'database-1-restored',
            createdBy: 'admin',
            validate: true,
            async: false,
          },
          { actor: 'api' },
        ],
      },
    ]);
  });

  test('to a point in time; a second without a fraction means its end', async () => {
    const { send, calls } = createHarness();
    const response = await send(
      'POST',
      '/restore/point-in-time',
      `{
    "resourceId": "database-1",
    "timestamp": "2025-01-01T12:30:00Z",
    "targetResourceId": "database-1-pit",
    "createdBy": "admin"
  }`,
    );
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      operation: { type: 'point_in_time', pointInTime: '2025-01-01T13:00:00.000Z' },
      data: { a: 1 },
    });
    expect(calls[0]).toEqual({
      method: 'restorePointInTime',
      args: [
        {
          resourceId: 'database-1',
          at: Date.parse('2025-01-01T12:30:00.999Z'),
          targetResourceId: 'database-1-pit',
          createdBy: 'admin',
          validate: true,
          async: false,
        },
        { actor: 'api' },
      ],
    });
  });

  test("the specification's bare curl line: no type, no target, no author", async () => {
    const { app, calls } = createHarness();
    const response = await app.request('/restore/point-in-time', {
      method: 'POST',
      headers: CURL_HEADERS,
      body: new TextEncoder().encode('{"resourceId":"db-1","timestamp":"2025-01-01T12:30:00Z"}'),
    });
    expect(response.status).toBe(200);
    expect(calls[0]!.args).toEqual([
      {
        resourceId: 'db-1',
        at: Date.parse('2025-01-01T12:30:00.999Z'),
        targetResourceId: 'db-1',
        createdBy: 'api',
        validate: true,
        async: false,
      },
      { actor: 'api' },
    ]);
  });

  test('operations are listed and shown', async () => {
    const { send, calls } = createHarness({
      service: { getOperation: async () => operationRecord({ path: '/a', pointInTime: 0 }) },
    });
    const list = (await (await send('GET', '/restore/operations')).json()) as Record<string, unknown>;
    expect(Object.keys(list)).toEqual(['operations', 'count']);
    expect(list).toMatchObject({ count: 1, operations: [{ id: 'restore-1' }] });
    await send('GET', '/restore/operations?targetResourceId=t&limit=1000&cursor=c');
    expect(await (await send('GET', '/restore/operations/restore-1')).json()).toMatchObject({
      id: 'restore-1',
      path: '/a',
      pointInTime: '1970-01-01T00:00:00.000Z',
    });
    expect(calls.map((call) => call.args)).toEqual([
      [{ limit: 50 }],
      [{ targetResourceId: 't', limit: 1000, cursor: 'c' }],
      ['restore-1'],
    ]);
  });
});

describe('what the service is', () => {
  test('GET / names every endpoint of the contract', async () => {
    const { send } = createHarness();
    const info = (await (await send('GET', '/')).json()) as Record<string, unknown>;
    expect(Object.keys(info)).toEqual(['name', 'version', 'features', 'endpoints']);
    expect(info).toMatchObject({
      name: 'Backup & Restore Service',
      version: '0.1.0',
      endpoints: { createBackup: 'POST /backups', restorePointInTime: 'POST /restore/point-in-time' },
    });
  });

  test('GET /health is healthy, or a problem that names the parts', async () => {
    expect(await (await createHarness().send('GET', '/health')).text()).toBe('{"status":"healthy"}');
    const problems = ['catalog', 'blobs'].map((part) => ({ part, code: 'disk_full', detail: 'No room.' }));
    const { send } = createHarness({
      service: { checkHealth: async () => ({ status: 'unhealthy', problems, notices: [] }) },
    });
    const response = await send('GET', '/health');
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await response.json()).toMatchObject({
      status: 503,
      code: 'dependency_unavailable',
      health: 'unhealthy',
      parts: ['catalog', 'blobs'],
      problems,
      notices: [],
    });
  });

  test('GET /health tells what an operator should know of, and still answers 200', async () => {
    const notice = {
      id: 'clock',
      code: 'clock',
      severity: 'warning',
      detail: 'The clock jumped.',
      since: Date.parse('2025-01-01T12:00:00Z'),
      version: 1,
    } as const;
    const answering = (severity: 'warning' | 'critical', status: 'degraded' | 'unhealthy') =>
      createHarness({
        service: { checkHealth: async () => ({ status, problems: [], notices: [{ ...notice, severity }] }) },
      }).send('GET', '/health');
    const degraded = await answering('warning', 'degraded');
    expect(degraded.status).toBe(200);
    const { version, ...shown } = notice;
    expect(await degraded.json()).toEqual({
      status: 'degraded',
      notices: [{ ...shown, since: '2025-01-01T12:00:00.000Z' }],
    });
    const unhealthy = await answering('critical', 'unhealthy');
    expect(unhealthy.status).toBe(503);
    expect(await unhealthy.json()).toMatchObject({
      detail: 'The clock jumped.',
      health: 'unhealthy',
      parts: [],
      notices: [{ id: 'clock', severity: 'critical' }],
    });
  });
});

describe('protection and retention', () => {
  test('PATCH holds and locks; a lock is the instant it names', async () => {
    const { send, calls } = createHarness();
    const response = await send('PATCH', '/backups/backup-1', { legalHold: true });
    expect(await response.json()).toMatchObject({ id: 'backup-1', legalHold: true });
    await send('PATCH', '/backups/backup-1', { lockedUntil: '2032-01-01T00:00:00+01:00' });
    expect(calls.map((call) => call.args)).toEqual([
      ['backup-1', { legalHold: true }, { actor: 'api' }],
      ['backup-1', { lockedUntil: Date.parse('2031-12-31T23:00:00.000Z') }, { actor: 'api' }],
    ]);
  });

  test('policies are set, shown and removed, for any resource id', async () => {
    const { send, calls } = createHarness();
    const put = await send('PUT', '/retention/policies/a%2Fb', { keepLast: 3, keepYearly: 7 });
    expect(await put.text()).toBe(
      '{"resourceId":"a/b","policy":{"keepLast":3,"keepYearly":7},"updatedAt":"2025-01-01T13:00:00.000Z",' +
        '"wouldExpire":{"count":1,"backupIds":["backup-1"]},"effectiveAt":"2025-01-01T13:00:00.000Z","warnings":["no backups"]}',
    );
    expect(await (await send('GET', '/retention/policies/database-1')).json()).toMatchObject({
      policy: { keepDaily: 7 },
    });
    const removed = await send('DELETE', '/retention/policies/database-1');
    expect(await removed.text()).toBe(
      '{"resourceId":"database-1","status":"deleted","wouldExpire":{"count":0,"backupIds":[]}}',
    );
    expect(calls.map((call) => call.args[0])).toEqual(['a/b', 'database-1', 'database-1']);
  });

  test('a policy that is not there stays a 404', async () => {
    const { send } = createHarness({
      service: {
        removePolicy: async () => {
          throw new ServiceError('policy_not_found', 'No policy.');
        },
      },
    });
    expect((await send('DELETE', '/retention/policies/x')).status).toBe(404);
  });

  test('the plan says what would happen and why', async () => {
    const { send, calls } = createHarness();
    const plan = await (await send('GET', '/retention/plan?resourceId=database-1&limit=5')).json();
    expect(plan).toEqual({
      decisions: [
        {
          backupId: 'backup-1',
          resourceId: 'database-1',
          createdAt: '2025-01-01T13:00:00.000Z',
          action: 'keep',
          reasons: ['daily-1'],
        },
      ],
      count: 1,
      summary: 'keeps all',
      waits: [
        {
          id: 'many-1',
          reason: 'many',
          detail: '20 wait.',
          resourceId: 'db',
          backups: 20,
          since: '2025-01-01T13:00:00.000Z',
          until: '2025-01-01T13:00:01.000Z',
        },
      ],
    });
    expect(calls[0]!.args).toEqual([{ resourceId: 'database-1', limit: 5 }]);
  });
});
