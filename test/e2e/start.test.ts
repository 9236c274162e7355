// How the service starts, or refuses to: its data folder and its settings.

import { copyFileSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createBody, createClient, type Problem } from './client.ts';
import { expectKept, keep } from './kept.ts';
import { cleanUp, type LogLine, mishaps, newDataDir, runToExit, startServer } from './server.ts';

afterEach(cleanUp);

describe('a data folder', () => {
  test('has one owner: a second process is refused, the first goes on', async () => {
    const dataDir = newDataDir();
    const first = await startServer({ dataDir });
    const client = createClient(first.url);
    const kept = await keep(client, 'db', 0, 2);
    const { code, logs } = await runToExit({ dataDir });
    expect(code).toBe(1);
    expect(reasonOf(logs)).toMatch(/another process owns the data folder/);
    await expectKept(client, 'db', [...kept, ...(await keep(client, 'db', 2, 1))]);
  });

  test('without its key it is refused, as long as the key is gone', async () => {
    const dataDir = newDataDir();
    const first = await startServer({ dataDir });
    const kept = await keep(createClient(first.url), 'db', 0, 2);
    await first.stop();
    const key = join(dataDir, 'master.key');
    const elsewhere = join(dataDir, '..', 'kept.key');
    copyFileSync(key, elsewhere);
    rmSync(key);
    for (let n = 0; n < 2; n++) {
      const { code, logs } = await runToExit({ dataDir });
      expect(code).toBe(1);
      expect(reasonOf(logs)).toMatch(/master\.key is missing/);
    }
    copyFileSync(elsewhere, key);
    const again = await startServer({ dataDir });
    await expectKept(createClient(again.url), 'db', kept);
  });

  test('is for its owner alone', async () => {
    const dataDir = newDataDir();
    const server = await startServer({ dataDir });
    await keep(createClient(server.url), 'db', 0, 1);
    const modes = ['.', 'blobs', 'tmp', 'master.key', 'catalog.sqlite'].map((name) =>
      (statSync(join(dataDir, name)).mode & 0o777).toString(8),
    );
    expect(modes).toEqual(['700', '700', '700', '600', '600']);
  });

  test('what a crash left in its passing folder is gone after the start', async () => {
    const dataDir = newDataDir();
    mkdirSync(join(dataDir, 'tmp'), { recursive: true, mode: 0o700 });
    writeFileSync(join(dataDir, 'tmp', 'half'), 'half a blob');
    const server = await startServer({ dataDir });
    expect(() => statSync(join(dataDir, 'tmp', 'half'))).toThrow(/ENOENT/);
    expect((await createClient(server.url).send('GET', '/health')).json()).toEqual({ status: 'healthy' });
  });
});

describe('settings', () => {
  const TOKEN = 'a-token-of-more-than-sixteen-characters';

  test('an address that others can reach needs a token', async () => {
    for (const HOST of ['0.0.0.0', '::']) {
      const { code, logs } = await runToExit({ dataDir: newDataDir(), env: { HOST } });
      expect(code).toBe(1);
      expect(reasonOf(logs)).toMatch(/BACKUP_API_TOKEN/);
    }
  });

  test('with a token, calls without it are refused, and none of the rest changes', async () => {
    const server = await startServer({
      dataDir: newDataDir(),
      env: { HOST: '0.0.0.0', BACKUP_API_TOKEN: TOKEN },
    });
    const { send } = createClient(server.url);
    const body = createBody({ resourceId: 'db', state: '1' });
    const wrong: (Record<string, string> | undefined)[] = [
      undefined,
      { Authorization: TOKEN },
      { Authorization: `Bearer ${TOKEN}x` },
      { Authorization: `Bearer ${TOKEN.slice(1)}` },
      { Authorization: `Basic ${Buffer.from(`x:${TOKEN}`).toString('base64')}` },
    ];
    for (const headers of wrong) {
      for (const [method, path, given] of [
        ['GET', '/backups', undefined],
        ['POST', '/backups', body],
        ['DELETE', '/backups/backup-1', undefined],
        ['GET', '/restore/operations', undefined],
      ] as const) {
        const answer = await send(method, path, given, headers);
        expect(answer.status).toBe(401);
        expect(answer.headers.get('www-authenticate')).toBe('Bearer');
        expect(answer.json<Problem>().code).toBe('unauthorized');
      }
    }
    const right = { Authorization: `Bearer ${TOKEN}` };
    expect((await send('GET', '/backups', undefined, right)).json()).toEqual({ backups: [], count: 0 });
    expect((await send('POST', '/backups', body, right)).status).toBe(201);
    for (const open of ['/', '/health', '/openapi.json']) expect((await send('GET', open)).status).toBe(200);
    expect(JSON.stringify(server.logs)).not.toContain(TOKEN);
  });

  test('that are wrong are refused, each by its name', async () => {
    const wrong = {
      PORT: 'http',
      BACKUP_API_TOKEN: 'short',
      BACKUP_DATA_DIR: '',
      BACKUP_BODY_BYTES_MAX: '10',
      BACKUP_ALLOW_UNENCRYPTED: 'yes',
      BACKUP_RETENTION_INTERVAL_SECONDS: '0',
      BACKUP_GRACE_SECONDS: '-1',
    };
    const { code, logs } = await runToExit({ dataDir: newDataDir(), env: wrong });
    expect(code).toBe(1);
    for (const name of Object.keys(wrong)) expect(reasonOf(logs)).toContain(`${name}: `);
    // What the token is, is nobody's business.
    expect(JSON.stringify(logs)).not.toContain('short');
  });

  test('a port that is taken is a clear message, and the folder is free again', async () => {
    const first = await startServer({ dataDir: newDataDir() });
    const dataDir = newDataDir();
    const { code, logs } = await runToExit({ dataDir, env: { PORT: String(first.port) } });
    expect(code).toBe(1);
    expect(reasonOf(logs)).toMatch(/EADDRINUSE/);
    const second = await startServer({ dataDir });
    expect((await createClient(second.url).send('GET', '/health')).status).toBe(200);
  });

  test('where unencrypted backups are not permitted, they are refused', async () => {
    const env = { BACKUP_ALLOW_UNENCRYPTED: 'false' };
    const { url } = await startServer({ dataDir: newDataDir(), env });
    const answer = await createClient(url).create({ resourceId: 'db', state: '1', more: { encrypt: false } });
    expect(answer.json<Problem>()).toMatchObject({ status: 403, code: 'encryption_required' });
  });
});

/** The one line in which a service that does not start says why; never a stack trace. */
function reasonOf(logs: LogLine[]): string {
  expect(mishaps(logs)).toHaveLength(1);
  const [line] = mishaps(logs);
  expect(line!.message).toMatch(/^cannot (start|listen)$/);
  expect(JSON.stringify(logs)).not.toMatch(/ at .*\.ts:/);
  return String(line!.reason);
}
