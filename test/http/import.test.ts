// States that are brought along from elsewhere, with the times at which they were true.

import { describe, expect, test } from '@jest/globals';
import type { Scope } from '../../lib/core/records/access.ts';
import { silentLogger } from '../../lib/log.ts';
import { workQueue } from '../../lib/service/jobs/worker.ts';
import { createWorld, DAY, START } from '../service/world.ts';
import { createCheckedApi } from './checked-api.ts';

const ALL: Scope[] = ['backup:write', 'import', 'backup:list', 'data:read', 'policy:manage'];

function createScene(scopes: Scope[] = ALL) {
  const world = createWorld();
  const app = createCheckedApi({
    service: world.service,
    auth: { identify: () => ({ subject: 'ann', scopes: new Set(scopes) }) },
    version: '1',
    log: silentLogger,
    now: world.clock.now,
  });
  const call = async (method: string, path: string, body?: object): Promise<Record<string, unknown>> => {
    const response = await app.request(path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: { 'Content-Type': 'application/json' },
    });
    const answer = (await response.json()) as Record<string, unknown>;
    return { ...answer, http: response.status };
  };
  const bring = (data: unknown, asOf: string, more: object = {}) =>
    call('POST', '/backups', { resourceId: 'db', data, asOf, ...more });
  return { world, app, call, bring };
}

const JUNE = '2023-06-01T00:00:00Z';
const JULY = '2023-07-01T00:00:00Z';

describe('a state with its own time', () => {
  test('is found at that time, and is marked', async () => {
    const { world, call, bring } = createScene();
    expect(await bring(1, JUNE)).toMatchObject({
      http: 201,
      createdAt: '2023-06-01T00:00:00.000Z',
      imported: true,
      importedAt: expect.stringContaining('2026-01-01T12:00:00'),
    });
    await bring(2, '2023-07-01T02:00:00+02:00', { type: 'incremental' });
    await world.backup('db', '3');
    const at = async (timestamp: string) =>
      (await call('POST', '/restore/point-in-time', { resourceId: 'db', timestamp })).data;
    expect([await at('2023-06-15T00:00:00Z'), await at('2024-01-01T00:00:00Z')]).toEqual([1, 2]);
    expect(await at(new Date(world.clock.now()).toISOString())).toBe(3);
    expect(
      await call('POST', '/restore/point-in-time', { resourceId: 'db', timestamp: '2023-05-01T00:00:00Z' }),
    ).toMatchObject({
      http: 404,
      code: 'snapshot_not_found',
      earliest: '2023-06-01T00:00:00.000Z',
    });
    expect(await call('GET', `/backups?from=${JUNE}&to=${JULY}`)).toMatchObject({ count: 2 });
  });

  test('is kept from its import on, however old it is', async () => {
    const { world, bring } = createScene();
    const made = await bring(1, JUNE, { metadata: { retentionDays: 30 } });
    const expiresAt = Date.parse(String(made.expiresAt));
    expect(expiresAt).toBeGreaterThanOrEqual(START + 30 * DAY);
    expect(expiresAt).toBeLessThan(START + 31 * DAY);
    expect(world.clock.now()).toBeLessThan(expiresAt);
  });

  test('comes in rising order: of before what is there it is refused, and leaves nothing', async () => {
    const { world, call, bring } = createScene();
    await bring(1, JULY);
    const blobs = await world.blobCount();
    for (const more of [{}, { type: 'incremental' }]) {
      expect(await bring(2, JUNE, more)).toMatchObject({
        http: 409,
        code: 'out_of_order',
        latest: '2023-07-01T00:00:00.000Z',
        errors: [{ pointer: '/asOf' }],
      });
    }
    expect(await world.blobCount()).toBe(blobs);
    // Of the very same time it comes after.
    expect(await bring(3, JULY)).toMatchObject({ http: 201 });
    expect(await call('GET', '/backups')).toMatchObject({ count: 2 });
    await world.backup('db', '4');
    expect(await bring(5, '2025-01-01T00:00:00Z')).toMatchObject({ http: 409, code: 'out_of_order' });
  });

  test.each([
    ['2026-01-01T13:00:00Z', 'must not be ahead'],
    ['1969-12-31T23:59:59Z', 'must not be before 1970'],
    ['2023-06-01', 'needs a time and a zone'],
    ['yesterday', 'RFC 3339'],
  ])('%s is refused', async (asOf, detail) => {
    const { bring } = createScene();
    expect(await bring(1, asOf)).toMatchObject({
      http: 400,
      code: 'invalid_request',
      errors: [{ pointer: '/asOf', detail: expect.stringContaining(detail) }],
    });
  });

  test('asks for a right of its own', async () => {
    const { call, bring, world, app } = createScene(['backup:write', 'backup:list']);
    expect(await bring(1, JUNE)).toMatchObject({ http: 403, code: 'forbidden' });
    const put = await app.request(`/resources/db/state?asOf=${JUNE}`, { method: 'PUT', body: '1' });
    expect(put.status).toBe(403);
    const { uploadId } = await world.service.createUpload();
    expect(await call('POST', '/backups', { resourceId: 'db', uploadId, asOf: JUNE })).toMatchObject({
      http: 403,
    });
    expect(await call('GET', '/backups')).toMatchObject({ count: 0 });
  });

  test('by PUT and by upload as well', async () => {
    const { world, app, call } = createScene();
    const put = await app.request(`/resources/db/state?asOf=${JUNE}`, { method: 'PUT', body: '{"n":1}' });
    expect([put.status, await put.json()]).toMatchObject([201, { imported: true }]);
    const { uploadId, url } = await world.service.createUpload();
    world.uploads.put(url, Buffer.from('{"n":2}'));
    const asked = { resourceId: 'db', uploadId, asOf: JULY, type: 'incremental' };
    const { id, ...accepted } = await call('POST', '/backups', asked);
    expect(accepted).toMatchObject({ http: 202 });
    await workQueue(world.deps);
    expect(await call('GET', `/backups/${id}`)).toMatchObject({
      status: 'completed',
      createdAt: '2023-07-01T00:00:00.000Z',
      imported: true,
    });
    const late = await world.service.createUpload();
    world.uploads.put(late.url, Buffer.from('{"n":3}'));
    expect(await call('POST', '/backups', { ...asked, uploadId: late.uploadId, asOf: JUNE })).toMatchObject({
      http: 409,
      code: 'out_of_order',
    });
  });

  test('that has not changed since is noted as checked at its own time', async () => {
    const { call, bring } = createScene();
    await bring({ a: 1 }, JUNE);
    expect(await bring({ a: 1 }, JULY, { ifChanged: true })).toMatchObject({
      http: 200,
      unchanged: true,
      checkedAt: '2023-07-01T00:00:00.000Z',
    });
    expect(await call('GET', '/resources')).toMatchObject({
      resources: [{ lastSuccessAt: '2023-07-01T00:00:00.000Z' }],
    });
  });

  test('is sorted into the periods of a policy by its own time', async () => {
    const { world, call, bring } = createScene();
    for (let month = 1; month <= 12; month++) {
      const asOf = `2023-${String(month).padStart(2, '0')}-01T00:00:00Z`;
      await bring(month, asOf, { metadata: { retentionDays: 1 } });
    }
    await world.service.putPolicy('db', { keepMonthly: 4 }, { actor: 'ann' });
    world.clock.advance(3 * DAY);
    const plan = await world.service.planRetention({ resourceId: 'db', limit: 100 });
    const kept = plan.items
      .filter(({ action }) => action === 'keep')
      .map(({ createdAt }) => new Date(createdAt).getUTCMonth() + 1);
    expect(kept.toSorted((a, b) => a - b)).toEqual([9, 10, 11, 12]);
    expect(await call('GET', '/backups')).toMatchObject({ count: 12 });
  });
});
