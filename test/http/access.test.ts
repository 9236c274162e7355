// Whose requests are let in on a machine whose browser may be led here: every route, every way to be somebody else.

import { describe, expect, test } from '@jest/globals';
import { ROUTE_LIST } from '../../lib/http/contract/routes.ts';
import { type AccessOptions, faultOfHost } from '../../lib/http/server/access.ts';
import { silentLogger } from '../../lib/log.ts';
import { createCheckedApi } from './checked-api.ts';
import { createFakeService } from './fake-service.ts';
import { problemOf } from './harness.ts';

const DEFAULT: AccessOptions = { checksHost: true, allowedHosts: [] };
const LISTED: AccessOptions = {
  checksHost: true,
  allowedHosts: ['backup.example', '*.pages.example', '10.0.0.7'],
};
const TOKEN_ONLY: AccessOptions = { checksHost: false, allowedHosts: [] };

/** One API for each kind of access, and what was asked of its service in the last call: to build one costs more than to ask it. */
const opened = new Map<AccessOptions, ReturnType<typeof open>>();
function openFor(access: AccessOptions): ReturnType<typeof open> {
  const known = opened.get(access) ?? open(access);
  opened.set(access, known);
  return known;
}

function open(access: AccessOptions) {
  const { service, calls } = createFakeService();
  const uploads = {
    receive: async () => {
      calls.push({ method: 'createUpload', args: [] });
      return { bytes: 1, sha256: '' };
    },
  };
  const app = createCheckedApi({ service, auth: {}, version: '1', log: silentLogger, access, uploads });
  return { app, calls };
}

function call(
  access: AccessOptions,
  headers: Record<string, string>,
  method = 'GET',
  path = '/health',
  url?: string,
) {
  const { app, calls } = openFor(access);
  calls.length = 0;
  const body = method === 'GET' || method === 'HEAD' ? {} : { body: '{"resourceId":"r","data":1}' };
  const all = { 'Content-Type': 'application/json', Host: 'localhost:3004', ...headers };
  const response = app.request(url ?? `http://${all.Host}${path}`, { method, headers: all, ...body });
  return { response: Promise.resolve(response), calls };
}

describe('names', () => {
  test.each([
    ...[
      'localhost',
      'localhost:3004',
      'LOCALHOST:1',
      'localhost.',
      'a.localhost:3004',
      '127.0.0.1',
      '127.0.0.1:80',
    ],
    ...['127.1.2.3:3004', '127.1', '[::1]', '[::1]:3004', 'localhost:'],
  ])('%s is ours', async (host) => {
    const { response } = call(DEFAULT, { Host: host }, 'GET', '/health', 'http://localhost/health');
    // The target names another host than the header only where it is a whole URL.
    expect((await response).status).toBe(200);
  });

  test.each([
    ...[
      'evil.example',
      'evil.example:3004',
      'localhost.evil.example',
      'notlocalhost',
      '127.0.0.1.evil.example',
    ],
    ...[
      '127.evil',
      '10.0.0.1',
      '0.0.0.0:3004',
      '[::]',
      '[::ffff:10.0.0.1]:3004',
      '128.0.0.1',
      'localhost..',
      'xn--localhost',
    ],
  ])('%s is not', async (host) => {
    const { response, calls } = call(DEFAULT, { Host: host }, 'GET', '/backups', 'http://localhost/backups');
    const problem = await problemOf(await response);
    expect(problem).toMatchObject({ status: 421, code: 'host_not_allowed' });
    expect(problem.detail).toContain('BACKUP_ALLOWED_HOSTS');
    expect(calls).toEqual([]);
  });

  test.each([
    '',
    ' ',
    'a b',
    'user@localhost',
    'localhost, evil',
    'localhost/x',
    'localhost\\',
    'localhost:x',
    '[::1',
    ':80',
    '::1',
  ])('%j is none', async (host) => {
    const { response } = call(DEFAULT, { Host: host }, 'GET', '/backups', 'http://localhost/backups');
    expect(await problemOf(await response)).toMatchObject({ status: 400, code: 'invalid_request' });
  });

  test('a target that is a whole URL counts as the header does', async () => {
    const { response } = call(DEFAULT, {}, 'GET', '', 'http://evil.example/backups');
    expect((await response).status).toBe(421);
  });

  test('those that are listed are ours too, and so are names below them where that is said', async () => {
    const good = ['backup.example', 'Backup.Example:8443', 'a.pages.example', '10.0.0.7:3004', 'localhost'];
    const bad = ['x.backup.example', 'pages.example', 'apages.example', '.pages.example', '10.0.0.70'];
    const statuses = async (hosts: string[]) =>
      Promise.all(
        hosts.map(
          async (Host) =>
            (await call(LISTED, { Host }, 'GET', '', 'http://localhost/health').response).status,
        ),
      );
    expect(await statuses(good)).toEqual(good.map(() => 200));
    expect(await statuses(bad)).toEqual(bad.map(() => 421));
  });

  test('are not asked for where a token is', async () => {
    expect((await call(TOKEN_ONLY, { Host: 'any.example' }).response).status).toBe(200);
  });
});

describe('pages', () => {
  const refused: Record<string, string>[] = [
    { Origin: 'http://evil.example' },
    { Origin: 'http://evil.example:3004' },
    { Origin: 'null' },
    { Origin: 'http://localhost:3000' },
    { Origin: 'http://localhost' },
    { Origin: 'http://127.0.0.1:3004' },
    { Origin: 'chrome-extension://abc' },
    { Origin: 'http://localhost:3004.evil.example' },
    { Origin: 'http://localhost:3004@evil.example' },
    { Origin: 'http://localhost:3004/' },
    { Origin: '' },
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { 'Sec-Fetch-Site': 'Cross-Site' },
    { 'Sec-Fetch-Site': 'something-new' },
    { Origin: 'http://localhost:3004', 'Sec-Fetch-Site': 'cross-site' },
    { Host: 'evil.example:3004', Origin: 'http://evil.example:3004' },
  ];
  const routes = [
    ...ROUTE_LIST.map(({ method, path }) => [method, path.replaceAll(/\{\w+\}/g, 'x')] as const),
    ['PUT', `/uploads/${'5'.repeat(32)}`] as const,
    ['HEAD', '/'] as const,
    ['GET', '/nowhere'] as const,
    ['OPTIONS', '/backups'] as const,
  ];
  const types = [
    'application/json',
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
  ];
  test.each(routes)('%s %s is closed to foreign ones, whatever they send it as', async (method, path) => {
    // Without a body a type says nothing.
    const sent = ['POST', 'PUT', 'PATCH'].includes(method) ? types : types.slice(0, 1);
    for (const headers of refused) {
      for (const type of sent) {
        const { response, calls } = call(DEFAULT, { ...headers, 'Content-Type': type }, method, path);
        expect([403, 421]).toContain((await response).status);
        expect(calls).toEqual([]);
        expect(
          [...(await response).headers.keys()].filter((name) => name.startsWith('access-control')),
        ).toEqual([]);
      }
    }
  });

  test.each([
    [DEFAULT, { Origin: 'http://localhost:3004', 'Sec-Fetch-Site': 'same-origin' }],
    [DEFAULT, { 'Sec-Fetch-Site': 'none' }],
    [DEFAULT, { Host: 'localhost', Origin: 'http://localhost' }],
    [LISTED, { Host: 'backup.example', Origin: 'https://backup.example' }],
    [LISTED, { Host: 'backup.example:443', Origin: 'https://backup.example' }],
    // Behind a proxy that speaks to us by our own name.
    [LISTED, { Origin: 'https://backup.example', 'Sec-Fetch-Site': 'same-origin' }],
    [LISTED, { Origin: 'https://a.pages.example', 'Sec-Fetch-Site': 'cross-site' }],
    [TOKEN_ONLY, { Host: 'any.example', Origin: 'https://any.example', 'Sec-Fetch-Site': 'same-origin' }],
  ] as [AccessOptions, Record<string, string>][])('%j lets in %j', async (access, headers) => {
    expect((await call(access, headers).response).status).toBe(200);
    expect((await call(access, headers, 'POST', '/backups').response).status).toBe(201);
  });

  test('a token does not let a foreign page in either', async () => {
    const { response } = call(TOKEN_ONLY, { Origin: 'https://evil.example' }, 'POST', '/backups');
    expect(await problemOf(await response)).toMatchObject({ status: 403, code: 'forbidden' });
  });
});

test.each([
  ['backup.example.com', true],
  ['*.example.com', true],
  ['10.0.0.7', true],
  ['[fd00::7]', true],
  ['my_host', true],
  ['*', false],
  ['https://backup.example.com', false],
  ['backup.example.com:3004', false],
  ['backup.example.com/', false],
  ['a b', false],
  ['*.', false],
  ['a.*.b', false],
  ['fd00::7', false],
])('as an allowed host %s is taken: %s', (host, isTaken) => {
  expect(faultOfHost(host) === undefined).toBe(isTaken);
});
