// Where the service runs: with nothing installed but what it is made of, as a package of somebody else's, and where it
// cannot, a sentence that says why.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient } from '../client.ts';
import { cleanEnvironment, cleanUp, eventually, nodePath, temporaryFolder } from '../server.ts';

const PARTS = ['bin', 'lib', 'package.json'];
/** All that the service loads on one machine. */
/** Its own; what they need in their turn is loaded by what uses it. */
const PACKAGES = Object.keys(
  (JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> }).dependencies,
);

const children: ChildProcess[] = [];
/** Where the tarball is installed, and what it holds. */
let elsewhere: string;
let packed: string[];

beforeAll(async () => {
  const folder = temporaryFolder();
  elsewhere = temporaryFolder();
  const told = await npm('.', 'pack', '--json', '--silent', '--pack-destination', folder);
  const [{ filename, files }] = JSON.parse(told) as [{ filename: string; files: { path: string }[] }];
  packed = files.map(({ path }) => path);
  writeFileSync(join(elsewhere, 'package.json'), '{"name":"elsewhere","private":true}');
  await npm(elsewhere, 'install', join(folder, filename));
}, 180_000);

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await cleanUp();
});

function install(folder: string, packages = PACKAGES): string {
  for (const part of PARTS) cpSync(part, join(folder, part), { recursive: true });
  for (const name of packages) {
    const to = join(folder, 'node_modules', name);
    mkdirSync(dirname(to), { recursive: true });
    cpSync(join('node_modules', name), to, { recursive: true, dereference: true });
  }
  return folder;
}

const PATH = `${dirname(nodePath())}:${process.env.PATH}`;

async function expectServes(command: string, cwd: string): Promise<void> {
  const env = { ...cleanEnvironment(), PATH, PORT: '0', BACKUP_DATA_DIR: join(temporaryFolder(), 'data') };
  const child = spawn('sh', ['-c', `exec ${command}`], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (text += data.toString()));
  const exited = new Promise((done) => child.on('exit', done));
  const port = await eventually(20_000, `${command} to listen: ${text}`, () => {
    const listening = /"message":"listening".*?"port":(\d+)/.exec(text)?.[1];
    return listening === undefined ? undefined : Number(listening);
  });
  const client = createClient(`http://127.0.0.1:${port}`);
  // Large enough for a thread of its own.
  const rows = (v: number) =>
    JSON.stringify(
      Array.from({ length: 60_000 }, (_, id) => ({ id, v: id === 7 ? v : 0, text: `row ${id}` })),
    );
  await client.backup({ resourceId: 'db', state: rows(0) });
  const { id } = await client.backup({ resourceId: 'db', state: rows(1), type: 'incremental' });
  expect((await client.restore(id)).status).toBe(200);
  child.kill('SIGTERM');
  await exited;
  expect(text).toContain('"message":"stopped"');
}

async function refusalOf(folder: string, env: Record<string, string> = {}): Promise<string> {
  const run = promisify(execFile)(nodePath(), ['bin/start.mjs'], {
    cwd: folder,
    env: { ...cleanEnvironment(), ...env },
  });
  const failed = await run.then(
    () => undefined,
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  expect(failed).toMatchObject({ code: 1, stdout: '' });
  return failed!.stderr;
}

/** npm as its users run it, with their registry and cache. */
async function npm(cwd: string, ...args: string[]): Promise<string> {
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline'];
  const { stdout } = await promisify(execFile)('npm', [...args, ...quiet], {
    cwd,
    env: { ...process.env, PATH },
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout;
}

describe('installed by npm', () => {
  test('ci --omit=dev: nothing of its development comes along, and it runs on the Node that is there', async () => {
    const folder = install(temporaryFolder(), []);
    cpSync('package-lock.json', join(folder, 'package-lock.json'));
    await npm(folder, 'ci', '--omit=dev');
    expect(PACKAGES.filter((name) => !existsSync(join(folder, 'node_modules', name)))).toEqual([]);
    expect(existsSync(join(folder, 'node_modules', 'node'))).toBe(false);
    expect(existsSync(join(folder, 'node_modules', 'typescript'))).toBe(false);
    await expectServes('npm start', folder);
  }, 180_000);

  test('pack: what the tarball holds', () => {
    const tops = new Set(packed.map((path) => path.split('/')[0]));
    expect([...tops].filter((top) => ['.ci', 'node_modules', '.data'].includes(top!))).toEqual([]);
    // Of the tests, those that are for the adapters of others.
    const suites = /^test\/contract\/(?:index|harness|samples|[\w-]+\.(?:suite|tests))\.ts$/;
    const tests = packed.filter((path) => path.startsWith('test/'));
    expect(tests.length).toBeGreaterThan(10);
    expect(tests.filter((path) => !suites.test(path))).toEqual([]);
  });

  test('install of the tarball in an empty folder: it serves, its threads as well', async () => {
    await expectServes('node_modules/.bin/backup-restore-service serve', elsewhere);
  }, 60_000);

  test('install brings the command line along, which is there at once, and the client', async () => {
    const started = performance.now();
    const run = promisify(execFile)(join(elsewhere, 'node_modules/.bin/brs'), ['--version'], {
      env: { ...cleanEnvironment(), PATH },
    });
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect((await run).stdout.trim()).toBe(version);
    // It takes 50 ms where nothing else is going on; what loads too much takes seconds.
    expect(performance.now() - started).toBeLessThan(1000);
    writeFileSync(
      join(elsewhere, 'use.mjs'),
      `import { createClient } from 'backup-restore-service/client';
       import { createSigner } from 'backup-restore-service/client/aws';
       console.log(typeof createClient({ url: 'http://127.0.0.1:9' }).create, typeof createSigner);`,
    );
    const used = await promisify(execFile)(nodePath(), ['use.mjs'], { cwd: elsewhere });
    expect(used.stdout.trim()).toBe('function function');
    writeFileSync(
      join(elsewhere, 'use.ts'),
      `import { createClient } from 'backup-restore-service/client';
       const made: Promise<{ id: string }> = createClient({ url: 'x' }).create('db', '1');
       // @ts-expect-error no such type
       void createClient({ url: 'x' }).create('db', '1', { type: 'whole' });
       import { serve } from 'backup-restore-service';
       const served: Promise<{ url: string; close(): Promise<void> }> = serve({ PORT: '0' }, { onLog: (line) => line.length });
       export { made, served };`,
    );
    const options = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--lib',
      'es2024,dom',
    ];
    await promisify(execFile)(join(process.cwd(), 'node_modules/.bin/tsc'), [...options, 'use.ts'], {
      cwd: elsewhere,
    });
  }, 60_000);

  test('the service runs within a program of somebody else, with its console, and ends with it', async () => {
    const data = join(temporaryFolder(), 'data');
    writeFileSync(
      join(elsewhere, 'serve.mjs'),
      `import { serve } from 'backup-restore-service';
       import { createClient } from 'backup-restore-service/client';
       const lines = [];
       const { url, close } = await serve({ PORT: '0', BACKUP_DATA_DIR: ${JSON.stringify(data)} }, { onLog: (line) => lines.push(line) });
       const client = createClient({ url });
       const rows = JSON.stringify(Array.from({ length: 60000 }, (_, id) => ({ id, text: 'row ' + id })));
       await client.create('db', rows);
       const page = await (await fetch(url + '/console/')).text();
       const script = await fetch(url + '/console/' + /assets\\/app-[^"]+/.exec(page)[0]);
       console.log((await (await client.state('db')).text()) === rows, script.status, lines.length > 1);
       await serve({ PORT: '0', BACKUP_DATA_DIR: ${JSON.stringify(data)} }).catch((error) => console.log(error.code ?? error.message));
       await serve({ PORT: 'x' }).catch((error) => console.log(error.message));
       await close();`,
    );
    const { stdout } = await promisify(execFile)(nodePath(), ['serve.mjs'], {
      cwd: elsewhere,
      timeout: 30_000,
    });
    const [served, taken, wrong] = stdout.trim().split('\n');
    expect(served).toBe('true 200 true');
    expect(taken).toBe('unavailable');
    expect(wrong).toContain('PORT');
  }, 60_000);

  test.each(['rebuild', 'quarantine'])('install brings the other programs along: %s', async (word) => {
    await expectOtherProgram(join(elsewhere, 'node_modules/backup-restore-service'), word);
  });
});

async function expectOtherProgram(folder: string, word: string): Promise<void> {
  const nowhere = join(temporaryFolder(), 'nowhere');
  const run = promisify(execFile)(nodePath(), [join(folder, 'bin/start.mjs'), word, nowhere], {
    env: cleanEnvironment(),
  });
  const failed = await run.then(
    () => undefined,
    (error: { code: number; stderr: string }) => error,
  );
  expect([failed?.code, failed?.stderr]).toEqual([
    1,
    expect.stringMatching(/nowhere has (neither blobs\/ nor|no blobs)/),
  ]);
}

describe('the service', () => {
  test('runs without anything that only its development needs', async () => {
    await expectServes('npm start', install(temporaryFolder()));
  });

  test.each(['rebuild', 'quarantine'])('brings its other programs along: %s', async (word) => {
    await expectOtherProgram(install(temporaryFolder()), word);
  });

  test('without its packages says so in a sentence', async () => {
    const folder = install(temporaryFolder(), []);
    expect(await refusalOf(folder)).toBe(
      `cannot start: The packages that this service is made of are not here: run "npm ci" in ${folder} first.\n`,
    );
  });

  test('on an older Node says so in a sentence', async () => {
    const folder = install(temporaryFolder(), []);
    const preload = join(folder, 'older.mjs');
    writeFileSync(
      preload,
      `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.11.0' } });`,
    );
    const text = await refusalOf(folder, { NODE_OPTIONS: `--import=${preload}` });
    expect(text).toMatch(
      /^cannot start: This service needs Node 24 or newer, and this is 20\.11\.0 \(.*"npm ci" brings one.*\n$/,
    );
  });
});
