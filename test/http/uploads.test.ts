import { describe, expect, test } from '@jest/globals';
import { ServiceError } from '../../lib/core/records/errors.ts';
import { createAnswers } from '../../lib/http/contract/answers.ts';
import { silentLogger } from '../../lib/log.ts';
import { createCheckedApi } from './checked-api.ts';
import { backupRequest, createFakeService, NOW } from './fake-service.ts';
import { createHarness, expectRefused, problemOf } from './harness.ts';

const SHA256 = 'ab'.repeat(32);
const UPLOAD_ID = '5'.repeat(32);

describe('large states', () => {
  test('POST /uploads gives a whole URL, whoever takes the PUT', async () => {
    const { send } = createHarness();
    const response = await send('POST', '/uploads');
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({
      uploadId: UPLOAD_ID,
      method: 'PUT',
      url: expect.stringMatching(/^http:\/\/[^/]+\/uploads\/x$/),
      expiresAt: new Date(NOW).toISOString(),
      bytesMax: 10,
    });
  });

  test('a backup by uploadId is accepted, and shows how far it has come', async () => {
    const { send, calls } = createHarness({
      service: { findBackup: async () => backupRequest({ status: 'in_progress', progress: 50 }) },
    });
    const body = `{"resourceId":"db","type":"incremental","uploadId":"${UPLOAD_ID}"}`;
    const response = await send('POST', '/backups', body, { 'Idempotency-Key': 'k' });
    expect([response.status, response.headers.get('location')]).toEqual([202, '/backups/backup-9']);
    expect(await response.json()).toMatchObject({ id: 'backup-9', status: 'pending', progress: 0 });
    expect(calls[0]).toMatchObject({
      method: 'requestBackup',
      args: [{ resourceId: 'db', type: 'incremental', uploadId: UPLOAD_ID, idempotencyKey: 'k' }, {}],
    });
    const shown = await (await send('GET', '/backups/backup-9')).json();
    expect(shown).toMatchObject({ id: 'backup-9', status: 'in_progress', progress: 50, data: '[REDACTED]' });
  });

  test.each([
    [`{"resourceId":"db","data":1,"uploadId":"${UPLOAD_ID}"}`, '/uploadId'],
    ['{"resourceId":"db","uploadId":"short"}', '/uploadId'],
    ['{"resourceId":"db","uploadId":null}', '/uploadId'],
    ['{"resourceId":"db"}', '/data'],
  ])('%s is refused', async (body, pointer) => {
    await expectRefused('POST', '/backups', body, 400, 'invalid_request', [pointer]);
  });
});

describe('announcing an upload', () => {
  const SUM = 'AB'.repeat(32);

  test.each([
    ['{"bytes":7}', { bytes: 7 }],
    [`{"sha256":"${SUM}"}`, { sha256: SUM.toLowerCase() }],
    [`{"bytes":7,"sha256":"sha256:${SUM}"}`, { bytes: 7, sha256: SUM.toLowerCase() }],
    ['{}', {}],
  ])('%s is handed on', async (body, announced) => {
    const { send, calls } = createHarness();
    expect((await send('POST', '/uploads', body)).status).toBe(201);
    expect(calls).toEqual([{ method: 'createUpload', args: [announced] }]);
  });

  test.each([
    ['{"bytes":0}', '/bytes'],
    ['{"bytes":"7"}', '/bytes'],
    ['{"sha256":"abc"}', '/sha256'],
    ['{"md5":"x"}', '/md5'],
  ])('%s is refused', async (body, pointer) => {
    await expectRefused('POST', '/uploads', body, 400, 'invalid_request', [pointer]);
  });
});

describe('a home that takes uploads itself', () => {
  const app = (receive: (uploadId: string, bytes: number) => Promise<number>) =>
    createCheckedApi({
      service: createFakeService().service,
      auth: { token: 'a-token-of-16-chars' },
      version: '0',
      log: silentLogger,
      uploads: {
        async receive(uploadId, body) {
          let bytes = 0;
          for await (const chunk of body) bytes += chunk.length;
          return { bytes: await receive(uploadId, bytes), sha256: SHA256 };
        },
      },
    });

  test('takes a PUT from whoever holds the URL', async () => {
    const response = await app(async (_id, bytes) => bytes).request(`/uploads/${UPLOAD_ID}`, {
      method: 'PUT',
      body: '[1,2,3]',
    });
    expect([response.status, await response.json()]).toEqual([
      200,
      { uploadId: UPLOAD_ID, bytes: 7, sha256: SHA256 },
    ]);
  });

  test('says no in problem documents', async () => {
    const refusing = app(async () => {
      throw new ServiceError('upload_not_found', 'none');
    });
    const put = (body: string | null) => refusing.request('/uploads/x', { method: 'PUT', body });
    expect(await problemOf(await put('1'))).toMatchObject({ status: 404, code: 'upload_not_found' });
    expect(await problemOf(await put(null))).toMatchObject({ status: 400, code: 'malformed_json' });
  });

  test('describes the PUT, its bytes and its answers, for clients that are made of the document', async () => {
    const { paths } = (await (await app(async () => 7).request('/openapi.json')).json()) as {
      paths: Record<string, Record<string, Record<string, unknown>>>;
    };
    const { put } = paths['/uploads/{uploadId}']!;
    expect(put).toMatchObject({
      operationId: 'putUpload',
      security: [],
      parameters: [{ name: 'uploadId', in: 'path', required: true }],
      requestBody: { required: true, content: { 'application/octet-stream': {} } },
    });
    const { responses } = put as { responses: Record<string, { description: string; content: object }> };
    expect(responses['200']!.content).toEqual({
      'application/json': { schema: { $ref: '#/components/schemas/Uploaded' } },
    });
    const told = Object.values(responses).map(({ description }) => description);
    for (const code of [
      'malformed_json',
      'invalid_request',
      'upload_not_found',
      'write_conflict',
      'payload_too_large',
      'unsupported_media_type',
      'upload_mismatch',
    ]) {
      expect(told.join()).toContain(`\`${code}\``);
    }
    const answer = { uploadId: UPLOAD_ID, bytes: 7, sha256: SHA256 };
    expect(createAnswers().Uploaded.parse(answer)).toEqual(answer);
  });

  test('elsewhere the path is nowhere, and in no document', async () => {
    const { send } = createHarness({ isOffContract: true });
    expect(await (await send('GET', '/openapi.json')).text()).not.toContain('/uploads/{uploadId}');
    expect(await problemOf(await send('PUT', '/uploads/x', '1'))).toMatchObject({ code: 'route_not_found' });
  });
});
