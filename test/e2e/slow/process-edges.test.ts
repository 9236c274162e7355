// The process at its edges: what the operating system says or takes away ends in a state that is known.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createClient } from '../client.ts';
import {
  cleanEnvironment,
  cleanUp,
  eventually,
  mishaps,
  newDataDir,
  nodePath,
  runToExit,
  startServer,
  temporaryFolder,
} from '../server.ts';

const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await cleanUp();
});

interface Run {
  child: ChildProcess;
  /** What it has written to both outputs. */
  text(): string;
  exited: Promise<number | null>;
}

/** A command in a shell, with a Node in the path that the product runs on. */
function run(
  command: string,
  env: Record<string, string>,
  cwd = resolve('.'),
  stdio: 'pipe' | 'ignore' = 'pipe',
): Run {
  const path = `${dirname(nodePath())}:${process.env.PATH}`;
  const child = spawn('sh', ['-c', command], {
    cwd,
    env: { ...cleanEnvironment(), PATH: path, ...env },
    stdio: ['ignore', stdio, stdio],
  });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (data: Buffer) => (text += data.toString()));
  const exited = new Promise<number | null>((done) => child.on('exit', (code) => done(code)));
  return { child, text: () => text, exited };
}

const isUp = async (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/health`).then(
    (answer) => answer.ok,
    () => false,
  );

const portOf = (text: string): number | undefined => {
  const port = /"message":"listening".*?"port":(\d+)/.exec(text)?.[1];
  return port === undefined ? undefined : Number(port);
};

describe('a signal', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s reaches the service through npm start, and the port is free',
    async (signal) => {
      const npm = run('exec npm start', { PORT: '0', BACKUP_DATA_DIR: newDataDir() });
      const port = await eventually(20_000, 'the service to listen', () => portOf(npm.text()));
      expect(await isUp(port)).toBe(true);
      npm.child.kill(signal);
      await npm.exited;
      await eventually(3000, 'the service to end', async () => !(await isUp(port)));
      expect(npm.text()).toContain('"message":"stopped"');
    },
  );

  test('SIGHUP ends it in order, as SIGTERM does', async () => {
    const server = await startServer({ dataDir: newDataDir() });
    expect(await server.stop('SIGHUP')).toEqual({ code: 0, signal: null });
    expect(mishaps(server.logs)).toEqual([]);
  });

  test('a second one ends it at once, whatever is under way', async () => {
    const server = await startServer({ dataDir: newDataDir() });
    const socket = await halfARequest(server.port);
    void server.stop();
    await eventually(2000, 'the stop to begin', () =>
      server.logs.some(({ message }) => message === 'stopping'),
    );
    const began = performance.now();
    expect((await server.stop()).code).toBe(1);
    expect(performance.now() - began).toBeLessThan(1000);
    socket.destroy();
  });

  test('a client that stands still does not hold up the stop', async () => {
    const server = await startServer({ dataDir: newDataDir() });
    const socket = await halfARequest(server.port);
    const began = performance.now();
    expect((await server.stop()).code).toBe(0);
    expect(performance.now() - began).toBeLessThan(8000);
    socket.destroy();
  });

  test('no sweep holds up the stop, however much it has to do', async () => {
    const dataDir = newDataDir();
    const env = { BACKUP_GRACE_SECONDS: '0', BACKUP_RETENTION_INTERVAL_SECONDS: '86400' };
    const first = await startServer({ dataDir, env });
    const client = createClient(first.url);
    for (let n = 0; n < 60; n++) {
      const ids = await Promise.all(
        Array.from(
          { length: 50 },
          async (_, i) => (await client.backup({ resourceId: `r${i}`, state: `${n}` })).id,
        ),
      );
      await Promise.all(ids.map((id) => client.remove(id)));
    }
    await first.stop();
    const second = await startServer({ dataDir, env });
    const began = performance.now();
    expect((await second.stop()).code).toBe(0);
    expect(performance.now() - began).toBeLessThan(2500);
    expect(mishaps(second.logs)).toEqual([]);
    // What it left is whole, and the next one goes on.
    const third = await startServer({ dataDir, env });
    expect(await createClient(third.url).list()).toEqual([]);
    expect(mishaps(third.logs)).toEqual([]);
  }, 180_000);
});

/** A connection on which a body has begun and does not go on. */
function halfARequest(port: number): Promise<Socket> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(
        'POST /backups HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
      );
      setTimeout(() => done(socket), 100);
    });
    socket.on('error', () => {});
  });
}

describe('what is taken away', () => {
  test('a reader of the log that is gone: the service goes on, and still ends in order', async () => {
    const dataDir = newDataDir();
    const port = await freePort();
    const service = run('exec node bin/server.ts', { PORT: String(port), BACKUP_DATA_DIR: dataDir });
    await eventually(20_000, 'the service to listen', () => isUp(port));
    service.child.stdout!.destroy();
    service.child.stderr!.destroy();
    await wait(100);
    const client = createClient(`http://127.0.0.1:${port}`);
    for (let n = 0; n < 20; n++) await client.backup({ resourceId: 'db', state: `${n}` });
    expect((await client.list()).length).toBe(20);
    service.child.kill('SIGTERM');
    expect(await service.exited).toBe(0);
  });

  test('a disk that has no room for the log: the same', async () => {
    const port = await freePort();
    const full = openSync('/dev/full', 'w');
    const child = spawn(nodePath(), ['bin/server.ts'], {
      env: { ...cleanEnvironment(), PORT: String(port), BACKUP_DATA_DIR: newDataDir() },
      stdio: ['ignore', full, full],
    });
    children.push(child);
    closeSync(full);
    const exited = new Promise((done) => child.on('exit', done));
    await eventually(20_000, 'the service to listen', () => isUp(port));
    await createClient(`http://127.0.0.1:${port}`).backup({ resourceId: 'db', state: '1' });
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  });

  test('the data folder: errors that say so, no crash, and a stop in order', async () => {
    const server = await startServer({ dataDir: newDataDir() });
    const client = createClient(server.url);
    await client.backup({ resourceId: 'db', state: '1' });
    rmSync(server.dataDir, { recursive: true });
    await eventually(
      10_000,
      'health to notice',
      async () => (await client.send('GET', '/health')).status === 503,
    );
    for (const answer of [
      await client.create({ resourceId: 'db', state: '2' }),
      await client.restore('backup-1'),
    ]) {
      expect([409, 503]).toContain(answer.status);
    }
    expect((await server.stop()).code).toBe(0);
  });
});

describe('what is taken away with all around it', () => {
  test('the folder in which it was started: it answers, says so, and stops in order', async () => {
    const folder = temporaryFolder();
    const service = run(`exec node ${resolve('bin/server.ts')}`, { PORT: '0' }, folder);
    const port = await eventually(20_000, 'the service to listen', () => portOf(service.text()));
    const client = createClient(`http://127.0.0.1:${port}`);
    await client.backup({ resourceId: 'db', state: '1' });
    rmSync(folder, { recursive: true });
    await eventually(
      10_000,
      'health to notice',
      async () => (await client.send('GET', '/health')).status === 503,
    );
    // Until all that is periodic has had its turn.
    await eventually(40_000, 'the trail', () => service.text().includes('trail failed'));
    expect((await client.send('GET', '/health')).status).toBe(503);
    service.child.kill('SIGTERM');
    expect(await service.exited).toBe(0);
  }, 60_000);
});

describe('a start that fails says in one sentence', () => {
  const reasonOf = async (options: Parameters<typeof runToExit>[0]): Promise<string> => {
    const { code, logs } = await runToExit(options);
    expect(code).toBe(1);
    expect(mishaps(logs)).toHaveLength(1);
    expect(logs.at(-1)!.message).toBe('cannot start');
    return String(logs.at(-1)!.reason);
  };

  test('which process has the port', async () => {
    const first = await startServer({ dataDir: newDataDir() });
    const reason = await reasonOf({ dataDir: newDataDir(), env: { PORT: String(first.port) } });
    expect(reason).toContain(`Port ${first.port} of 127.0.0.1 is in use (EADDRINUSE)`);
    expect(reason).toContain('PORT=');
    if (process.platform === 'linux') expect(reason).toContain(`process ${first.pid} `);
  });

  test('that the address is not of this machine', async () => {
    const env = { HOST: '192.0.2.1', BACKUP_API_TOKEN: 'a-token-of-sixteen-characters' };
    expect(await reasonOf({ dataDir: newDataDir(), env })).toMatch(/^HOST is 192.0.2.1, which is no address/);
  });

  test('that a file is in the way of the data folder', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    for (const dataDir of [file, join(file, 'below')]) {
      expect(await reasonOf({ dataDir })).toBe(
        `The data folder ${dataDir} cannot be used: ${file} is a file, not a folder. Choose another with BACKUP_DATA_DIR.`,
      );
    }
  });

  test('who may not use the data folder, and whose it is', async () => {
    const closed = join(temporaryFolder(), 'closed');
    mkdirSync(closed, { mode: 0o500 });
    const isRoot = process.getuid?.() === 0;
    // Root may do everything, so somebody else has to try.
    const child = spawn(nodePath(), ['bin/server.ts'], {
      env: { ...cleanEnvironment(), PORT: '0', BACKUP_DATA_DIR: join(closed, 'data') },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(isRoot ? { uid: 65_534, gid: 65_534 } : {}),
    });
    children.push(child);
    let text = '';
    child.stdout!.on('data', (data: Buffer) => (text += data.toString()));
    expect(await new Promise((done) => child.on('close', done))).toBe(1);
    const { reason } = JSON.parse(text) as { reason: string };
    expect(reason).toMatch(
      /^\/.*\/closed\/data.* cannot be used by user \d+ \(.+\) \(E(ACCES|PERM)\); \/.* belongs to user \d+ and has mode 0\d{3}: /,
    );
    expect(reason).not.toContain('\n');
  });

  test('that the catalog is none, and that nothing is to be thrown away', async () => {
    const dataDir = newDataDir();
    const first = await startServer({ dataDir });
    await createClient(first.url).backup({ resourceId: 'db', state: '1' });
    await first.stop();
    for (const name of ['catalog.sqlite-wal', 'catalog.sqlite-shm'])
      rmSync(join(dataDir, name), { force: true });
    writeFileSync(join(dataDir, 'catalog.sqlite'), 'garbage '.repeat(1000));
    const reason = await reasonOf({ dataDir });
    expect(reason).toContain('catalog.sqlite is not a SQLite database');
  });

  test('which setting is not known, and which was meant', async () => {
    const env = {
      BACKUP_RETENTION_SECONDS: '5',
      BACKUP_COLOUR: 'blue',
      BACKUP_GRACE_SECONDS: '-1',
      BACKUP_ALLOWED_HOSTS: 'http://a',
    };
    const reason = await reasonOf({ dataDir: newDataDir(), env });
    expect(reason).toContain(
      'BACKUP_RETENTION_SECONDS: is not known, did you mean BACKUP_RETENTION_INTERVAL_SECONDS?',
    );
    expect(reason).toContain('BACKUP_COLOUR: is not known');
    expect(reason).toContain('BACKUP_GRACE_SECONDS: must be 0 or more');
    expect(reason).toContain('BACKUP_ALLOWED_HOSTS: "http://a" is not a host name');
  });

  test('but not over names that others give', async () => {
    const env = {
      BACKUP_ID: 'backup-1',
      BACKUP_SERVICE_HOST: '10.0.0.1',
      BACKUP_PORT: 'tcp://10.0.0.1:80',
      BACKUP_PORT_80_TCP: 'x',
    };
    const server = await startServer({ dataDir: newDataDir(), env });
    expect(await isUp(server.port)).toBe(true);
  });
});

async function freePort(): Promise<number> {
  const server = await startServer({ dataDir: newDataDir() });
  await server.stop();
  return server.port;
}
