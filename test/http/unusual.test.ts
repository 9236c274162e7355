// More has gone than usual, over HTTP: what a caller is told, by which way it came, and what one hears who may only write.

import { describe, expect, test } from '@jest/globals';
import { adminOf, type Principal } from '../../lib/core/records/access.ts';
import { silentLogger } from '../../lib/log.ts';
import { createWorld } from '../service/world.ts';
import { createCheckedApi } from './checked-api.ts';

interface Answer {
  id: string;
  code?: string;
  detail?: string;
  warnings?: string[];
  unusual?: object;
}

/** Over a MiB with all its rows, so that a full is packed as it comes. */
const shop = (orders: number): string =>
  JSON.stringify({
    tables: {
      orders: Array.from({ length: orders }, (_, n) => ({
        order_no: n >> 3,
        line: n & 7,
        text: 'x'.repeat(200),
      })),
    },
  });

async function createScene(action: 'warn' | 'refuse') {
  const world = createWorld();
  let principal: Principal = adminOf('root');
  const app = createCheckedApi({
    service: world.service,
    auth: { identify: () => principal },
    version: '1',
    log: silentLogger,
    now: world.clock.now,
  });
  const send = async (method: string, path: string, body: string, who = adminOf('root')) => {
    principal = who;
    const headers = { 'Content-Type': 'application/json' };
    const response = await app.request(path, { method, headers, body });
    return { status: response.status, answer: (await response.json()) as Answer };
  };
  const settings = { identity: { '/tables/orders': ['order_no', 'line'] }, shrink: { share: 0.2, action } };
  await send('PUT', '/resources/shop/settings', JSON.stringify(settings));
  expect((await send('PUT', '/resources/shop/state', shop(6000))).status).toBe(201);
  const put = (orders: number, query = '', who?: Principal) =>
    send('PUT', `/resources/shop/state?${query}`, shop(orders), who);
  const post = (orders: number, more: object = {}, who?: Principal) => {
    const data = JSON.parse(shop(orders)) as unknown;
    return send('POST', '/backups', JSON.stringify({ resourceId: 'shop', ...more, data }), who);
  };
  return { world, put, post, send };
}

const GONE = { code: 'rows_gone', table: '/tables/orders', rows: 6000, gone: 3000 };
const DETAIL = '3000 of 6000 rows of /tables/orders have gone.';
const WRITER: Principal = { ...adminOf('ci'), scopes: new Set(['backup:write']) };

describe('more has gone than usual', () => {
  test('a warning stands in the answer, and in the backup from then on', async () => {
    const { put, send, world } = await createScene('warn');
    const { status, answer } = await put(3000);
    expect([status, answer.warnings]).toEqual([201, [DETAIL]]);
    expect(answer.unusual).toEqual({ ...GONE, detail: DETAIL });
    const [record] = (await world.plain.catalog.listBackups({ limit: 1 })).items;
    expect(record!.unusual).toMatchObject(GONE);
    expect((await send('GET', `/backups/${answer.id}`, undefined as never)).answer.unusual).toMatchObject(
      GONE,
    );
  });

  test('a refusal says how much, and how it is made all the same', async () => {
    const { put, post, world } = await createScene('refuse');
    for (const refused of [await put(3000), await post(3000, { type: 'incremental' })]) {
      expect(refused).toMatchObject({
        status: 409,
        answer: { code: 'unusual_change', detail: expect.stringContaining(DETAIL), unusual: GONE },
      });
    }
    expect(await world.blobCount()).toBe(1);
    expect((await put(3000, 'acceptUnusual=true')).answer.unusual).toMatchObject({ ...GONE, accepted: true });
    const again = await post(1000, { type: 'incremental', acceptUnusual: true });
    expect([again.status, again.answer.unusual]).toMatchObject([201, { accepted: true }]);
  });

  test('who may only write hears that it is unusual, and nothing of what there was', async () => {
    for (const action of ['warn', 'refuse'] as const) {
      const { put } = await createScene(action);
      const { status, answer } = await put(3000, '', WRITER);
      expect(status).toBe(action === 'warn' ? 201 : 409);
      expect(JSON.stringify(answer)).toMatch(/More has gone than is usual/);
      expect(JSON.stringify(answer)).not.toMatch(/6000|3000|orders/);
      expect((await put(3000, 'acceptUnusual=true', WRITER)).status).toBe(201);
    }
  });

  test.each(['acceptUnusual=yes', 'acceptUnusual='])('%s is refused', async (query) => {
    const { put } = await createScene('warn');
    expect((await put(1, query)).status).toBe(400);
  });
});
