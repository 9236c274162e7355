// How the deployed stack says no: always the same form, whoever refuses.

import { expect, test } from '@jest/globals';
import type { Problem } from '../../e2e/client.ts';
import { capabilities } from '../capabilities.ts';
import { describeDeployed } from './deployed.ts';

const JSON_TYPE = { 'Content-Type': 'application/json' };

describeDeployed('errors', ({ apiUrl, unsignedUrl, client }) => {
  test.each<[number, string, string, string, string | undefined, Record<string, string>?]>([
    [404, 'backup_not_found', 'GET', '/backups/backup-none', undefined],
    [404, 'backup_not_found', 'DELETE', '/backups/backup-none', undefined],
    [404, 'operation_not_found', 'GET', '/restore/operations/restore-none', undefined],
    [404, 'policy_not_found', 'GET', '/retention/policies/none', undefined],
    [404, 'backup_not_found', 'POST', '/restore', '{"backupId":"backup-none","targetResourceId":"t"}'],
    [
      404,
      'resource_not_found',
      'POST',
      '/restore/point-in-time',
      '{"resourceId":"none","timestamp":"2026-01-01T00:00:00Z"}',
    ],
    [404, 'upload_not_found', 'POST', '/backups', `{"resourceId":"r","uploadId":"${'0'.repeat(32)}"}`],
    [400, 'malformed_json', 'POST', '/backups', '{"resourceId":"r","data":{]}'],
    [400, 'invalid_request', 'POST', '/backups', '{"resourceId":"r"}'],
    [400, 'invalid_request', 'POST', '/backups', '{"resourceId":"r","data":1,"unknown":2}'],
    [400, 'invalid_request', 'GET', '/backups?limit=0', undefined],
    [400, 'invalid_cursor', 'GET', '/backups?cursor=nonsense', undefined],
    [403, 'encryption_required', 'POST', '/backups', '{"resourceId":"r","data":1,"encrypt":false}'],
    [415, 'unsupported_media_type', 'POST', '/backups', '<r/>', { 'Content-Type': 'application/xml' }],
  ])(
    '%d %s: %s %s',
    async (status, code, method, path, body, headers = body === undefined ? {} : JSON_TYPE) => {
      const answer = await client.send(method, path, body, headers);
      expect(answer.json<Problem>()).toMatchObject({ status, code, title: expect.any(String) });
      expect(answer.status).toBe(status);
      // Never anything of our insides.
      expect(answer.body.toString()).not.toMatch(/arn:|\.ts\b|at \w+ \(|dynamodb|AccessDenied/i);
    },
  );

  test.each([
    ['GET', '/nowhere'],
    ['PUT', '/backups'],
  ])(
    'API Gateway does not tell an unknown route from a request that nobody has signed: %s %s',
    async (method, path) => {
      const answer = await client.send(method, path);
      expect({ status: answer.status, ...answer.json<object>() }).toMatchObject(
        capabilities().usesGatewayResponses
          ? { status: 401, code: 'unauthorized', title: expect.any(String) }
          : // Where callers are not checked the stack lets everybody in, and a route that is not there is only that.
            { status: 404, message: 'Missing Authentication Token' },
      );
    },
  );

  test('bytes that are no UTF-8 are refused, not replaced', async () => {
    const body = Buffer.concat([
      Buffer.from('{"resourceId":"r","data":"'),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('"}'),
    ]);
    expect((await client.send('POST', '/backups', body)).json<Problem>()).toMatchObject({
      code: 'malformed_json',
    });
  });

  test('before the first backup there is nothing, and the answer names the first', async () => {
    const { createdAt } = await client.backup({ resourceId: 'young', state: '1' });
    const answer = await client.restoreAt('young', '2020-01-01T00:00:00Z');
    expect(answer.json<Problem>()).toMatchObject({ code: 'snapshot_not_found', earliest: createdAt });
  });

  test('a held backup is not removed', async () => {
    const { id } = await client.backup({ resourceId: 'held', state: '1' });
    await client.send('PATCH', `/backups/${id}`, '{"legalHold":true}');
    expect((await client.remove(id)).json<Problem>()).toMatchObject({
      status: 409,
      code: 'backup_protected',
    });
    await client.send('PATCH', `/backups/${id}`, '{"legalHold":false}');
    expect((await client.remove(id)).status).toBe(200);
  });

  test('who has not signed is let in nowhere, where callers are checked at all', async () => {
    for (const [method, path] of [
      ['GET', '/backups'],
      ['GET', '/retention/waits'],
      ['POST', '/restore'],
    ] as const) {
      const answer = await fetch(unsignedUrl + path, { method });
      const said = await answer.json();
      if (capabilities().checksCallers) expect(said).toMatchObject({ status: 401, code: 'unauthorized' });
      else expect(answer.status).not.toBe(401);
    }
  });

  test('who has not signed hears what is public, health above all', async () => {
    expect(await (await fetch(`${unsignedUrl}/health`)).json()).toEqual({ status: 'healthy' });
    for (const path of ['/', '/openapi.json']) {
      expect((await fetch(unsignedUrl + path)).status).toBe(200);
    }
  });

  test('the contract is served, and says where', async () => {
    const answer = await fetch(`${apiUrl}/openapi.json`);
    // Whole, so that whoever imports it can call it; the emulator's own door is plain HTTP.
    const url = expect.stringMatching(/^https?:\/\/[^/]+\/dev$/);
    expect(await answer.json()).toMatchObject({ openapi: '3.1.1', servers: [{ url }] });
    expect((await client.send('GET', '/health')).json()).toEqual({ status: 'healthy' });
  });
});
