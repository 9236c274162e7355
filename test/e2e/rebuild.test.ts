// What an operator does on the day on which the catalog is lost: reads why the service does not start, runs the command that
// it names, and starts it again.

import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createClient } from './client.ts';
import { cleanUp, nodePath, runToExit, startServer, temporaryFolder } from './server.ts';

afterEach(cleanUp);

const run = promisify(execFile);

interface Ended {
  code: number;
  out: string;
  err: string;
}

/** Runs a line in a shell, as it was printed. */
async function shell(line: string): Promise<Ended> {
  const env = { ...process.env, PATH: `${dirname(nodePath())}:${process.env.PATH}` };
  try {
    const { stdout, stderr } = await run('sh', ['-c', line], { env });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

const rebuild = (...args: string[]): Promise<Ended> =>
  shell(`node bin/rebuild.ts ${args.map((arg) => `'${arg}'`).join(' ')}`);

function removeCatalog(dataDir: string): void {
  for (const name of readdirSync(dataDir)) {
    if (name.startsWith('catalog.sqlite')) rmSync(join(dataDir, name));
  }
}

async function commandThatMends(dataDir: string): Promise<string> {
  const { code, logs } = await runToExit({ dataDir });
  expect(code).toBe(1);
  const reason = String(logs.find(({ message }) => message === 'cannot start')?.reason);
  const [, command] = /: (npm run rebuild -- .+)$/.exec(reason) ?? [];
  if (command === undefined) throw new Error(`no command in: ${reason}`);
  return command;
}

describe('a lost catalog', () => {
  test('is mended by the very command that the refused start prints, whatever the folder is called', async () => {
    const dataDir = join(temporaryFolder(), "it's my data; rm -rf");
    const server = await startServer({ dataDir });
    const client = createClient(server.url);
    const kept = await client.backup({ resourceId: 'db', state: '{"n":1}' });
    const gone = await client.backup({ resourceId: 'db', state: '{"n":2}' });
    const next = await client.backup({ resourceId: 'db', state: '{"n":3}', type: 'incremental' });
    await client.send('PATCH', `/backups/${kept.id}`, '{"legalHold":true}');
    await client.remove(gone.id);
    const before = (await client.send('GET', '/backups')).body.toString();
    await server.stop();
    removeCatalog(dataDir);
    const command = await commandThatMends(dataDir);
    const dry = await shell(`${command} --dry-run`);
    expect([dry.code, dry.out]).toEqual([0, expect.stringContaining('Nothing was changed')]);
    const { code, out, err } = await shell(command);
    expect([code, err]).toEqual([0, expect.stringContaining('looked at 3 of 3 blobs')]);
    expect(out).toContain('found: 2 backups of 1 resources, 1 deleted or expired ones, in 3 blobs');
    const again = await startServer({ dataDir });
    const reborn = createClient(again.url);
    expect((await reborn.send('GET', '/backups')).body.toString()).toBe(before);
    expect((await reborn.restore(next.id)).body.toString()).toContain('"data":{"n":3}');
    expect((await reborn.remove(kept.id)).json()).toMatchObject({ code: 'backup_protected' });
    expect((await reborn.send('GET', '/health')).json()).toEqual({ status: 'healthy' });
    await again.stop();
  });

  test('of a folder of f88b999 is mended as well, once a later release has had it open', async () => {
    const { blobs, stopped, answers } = JSON.parse(
      gunzipSync(readFileSync('test/golden/data-folder-f88b999.json.gz')).toString(),
    ) as { blobs: Record<string, string>; stopped: Record<string, string>; answers: { policy: object } };
    const dataDir = join(temporaryFolder(), 'old');
    for (const [path, content] of Object.entries({ ...blobs, ...stopped })) {
      mkdirSync(dirname(join(dataDir, path)), { recursive: true, mode: 0o700 });
      writeFileSync(join(dataDir, path), Buffer.from(content, 'base64'), { mode: 0o600 });
    }
    const server = await startServer({ dataDir });
    const before = (await createClient(server.url).send('GET', '/backups?limit=1000')).body.toString();
    await server.stop();
    removeCatalog(dataDir);
    expect((await rebuild(dataDir)).code).toBe(0);
    const again = createClient((await startServer({ dataDir })).url);
    expect((await again.send('GET', '/backups?limit=1000')).body.toString()).toBe(before);
    expect((await again.send('GET', '/retention/policies/db')).json()).toMatchObject(answers.policy);
    expect((await again.remove('backup-3')).json()).toMatchObject({ code: 'backup_protected' });
  });

  test('with a damaged blob is mended with exit code 2, and the blob and what needs it are named', async () => {
    const dataDir = join(temporaryFolder(), 'data');
    const server = await startServer({ dataDir });
    const { id } = await createClient(server.url).backup({ resourceId: 'db', state: '{"n":1}' });
    await server.stop();
    const blobs = readdirSync(join(dataDir, 'blobs'), { recursive: true, encoding: 'utf8' });
    const blob = blobs.find((name) => /[0-9a-f]{32}$/.test(name))!;
    const path = join(dataDir, 'blobs', blob);
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    removeCatalog(dataDir);
    const { code, out } = await rebuild(dataDir);
    expect([code, out]).toEqual([2, expect.stringContaining(`damaged: blob ${blob.slice(-32)} of ${id}`)]);
    expect(out).toContain(`Needed by ${id}.`);
  });

  test('is not mended while a service has the folder, nor where there is none: exit code 1, and why', async () => {
    const dataDir = join(temporaryFolder(), 'data');
    const server = await startServer({ dataDir });
    await createClient(server.url).backup({ resourceId: 'db', state: '1' });
    expect(await rebuild(dataDir)).toMatchObject({ code: 1, err: expect.stringContaining('stop it first') });
    await server.stop();
    expect(await rebuild(join(dataDir, 'nowhere'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('nothing to rebuild from'),
    });
    for (const args of [[], [dataDir, 'more'], ['--what', dataDir]]) {
      expect(await rebuild(...args)).toMatchObject({ code: 1, err: expect.stringContaining('Usage') });
    }
  });
});
