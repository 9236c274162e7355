import { expect, test } from '@jest/globals';
import { silentLogger } from '../../lib/log.ts';
import { createWorld } from '../service/world.ts';
import { createCheckedApi } from './checked-api.ts';

/** The real service, behind the real API. */
function open() {
  const world = createWorld();
  const app = createCheckedApi({
    service: world.service,
    auth: {},
    version: '0',
    log: silentLogger,
    limits: {},
  });
  const send = async (method: string, path: string, body?: unknown) => {
    const response = await app.request(path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, never> };
  };
  return { world, send };
}

test('a deleted backup is listed, restored on demand, and undeleted, over HTTP', async () => {
  const { send } = open();
  const { body: made } = await send('POST', '/backups', { resourceId: 'r', data: { a: 1 } });
  await send('DELETE', '/backups/backup-1');
  expect((await send('GET', '/backups')).body).toMatchObject({ count: 0 });
  expect((await send('GET', '/backups/backup-1')).status).toBe(404);
  const listed = await send('GET', '/backups?deleted=true&resourceId=r');
  expect(listed.body).toMatchObject({
    count: 1,
    backups: [
      {
        id: 'backup-1',
        status: 'deleted',
        deletedReason: 'deleted',
        deletedAt: '2026-01-01T12:00:00.000Z',
        restorableUntil: '2026-01-02T12:00:00.000Z',
      },
    ],
  });
  const restore = { backupId: 'backup-1', targetResourceId: 't' };
  expect((await send('POST', '/restore', restore)).status).toBe(404);
  const restored = await send('POST', '/restore', { ...restore, includeDeleted: true });
  expect(restored).toMatchObject({ status: 200, body: { data: { a: 1 } } });
  expect(await send('POST', '/backups/backup-1/undelete')).toEqual({ status: 200, body: made });
  expect((await send('GET', '/backups')).body).toMatchObject({ count: 1 });
  expect((await send('GET', '/backups?deleted=false')).body).toMatchObject({ count: 1 });
});

test.each([
  ['POST', '/backups/backup-9/undelete', 404, 'backup_not_found'],
  ['GET', '/backups?deleted=yes', 400, 'invalid_request'],
  ['GET', '/backups?deleted=true&status=failed', 400, 'invalid_request'],
] as const)('%s %s is refused with %i %s', async (method, path, status, code) => {
  const { send } = open();
  expect(await send(method, path)).toMatchObject({ status, body: { code } });
});
