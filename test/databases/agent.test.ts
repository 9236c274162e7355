// As people do it: a database is backed up by `brs run`, a row goes, is found by its history, and comes back into the live database by two commands.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openPlace, type Place } from '../e2e/backing-up.ts';
import { cleanUp } from '../e2e/server.ts';
import { type Postgres, startPostgres } from './server.ts';

let pg: Postgres;
let place: Place;

beforeAll(async () => {
  pg = await startPostgres();
  place = await openPlace();
}, 60_000);
afterAll(async () => {
  pg?.stop();
  await cleanUp();
});

const SHOP = `
CREATE TABLE customers (id bigint PRIMARY KEY, name text, balance numeric);
CREATE TABLE orders (order_no int, line int, customer bigint REFERENCES customers, price numeric(30,10), PRIMARY KEY (order_no, line));
INSERT INTO customers SELECT n, 'Zoë ' || n, 12345678901234567890.123456789 + n FROM generate_series(1, 50) n;
INSERT INTO orders SELECT n / 3, n % 3, 1 + n % 50, 99999999999999999999.0000000001 - n FROM generate_series(1, 3000) n`;

const ROW = '/tables/public.orders/rows/[500,1]';

test('a row that has gone is found, planned and put back; then all of it, into another database', async () => {
  pg.sql('postgres', 'CREATE DATABASE shop');
  pg.sql('shop', SHOP);
  const url = pg.url('shop');
  const brs = async (command: string, code = 0) => {
    const done = await place.type(`npx brs ${command}`);
    expect([command, done.code, done.out]).toEqual([command, code, done.out]);
    return done.out;
  };
  expect(await brs(`run ${url} --check`)).toContain('2 tables: public.customers, public.orders');
  expect(await brs(`run ${url} --resource shop --if-changed`)).toMatch(/^backup-1 {2}full/);
  expect(await brs(`run ${url} --resource shop --if-changed`)).toContain('unchanged');
  pg.sql(
    'shop',
    'UPDATE orders SET price = price + 1 WHERE order_no = 10; CREATE TABLE kept AS TABLE orders',
  );
  expect(await brs(`run ${url} --resource shop --exclude kept`)).toContain('~3');
  pg.sql('shop', 'DELETE FROM orders WHERE order_no = 500 AND line = 1');
  expect(await brs(`run ${url} --resource shop --exclude kept`)).toContain('-1');

  expect(await brs(`log shop --path '${ROW}'`)).toMatch(/gone/);
  const restore = `restore shop@-1 --path '${ROW}' --to ${url}`;
  expect(await brs(`${restore} --plan`)).toMatch(/public\.orders +1\n/);
  expect(await brs(restore, 9)).toContain('--yes');
  expect(pg.sql('shop', 'SELECT count(*) FROM orders WHERE order_no = 500')).toBe('2');
  expect(await brs(`${restore} --yes`)).toContain('Done (1 inserted, 0 updated, 0 deleted), and compared');
  for (const query of ['TABLE orders EXCEPT TABLE kept', 'TABLE kept EXCEPT TABLE orders'])
    expect(pg.sql('shop', `SELECT count(*) FROM (${query}) d`)).toBe('0');
  // What was there before is kept, of the one table.
  expect(await brs('cat shop/before-restore --path /tables')).not.toContain('public.customers');

  pg.sql('postgres', 'CREATE DATABASE scratch');
  pg.sql('scratch', SHOP.replaceAll(/INSERT[^;]*/g, ''));
  expect(await brs(`restore shop@-1 --to ${pg.url('scratch')} --yes --json`)).toMatch(
    /"type":"summary".*"isExact":true/,
  );
  expect(await brs(`run ${pg.url('scratch')} --resource scratch`)).toContain('full');
  // Not printed whole where it is not so.
  const tables = await Promise.all(
    ['scratch', 'shop@-1'].map((what) => brs(`cat ${what} --path /tables --quiet`)),
  );
  expect(tables[0] === tables[1]).toBe(true);
}, 120_000);

test('what is wrong ends as its kind, and no secret is shown', async () => {
  const out = async (command: string) => {
    const done = await place.type(`npx brs ${command}`, { SECRET: 'hunter2' });
    expect(done.out).not.toContain('hunter2');
    return done.code;
  };
  expect(await out('run postgres://me:hunter2@127.0.0.1/shop --resource x')).toBe(2);
  expect(await out('run nothing --resource x')).toBe(2);
  expect(await out(`run ${pg.url('absent')} --resource x`)).toBe(4);
  expect(await out(`run ${pg.url('shop', 'stranger')} --resource x --password env:SECRET`)).toBe(7);
  expect(await out('run postgres://127.0.0.1:1/shop --resource x')).toBe(8);
  expect(await out(`run ${pg.url('postgres')}`)).toBe(2);
}, 60_000);
