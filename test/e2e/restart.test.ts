// Ends the service in good and in bad ways, and starts it in wrong ones: what it has acknowledged is there again.

import { copyFileSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { BackupView, OperationView } from '../../lib/http/view.ts';
import { type Client, createBody, createClient, type Problem, stateOf } from './client.ts';
import {
  cleanUp,
  eventually,
  type LogLine,
  mishaps,
  newDataDir,
  runToExit,
  type Server,
  startServer,
} from './server.ts';

afterEach(cleanUp);

const TYPES = ['full', 'incremental', 'incremental', 'differential', 'incremental'] as const;
const stateNumber = (n: number): string =>
  `{"n":${n},"big":9007199254740993,"rows":[${Array.from({ length: n + 20 }, (_, i) => `{"id":${i}}`)}]}`;

/** Takes long enough to be worked on for a crash to come in between. */
const MANY_ROWS = `[${Array.from({ length: 40_000 }, (_, i) => `{"id":${i},"text":"${i * 7919}"}`)}]`;

interface Kept {
  backup: BackupView;
  state: string;
}

async function keep(client: Client, resourceId: string, first: number, count: number): Promise<Kept[]> {
  const kept: Kept[] = [];
  for (let n = first; n < first + count; n++) {
    const state = stateNumber(n);
    const backup = await client.backup({ resourceId, state, type: TYPES[n % TYPES.length]! });
    kept.push({ backup, state });
  }
  return kept;
}

async function expectKept(client: Client, resourceId: string, kept: Kept[]): Promise<void> {
  const listed = (await client.list()).filter((backup) => backup.resourceId === resourceId);
  expect(listed).toEqual(kept.map(({ backup }) => backup).reverse());
  for (const { backup, state } of kept) {
    expect(stateOf(await client.restore(backup.id)).toString()).toBe(state);
    expect(stateOf(await client.restoreAt(resourceId, backup.createdAt)).toString()).toBe(state);
    expect((await client.send('POST', `/backups/${backup.id}/verify`)).json()).toMatchObject({ valid: true });
  }
}

const numberOf = (id: string): number => Number(id.split('-')[1]);

describe('stopped and started again', () => {
  test.each([
    ['SIGTERM', 0],
    ['SIGKILL', null],
  ] as const)('after %s everything acknowledged is there, and ids go on', async (signal, code) => {
    const dataDir = newDataDir();
    let kept: Kept[] = [];
    let operations: OperationView[] = [];
    for (let round = 0; round < 2; round++) {
      const server = await startServer({ dataDir });
      const client = createClient(server.url);
      if (round > 0) {
        expect((await client.operations()).slice(-operations.length)).toEqual(operations);
        await expectKept(client, 'db', kept);
      }
      const before = kept.length;
      kept = [...kept, ...(await keep(client, 'db', before, 6))];
      await client.restore(kept.at(-1)!.backup.id);
      operations = await client.operations();
      expect(await server.stop(signal)).toEqual({ code, signal: code === null ? signal : null });
      expect(mishaps(server.logs)).toEqual([]);
      expect(server.logs.some(({ message }) => message === 'stopped')).toBe(code === 0);
    }
    const ids = kept.map(({ backup }) => numberOf(backup.id));
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(new Set(ids).size).toBe(12);
    const restores = operations.map(({ id }) => numberOf(id));
    expect(new Set(restores).size).toBe(restores.length);
  });

  test('SIGTERM lets the request under way end, and takes no other', async () => {
    const dataDir = newDataDir();
    const server = await startServer({ dataDir });
    const body = createBody({ resourceId: 'db', state: stateNumber(1) });
    const upload = request(`${server.url}/backups`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) },
    });
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      upload.on('response', resolve).on('error', reject);
    });
    upload.write(body.slice(0, 50));
    await wait(200);
    const stopped = server.stop();
    await eventually(5000, 'it to stop', () => server.logs.find(({ message }) => message === 'stopping'));
    await expect(fetch(`${server.url}/health`)).rejects.toThrow();
    upload.end(body.slice(50));
    const response = await answer;
    expect(response.statusCode).toBe(201);
    const backup = JSON.parse(Buffer.concat(await Array.fromAsync(response)).toString()) as BackupView;
    const answeredAt = Date.now();
    expect(await stopped).toEqual({ code: 0, signal: null });
    // The connection is kept alive by its client; that must not keep the service alive.
    expect(Date.now() - answeredAt).toBeLessThan(3000);
    expect(mishaps(server.logs)).toEqual([]);

    const again = await startServer({ dataDir });
    await expectKept(createClient(again.url), 'db', [{ backup, state: stateNumber(1) }]);
  });

  test('a second signal ends it at once, and nothing half-made is left', async () => {
    const dataDir = newDataDir();
    const server = await startServer({ dataDir });
    const kept = await keep(createClient(server.url), 'db', 0, 1);
    const upload = request(`${server.url}/backups`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
    });
    const broken = new Promise<Error>((resolve) => upload.on('error', resolve));
    upload.write('{"resourceId":"db","data":[');
    await wait(100);
    void server.stop('SIGINT');
    await eventually(5000, 'it to stop', () => server.logs.find(({ message }) => message === 'stopping'));
    expect(await server.stop('SIGINT')).toEqual({ code: 1, signal: null });
    await broken;
    const again = await startServer({ dataDir });
    await expectKept(createClient(again.url), 'db', kept);
  });

  test('restores in the background that a crash interrupts are failed or done again, soon', async () => {
    const dataDir = newDataDir();
    const first = await startServer({ dataDir });
    const client = createClient(first.url);
    const state = MANY_ROWS;
    const { id } = await client.backup({ resourceId: 'db', state });
    const asked: OperationView[] = [];
    for (let n = 0; n < 8; n++) {
      const answer = await client.send(
        'POST',
        '/restore',
        JSON.stringify({ backupId: id, targetResourceId: `t${n}` }),
        { Prefer: 'respond-async' },
      );
      expect(answer.status).toBe(202);
      asked.push(answer.json<{ operation: OperationView }>().operation);
    }
    await first.kill();

    const again = await startServer({ dataDir });
    const survivor = createClient(again.url);
    for (const { id: operationId } of asked) {
      const ended = await eventually(10_000, `${operationId} to end`, async () => {
        const operation = (
          await survivor.send('GET', `/restore/operations/${operationId}`)
        ).json<OperationView>();
        return ['completed', 'failed'].includes(operation.status) && operation;
      });
      if (ended.status === 'failed') {
        expect(ended.validationErrors).toHaveLength(1);
        continue;
      }
      expect(ended).toMatchObject({ progress: 100, validated: true });
      const result = await survivor.send('GET', ended.resultUrl!);
      expect(result.status).toBe(200);
      expect(result.body.equals(Buffer.from(state))).toBe(true);
    }
    expect((await survivor.operations()).map((operation) => operation.id)).toEqual(
      asked.map((operation) => operation.id).reverse(),
    );
    expect(mishaps(again.logs)).toEqual([]);
  });

  test('backups by upload that a crash interrupts are made after it, soon', async () => {
    const dataDir = newDataDir();
    const first = await startServer({ dataDir });
    const { send } = createClient(first.url);
    const states = Array.from({ length: 5 }, (_, n) => `{"n":${n},"rows":${MANY_ROWS}}`);
    const asked: string[] = [];
    for (const state of states) {
      const upload = (await send('POST', '/uploads')).json<{ uploadId: string; url: string }>();
      expect((await send('PUT', new URL(upload.url).pathname, state)).status).toBeLessThan(300);
      const fields = { resourceId: 'db', type: 'incremental', uploadId: upload.uploadId };
      const answer = await send('POST', '/backups', JSON.stringify(fields));
      expect(answer.status).toBe(202);
      asked.push(answer.json<{ id: string }>().id);
    }
    await first.kill();

    const again = await startServer({ dataDir });
    const survivor = createClient(again.url);
    for (const [n, id] of asked.entries()) {
      await eventually(10_000, `${id} to be there`, async () => {
        const { status } = (await survivor.send('GET', `/backups/${id}`)).json<{ status: string }>();
        expect(status).not.toBe('failed');
        return status === 'completed';
      });
      expect(stateOf(await survivor.restore(id)).equals(Buffer.from(states[n]!))).toBe(true);
    }
    expect((await survivor.list()).map(({ id }) => id).sort()).toEqual([...asked].sort());
    expect(mishaps(again.logs)).toEqual([]);
  });
});

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
    const second: Server = await startServer({ dataDir });
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
