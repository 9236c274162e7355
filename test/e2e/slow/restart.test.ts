// Ends the service in good and in bad ways: what it has acknowledged is there again, what it was about is not forgotten.

import { type IncomingMessage, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { BackupView } from '../../../lib/http/contract/backups-view.ts';
import type { OperationView } from '../../../lib/http/contract/restores-view.ts';
import { createBody, createClient, stateOf } from '../client.ts';
import { expectKept, type Kept, keep, stateNumber } from '../kept.ts';
import { cleanUp, eventually, mishaps, newDataDir, startServer } from '../server.ts';

afterEach(cleanUp);

/** Takes long enough to be worked on for a crash to come in between. */
const MANY_ROWS = `[${Array.from({ length: 40_000 }, (_, i) => `{"id":${i},"text":"${i * 7919}"}`)}]`;

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
