// Databases of a server of the test's own, read and put back.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from '@jest/globals';
import type { RestoreOptions, Source } from '../../lib/ports/source.ts';
import { ALL, given, openSources, readAll, soon } from '../sources/given.ts';
import { type Postgres, startPostgres } from './server.ts';

export let pg: Postgres;
/** So many databases there are by now: roles are named by it, for all databases share them. */
export let count = 0;

/** While the tests of a file run, a server does. */
export function withPostgres(): void {
  beforeAll(async () => {
    pg = await startPostgres();
  }, 60_000);
  afterAll(() => pg?.stop());
}

/** A database with that in it. */
export function databaseOf(...texts: string[]): string {
  const name = `test${++count}`;
  pg.sql('postgres', `CREATE DATABASE ${name}`);
  for (const text of texts) pg.sql(name, text);
  return name;
}

export const open = (database: string, user?: string, more: object = {}): Promise<Source> =>
  openSources().open({ kind: 'postgresql', url: pg.url(database, user), ...more });

export async function textOf(database: string): Promise<string> {
  return (await readAll(await open(database))).text;
}

export async function restore(
  database: string,
  text: string,
  options: Partial<RestoreOptions> = {},
  user?: string,
) {
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
export function dumpOf(database: string): string {
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

/** A shop: foreign keys in a circle, keys of one column and of two, rows without a key. */
export const SHOP = `
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

export const CHANGES = `
UPDATE customers SET last_order = NULL, last_line = NULL, boss = NULL, name = 'x' || name;
DELETE FROM orders WHERE order_no > 90 OR line = 2; DELETE FROM customers WHERE id > 15;
INSERT INTO customers (name) VALUES ('new'); INSERT INTO orders VALUES (1000, 7, 21, 1);
UPDATE orders SET price = 0 WHERE order_no < 3; DELETE FROM marks WHERE ctid IN (SELECT min(ctid) FROM marks WHERE word = 'a'); INSERT INTO marks VALUES ('c', 3), (NULL, NULL);
SELECT nextval('numbers');`;
