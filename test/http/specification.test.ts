// The specification's own requests and answers, word for word.

import { describe, expect, test } from '@jest/globals';
import type { CreateBackupInput } from '../../lib/service/contract/api.ts';
import { bytesIn } from '../core/json/state-text.ts';
import { backupRecord } from './fake-service.ts';
import { CURL_HEADERS, createHarness } from './harness.ts';

const FULL = `{
    "resourceId": "database-1",
    "resourceType": "postgresql",
    "type": "full",
    "data": {
      "tables": {
        "users": [{"id": 1, "name": "Alice"}],
        "products": [{"id": 1, "name": "Widget"}]
      },
      "schemas": ["public"],
      "version": "14.0"
    },
    "metadata": {
      "version": "1.0",
      "source": "automated",
      "tags": {"env": "production", "app": "ecommerce"},
      "retentionDays": 30
    },
    "encrypt": true
  }`;

const INCREMENTAL = `{
    "resourceId": "database-1",
    "resourceType": "postgresql",
    "type": "incremental",
    "data": {
      "tables": {
        "users": [{"id": 1, "name": "Alice"}, {"id": 2, "name": "Bob"}],
        "products": [{"id": 1, "name": "Widget"}]
      },
      "schemas": ["public"],
      "version": "14.0"
    },
    "metadata": {
      "version": "1.0",
      "source": "automated",
      "tags": {"env": "production"},
      "retentionDays": 7
    }
  }`;

const stateOf = (args: unknown[]) => new TextDecoder().decode(bytesIn((args[0] as CreateBackupInput).state));

describe('creating backups', () => {
  test('a full backup reaches the service as the specification wrote it', async () => {
    const { send, calls } = createHarness();
    const response = await send('POST', '/backups', FULL);
    expect(response.status).toBe(201);
    expect(calls.map((call) => call.method)).toEqual(['createBackup']);
    const [input, caller] = calls[0]!.args as [CreateBackupInput, unknown];
    const { state, ...rest } = input;
    expect(rest).toEqual({
      resourceId: 'database-1',
      resourceType: 'postgresql',
      type: 'full',
      metadata: {
        version: '1.0',
        source: 'automated',
        tags: { env: 'production', app: 'ecommerce' },
        retentionDays: 30,
      },
      encrypt: true,
    });
    expect(caller).toEqual({ actor: 'api' });
    expect(stateOf(calls[0]!.args)).toBe(
      '{"tables":{"users":[{"id":1,"name":"Alice"}],"products":[{"id":1,"name":"Widget"}]},"schemas":["public"],"version":"14.0"}',
    );
    expect(state.checksum).toMatch(/^[0-9a-f]{64}$/);
  });

  test('the answer has the members of the specification, in its order', async () => {
    const { send } = createHarness();
    const response = await send('POST', '/backups', FULL);
    expect(response.headers.get('location')).toBe('/backups/backup-1');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.has('idempotent-replayed')).toBe(false);
    const text = await response.text();
    expect(JSON.parse(text)).toEqual({
      id: 'backup-1',
      resourceId: 'database-1',
      resourceType: 'postgresql',
      type: 'full',
      status: 'completed',
      size: 2048,
      compressedSize: 512,
      compressionRatio: 75,
      encrypted: true,
      encryption: { algorithm: 'AES-256-CBC', keyId: 'local', keyVersion: '1' },
      checksum: `sha256:${'ab'.repeat(32)}`,
      chainLength: 1,
      data: '[REDACTED]',
      metadata: {
        version: '1.0',
        source: 'automated',
        tags: { env: 'production', app: 'ecommerce' },
        retentionDays: 30,
      },
      createdAt: '2025-01-01T12:00:00.000Z',
      completedAt: '2025-01-01T12:00:05.000Z',
      expiresAt: '2025-01-31T12:00:00.000Z',
    });
    expect(Object.keys(JSON.parse(text))).toEqual([
      'id',
      'resourceId',
      'resourceType',
      'type',
      'status',
      'size',
      'compressedSize',
      'compressionRatio',
      'encrypted',
      'encryption',
      'checksum',
      'chainLength',
      'data',
      'metadata',
      'createdAt',
      'completedAt',
      'expiresAt',
    ]);
  });

  test('an incremental backup leaves encrypt to its default', async () => {
    const { send, calls } = createHarness();
    expect((await send('POST', '/backups', INCREMENTAL)).status).toBe(201);
    expect(calls[0]!.args[0]).toMatchObject({
      type: 'incremental',
      encrypt: true,
      metadata: { version: '1.0', source: 'automated', tags: { env: 'production' }, retentionDays: 7 },
    });
  });

  test.each([
    ['disabling encryption', '{"resourceId":"test","resourceType":"test","data":{},"encrypt":false}'],
    [
      '90-day retention',
      '{\n    "resourceId": "prod-db",\n    "data": {},\n    "metadata": {"retentionDays": 90}\n  }',
    ],
  ])('curl without a content type: %s', async (_name, body) => {
    for (const headers of [CURL_HEADERS, {}]) {
      const { app, calls } = createHarness();
      // Bytes, because a string body would be given a type by Request itself.
      const response = await app.request('/backups', {
        method: 'POST',
        headers,
        body: new TextEncoder().encode(body),
      });
      expect(response.status).toBe(201);
      expect(stateOf(calls[0]!.args)).toBe('{}');
    }
  });

  test('defaults are filled in member by member', async () => {
    const { send, calls } = createHarness();
    await send('POST', '/backups', '{"resourceId":"a","data":1}');
    await send('POST', '/backups', '{"resourceId":"a","data":1,"metadata":{"retentionDays":90}}');
    await send('POST', '/backups', '{"resourceId":"a","data":1,"metadata":{"tags":{"k":""},"source":"x"}}');
    const defaults = { version: '1.0', source: 'api', tags: {}, retentionDays: 30 };
    expect(calls[0]!.args[0]).toMatchObject({ resourceType: 'generic', type: 'full', encrypt: true });
    expect(calls.map((call) => (call.args[0] as CreateBackupInput).metadata)).toEqual([
      defaults,
      { ...defaults, retentionDays: 90 },
      { ...defaults, tags: { k: '' }, source: 'x' },
    ]);
  });

  test('the state arrives as text, with everything that objects would lose', async () => {
    const { send, calls } = createHarness();
    const data = '{"z":9007199254740993,"1":-0,"a":1.0,"b":1e400,"a":"\\ud800","__proto__":{"x":1}}';
    await send('POST', '/backups', `{"resourceId":"a", "data": ${data} }`);
    expect(stateOf(calls[0]!.args)).toBe(data);
  });

  test.each(['null', 'false', '0', '""', '[]', '[ ]', '{ }'])('data may be %s', async (data) => {
    const { send, calls } = createHarness();
    expect((await send('POST', '/backups', `{"data":${data},"resourceId":"a"}`)).status).toBe(201);
    expect(stateOf(calls[0]!.args)).toBe(data.replace(' ', ''));
  });

  test('a create says what its caller should know of, though the backup is made', async () => {
    const { send } = createHarness({
      service: {
        createBackup: async () => ({
          backup: backupRecord({ requestedType: 'incremental' }),
          replayed: false,
          warnings: ['stored whole'],
        }),
      },
    });
    const response = await send('POST', '/backups', INCREMENTAL);
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ requestedType: 'incremental', warnings: ['stored whole'] });
  });

  test('an idempotency key is passed on, and a replay says so', async () => {
    const { send, calls } = createHarness({
      service: { createBackup: async () => ({ backup: backupRecord(), replayed: true }) },
    });
    const response = await send('POST', '/backups', FULL, { 'Idempotency-Key': 'order-66' });
    expect(response.status).toBe(201);
    expect(response.headers.get('idempotent-replayed')).toBe('true');
    expect(calls[0]!.args[0]).toMatchObject({ idempotencyKey: 'order-66' });
  });
});

describe('reading backups', () => {
  test('lists pass their filters on and count their page', async () => {
    const { send, calls } = createHarness();
    const first = (await (await send('GET', '/backups')).json()) as Record<string, unknown>;
    expect(Object.keys(first)).toEqual(['backups', 'count', 'nextCursor']);
    expect(first).toMatchObject({ count: 1, nextCursor: 'more', backups: [{ id: 'backup-1' }] });
    await send('GET', '/backups?resourceId=database-1');
    await send('GET', '/backups?type=full');
    await send('GET', '/backups?resourceId=a%2Fb%20c+d%25&type=incremental&limit=7&cursor=x%3D');
    expect(calls.map((call) => call.args)).toEqual([
      [{ limit: 50 }],
      [{ resourceId: 'database-1', limit: 50 }],
      [{ type: 'full', limit: 50 }],
      [{ resourceId: 'a/b c d%', type: 'incremental', limit: 7, cursor: 'x=' }],
    ]);
  });

  test('details, deletion, verification and the delta', async () => {
    const { send, calls } = createHarness();
    expect(await (await send('GET', '/backups/backup-1')).json()).toMatchObject({ id: 'backup-1' });
    const deleted = await send('DELETE', '/backups/backup-1');
    expect(deleted.status).toBe(200);
    expect(await deleted.text()).toBe('{"id":"backup-1","status":"deleted"}');
    const delta = await send('GET', '/backups/backup-1/delta');
    const told = `{"changes":[],"additions":[],"deletions":[],"base":"sha256:${'ab'.repeat(32)}","target":"sha256:${'cd'.repeat(32)}"}`;
    expect(delta.headers.get('content-length')).toBe(String(told.length));
    expect(await delta.text()).toBe(told);
    expect(await (await send('POST', '/backups/backup-1/verify')).text()).toBe(
      '{"valid":true,"errors":[],"warnings":[],"checksumValid":true,"structureValid":true,"dataIntegrity":true}',
    );
    expect(calls).toEqual([
      { method: 'findBackup', args: ['backup-1'] },
      { method: 'deleteBackup', args: ['backup-1', { actor: 'api' }] },
      { method: 'getDelta', args: ['backup-1', { actor: 'api' }] },
      { method: 'verifyBackup', args: ['backup-1'] },
    ]);
  });

  test('an id in a path is decoded once', async () => {
    const { send, calls } = createHarness();
    for (const path of ['a%2Fb', 'a%252Fb', '%C3%A9%20%3F%23', 'a+b']) await send('GET', `/backups/${path}`);
    expect(calls.map((call) => call.args[0])).toEqual(['a/b', 'a%2Fb', 'é ?#', 'a+b']);
  });
});
