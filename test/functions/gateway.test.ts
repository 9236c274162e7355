import { describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { createGatewayHandler } from '../../lib/aws/gateway/gateway.ts';
import { apiPath, type GatewayEvent, identityOf } from '../../lib/aws/gateway/gateway-event.ts';
import { AWS_BOUNDS } from '../../lib/aws/names/bounds.ts';
import type { AuthKind } from '../../lib/aws/names/env.ts';
import { servedBy } from '../../lib/aws/names/served-by.ts';
import { createHarness, type HarnessOptions } from '../http/harness.ts';

const identifyBy = (auth: AuthKind) => (platform: unknown) =>
  identityOf((platform as { event: GatewayEvent }).event, auth);

/** As a REST API sends it; with `binaryMediaTypes: *\/*` every body is base64. */
function eventOf(
  httpMethod: string,
  resource: string,
  path: string,
  rest: Partial<APIGatewayProxyEvent> & { bytes?: Uint8Array } = {},
): APIGatewayProxyEvent {
  const { bytes, ...fields } = rest;
  return {
    httpMethod,
    resource,
    path,
    headers: {},
    multiValueHeaders: { 'Content-Type': ['application/json'], Host: ['api.example'] },
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: null,
    stageVariables: null,
    body: bytes === undefined ? null : Buffer.from(bytes).toString('base64'),
    isBase64Encoded: bytes !== undefined,
    requestContext: { domainName: 'api.example', identity: { userArn: 'arn:aws:iam::1:user/ops' } },
    ...fields,
  } as APIGatewayProxyEvent;
}

function createFunction(options: HarnessOptions = {}) {
  const { app, calls, lines } = createHarness({ auth: { identify: identifyBy('iam') }, ...options });
  const handler = createGatewayHandler(app);
  const call = async (event: APIGatewayProxyEvent) => {
    const { statusCode, body, isBase64Encoded, multiValueHeaders } = await handler(event);
    // Not every gateway makes bytes of base64 again: what fits goes as the text that it is.
    expect(isBase64Encoded).toBe(false);
    return { status: statusCode, body: JSON.parse(body), headers: multiValueHeaders ?? {} };
  };
  return { call, calls, lines };
}

const bodyOf = (value: unknown) => ({ bytes: Buffer.from(JSON.stringify(value)) });

test('a create goes through, and its link begins with the stage', async () => {
  const { call, calls } = createFunction({ basePath: '/prod' });
  const { status, body, headers } = await call(
    eventOf('POST', '/backups', '/backups', bodyOf({ resourceId: 'db', data: { a: 1 } })),
  );
  expect(status).toBe(201);
  expect(headers.location).toEqual([`/prod/backups/${body.id}`]);
  expect(calls.at(-1)?.method).toBe('createBackup');
});

test.each(['tf/prod/a', 'a b', '100%', '%2F', 'ünï😀', '..a/..', 'a+b'])(
  'a resource %j in a path is the one that was meant',
  async (id) => {
    const { call, calls } = createFunction();
    const path = `/resources/${encodeURIComponent(id)}/tree`;
    const { status } = await call(eventOf('GET', '/resources/{resourceId}/tree', path));
    expect([status, calls.at(-1)?.args[0]]).toMatchObject([200, { resourceId: id }]);
  },
);

test('the caller that API Gateway has authenticated stands in the audit trail', async () => {
  const { call, calls } = createFunction();
  await call(eventOf('DELETE', '/backups/{id}', '/backups/backup-1'));
  expect(JSON.stringify(calls.at(-1))).toContain('arn:aws:iam::1:user/ops');
});

test('the holder of a token may what its claims say, of the resources that they name', async () => {
  const { call } = createFunction({ auth: { identify: identifyBy('jwt') } });
  const authorizer = {
    principalId: 'alice',
    scopes: 'backup:write',
    resources: '{"ids":[],"prefixes":["own/"]}',
  };
  const as = { requestContext: { domainName: 'api.example', authorizer } } as never;
  const write = (resourceId: string) =>
    call(eventOf('POST', '/backups', '/backups', { ...bodyOf({ resourceId, data: 1 }), ...(as as object) }));
  expect((await write('own/db')).status).toBe(201);
  expect((await write('other')).status).toBe(403);
  expect((await call(eventOf('GET', '/backups', '/backups', as))).status).toBe(403);
});

test('bytes that are no UTF-8 are refused, not replaced', async () => {
  const { call } = createFunction();
  const bytes = Buffer.concat([
    Buffer.from('{"resourceId":"db","data":"'),
    Buffer.from([0xff]),
    Buffer.from('"}'),
  ]);
  expect(await call(eventOf('POST', '/backups', '/backups', { bytes }))).toMatchObject({
    status: 400,
    body: { code: 'malformed_json' },
  });
});

test('behind a custom domain with a base path the routes are the same', async () => {
  const { call } = createFunction();
  const { status } = await call(eventOf('GET', '/backups/{id}', '/v1/archive/backups/backup-1'));
  expect(status).toBe(200);
});

test('an answer that no function may give says so instead of failing', async () => {
  const { call } = createFunction({
    service: {
      getDelta: async () => {
        const chunk = new Uint8Array(AWS_BOUNDS.bodyBytesMax * 2);
        return { bytes: chunk.length, chunks: [chunk] };
      },
    },
  });
  expect(await call(eventOf('GET', '/backups/{id}/delta', '/backups/backup-2/delta'))).toMatchObject({
    status: 413,
    body: { code: 'payload_too_large', instance: '/backups/backup-2/delta' },
  });
});

describe('a function serves its share only', () => {
  test.each([
    ['backups', 'POST', '/restore', 405],
    ['backups', 'GET', '/backups', 200],
    ['restores', 'GET', '/restore/operations', 200],
    ['restores', 'GET', '/backups', 405],
  ] as const)('%s: %s %s is %d', async (name, method, path, expected) => {
    const { call } = createFunction({ serves: servedBy(name) });
    expect((await call(eventOf(method, path, path))).status).toBe(expected);
  });
});

test.each([
  ['/', '/', '/'],
  ['/', '/v1', '/'],
  ['/backups', '/backups/', '/backups'],
  ['/backups/{id}', '/backups/backup-1', '/backups/backup-1'],
  ['/retention/policies/{resourceId}', '/x/retention/policies/a%2Fb', '/retention/policies/a%2Fb'],
])('the path of %s within %s is %s', (resource, path, expected) => {
  expect(apiPath({ resource, path })).toBe(expected);
});

const ALICE = { authorizer: { principalId: 'alice', scopes: 'data:read' } };
const OPS = { identity: { userArn: 'arn:aws:iam::1:user/ops' } };

test.each([
  ['jwt', ALICE, 'alice', ['data:read']],
  ['jwt', { ...ALICE, ...OPS }, 'alice', ['data:read']],
  ['jwt', OPS, 'anonymous', []],
  ['jwt', {}, 'anonymous', []],
  ['iam', OPS, 'arn:aws:iam::1:user/ops', ['admin']],
  ['iam', ALICE, 'anonymous', []],
  ['iam', { identity: { userArn: null }, authorizer: null }, 'anonymous', []],
  ['iam', {}, 'anonymous', []],
  ['none', {}, 'api', ['admin']],
] as const)('who calls, where %s is asked for: %j', (auth, requestContext, subject, scopes) => {
  const found = identityOf({ path: '/', resource: '/', requestContext }, auth);
  expect(found).toEqual({ subject, scopes: new Set(scopes) });
});

test.each(['iam', 'jwt'] as const)(
  'who has no credential hears whether the service is healthy, and nothing else: %s',
  async (auth) => {
    const { call, calls } = createFunction({ auth: { identify: identifyBy(auth) } });
    const as = { requestContext: { domainName: 'api.example', identity: { userArn: null } } } as never;
    expect((await call(eventOf('GET', '/health', '/health', as))).body).toEqual({ status: 'healthy' });
    expect((await call(eventOf('GET', '/', '/', as))).status).toBe(200);
    const before = calls.length;
    // The gateway lets nobody in here; if it did, the function would not.
    expect((await call(eventOf('GET', '/backups', '/backups', as))).status).toBe(403);
    expect(calls.length).toBe(before);
  },
);
