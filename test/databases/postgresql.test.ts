// What the page "Backing up X" says of PostgreSQL, typed as it stands there, against a real one.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { blocksOf, openPlace, type Place } from '../e2e/backing-up.ts';
import { cleanUp, temporaryFolder } from '../e2e/server.ts';

const ROOT = '/usr/lib/postgresql';

let place: Place;
let database: { bin: string; data: string; env: Record<string, string> };

/** PostgreSQL refuses to run as root: there it runs as the user that Debian's package makes for it. */
function as(command: string, args: string[], env: Record<string, string> = {}): string {
  const isRoot = process.getuid?.() === 0;
  const [program, list] = isRoot ? ['runuser', ['-u', 'postgres', '--', command, ...args]] : [command, args];
  return execFileSync(program, list, {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

beforeAll(async () => {
  const [version] = existsSync(ROOT) ? readdirSync(ROOT).sort().reverse() : [];
  if (version === undefined) throw new Error('there is no PostgreSQL here: apt-get install postgresql');
  const bin = join(ROOT, version, 'bin');
  const folder = temporaryFolder();
  spawnSync('chmod', ['777', folder]);
  const data = join(folder, 'pg');
  const port = await freePort();
  as(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync']);
  as(join(bin, 'pg_ctl'), [
    '-D',
    data,
    '-w',
    '-l',
    join(folder, 'log'),
    '-o',
    `-p ${port} -k ${folder} -c listen_addresses= -c fsync=off`,
    'start',
  ]);
  database = { bin, data, env: { PGHOST: folder, PGPORT: String(port), PGUSER: 'postgres' } };
  place = await openPlace();
}, 60_000);

afterAll(async () => {
  if (database !== undefined)
    as(join(database.bin, 'pg_ctl'), ['-D', database.data, '-m', 'immediate', 'stop']);
  await cleanUp();
});

function freePort(): Promise<number> {
  return new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => done(port));
    });
  });
}

const SCHEMA = `createdb shop
psql -Xq -v ON_ERROR_STOP=1 shop <<'SQL'
CREATE TABLE customers (id bigint PRIMARY KEY, name text, balance numeric, since timestamptz, tags text[]);
CREATE TABLE orders (id bigint PRIMARY KEY, customer bigint REFERENCES customers, price numeric(30,10), note text, at timestamptz);
INSERT INTO customers SELECT n, 'Zoë ' || n, 12345678901234567890.123456789 + n, '2026-01-01 12:00+02', ARRAY['a', 'b "c"'] FROM generate_series(1, 50) n;
INSERT INTO orders SELECT n, 1 + n % 50, 99999999999999999999.0000000001 - n, E'line\\nbreak \\\\ ' || n, '2026-03-29 01:30:00.123456+01' FROM generate_series(1, 2000) n;
SQL`;

test('PostgreSQL: a deleted row, and a table as it was, come back exactly', async () => {
  const [create, row, table] = blocksOf('PostgreSQL') as [string, string, string];
  const type = (script: string) => place.type(script, database.env);
  expect(await type(SCHEMA)).toMatchObject({ code: 0 });
  expect(await type(create)).toMatchObject({ code: 0 });
  expect(
    await type(
      `psql -Xq shop -c "CREATE TABLE kept AS TABLE orders" -c "DELETE FROM orders WHERE id = 1000 OR id > 1990" -c "UPDATE orders SET price = 0 WHERE id < 5"`,
    ),
  ).toMatchObject({ code: 0 });
  const second = await type(create);
  expect([second.code, second.out]).toEqual([0, expect.stringMatching(/incremental .*~4 -11[\s\S]*gone/)]);
  expect(await type(row)).toMatchObject({ code: 0, out: expect.stringContaining('backup-1') });
  const differing = async (query: string) =>
    (await type(`psql -XAtq shop -c "SELECT count(*) FROM (${query}) d"`)).out.trim();
  expect(await differing('SELECT * FROM orders WHERE id = 1000 EXCEPT SELECT * FROM kept')).toBe('0');
  expect(await differing('SELECT * FROM orders WHERE id = 1000')).toBe('1');
  expect(await type(table)).toMatchObject({ code: 0 });
  expect(await differing('TABLE kept EXCEPT TABLE orders_before')).toBe('0');
  expect(await differing('TABLE orders_before EXCEPT TABLE kept')).toBe('0');
  // A statement that fails makes no backup.
  const broken = await type(
    create.replace('FROM orders r', 'FROM nothing r').replace('create shop', 'create broken'),
  );
  expect(broken.code).not.toBe(0);
  expect((await type('npx brs ls broken --json')).out).toBe('');
}, 60_000);
