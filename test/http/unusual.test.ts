// More of a state gone than its owner takes for usual: warned of, or refused.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { countRows } from '../../lib/core/json/count-rows.ts';
import { workQueue } from '../../lib/service/jobs/worker.ts';
import { createScene } from './resource-scene.ts';

const rows = (count: number) =>
  JSON.stringify({ users: Array.from({ length: count }, (_, id) => ({ id, n: `row ${id * 7919}` })) });

async function createShop(shrink?: object) {
  const scene = createScene();
  const call = async (method: string, path: string, body: unknown): Promise<Record<string, unknown>> => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await scene.app.request(path, {
      method,
      body: text,
      headers: { 'Content-Type': 'application/json' },
    });
    return { ...((await response.json()) as Record<string, unknown>), http: response.status };
  };
  if (shrink !== undefined) await call('PUT', '/resources/shop/settings', { shrink });
  const create = (json: string, more: object = {}) =>
    call(
      'POST',
      '/backups',
      `${JSON.stringify({ resourceId: 'shop', ...more }).slice(0, -1)},"data":${json}}`,
    );
  await create(rows(100));
  return { ...scene, call, create };
}

describe('rows that went', () => {
  test.each(['incremental', 'differential'])(
    'by %s are warned of, marked, told in the trail and in health',
    async (type) => {
      const { create, app, world } = await createShop({ share: 0.5, action: 'warn' });
      expect(await create(rows(60), { type })).not.toHaveProperty('warnings');
      const made = await create(rows(20), { type });
      const gone = type === 'incremental' ? '40 of 61 rows went (65.6 %)' : '80 of 101 rows went (79.2 %)';
      const reason = `${gone}, and more than 50 % is unusual.`;
      expect(made).toMatchObject({ http: 201, unusual: reason, warnings: [reason] });
      expect(await (await app.request('/resources')).json()).toMatchObject({
        resources: [{ health: { state: 'unusual', reason } }],
      });
      const { items } = await world.plain.catalog.listEvents({ limit: 9, action: 'backup.unusual' });
      expect(items).toMatchObject([{ backupId: made.id, detail: { reason } }]);
      // It is the newest that counts.
      await create(rows(21), { type: 'incremental' });
      expect(await (await app.request('/resources')).json()).toMatchObject({
        resources: [{ health: { state: 'healthy' } }],
      });
    },
  );

  test('are refused, and nothing is left behind, unless the call says that it is meant', async () => {
    const { create, call, world } = await createShop({ share: 0.2, action: 'refuse' });
    const blobs = await world.blobCount();
    for (const type of ['incremental', 'differential', 'full']) {
      expect(await create(rows(10), { type })).toMatchObject({ http: 409, code: 'unusual_change' });
    }
    expect(await call('PUT', '/resources/shop/state?type=incremental', rows(10))).toMatchObject({
      http: 409,
    });
    expect(await world.blobCount()).toBe(blobs);
    expect(await create(rows(10), { type: 'incremental', acceptUnusual: true })).toMatchObject({ http: 201 });
    expect(await call('PUT', '/resources/shop/state?type=full&acceptUnusual=true', '[]')).toMatchObject({
      http: 201,
    });
  });

  test('of an upload fail it, with the reason', async () => {
    const { call, world } = await createShop({ share: 0.2, action: 'refuse' });
    const upload = async (more: object) => {
      const { uploadId, url } = await world.service.createUpload();
      world.uploads.put(url, Buffer.from(rows(10)));
      const { id } = await call('POST', '/backups', {
        resourceId: 'shop',
        type: 'incremental',
        uploadId,
        ...more,
      });
      await workQueue(world.deps);
      return world.service.findBackup(id as string);
    };
    expect(await upload({})).toMatchObject({ status: 'failed', failure: { code: 'unusual_change' } });
    expect(await upload({ acceptUnusual: true })).toMatchObject({ status: 'completed' });
  });

  test('are nothing to anybody who has not asked, nor where they are few', async () => {
    const { create } = await createShop();
    expect(await create('{"users":[]}', { type: 'incremental' })).not.toHaveProperty('unusual');
    const few = await createShop({ share: 0.001, action: 'refuse', least: 5 });
    expect(await few.create(rows(96), { type: 'incremental' })).toMatchObject({ http: 201 });
    expect(await few.create(rows(91), { type: 'incremental' })).toMatchObject({ http: 409 });
  });

  test('with their table are counted, not the one member that held them', async () => {
    const { create } = await createShop({ share: 0.5, action: 'refuse' });
    for (const json of ['{}', '{"users":[]}', '{"users":null}', '{"users":{}}', '0']) {
      expect([json, (await create(json, { type: 'incremental' })).http]).toEqual([json, 409]);
    }
  });

  test.each([
    [{ share: 2, action: 'warn' }],
    [{ share: 0.5 }],
    [{ share: 0.5, action: 'stop' }],
    [{ share: 0.5, action: 'warn', least: 0 }],
  ])('settings of %j are refused', async (shrink) => {
    const { call } = await createShop();
    expect(await call('PUT', '/resources/shop/settings', { shrink })).toMatchObject({ http: 400 });
  });
});

test('rows are elements of arrays, and members that are objects or arrays', () => {
  const count = (value: unknown): number => {
    if (Array.isArray(value)) return value.length + value.reduce((sum: number, one) => sum + count(one), 0);
    if (typeof value !== 'object' || value === null) return 0;
    return Object.values(value).reduce(
      (sum: number, one) => sum + (typeof one === 'object' && one !== null ? 1 : 0) + count(one),
      0,
    );
  };
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      expect(countRows(Buffer.from(JSON.stringify(value)))).toBe(count(value));
    }),
  );
  expect(countRows(Buffer.from('{"a\\\\":["x,[{\\"",[],{}],"b":{"c":{}}}'))).toBe(6);
});
