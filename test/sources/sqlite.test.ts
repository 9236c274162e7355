// A SQLite file as a source and as a target: values of every kind, rows by their keys, at one instant.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RestoreOptions } from '../../lib/ports/source.ts';
import { ALL, given, openSources, readAll, soon } from './given.ts';

const folder = mkdtempSync(join(tmpdir(), 'backup-sqlite-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

function make(sql: string): { path: string; run(sql: string): void; all(sql: string): unknown[] } {
  const path = join(folder, `${++count}.db`);
  const run = (text: string): void => {
    const database = new DatabaseSync(path);
    database.exec(text);
    database.close();
  };
  run(sql);
  return {
    path,
    run,
    all(text) {
      const database = new DatabaseSync(path, { readOnly: true });
      const statement = database.prepare(text);
      statement.setReadBigInts(true);
      const rows = statement.all().map((row) => Object.values(row));
      database.close();
      return rows;
    },
  };
}

const open = (path: string, more: object = {}) => openSources().open({ kind: 'sqlite', path, ...more });
const textOf = async (path: string): Promise<string> => (await readAll(await open(path))).text;
const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'none',
    (error: { code: string }) => error.code,
  );

async function restore(path: string, text: string, options: Partial<RestoreOptions> = {}) {
  const { target } = await open(path);
  const before = await textOf(path);
  const plan = await target!.plan(given(text), { modes: ALL, ...options }, soon());
  expect(await textOf(path)).toBe(before);
  const outcome = await target!.restore(given(text), { modes: ALL, ...options }, soon());
  expect(outcome.parts).toEqual(plan.parts);
  return outcome;
}

const KINDS = `CREATE TABLE kinds (id INTEGER PRIMARY KEY, v, n NUMERIC, r REAL, t TEXT COLLATE NOCASE, g GENERATED ALWAYS AS (id * 2));`;
const VALUES = `INSERT INTO kinds (id, v, n, r, t) VALUES (-9223372036854775808, 9223372036854775807, 1.5, 1, ''), (1, 0.1, 9007199254740993, 1e300, 'é "q" \\ ' || char(10, 0, 8232)), (2, x'00ff', NULL, 9e999, 'B'),
  (3, -9e999, 1e20, 5e-324, 'b'), (4, '1', '1', 0.30000000000000004, CAST(x'ff41' AS TEXT)), (5, 1, 1, NULL, NULL), (6, '', x'', 123456789.123456789, x'41'), (7, 1.0, 'x', 1e21, '"$blob"');`;

test('values of every kind come back as the kind that they were', async () => {
  const from = make(KINDS + VALUES);
  const text = await textOf(from.path);
  expect(text).toContain('"1":{"id":1,"v":0.1,"n":9007199254740993,"r":1e+300');
  expect(text).toContain('"v":{"$blob":"00ff"}');
  expect(text).toContain('"t":{"$text":"ff41"}');
  expect(text).not.toContain('"g":');
  const to = make(KINDS);
  expect(await restore(to.path, text)).toMatchObject({
    isExact: true,
    parts: [{ name: 'kinds', insert: 8 }],
  });
  const shown =
    'SELECT id, typeof(v), quote(v), typeof(n), quote(n), typeof(r), r, typeof(t), hex(t) FROM kinds';
  expect(to.all(shown)).toEqual(from.all(shown));
  expect(await textOf(to.path)).toBe(text);
  // Equal by its type, and not the same.
  to.run(
    `UPDATE kinds SET t = 'b' WHERE id = 2; UPDATE kinds SET v = 1 WHERE id = 7; DELETE FROM kinds WHERE id = 5; INSERT INTO kinds (id) VALUES (9)`,
  );
  expect(await restore(to.path, text)).toMatchObject({
    isExact: true,
    parts: [{ insert: 1, update: 2, delete: 1, same: 5 }],
  });
  expect(await textOf(to.path)).toBe(text);
});

test('any values at all, keys too', async () => {
  const value = fc.oneof(
    fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
    fc.double({ noNaN: true }),
    fc.string({ unit: 'binary' }),
    fc.uint8Array({ maxLength: 9 }),
    fc.constant(null),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(value, value, value), { maxLength: 12 }), async (rows) => {
      const [from, to] = [
        make('CREATE TABLE t (a, b, c, PRIMARY KEY (a, b)); CREATE TABLE u (a PRIMARY KEY NOT NULL, c)'),
        make('CREATE TABLE t (a, b, c, PRIMARY KEY (a, b)); CREATE TABLE u (a PRIMARY KEY NOT NULL, c)'),
      ];
      const database = new DatabaseSync(from.path);
      for (const [a, b, c] of rows) {
        database.prepare('INSERT OR IGNORE INTO t VALUES (?, ?, ?)').run(a, b, c);
        database.prepare('INSERT OR IGNORE INTO u VALUES (?, ?)').run(a, c);
      }
      database.close();
      const text = await textOf(from.path);
      JSON.parse(text);
      expect((await restore(to.path, text)).isExact).toBe(true);
      expect(await textOf(to.path)).toBe(text);
    }),
    { numRuns: 12 },
  );
});

const SHOP = `CREATE TABLE customers (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE); CREATE TABLE orders (no INT, line INT, customer INT REFERENCES customers ON DELETE CASCADE, PRIMARY KEY (no, line)) WITHOUT ROWID;
  CREATE TABLE marks (w TEXT, n INT); CREATE TABLE log (what TEXT); CREATE TRIGGER gone AFTER DELETE ON orders BEGIN INSERT INTO log VALUES ('gone'); END; CREATE VIEW v AS SELECT 1;
  INSERT INTO customers (name) VALUES ('a'), ('b'), ('c'); INSERT INTO orders VALUES (1, 1, 1), (1, 2, 2), (2, 1, 3); INSERT INTO marks VALUES ('x', 1), ('x', 1), (NULL, NULL);`;

test('a file of tables: whole, one, a row, a value; triggers do not fire and are there again', async () => {
  const shop = make(SHOP);
  const { text, reading } = await readAll(await open(shop.path));
  expect(JSON.parse(text).sequences).toEqual({ customers: 3 });
  expect(reading.warnings).toEqual([expect.stringContaining('log, marks')]);
  shop.run(
    `DELETE FROM orders WHERE line = 1; DELETE FROM customers WHERE id = 3; INSERT INTO customers (name) VALUES ('c'); DELETE FROM marks; INSERT INTO orders VALUES (9, 9, 1)`,
  );
  expect(
    await restore(shop.path, text, { path: '/tables/orders/rows/[2,1]' }).catch((error) => error.code),
  ).toBe('conflict');
  expect(await restore(shop.path, text, { path: '/tables/orders/rows/[9,9]' })).toMatchObject({
    parts: [{ delete: 1 }],
  });
  expect(await restore(shop.path, text, { path: '/tables/orders/rows/[1,1]' })).toMatchObject({
    parts: [{ insert: 1 }],
    isExact: true,
  });
  shop.run('UPDATE orders SET customer = 1');
  await restore(shop.path, text, { path: '/tables/orders/rows/[1,2]/customer' });
  expect(shop.all('SELECT * FROM orders')).toEqual([
    [1n, 1n, 1n],
    [1n, 2n, 2n],
  ]);
  await restore(shop.path, text, { path: '/tables/marks' });
  expect(await restore(shop.path, text)).toMatchObject({ isExact: true });
  expect(await textOf(shop.path)).toBe(text);
  shop.run('DELETE FROM orders WHERE no = 1');
  expect(shop.all('SELECT count(*) FROM log')).toEqual([[2n]]);
});

test('modes, what is missing, what a constraint refuses', async () => {
  const shop = make(SHOP);
  const text = await textOf(shop.path);
  shop.run(`DELETE FROM orders; INSERT INTO orders VALUES (5, 5, 1)`);
  const off = { create: false, update: false, delete: false };
  expect(
    await restore(shop.path, text, { modes: { ...off, create: true }, path: '/tables/orders' }),
  ).toMatchObject({ parts: [{ insert: 3, delete: 0 }], isExact: false });
  expect(shop.all('SELECT count(*) FROM orders')).toEqual([[4n]]);
  shop.run(
    'DROP TABLE marks; ALTER TABLE customers ADD more; DELETE FROM orders; DROP TABLE orders; CREATE TABLE orders (no INT, line INT, PRIMARY KEY (no, line))',
  );
  const { target } = await open(shop.path);
  expect((await target!.plan(given(text), { modes: ALL }, soon())).missing).toEqual([
    'marks',
    'orders.customer',
  ]);
  expect(await code(target!.restore(given(text), { modes: ALL }, soon()))).toBe('conflict');
  expect(await target!.restore(given(text), { modes: ALL, skipMissing: true }, soon())).toMatchObject({
    isExact: false,
  });
  expect(shop.all('SELECT count(*) FROM orders')).toEqual([[3n]]);
  shop.run(
    'DELETE FROM orders; CREATE TRIGGER no BEFORE INSERT ON orders BEGIN SELECT 1; END; DROP TABLE orders; CREATE TABLE orders (no INT CHECK (no < 2), line INT, PRIMARY KEY (no, line))',
  );
  expect(await code(target!.restore(given(text), { modes: ALL, skipMissing: true }, soon()))).toBe(
    'conflict',
  );
  expect(shop.all('SELECT count(*) FROM orders')).toEqual([[0n]]);
});

test('a reading is of one instant; what is no database is none; what is not there is not made', async () => {
  const shop = make(`PRAGMA journal_mode = WAL; ${SHOP}`);
  const before = await textOf(shop.path);
  const reading = await (await open(shop.path)).read(soon());
  if (reading === 'unchanged') throw new Error();
  shop.run('DELETE FROM orders; DELETE FROM customers');
  let text = '';
  for await (const chunk of reading.chunks) text += Buffer.from(chunk).toString();
  expect(text).toBe(before);
  expect(await code(open(join(folder, 'absent.db')).then(readAll))).toBe('not_found');
  writeFileSync(join(folder, 'text.db'), 'no database at all, but long enough to look like one'.repeat(40));
  expect(await code(open(join(folder, 'text.db')).then(readAll))).toBe('integrity');
  expect(await code(open(shop.path, { tables: ['absent'] }).then(readAll))).toBe('not_found');
  const { target } = await open(shop.path);
  for (const state of ['{}', '[]', '{"format":"postgresql/1","tables":{}}'])
    expect(await code(target!.plan(given(state), { modes: ALL }, soon()))).toBe('integrity');
  expect((await (await open(shop.path)).check(soon())).detail).toContain('4 tables');
});

test('a file that is read leaves others their turn', async () => {
  const { path } = make(
    `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) INSERT INTO t SELECT i, 'value ' || i FROM n`,
  );
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const { text } = await readAll(await open(path));
  isOver = true;
  expect(turns).toBeGreaterThan(text.length / (128 * 1024));
});
