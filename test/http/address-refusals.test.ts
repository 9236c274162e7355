// Paths, methods and queries that are not in the contract.

import { describe, expect, test } from '@jest/globals';
import { LIMITS } from '../../lib/core/records/limits.ts';
import { createHarness, expectRefused, problemOf } from './harness.ts';

const LONG = 'x'.repeat(LIMITS.nameCharsMax + 1);

describe('paths and queries', () => {
  test.each([
    ['/backups?limit=0', ['/query/limit']],
    ['/backups?limit=1001', ['/query/limit']],
    ['/backups?limit=-1', ['/query/limit']],
    ['/backups?limit=1e2', ['/query/limit']],
    ['/backups?limit=', ['/query/limit']],
    ['/backups?limit=%207', ['/query/limit']],
    ['/backups?limit=1&limit=2', ['/query/limit']],
    ['/backups?cursor=', ['/query/cursor']],
    ['/backups?type=Full', ['/query/type']],
    ['/backups?resourceId=', ['/query/resourceId']],
    ['/backups?resourceId', ['/query/resourceId']],
    [`/backups?resourceId=${LONG}`, ['/query/resourceId']],
    ['/backups?resourceId=a%00', ['/query/resourceId']],
    ['/backups?resourceId=%FF', ['/query/resourceId']],
    ['/backups?resourceId=%zz', ['/query/resourceId']],
    ['/backups?%zz=1', ['/query']],
    ['/backups?resourceid=a', ['/query/resourceid']],
    ['/backups?__proto__=a', ['/query/__proto__']],
    ['/backups?limit=0&x=1', ['/query/limit', '/query/x']],
    ['/backups/b?verbose=1', ['/query/verbose']],
    ['/restore/operations?resourceId=a', ['/query/resourceId']],
    ['/retention/plan?limit=x', ['/query/limit']],
    ['/health?x', ['/query/x']],
    ['/?x=1', ['/query/x']],
    ['/backups/%zz', ['/path']],
    ['/backups/%', ['/path']],
    ['/backups/%FF', ['/path']],
    ['/nowhere/%E0%A4%A', ['/path']],
    ['/backups/a%0Ab', ['/path/id']],
    [`/backups/${LONG}`, ['/path/id']],
    [`/retention/policies/${LONG}`, ['/path/resourceId']],
  ])('GET %s', async (path, pointers) => {
    await expectRefused('GET', path, undefined, 400, 'invalid_request', pointers);
  });

  test('a query on a route that takes none is refused before its body is read', async () => {
    await expectRefused(
      'POST',
      '/backups?dryRun=true',
      '{"resourceId":"r","data":{}}',
      400,
      'invalid_request',
      ['/query/dryRun'],
    );
  });

  test('empty parts of a query are nothing', async () => {
    const { send, calls } = createHarness();
    expect((await send('GET', '/backups?&limit=5&')).status).toBe(200);
    expect((await send('GET', '/backups?')).status).toBe(200);
    expect(calls.map((call) => call.args[0])).toEqual([{ limit: 5 }, { limit: 50 }]);
  });

  test.each([
    ['GET', '/nowhere'],
    ['POST', '/'.concat('backup')],
    ['GET', '/backups/'],
    ['GET', '/backups/a/b/c'],
    ['GET', '/retention/policies'],
    ['GET', '//'],
  ])('%s %s is nowhere', async (method, path) => {
    await expectRefused(method, path, method === 'POST' ? '{}' : undefined, 404, 'route_not_found', []);
  });

  test.each([
    ['PUT', '/backups', 'POST, GET, HEAD'],
    ['DELETE', '/backups', 'POST, GET, HEAD'],
    ['OPTIONS', '/backups', 'POST, GET, HEAD'],
    ['POST', '/backups/b', 'GET, HEAD, PATCH, DELETE'],
    ['GET', '/backups/b/verify', 'POST'],
    ['GET', '/restore', 'POST'],
    ['GET', '/restore/point-in-time', 'POST'],
    ['DELETE', '/restore/operations/o', 'GET, HEAD'],
    ['POST', '/retention/policies/r', 'GET, HEAD, PUT, DELETE'],
    ['POST', '/', 'GET, HEAD'],
    ['PROPFIND', '/backups', 'POST, GET, HEAD'],
  ])('%s %s is not a method of it', async (method, path, allow) => {
    const { app, calls } = createHarness();
    const response = await app.request(path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allow);
    expect(await problemOf(response)).toMatchObject({ code: 'method_not_allowed', instance: path });
    expect(calls).toEqual([]);
  });
});
