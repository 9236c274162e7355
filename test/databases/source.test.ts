// PostgreSQL as a source and as a target, against a real one: nothing of any type is lost, and what is put back is what was there.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RestoreOptions, Source } from '../../lib/ports/source.ts';
import { ALL, given, openSources, readAll, soon } from '../sources/given.ts';
import { type Postgres, startPostgres } from './server.ts';
import { TYPES_ROWS, TYPES_SCHEMA } from './types.ts';

let pg: Postgres;
let count = 0;

beforeAll(async () => {
  pg = await startPostgres();
}, 60_000);
afterAll(() => pg?.stop());

/** A database with that in it. */
function databaseOf(...texts: string[]): string {
  const name = `test${++count}`;
  pg.sql('postgres', `CREATE DATABASE ${name}`);
  for (const text of texts) pg.sql(name, text);
  return name;
}

const open = (database: string, user?: string, more: object = {}): Promise<Source> =>
  openSources().open({ kind: 'postgresql', url: pg.url(database, user), ...more });

async function textOf(database: string): Promise<string> {
  return (await readAll(await open(database))).text;
}

async function restore(database: string, text: string, options: Partial<RestoreOptions> = {}, user?: string) {
  const { target } = await open(database, user);
  const asked = { modes: ALL, ...options };
  const plan = await target!.plan(given(text), asked, soon());
  const before = await textOf(database);
  expect(await textOf(database)).toBe(before);
  const outcome = await target!.restore(given(text), asked, soon());
  expect(outcome.parts).toEqual(plan.parts);
  return { plan, outcome };
}

/** All that pg_dump says of the data: a proof that is none of our making. */
function dumpOf(database: string): string {
  const text = execFileSync(join(pg.bin, 'pg_dump'), ['--data-only', database], {
    env: { ...process.env, ...pg.env },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return text
    .split('\n')
    .filter((line) => !/^.(un)?restrict /.test(line))
    .sort()
    .join('\n');
}

describe('types', () => {
  test('every type with values at its edges comes back into an empty database as it was, and into one that was changed', async () => {
    const from = databaseOf(TYPES_SCHEMA, TYPES_ROWS);
    const text = await textOf(from);
    const empty = databaseOf(TYPES_SCHEMA);
    expect((await restore(empty, text)).outcome).toEqual({
      parts: [{ name: 'public.kinds', insert: 5, update: 0, delete: 0, same: 0 }],
      warnings: [],
      isExact: true,
    });
    expect(dumpOf(empty)).toBe(dumpOf(from));
    pg.sql(from, 'CREATE TABLE kept AS TABLE kinds');
    const columns = pg
      .sql(
        from,
        `SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = 'kinds'::regclass AND attnum > 1 AND attgenerated = ''`,
      )
      .split('\n');
    expect(columns.length).toBeGreaterThan(60);
    // Each value changed to that of another row, where it can be.
    pg.sql(
      from,
      `UPDATE kinds k SET (${columns}) = (SELECT ${columns} FROM kept WHERE id = (k.id + 1) % 5); DELETE FROM kinds WHERE id = 2; INSERT INTO kinds (id) VALUES (99)`,
    );
    const { outcome } = await restore(from, text);
    expect(outcome).toMatchObject({ parts: [{ insert: 1, update: 4, delete: 1, same: 0 }], isExact: true });
    for (const [a, b] of [
      ['kept', 'kinds'],
      ['kinds', 'kept'],
    ])
      expect(
        pg.sql(
          from,
          `SELECT count(*) FROM (SELECT ${a}::text FROM ${a} EXCEPT SELECT ${b}::text FROM ${b}) d`,
        ),
      ).toBe('0');
    expect(
      pg.sql(from, 'SELECT count(*) FROM kept a JOIN kinds b USING (id) WHERE record_image_ne(a, b)'),
    ).toBe('0');
  });

  test.each([
    ['bigint', `(1), (-9223372036854775808)`],
    ['numeric', `('NaN'), ('-Infinity'), (1.50), (-0.0)`],
    ['float8', `('NaN'), ('-Infinity'), ('Infinity'), ('-0'), (5e-324), (1e300)`],
    ['boolean', '(true), (false)'],
    [
      'text',
      String.raw`(E'\\\b\f\n\r\t\v\x01\x1f\x7f"\u2028é😀'), (''), ('\N'), ('\.'), ('NULL'), ('-Infinity')`,
    ],
    ['char(4)', `('a'), ('')`],
    ['date', `('2026-01-01'), ('infinity'), ('0044-03-15 BC')`],
    ['timestamp', `('2026-01-01 12:00:00.5'), ('-infinity'), ('0044-03-15 01:02:03 BC')`],
    ['timestamptz', `('2026-01-01 12:00:00.5+05:30'), ('infinity'), ('0044-03-15 01:02:03 BC')`],
    ['timetz', `('12:00+02'), ('24:00:00-15:59:59')`],
    ['uuid', `('00000000-0000-0000-0000-000000000000')`],
    ['bytea', String.raw`('\x5c0a00'), ('')`],
    ['whole', `(7)`],
  ])('keys and values of type %s are what the server writes into JSON', async (type, values) => {
    const database = databaseOf(
      `CREATE DOMAIN whole AS int; CREATE TABLE one (k ${type} PRIMARY KEY); INSERT INTO one VALUES ${values};
       CREATE TABLE more (n int, k ${type}, v ${type}, nothing ${type}, "$ ""é\t" int DEFAULT 1, PRIMARY KEY (n, k)); INSERT INTO more SELECT 3, k, k FROM one`,
    );
    const state = await textOf(database);
    const settings = `SET timezone = 'UTC'; SET extra_float_digits = 1`;
    const rows = (table: string, key: string) =>
      pg.sql(
        database,
        `${settings}; SELECT string_agg(to_json(${key})::text || ':' || row_to_json(t)::text, ',' ORDER BY k) FROM ${table} t`,
      );
    expect(state).toContain(`"rows":{${rows('one', `to_json(k) #>> '{}'`)}}`);
    expect(state).toContain(`"rows":{${rows('more', `'[3,' || to_json(k)::text || ']'`)}}`);
  });

  test('what is written otherwise than it is read, or goes into another type, is read by the server in its place among the rest', async () => {
    const table = 'CREATE TABLE t (id int PRIMARY KEY, n numeric, doc jsonb, list text[], at timestamptz)';
    const rows = `INSERT INTO t SELECT n, n * 1.10, jsonb_build_object('n', n, 'text', repeat('x', 30)), ARRAY['a', NULL, 'b"'], 'epoch'::timestamptz + n * interval '1 s' FROM generate_series(1, 30000) n`;
    const from = databaseOf(
      table,
      rows,
      `CREATE TABLE b (id int PRIMARY KEY, boxes box[]); INSERT INTO b VALUES (1, '{(2,2),(1,1);(0,0),(0,0)}')`,
    );
    const boxes = 'CREATE TABLE b (id int PRIMARY KEY, boxes box[])';
    const text = (await textOf(from))
      .replace(
        '"15000":{"id":15000,"n":16500.00,',
        '"15000": { "n" : 16500.00, "more": {"x": [1]}, "\\u0069d":15000,',
      )
      .replace('"20000":{"id":20000,', '"20000":{"id":"20000",');
    expect(text).toContain('"\\u0069d"');
    const to = databaseOf(table, boxes);
    expect((await restore(to, text)).outcome).toMatchObject({ warnings: [], isExact: true });
    expect(dumpOf(to)).toBe(dumpOf(from));
    const other = databaseOf(table.replace('doc jsonb', 'doc text').replace('n numeric', 'n text'), boxes);
    await restore(other, text);
    expect(pg.sql(other, `SELECT n, doc FROM t WHERE id = 7`)).toBe(
      pg.sql(from, `SELECT n, doc FROM t WHERE id = 7`),
    );
  });

  test('what is equal by its type and not the same is changed back', async () => {
    const database = databaseOf(
      `CREATE EXTENSION citext; CREATE TABLE t (k citext PRIMARY KEY, n numeric, f float8, a int[]); INSERT INTO t VALUES ('A', 1.0, 0, '{1}'), ('b', 2, 0, '{1}')`,
    );
    const text = await textOf(database);
    pg.sql(database, `UPDATE t SET k = 'a', n = 1.00, f = '-0', a = '[0:0]={1}' WHERE k = 'A'`);
    const { outcome } = await restore(database, text);
    expect(outcome).toMatchObject({ parts: [{ insert: 0, update: 1, delete: 0, same: 1 }], isExact: true });
    expect(pg.sql(database, 'SELECT * FROM t ORDER BY k')).toBe('A|1.0|0|{1}\nb|2|0|{1}');
  });

  test('settings of the database and of the user change nothing of the text', async () => {
    const database = databaseOf(TYPES_SCHEMA, TYPES_ROWS);
    const before = await textOf(database);
    pg.sql(
      database,
      `ALTER DATABASE ${database} SET datestyle = 'German'; ALTER DATABASE ${database} SET timezone = 'Asia/Kolkata'; ALTER DATABASE ${database} SET intervalstyle = 'iso_8601';
       ALTER DATABASE ${database} SET extra_float_digits = -3; ALTER DATABASE ${database} SET bytea_output = 'escape'; ALTER DATABASE ${database} SET standard_conforming_strings = off; ALTER DATABASE ${database} SET search_path = public;`,
    );
    expect(await textOf(database)).toBe(before);
  });
});

const SHOP = `
CREATE TABLE customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE, boss bigint REFERENCES customers, touched int DEFAULT 0);
CREATE TABLE orders (order_no int, line int, customer bigint NOT NULL REFERENCES customers ON DELETE CASCADE, price numeric(20,4), PRIMARY KEY (order_no, line));
ALTER TABLE customers ADD last_order int, ADD last_line int, ADD FOREIGN KEY (last_order, last_line) REFERENCES orders;
CREATE TABLE marks (word text, n int);
CREATE SEQUENCE numbers;
INSERT INTO customers (name, boss) SELECT 'c' || n, NULLIF(n - 1, 0) FROM generate_series(1, 20) n;
INSERT INTO orders SELECT n / 3, n % 3, 1 + n % 20, n * 1.5 FROM generate_series(1, 300) n;
UPDATE customers SET last_order = 2, last_line = 1;
INSERT INTO marks VALUES ('a', 1), ('a', 1), ('a', 1), (NULL, NULL), ('b', 2);
SELECT nextval('numbers'), nextval('numbers');`;

const CHANGES = `
UPDATE customers SET last_order = NULL, last_line = NULL, boss = NULL, name = 'x' || name;
DELETE FROM orders WHERE order_no > 90 OR line = 2; DELETE FROM customers WHERE id > 15;
INSERT INTO customers (name) VALUES ('new'); INSERT INTO orders VALUES (1000, 7, 21, 1);
UPDATE orders SET price = 0 WHERE order_no < 3; DELETE FROM marks WHERE ctid IN (SELECT min(ctid) FROM marks WHERE word = 'a'); INSERT INTO marks VALUES ('c', 3), (NULL, NULL);
SELECT nextval('numbers');`;

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

describe('refusals', () => {
  test('a reading is of one instant, whatever is written meanwhile, and nothing is emptied under it', async () => {
    const database = databaseOf(SHOP);
    const before = await textOf(database);
    const reading = await (await open(database)).read(soon());
    if (reading === 'unchanged') throw new Error();
    pg.sql(database, CHANGES);
    expect(() => pg.sql(database, `SET lock_timeout = '100ms'; TRUNCATE marks`)).toThrow(/lock timeout/);
    let text = '';
    for await (const chunk of reading.chunks) text += Buffer.from(chunk).toString();
    expect(JSON.parse(text).tables).toEqual(JSON.parse(before).tables);
    pg.sql(database, 'TRUNCATE marks');
  });

  test('who it is, what is not there, what may not be read, and what is no state of a database', async () => {
    const database = databaseOf(SHOP);
    pg.sql(
      database,
      `CREATE ROLE stranger${count} LOGIN; CREATE SCHEMA hidden; CREATE TABLE hidden.t (id int)`,
    );
    const code = async (promise: Promise<unknown>) =>
      promise.then(
        () => 'none',
        (error) => error.code,
      );
    const check = async (source: Promise<Source>) => code((await source).check(soon()));
    expect(await check(open(database, 'nobody'))).toBe('denied');
    expect(await check(open('nowhere'))).toBe('not_found');
    expect(await check(open(database, `stranger${count}`))).toBe('denied');
    expect(await check(open(database, undefined, { tables: ['absent'] }))).toBe('not_found');
    expect(
      await check(openSources().open({ kind: 'postgresql', url: 'postgres://postgres@127.0.0.1:1/x' })),
    ).toBe('unavailable');
    expect(await check(openSources().open({ kind: 'postgresql', url: 'env:ABSENT' }))).toBe('not_found');
    const { target } = await open(database);
    for (const text of ['{}', '[]', '"x"', '{"tables":{}}', '{"format":"postgresql/2","tables":{}}'])
      expect(await code(target!.plan(given(text), { modes: ALL }, soon()))).toBe('integrity');
    const text = await textOf(database);
    for (const path of [
      '/tables/public.absent',
      '/tables/public.marks/rows/0',
      '/tables/public.orders/rows/[50,1]/absent',
      '/database',
      '/tables/public.orders/columns',
    ])
      expect([path, await code(target!.plan(given(text), { modes: ALL, path }, soon()))]).toEqual([
        path,
        'not_found',
      ]);
    expect(await code(target!.plan(given(text.slice(0, -100)), { modes: ALL }, soon()))).toBe('integrity');
  });

  test('only the tables that are named, and a whole URL from a secret', async () => {
    const database = databaseOf(SHOP);
    const tables = async (more: object, env: Record<string, string> = {}) =>
      Object.keys(
        JSON.parse(
          (await readAll(await openSources(env).open({ kind: 'postgresql', url: pg.url(database), ...more })))
            .text,
        ).tables,
      );
    expect(await tables({ tables: ['orders', 'public.m*'] })).toEqual(['public.marks', 'public.orders']);
    expect(await tables({ exclude: ['*s'] })).toEqual([]);
    expect(
      await tables(
        { url: 'env:DB', exclude: ['marks'] },
        { DB: pg.url(database).replace('postgres@', 'postgres:hunter2@') },
      ),
    ).toEqual(['public.customers', 'public.orders']);
  });
});
