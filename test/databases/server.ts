// A PostgreSQL of its own, from Debian's package, on a free port of loopback, in a folder that goes with it.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = '/usr/lib/postgresql';

export interface Postgres {
  bin: string;
  folder: string;
  port: number;
  /** For PostgreSQL's own programs. */
  env: Record<string, string>;
  url(database: string, user?: string): string;
  /** Runs SQL, and gives what psql prints: unaligned, tuples only. Throws for an error. */
  sql(database: string, text: string): string;
  stop(): void;
}

/** PostgreSQL refuses to run as root: there it runs as the user that Debian's package makes for it. */
export function asPostgres(command: string, args: string[], input?: string): string {
  const isRoot = process.getuid?.() === 0;
  const [program, list] = isRoot ? ['runuser', ['-u', 'postgres', '--', command, ...args]] : [command, args];
  return execFileSync(program, list, {
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
    ...(input === undefined ? {} : { input }),
  });
}

export async function startPostgres(): Promise<Postgres> {
  const [version] = existsSync(ROOT) ? readdirSync(ROOT).sort().reverse() : [];
  if (version === undefined) throw new Error('there is no PostgreSQL here: apt-get install postgresql');
  const bin = join(ROOT, version, 'bin');
  const folder = mkdtempSync(join(tmpdir(), 'backup-pg-'));
  spawnSync('chmod', ['777', folder]);
  const data = join(folder, 'pg');
  const port = await freePort();
  asPostgres(join(bin, 'initdb'), [
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
    '--no-sync',
  ]);
  const settings = `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1 -c fsync=off`;
  asPostgres(join(bin, 'pg_ctl'), ['-D', data, '-w', '-l', join(folder, 'log'), '-o', settings, 'start']);
  const env = { PGHOST: folder, PGPORT: String(port), PGUSER: 'postgres' };
  return {
    ...{ bin, folder, port, env },
    url: (database, user = 'postgres') => `postgres://${user}@127.0.0.1:${port}/${database}`,
    sql: (database, text) =>
      execFileSync(join(bin, 'psql'), ['-XAtq', '-v', 'ON_ERROR_STOP=1', database], {
        env: { ...process.env, ...env },
        input: text,
        encoding: 'utf8',
        stdio: ['pipe', 'pipe', 'pipe'],
        maxBuffer: 1 << 28,
      }).trimEnd(),
    stop() {
      asPostgres(join(bin, 'pg_ctl'), ['-D', data, '-m', 'immediate', 'stop']);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => done(port));
    });
  });
}
