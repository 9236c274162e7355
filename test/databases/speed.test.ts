// 500,000 rows, about 100 MB of JSON: how long they take beside pg_dump and pg_restore, and how much memory, as it is installed (`npm run build`). The figures are printed; only what a machine under load cannot change is demanded.

import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openPlace, type Place } from '../e2e/backing-up.ts';
import { cleanUp, nodePath } from '../e2e/server.ts';
import { type Postgres, startPostgres } from './server.ts';

let pg: Postgres;
let place: Place;

beforeAll(async () => {
  execFileSync(nodePath(), ['scripts/build.ts']);
  pg = await startPostgres();
  place = await openPlace('dist/server.mjs');
}, 120_000);
afterAll(async () => {
  pg?.stop();
  await cleanUp();
});

const ROWS = 500_000;
const TURNS = 3;
const MEMORY_MB_MAX = 400;
const TABLE = `CREATE TABLE ev (id bigint PRIMARY KEY, kind text, at timestamptz, amount numeric(20,6), tags text[], doc jsonb, note text)`;
const FILL = `INSERT INTO ev SELECT n, 'kind-' || n % 17, '2026-01-01'::timestamptz + n * interval '1 second', n * 1.000001, ARRAY['a' || n % 5, 'b'], jsonb_build_object('n', n, 'ok', n % 2 = 0), md5(n::text)
  FROM generate_series(1, ${ROWS}) n`;

interface Cost {
  seconds: number;
  /** Of the command itself: its greatest size. */
  megabytes: number;
  /** Seconds of processors, which a machine under load does not change much: of the command, the service, the database. */
  busy: readonly [number, number, number];
}

/** Seconds of processors that a process has had; and if that is asked for its children, with what of them has ended. */
function busyOf(who: number, withChildren = false): number {
  const ids = withChildren ? readdirSync('/proc').filter((id) => /^\d+$/.test(id)) : [String(who)];
  let ticks = 0;
  for (const id of ids) {
    let stat: string;
    try {
      stat = readFileSync(`/proc/${id}/stat`, 'utf8');
    } catch {
      continue; // it has ended meanwhile
    }
    const [, rest = ''] = /^\d+ \(.*\) (.*)$/s.exec(stat) ?? [];
    const fields = rest.split(' ').map(Number);
    const [user, system, childUser, childSystem] = fields.slice(11, 15) as [number, number, number, number];
    if (Number(id) === who) ticks += user + system + (withChildren ? childUser + childSystem : 0);
    else if (fields[1] === who) ticks += user + system;
  }
  return ticks / 100;
}

/** Of the server that this test has started, and no other. */
function ofDatabase(): number {
  const [postmaster] = readFileSync(join(pg.folder, 'pg', 'postmaster.pid'), 'utf8').split('\n');
  return busyOf(Number(postmaster), true);
}

/** Runs the command line by itself. */
async function brs(...args: string[]): Promise<Cost> {
  const peak = `process.on('exit', () => { const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage(); process.stderr.write('peak ' + maxRSS + ' ' + (userCPUTime + systemCPUTime) / 1e6 + '\\n'); })`;
  const { pid } = place.server;
  const [service, database] = [busyOf(pid), ofDatabase()];
  const from = performance.now();
  const child = spawn(
    nodePath(),
    ['--import', `data:text/javascript,${encodeURIComponent(peak)}`, 'dist/cli.mjs', ...args],
    { env: { ...process.env, BACKUP_URL: place.server.url }, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let words = '';
  child.stderr.on('data', (data: Buffer) => (words += data.toString()));
  const code = await new Promise((done) => child.once('close', done));
  if (code !== 0) throw new Error(words);
  const seconds = (performance.now() - from) / 1000;
  const [, kilobytes, own] = /peak (\d+) ([\d.]+)/.exec(words) ?? [];
  const busy = [Number(own), busyOf(pid) - service, ofDatabase() - database] as const;
  return { seconds, megabytes: Number(kilobytes) / 1000, busy };
}

/** Of children of this process that have ended: their user's and the system's seconds. */
function timesOfChildren(): [number, number] {
  const rest = /\) (.*)$/s.exec(readFileSync('/proc/self/stat', 'utf8'))?.[1] ?? '';
  const [user, system] = rest.split(' ').slice(13, 15).map(Number) as number[];
  return [user! / 100, system! / 100];
}

/** A program of PostgreSQL's own. */
function peer(program: string, ...args: string[]): Cost {
  const [before, [own, children]] = [ofDatabase(), timesOfChildren()];
  const from = performance.now();
  execFileSync(join(pg.bin, program), args, { env: { ...process.env, ...pg.env } });
  const seconds = (performance.now() - from) / 1000;
  const after = timesOfChildren();
  const itself = after[0] + after[1] - own - children;
  return { seconds, megabytes: Number.NaN, busy: [itself, 0, ofDatabase() - before] };
}

test('a large database, out and in', async () => {
  for (const name of ['big', 'empty', 'theirs']) {
    pg.sql('postgres', `CREATE DATABASE ${name}`);
    pg.sql(name, TABLE);
  }
  pg.sql('big', `${FILL}; ANALYZE ev`);
  const [url, file] = [pg.url('big'), join(place.folder, 'big.dump')];
  const full = await brs('run', url, '--resource', 'big');
  // In turns, so that a machine with other work to do is as slow to one as to the other.
  const [dumps, increments]: [Cost[], Cost[]] = [[], []];
  for (let n = 0; n < TURNS; n++) {
    dumps.push(peer('pg_dump', '-Fc', '-f', file, 'big'));
    pg.sql(
      'big',
      `UPDATE ev SET amount = amount + 1 WHERE id % 100 = 0; DELETE FROM ev WHERE id = ${250000 + n}`,
    );
    increments.push(await brs('run', url, '--resource', 'big'));
  }
  const [dump, changed] = [median(dumps), median(increments)];
  const same = await brs('run', url, '--resource', 'big', '--if-changed');
  const row = await brs(
    ...['restore', `big@-${TURNS}`, '--path', '/tables/public.ev/rows/250000'],
    ...['--to', url, '--yes', '--no-safety-backup'],
  );
  const theirs = peer('pg_restore', '--data-only', '-d', 'theirs', file);
  const whole = await brs('restore', 'big@-1', '--to', pg.url('empty'), '--yes', '--no-safety-backup');
  const back = await brs('restore', 'big@-1', '--to', url, '--yes', '--no-safety-backup');
  const [count, sum] = ['SELECT count(*) FROM ev', 'SELECT sum(amount) FROM ev'];
  expect(pg.sql('empty', count)).toBe(String(ROWS - TURNS + 1));
  expect(pg.sql('big', sum)).toBe(pg.sql('empty', sum));
  const figures: [string, Cost, Cost?][] = [
    ['pg_dump -Fc', dump],
    ['full', full, dump],
    ['1 % changed', changed, dump],
    ['nothing changed', same, dump],
    ['one row back', row],
    ['pg_restore --data-only', theirs],
    ['all into an empty one', whole, theirs],
    ['5,000 rows back', back, theirs],
  ];
  for (const [name, { seconds, megabytes, busy }, beside] of figures) {
    const times = beside === undefined ? '' : `${(seconds / beside.seconds).toFixed(2)} x`;
    const memory = Number.isNaN(megabytes) ? '' : `${Math.round(megabytes)} MB`;
    const [itself, service, database] = busy.map((one) => one.toFixed(2));
    process.stdout.write(
      `${name.padEnd(24)} ${seconds.toFixed(2).padStart(7)} s ${times.padStart(7)} ${memory.padStart(7)}  processors: itself ${itself} s, service ${service} s, database ${database} s\n`,
    );
  }
  for (const { megabytes } of [full, changed, same, row, whole, back])
    expect(megabytes).toBeLessThan(MEMORY_MB_MAX);
}, 600_000);

function median(costs: readonly Cost[]): Cost {
  return costs.toSorted((a, b) => a.seconds - b.seconds)[costs.length >> 1]!;
}
