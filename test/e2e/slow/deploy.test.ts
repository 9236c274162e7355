// What is there to put the service on a machine: an image, a unit, a bill of materials. Held to what they say as far as that goes without
// a container engine and without being the machine's init.

import { execFile, spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cleanEnvironment, cleanUp, eventually, nodePath, temporaryFolder } from '../server.ts';

const run = promisify(execFile);

beforeAll(async () => {
  await run('node', ['scripts/build.ts'], {
    env: { ...process.env, PATH: `${dirname(nodePath())}:${process.env.PATH}` },
  });
}, 60_000);
afterAll(cleanUp);

/** The instructions of a Dockerfile, one a line. */
const instructions = readFileSync('deploy/Dockerfile', 'utf8')
  .replaceAll(/\\\n\s*/g, ' ')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));
const last = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')));
const of = (word: string) =>
  last.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));

test('what the image holds is enough to run, as it is run there, and is found to be well', async () => {
  const image = temporaryFolder();
  for (const copy of of('COPY')) {
    const [, from, to] = /^--from=build \/src\/(\S+) \.\/(\S+)$/.exec(copy)!;
    mkdirSync(dirname(join(image, to!)), { recursive: true });
    cpSync(from!, join(image, to!), { recursive: true });
  }
  const settings = Object.fromEntries(
    [...of('ENV')[0]!.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name!, value!]),
  );
  expect(settings).toMatchObject({ HOST: '0.0.0.0', BACKUP_DATA_DIR: '/data' });
  expect([of('USER'), of('VOLUME'), of('EXPOSE')]).toEqual([['node'], ['/data'], [settings.PORT]]);
  const [, ...entry] = JSON.parse(of('ENTRYPOINT')[0]!) as string[];
  const args = [...entry, ...(JSON.parse(of('CMD')[0]!) as string[])];
  const here = { BACKUP_DATA_DIR: join(image, 'data'), HOST: '127.0.0.1', PORT: '0' };
  const child = spawn(nodePath(), args, { cwd: image, env: { ...cleanEnvironment(), ...settings, ...here } });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (text += data.toString()));
  try {
    const port = await eventually(
      20_000,
      `the image to listen: ${text}`,
      () => /"message":"listening".*?"port":(\d+)/.exec(text)?.[1],
    );
    const [, , code] = JSON.parse(/CMD (\[.*\])$/.exec(of('HEALTHCHECK')[0]!)![1]!) as string[];
    const check = (at: string) =>
      run(nodePath(), ['-e', code!], { env: { ...cleanEnvironment(), PORT: at } });
    await check(port);
    await expect(check('9')).rejects.toMatchObject({ code: 1 });
  } finally {
    const exited = new Promise((done) => child.once('exit', done));
    child.kill('SIGTERM');
    await exited;
  }
  expect(text).toContain('"message":"stopped"');
}, 60_000);

test('the image is closed where it can be reached: it does not start without a token', async () => {
  const child = run(nodePath(), ['bin/brs.mjs', 'serve'], {
    env: {
      ...cleanEnvironment(),
      HOST: '0.0.0.0',
      PORT: '0',
      BACKUP_DATA_DIR: join(temporaryFolder(), 'data'),
    },
  });
  await expect(child).rejects.toMatchObject({
    code: 1,
    stdout: expect.stringContaining('set BACKUP_API_TOKEN'),
  });
});

test('the unit is one that systemd takes, and leaves the service little to do harm with', async () => {
  const folder = temporaryFolder();
  const unit = readFileSync('deploy/backup-restore-service.service', 'utf8');
  const program = join(process.cwd(), 'bin/brs.mjs');
  expect(unit).toContain('ExecStart=/usr/local/bin/backup-restore-service serve');
  const file = join(folder, 'backup-restore-service.service');
  writeFileSync(file, unit.replace('/usr/local/bin/backup-restore-service', program));
  const { stderr } = await run('systemd-analyze', ['verify', file]);
  expect(stderr).toBe('');
  const { stdout } = await run('systemd-analyze', ['security', '--offline=true', '--threshold=20', file]);
  expect(stdout).toContain('Overall exposure level');
});

test('the bill of materials has what was bundled, each with its version', () => {
  const bill = JSON.parse(readFileSync('dist/sbom.cdx.json', 'utf8')) as {
    bomFormat: string;
    components: { name: string; version: string }[];
  };
  expect(bill.bomFormat).toBe('CycloneDX');
  const versions = new Map(bill.components.map(({ name, version }) => [name, version]));
  const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  for (const name of Object.keys(dependencies!))
    expect([name, versions.get(name)]).toEqual([name, dependencies![name]]);
  expect(versions.get('commander')).toBe(devDependencies!.commander);
  for (const name of ['typescript', 'jest', 'aws-cdk-lib', 'esbuild']) expect(versions.has(name)).toBe(false);
});
