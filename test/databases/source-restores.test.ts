// PostgreSQL as a target: what is put back is what was there, and what was not meant stays as it is.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ALL, given, readAll, soon } from '../sources/given.ts';
import {
  CHANGES,
  count,
  databaseOf,
  dumpOf,
  open,
  pg,
  restore,
  SHOP,
  textOf,
  withPostgres,
} from './scene.ts';

withPostgres();

describe('restores', () => {
  test('rows stand under their keys, of one column or more; tables without one say so', async () => {
    const source = await open(databaseOf(SHOP));
    const { text, reading } = await readAll(source);
    const { tables, sequences } = JSON.parse(text);
    expect(tables['public.orders'].key).toEqual(['order_no', 'line']);
    expect(tables['public.orders'].rows['[99,2]']).toEqual({
      order_no: 99,
      line: 2,
      customer: 20,
      price: 448.5,
    });
    expect(tables['public.customers'].rows['7'].name).toBe('c7');
    expect(tables['public.marks'].rows).toHaveLength(5);
    expect(sequences['public.numbers']).toEqual({ lastValue: 2, isCalled: true });
    expect(reading.warnings).toEqual([expect.stringContaining('No primary key: public.marks')]);
    expect(await source.check(soon())).toMatchObject({
      detail: expect.stringContaining('3 tables: public.customers'),
    });
    expect((await readAll(source)).text).toBe(text);
  });

  test('a whole database, with foreign keys in a circle, as an ordinary owner; triggers do not fire', async () => {
    const database = databaseOf();
    pg.sql(
      'postgres',
      `CREATE ROLE owner${count} LOGIN; ALTER DATABASE ${database} OWNER TO owner${count}; GRANT CREATE ON DATABASE ${database} TO owner${count}`,
    );
    const owner = `owner${count}`;
    pg.sql(
      database,
      `GRANT ALL ON SCHEMA public TO ${owner}; SET ROLE ${owner}; ${SHOP}
      CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.touched := NEW.touched + 1; RETURN NEW; END';
      CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION touch();
      CREATE TRIGGER asleep BEFORE INSERT ON customers FOR EACH ROW EXECUTE FUNCTION touch(); ALTER TABLE customers DISABLE TRIGGER asleep;
      CREATE TRIGGER always BEFORE DELETE ON customers FOR EACH STATEMENT EXECUTE FUNCTION suppress_redundant_updates_trigger(); DROP TRIGGER always ON customers;`,
    );
    const text = await textOf(database);
    const dump = dumpOf(database);
    pg.sql(database, CHANGES);
    const { plan, outcome } = await restore(database, text, {}, owner);
    expect(plan.warnings).toEqual([
      expect.stringContaining('Triggers do not fire for what is put back: touch on public.customers'),
    ]);
    expect(outcome.isExact).toBe(true);
    expect(dumpOf(database)).toBe(dump);
    expect(await textOf(database)).toBe(text);
    // All is as strict as it was.
    expect(
      pg.sql(database, `SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1`),
    ).toBe('asleep|D\ntouch|O');
    expect(pg.sql(database, `SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND condeferrable`)).toBe(
      '0',
    );
    expect(pg.sql(database, `SELECT nextval('numbers')`)).toBe('3');
    expect(pg.sql(database, `INSERT INTO customers (name) VALUES ('y') RETURNING id`)).toBe('21');
  });

  test('a table that is known to be empty is filled in one go through it, and not in one for each row', async () => {
    const table = 'CREATE TABLE t (id int PRIMARY KEY, word text)';
    const rows = `INSERT INTO t SELECT n, 'w' || n FROM generate_series(1, 100000) n`;
    const [from, to] = [databaseOf(table, rows), databaseOf(table, 'ANALYZE t')];
    const { outcome } = await restore(to, await textOf(from));
    expect(outcome).toMatchObject({
      parts: [{ insert: 100_000, update: 0, delete: 0, same: 0 }],
      isExact: true,
    });
  });

  test('one row, one that was not there, one value; the others stay as they are', async () => {
    const database = databaseOf(SHOP);
    const text = await textOf(database);
    pg.sql(
      database,
      `DELETE FROM orders WHERE order_no = 50; UPDATE orders SET price = 0 WHERE order_no = 60; INSERT INTO orders VALUES (50, 9, 1, 1)`,
    );
    const path = '/tables/public.orders/rows/[50,1]';
    const { plan } = await restore(database, text, { path });
    expect(plan).toEqual({
      parts: [{ name: 'public.orders', insert: 1, update: 0, delete: 0, same: 0 }],
      missing: [],
      warnings: [],
      isExact: true,
    });
    expect(pg.sql(database, 'SELECT * FROM orders WHERE order_no = 50 ORDER BY line')).toBe(
      '50|1|12|226.5000\n50|9|1|1.0000',
    );
    await restore(database, text, { path: '/tables/public.orders/rows/[50,9]' });
    await restore(database, text, { path: '/tables/public.orders/rows/[60,0]/price' });
    expect(
      pg.sql(database, 'SELECT order_no, line, price FROM orders WHERE order_no IN (50, 60) ORDER BY 1, 2'),
    ).toBe('50|1|226.5000\n60|0|270.0000\n60|1|0.0000\n60|2|0.0000');
  });

  test('one table; and only what the modes let happen', async () => {
    const database = databaseOf(SHOP);
    const text = await textOf(database);
    pg.sql(
      database,
      `DELETE FROM marks WHERE word = 'b'; INSERT INTO marks VALUES ('z', 9); UPDATE orders SET price = 0; DELETE FROM orders WHERE order_no = 70; INSERT INTO orders VALUES (9, 9, 1, 1)`,
    );
    const path = '/tables/public.orders';
    const off = { create: false, update: false, delete: false };
    const one = async (modes: Partial<typeof off>) =>
      (await restore(database, text, { path, modes: { ...off, ...modes } })).outcome;
    expect(await one({})).toMatchObject({ parts: [{ insert: 0, update: 0, delete: 0 }], isExact: false });
    expect(await one({ create: true })).toMatchObject({
      parts: [{ insert: 3, update: 0, delete: 0 }],
      isExact: false,
    });
    expect(await one({ delete: true })).toMatchObject({
      parts: [{ insert: 0, update: 0, delete: 1 }],
      isExact: false,
    });
    expect(await one({ update: true })).toMatchObject({
      parts: [{ insert: 0, update: 297, delete: 0, same: 3 }],
      isExact: true,
    });
    expect(pg.sql(database, 'SELECT word, n FROM marks ORDER BY 1, 2')).toBe('a|1\na|1\na|1\nz|9\n|');
    await restore(database, text, { path: '/tables/public.marks/rows' });
    expect(await textOf(database)).toBe(text);
  });

  test('planned and put back over one reading: what is written in between is seen, and nothing is locked before', async () => {
    const schema = 'CREATE TABLE t (id int PRIMARY KEY, v text)';
    const database = databaseOf(schema, `INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')`);
    const text = await textOf(database);
    pg.sql(database, `UPDATE t SET v = 'x' WHERE id = 1`);
    let readings = 0;
    const state = given(text);
    const counted = {
      ...state,
      chunks: () => {
        readings++;
        return state.chunks();
      },
    };
    const { target } = await open(database);
    const plans: unknown[] = [];
    const outcome = await target!.planAndRestore!(
      counted,
      { modes: ALL },
      async (plan) => {
        plans.push(plan.parts);
        pg.sql(
          database,
          `SET lock_timeout = '2s'; DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (4, 'd')`,
        );
        return true;
      },
      soon(),
    );
    expect(plans).toEqual([[{ name: 'public.t', insert: 0, update: 1, delete: 0, same: 2 }]]);
    expect(outcome).toEqual({
      parts: [{ name: 'public.t', insert: 1, update: 1, delete: 1, same: 1 }],
      warnings: [],
      isExact: true,
    });
    expect([readings, await textOf(database)]).toEqual([1, text]);
    pg.sql(database, `UPDATE t SET v = 'y'`);
    const before = await textOf(database);
    expect(await target!.planAndRestore!(state, { modes: ALL }, async () => false, soon())).toBeUndefined();
    expect(await textOf(database)).toBe(before);
  });

  test('what was compared for the plan is compared again only if somebody has written since; sequences are looked at anyway', async () => {
    const database = databaseOf(
      `CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a'), (2, 'b'); CREATE SEQUENCE numbers; SELECT nextval('numbers')`,
    );
    const text = await textOf(database);
    // What the server does by itself would be a transaction like any other.
    pg.sql('postgres', 'ALTER SYSTEM SET autovacuum = off');
    pg.sql('postgres', 'SELECT pg_reload_conf()');
    pg.sql(database, `ALTER DATABASE ${database} SET log_statement = 'all'`);
    const log = join(pg.folder, 'log');
    const { target } = await open(database);
    const comparisons = async (meanwhile: string): Promise<number> => {
      pg.sql(database, `UPDATE t SET v = 'x' WHERE id = 1`);
      const before = readFileSync(log).length;
      const outcome = await target!.planAndRestore!(
        given(text),
        { modes: ALL },
        async () => {
          pg.sql(database, meanwhile);
          return true;
        },
        soon(),
      );
      expect([outcome!.isExact, await textOf(database)]).toEqual([true, text]);
      return readFileSync(log).subarray(before).toString().split('FULL JOIN').length - 1;
    };
    expect(await comparisons('SELECT 1')).toBe(2);
    expect(await comparisons(`SELECT nextval('numbers')`)).toBeLessThanOrEqual(3);
    expect(await comparisons(`UPDATE t SET v = 'y' WHERE id = 2`)).toBe(3);
  });

  test('a sequence never falls behind rows that stay', async () => {
    const database = databaseOf(SHOP);
    const text = await textOf(database);
    pg.sql(database, CHANGES);
    await restore(database, text, { modes: { ...ALL, delete: false } });
    expect(
      pg.sql(database, 'SELECT last_value FROM numbers UNION ALL SELECT last_value FROM customers_id_seq'),
    ).toBe('3\n21');
    await restore(database, text);
    expect(await textOf(database)).toBe(text);
  });

  test('what the target has not is told before, and nothing is done unless it is left out on purpose', async () => {
    const database = databaseOf(SHOP);
    const text = await textOf(database);
    pg.sql(
      database,
      'DROP TABLE marks; ALTER TABLE orders DROP price; DROP SEQUENCE numbers; ALTER TABLE customers ADD extra int DEFAULT 5; UPDATE customers SET touched = 9; CREATE TABLE other (id int)',
    );
    const { target } = await open(database);
    const plan = await target!.plan(given(text), { modes: ALL }, soon());
    expect(plan.missing).toEqual(['public.marks', 'public.orders.price', 'sequence public.numbers']);
    expect(plan.isExact).toBe(false);
    expect(plan.warnings).toContain('Not in the state, and left as they are: public.other');
    await expect(target!.restore(given(text), { modes: ALL }, soon())).rejects.toMatchObject({
      code: 'conflict',
      reason: 'missing',
    });
    expect(pg.sql(database, 'SELECT DISTINCT touched, extra FROM customers')).toBe('9|5');
    expect(await target!.restore(given(text), { modes: ALL, skipMissing: true }, soon())).toMatchObject({
      isExact: false,
    });
    expect(pg.sql(database, 'SELECT DISTINCT touched, extra FROM customers')).toBe('0|5');
  });

  test('what the database refuses undoes everything, and says what it was', async () => {
    const database = databaseOf(SHOP);
    const text = await textOf(database);
    pg.sql(
      database,
      `UPDATE marks SET n = 0; ALTER TABLE orders ADD CHECK (price < 400) NOT VALID; DELETE FROM orders WHERE order_no = 99; SELECT nextval('numbers')`,
    );
    const before = await textOf(database);
    const { target } = await open(database);
    await expect(target!.restore(given(text), { modes: ALL }, soon())).rejects.toMatchObject({
      code: 'conflict',
      reason: '23514',
      message: expect.stringContaining('orders_price_check'),
    });
    expect(await textOf(database)).toBe(before);
  });

  test('partitions, rows of children, foreign keys to others, columns that are made: as they are', async () => {
    const database = databaseOf(`
      CREATE TABLE events (at date, id int, v int, twice int GENERATED ALWAYS AS (v * 2) STORED, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
      CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01'); CREATE TABLE events_2 PARTITION OF events DEFAULT;
      INSERT INTO events SELECT '2026-01-01'::date + n, n, n FROM generate_series(1, 60) n;
      CREATE TABLE base (id int PRIMARY KEY, v text); CREATE TABLE derived (more int, PRIMARY KEY (id)) INHERITS (base); INSERT INTO base VALUES (1, 'b'); INSERT INTO derived VALUES (1, 'd', 2);
      CREATE TABLE parts (d date, w text) PARTITION BY LIST (w); CREATE TABLE parts_1 PARTITION OF parts DEFAULT; INSERT INTO parts VALUES ('2026-01-01', 'x'), ('2026-01-01', 'x');
      CREATE TABLE alone (id int GENERATED ALWAYS AS IDENTITY, name text PRIMARY KEY); INSERT INTO alone (name) VALUES ('a'), ('b');
      CREATE UNLOGGED TABLE "Odd ""name'.x" ("a/b~c" text PRIMARY KEY, "sel" int); INSERT INTO "Odd ""name'.x" VALUES ('x/y~z"', 1); CREATE TABLE nothing ();`);
    const { text, reading } = await readAll(await open(database));
    expect(Object.keys(JSON.parse(text).tables)).toEqual([
      'public.Odd "name\'.x',
      'public.alone',
      'public.base',
      'public.derived',
      'public.events',
      'public.nothing',
      'public.parts',
    ]);
    expect(reading.warnings).toHaveLength(1);
    const dump = dumpOf(database);
    pg.sql(
      database,
      `UPDATE events SET v = 0; DELETE FROM events WHERE id > 40; DELETE FROM ONLY base; UPDATE derived SET v = 'x'; DELETE FROM parts; INSERT INTO parts VALUES ('2026-01-01', 'y');
      DELETE FROM alone WHERE name = 'a'; INSERT INTO alone (name) VALUES ('a'); UPDATE "Odd ""name'.x" SET sel = 2`,
    );
    const { outcome } = await restore(database, text);
    expect(outcome.isExact).toBe(true);
    expect(dumpOf(database)).toBe(dump);
    pg.sql(database, `UPDATE "Odd ""name'.x" SET sel = 3`);
    await restore(database, text, { path: `/tables/public.Odd "name'.x/rows/x~1y~0z"` });
    expect(dumpOf(database)).toBe(dump);
  });
});
