// What restores give back: the state's own bytes, streamed; or an operation to follow.

import { describe, expect, test } from '@jest/globals';
import { ServiceError } from '../../lib/core/records/errors.ts';
import { replyParts } from '../../lib/http/handlers/reply.ts';
import { asText, NOW, operationRecord } from './fake-service.ts';
import { createHarness, problemOf } from './harness.ts';

const REQUEST = { backupId: 'backup-1', targetResourceId: 't' };
const text = (value: string) => new TextEncoder().encode(value);

describe('the state', () => {
  test('comes back byte for byte', async () => {
    const state =
      '{"z":9007199254740993,"1":-0,"a":1.0,"b":1e400,"a":"\\ud800","__proto__":{"x":1},"ü":"\u2028"}';
    const { send } = createHarness({
      service: { restore: async () => ({ operation: operationRecord(), data: asText(state) }) },
    });
    const response = await send('POST', '/restore', REQUEST);
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect(response.headers.get('content-length')).toBe(String(bytes.length));
    expect(new TextDecoder().decode(bytes).endsWith(`"createdBy":"admin"},"data":${state}}`)).toBe(true);
  });

  test.each([65_000, 65_536, 1024 * 1024, 3 * 1024 * 1024 + 17])('of %d bytes comes whole', async (size) => {
    const data = text(`"${'x'.repeat(size - 2)}"`);
    const { send } = createHarness({
      service: {
        restore: async () => ({ operation: operationRecord(), data: { bytes: data.length, chunks: [data] } }),
      },
    });
    const response = await send('POST', '/restore', REQUEST);
    const body = (await response.text()).slice(0, -1);
    expect(body.slice(-size)).toBe(new TextDecoder().decode(data));
    expect(Number(response.headers.get('content-length'))).toBe(body.length + 1);
    // The service's bytes were lent, not given: they must still be there.
    expect(data.length).toBe(size);
  });

  test('streams no faster than it is read, in slices', async () => {
    const big = new Uint8Array(4 * 1024 * 1024).fill(0x20);
    const reader = replyParts(200, [text('1'), big, new Uint8Array(), text('2')]).body!.getReader();
    const sizes: number[] = [];
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      sizes.push(value.length);
    }
    const slice = 1024 * 1024;
    expect(sizes).toEqual([1, slice, slice, slice, slice, 1]);
  });

  test('a reader that goes away ends the stream', async () => {
    const body = replyParts(200, [new Uint8Array(4 * 1024 * 1024)]).body!;
    const reader = body.getReader();
    await reader.read();
    await expect(reader.cancel()).resolves.toBeUndefined();
  });
});

describe('asynchronous restores', () => {
  const queued = operationRecord({ status: 'queued', progress: 0, validated: false });
  delete queued.completedAt;

  test.each(['respond-async', 'Respond-Async, wait=10', 'return=minimal, respond-async; x=1'])(
    'Prefer: %s',
    async (prefer) => {
      for (const [path, body] of [
        ['/restore', REQUEST],
        ['/restore/point-in-time', { resourceId: 'r', timestamp: '2025-01-01T00:00:00.5Z' }],
      ] as const) {
        const answer = async () => ({ operation: queued });
        const { send, calls } = createHarness({ service: { restore: answer, restorePointInTime: answer } });
        const response = await send('POST', path, body, { Prefer: prefer });
        expect(response.status).toBe(202);
        expect(response.headers.get('location')).toBe('/restore/operations/restore-1');
        expect(response.headers.get('preference-applied')).toBe('respond-async');
        const accepted = (await response.json()) as { operation: object };
        expect(Object.keys(accepted)).toEqual(['operation']);
        expect(accepted.operation).toMatchObject({ id: 'restore-1', status: 'queued', progress: 0 });
        expect(accepted.operation).not.toHaveProperty('completedAt');
        expect(calls[0]!.args[0]).toMatchObject({ async: true });
      }
    },
  );

  test.each(['', 'return=minimal', 'xrespond-async', 'respond-async-not'])(
    'Prefer: %j is not ours',
    async (prefer) => {
      const { send, calls } = createHarness();
      const response = await send('POST', '/restore', REQUEST, { Prefer: prefer });
      expect(response.status).toBe(200);
      expect(response.headers.has('preference-applied')).toBe(false);
      expect(calls[0]!.args[0]).toMatchObject({ async: false });
    },
  );

  test('a service that prefers it unasked answers 202 too, and claims no preference', async () => {
    const { send } = createHarness({ service: { restore: async () => ({ operation: queued }) } });
    const response = await send('POST', '/restore', REQUEST);
    expect(response.status).toBe(202);
    expect(response.headers.has('preference-applied')).toBe(false);
  });

  test('a restore that is over without data is our bug, never an empty success', async () => {
    const { send } = createHarness({ service: { restore: async () => ({ operation: operationRecord() }) } });
    expect(await problemOf(await send('POST', '/restore', REQUEST))).toMatchObject({
      status: 500,
      code: 'internal_error',
    });
  });

  test('resultUrl is there while the result can be fetched', async () => {
    const shown = async (changes: Parameters<typeof operationRecord>[0]) => {
      const { send } = createHarness({ service: { getOperation: async () => operationRecord(changes) } });
      return (await (await send('GET', '/restore/operations/restore-1')).json()) as { resultUrl?: string };
    };
    expect((await shown({ resultUntil: NOW + 1 })).resultUrl).toBe('/restore/operations/restore-1/result');
    expect(await shown({ resultUntil: NOW })).not.toHaveProperty('resultUrl');
    expect(await shown({})).not.toHaveProperty('resultUrl');
    expect(await shown({ resultUntil: NOW + 1, status: 'in_progress' })).not.toHaveProperty('resultUrl');
  });

  test('the result is the text of the state and nothing else', async () => {
    const { send, calls } = createHarness();
    const response = await send('GET', '/restore/operations/restore-1/result');
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('[1]');
    expect(calls).toEqual([{ method: 'getOperationResult', args: ['restore-1', { actor: 'api' }] }]);
  });

  test('a result that is staged elsewhere is a redirect', async () => {
    const url = 'https://bucket.example/results/restore-1?signed';
    const { send } = createHarness({ service: { getOperationResult: async () => ({ url }) } });
    const response = await send('GET', '/restore/operations/restore-1/result');
    expect([response.status, response.headers.get('location')]).toEqual([303, url]);
  });

  test('a result that is not there is a 409', async () => {
    const { send } = createHarness({
      service: {
        getOperationResult: async () => {
          throw new ServiceError('result_unavailable', 'not yet');
        },
      },
    });
    expect(await problemOf(await send('GET', '/restore/operations/restore-1/result'))).toMatchObject({
      status: 409,
      code: 'result_unavailable',
    });
  });
});
