// Errors at the edge: each once, in one shape, with nothing of our insides.

import { describe, expect, test } from '@jest/globals';
import { ERROR_CODES, type ErrorCode, ServiceError } from '../../lib/core/records/errors.ts';
import { PortError } from '../../lib/ports/errors.ts';
import { createHarness, problemOf } from './harness.ts';

async function failing(error: unknown, headers: Record<string, string> = {}) {
  const harness = createHarness({
    isOffContract: true,
    service: {
      findBackup: async () => {
        throw error;
      },
    },
  });
  const response = await harness.send('GET', '/backups/backup-1', undefined, headers);
  return { response, lines: harness.lines };
}

describe('errors that were meant', () => {
  test.each(Object.keys(ERROR_CODES) as ErrorCode[])('%s', async (code) => {
    const { response } = await failing(new ServiceError(code, 'What happened.'));
    const [status, title] = ERROR_CODES[code];
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const problem = await problemOf(response);
    expect(Object.keys(problem)).toEqual(['type', 'title', 'status', 'detail', 'instance', 'code']);
    expect(problem).toMatchObject({
      type: `urn:backup-restore:error:${code}`,
      title,
      status,
      instance: '/backups/backup-1',
      code,
    });
    if (code !== 'internal_error') expect(problem.detail).toBe('What happened.');
  });

  test('faults, extra members and Retry-After are passed on; the core cannot be replaced', async () => {
    const { response } = await failing(
      new ServiceError('snapshot_not_found', 'Too early.', {
        errors: [{ pointer: '/timestamp', detail: 'is before the first' }],
        extra: { earliest: '2025-01-01T00:00:00.000Z', status: 200, code: 'fine', errors: [] },
        retryAfterSeconds: 2.2,
        cause: new Error('SECRET'),
      }),
    );
    expect(response.status).toBe(404);
    expect(response.headers.get('retry-after')).toBe('3');
    expect(await problemOf(response)).toMatchObject({
      status: 404,
      code: 'snapshot_not_found',
      earliest: '2025-01-01T00:00:00.000Z',
      errors: [{ pointer: '/timestamp', detail: 'is before the first' }],
    });
  });

  test('refusals are one line; damage is told to the operator', async () => {
    const refused = await failing(new ServiceError('backup_not_found', 'No.'));
    expect(refused.lines).toHaveLength(1);
    expect(refused.lines[0]).toMatchObject({ message: 'request', status: 404, code: 'backup_not_found' });
    const broken = await failing(new ServiceError('integrity_error', 'No.', { cause: new Error('mac') }));
    expect(broken.lines.map((line) => line.level)).toEqual(['error', 'info']);
    expect(broken.lines[0]).toMatchObject({ error: { code: 'integrity_error', cause: { message: 'mac' } } });
  });
});

describe('errors that nobody meant', () => {
  const secret = new TypeError('cannot read /srv/data/key of undefined', { cause: new Error('root cause') });
  test.each([
    ['a bug', secret],
    ['a string', 'SECRET'],
    ['nothing', undefined],
    ['an object', { SECRET: 1 }],
  ])('%s is a bare 500', async (_name, thrown) => {
    const { response, lines } = await failing(thrown, { 'X-Request-Id': 'req-1' });
    expect(response.status).toBe(500);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('x-request-id')).toBe('req-1');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const body = await response.text();
    expect(body).not.toMatch(/SECRET|srv|root cause|TypeError|\.ts/);
    expect(JSON.parse(body)).toMatchObject({ code: 'internal_error', status: 500 });
    expect(lines.map((line) => [line.level, line.message, line.requestId])).toEqual([
      ['error', 'unexpected error', 'req-1'],
      ['info', 'request', 'req-1'],
    ]);
  });

  test('the log has the cause', async () => {
    const { lines } = await failing(secret);
    expect(lines[0]).toMatchObject({
      error: { name: 'TypeError', message: secret.message, cause: { message: 'root cause' } },
    });
    expect((lines[0]!.error as { stack: string }).stack).toContain('problem.test');
  });

  test.each([
    ['unavailable', 503, 'dependency_unavailable'],
    ['denied', 503, 'dependency_unavailable'],
    ['not_found', 503, 'dependency_unavailable'],
    ['integrity', 409, 'integrity_error'],
    ['conflict', 409, 'write_conflict'],
    ['exists', 409, 'write_conflict'],
  ] as const)('whatever a port says on purpose is no bug: %s is %i %s', async (code, status, shown) => {
    const { response, lines } = await failing(new PortError(code, 'SECRET at /srv/data/key'));
    expect(response.status).toBe(status);
    const body = await response.text();
    expect(body).not.toMatch(/SECRET|srv/);
    expect(JSON.parse(body)).toMatchObject({ code: shown });
    expect(lines[0]).toMatchObject({ level: 'error', error: { code } });
  });

  test.each([
    ['disk_full', 'The disk is full: 0 bytes are free'],
    ['read_only', 'The disk can only be read'],
  ] as const)('%s is said with its own code, and when to come back', async (reason, detail) => {
    const message = `the blob store cannot be written: ${detail}`;
    const { response } = await failing(new PortError('unavailable', message, { reason }));
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('30');
    expect(await problemOf(response)).toMatchObject({
      code: reason,
      detail: expect.stringContaining(detail),
    });
  });

  test('a store that does not answer is a 503 to come back to', async () => {
    const { response, lines } = await failing(new PortError('unavailable', 'ECONNREFUSED 10.0.0.7'));
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    const body = await response.text();
    expect(body).not.toContain('10.0.0.7');
    expect(JSON.parse(body)).toMatchObject({ code: 'dependency_unavailable' });
    expect(lines[0]).toMatchObject({ level: 'error', error: { code: 'unavailable' } });
  });
});

describe('every answer', () => {
  test.each([
    ['GET', '/', 200],
    ['GET', '/backups/b', 200],
    ['HEAD', '/backups/b', 200],
    ['GET', '/nowhere', 404],
    ['PUT', '/backups', 405],
    ['GET', '/backups/%', 400],
  ])('%s %s is not cached, not sniffed and has an id', async (method, path, status) => {
    const { send } = createHarness();
    const response = await send(method, path);
    expect(response.status).toBe(status);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('HEAD has the headers of GET and no body', async () => {
    const { send } = createHarness();
    for (const path of ['/', '/backups', '/backups/b', '/backups/b/delta', '/restore/operations/o/result']) {
      const get = await send('GET', path);
      const head = await send('HEAD', path);
      expect(head.status).toBe(200);
      expect(await head.text()).toBe('');
      expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
      expect(head.headers.get('content-type')).toBe('application/json');
    }
  });

  test.each(['a b', 'x'.repeat(129), 'a"b', 'a{}'])('the request id %j is not taken over', async (id) => {
    const { send } = createHarness();
    const response = await send('GET', '/', undefined, { 'X-Request-Id': id });
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('the request line has names and numbers, and nothing that was said', async () => {
    const { send, lines } = createHarness({ auth: { token: 'tok-SECRET' } });
    const headers = {
      Authorization: 'Bearer tok-SECRET',
      'X-Request-Id': 'r1',
      'Idempotency-Key': 'key-SECRET',
    };
    const body = '{"resourceId":"SECRET","data":{"password":"SECRET"}}';
    await send('POST', '/backups', body, headers);
    await send('GET', '/backups?resourceId=SECRET', undefined, headers);
    await send('GET', '/backups/SECRET/delta', undefined, headers);
    await send('POST', '/backups', `${body}SECRET`, headers);
    await send('GET', '/SECRET', undefined, headers);
    expect(JSON.stringify(lines)).not.toContain('SECRET');
    expect(lines.map(({ method, route, status, code }) => [method, route, status, code])).toEqual([
      ['POST', '/backups', 201, undefined],
      ['GET', '/backups', 200, undefined],
      ['GET', '/backups/{id}/delta', 200, undefined],
      ['POST', '/backups', 400, 'malformed_json'],
      ['GET', 'none', 404, 'route_not_found'],
    ]);
    expect(Object.keys(lines[0]!)).toEqual([
      'time',
      'level',
      'message',
      'requestId',
      'method',
      'route',
      'status',
      'durationMs',
      'bytesIn',
      'bytesOut',
    ]);
    expect(lines[0]).toMatchObject({ bytesIn: body.length, requestId: 'r1' });
    expect(lines[0]!.bytesOut).toBeGreaterThan(100);
  });
});
