// A drill that puts a database into a scratch one, every night: what comes back there is what was read.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { SourceSpec } from '../../lib/core/records/source.ts';
import { workRuns } from '../../lib/service/schedules/worker.ts';
import { BY, NIGHTLY } from '../service/schedules/world.ts';
import { createWorld } from '../service/world.ts';
import { openSources } from '../sources/given.ts';
import { type Postgres, startPostgres } from './server.ts';
import { TYPES_ROWS, TYPES_SCHEMA } from './types.ts';

let pg: Postgres;
beforeAll(async () => {
  pg = await startPostgres();
}, 60_000);
afterAll(() => pg?.stop());

const ORDERS =
  'CREATE TABLE orders (id bigserial PRIMARY KEY, sum numeric(30,10)); CREATE TABLE kept (id int PRIMARY KEY);';

test('all types, rows and sequences come back in the scratch database, and nothing of it is in the one that is read', async () => {
  pg.sql('postgres', 'CREATE DATABASE shop');
  pg.sql('postgres', 'CREATE DATABASE drilled');
  for (const database of ['shop', 'drilled'])
    for (const text of [TYPES_SCHEMA, ORDERS]) pg.sql(database, text);
  pg.sql('shop', TYPES_ROWS);
  pg.sql('shop', 'INSERT INTO orders (sum) SELECT n / 3.0 FROM generate_series(1, 2000) AS n');
  pg.sql('drilled', 'INSERT INTO orders (id, sum) VALUES (1, 99), (5000, 1)');
  const before = pg.sql('shop', "SELECT md5(string_agg(orders::text, ',' ORDER BY id)) FROM orders");

  const world = createWorld(() => ({ sources: openSources() }));
  const { service, deps } = world;
  const source = (id: string, database: string, more: object = {}) =>
    service.putSource(id, { kind: 'postgresql', url: pg.url(database), ...more } as SourceSpec, BY);
  await source('shop', 'shop');
  await source('drilled', 'drilled', { scratch: true });
  await source('same', 'shop', { scratch: true });
  const schedule = { ...NIGHTLY, sourceId: 'shop', resourceId: 'shop', drillEvery: 1 };
  await expect(service.putSchedule('nightly', { ...schedule, drillInto: 'same' }, BY)).rejects.toMatchObject({
    code: 'invalid_request',
    errors: [{ pointer: '/drillInto' }],
  });
  await service.putSchedule('nightly', { ...schedule, drillInto: 'drilled' }, BY);
  await service.runSchedule('nightly', BY);
  await workRuns(deps, Number.MAX_SAFE_INTEGER);

  const [drill] = (await service.listDrills({ limit: 1 })).items;
  expect(drill).toMatchObject({
    passed: true,
    into: { sourceId: 'drilled', isExact: true, rowsAgree: true },
  });
  expect(drill!.into!.checksum!.found).toBe(drill!.into!.checksum!.expected);
  const after = (database: string) =>
    pg.sql(database, "SELECT md5(string_agg(orders::text, ',' ORDER BY id)) FROM orders");
  expect(after('drilled')).toBe(before);
  expect(after('shop')).toBe(before);

  // Somebody has made a column less there: a drill that has failed, and not one that is passed over.
  pg.sql('drilled', 'ALTER TABLE orders DROP COLUMN sum');
  world.clock.advance(1000);
  expect(await service.runDrill('nightly', BY)).toMatchObject({
    passed: false,
    failure: { code: 'source_refused', detail: expect.stringContaining('orders') },
  });
}, 120_000);
