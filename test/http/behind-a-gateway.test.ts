// An API that stands behind somebody else's door: callers known already, paths with something before them, routes in part.

import { describe, expect, test } from '@jest/globals';
import { adminOf } from '../../lib/core/records/access.ts';
import { NOW, operationRecord } from './fake-service.ts';
import { createHarness, problemOf } from './harness.ts';

const CREATE = { resourceId: 'db', data: { a: 1 } };

describe('links begin with the base path', () => {
  const { send } = createHarness({ basePath: '/prod' });

  test('of a backup', async () => {
    const answer = await send('POST', '/backups', CREATE);
    const { id } = (await answer.json()) as { id: string };
    expect(answer.headers.get('location')).toBe(`/prod/backups/${id}`);
  });

  test('of an operation and its result', async () => {
    const operation = operationRecord({ resultUntil: NOW + 1 });
    const service = { restore: async () => ({ operation }) };
    const { send: ask } = createHarness({ basePath: '/prod', service });
    const body = { backupId: 'backup-1', targetResourceId: 't' };
    const answer = await ask('POST', '/restore', body, { Prefer: 'respond-async' });
    expect(answer.headers.get('location')).toBe(`/prod/restore/operations/${operation.id}`);
    expect(await answer.json()).toMatchObject({
      operation: { resultUrl: `/prod/restore/operations/${operation.id}/result` },
    });
  });

  test('of the contract', async () => {
    expect(await (await send('GET', '/openapi.json')).json()).toMatchObject({
      servers: [{ url: 'http://localhost/prod' }],
    });
  });
});

test('the caller is who the door says, whatever the request says of itself', async () => {
  const identify = (platform: unknown) => adminOf((platform as { user: string }).user);
  const { app, calls } = createHarness({ auth: { identify } });
  const body = JSON.stringify({ backupId: 'backup-1', targetResourceId: 't', createdBy: 'somebody else' });
  const headers = { 'Content-Type': 'application/json' };
  await app.request('/restore', { method: 'POST', headers, body }, { user: 'alice' });
  expect(calls.at(-1)?.args.at(-1)).toEqual({ actor: 'alice' });
});

describe('an API that serves a part', () => {
  const { send } = createHarness({
    serves: (operationId) => operationId === 'listBackups',
    isOffContract: true,
  });

  test('serves it', async () => {
    expect((await send('GET', '/backups')).status).toBe(200);
  });

  test('knows the other routes, and does not take them', async () => {
    expect(await problemOf(await send('POST', '/backups', CREATE))).toMatchObject({ status: 405 });
  });
});
