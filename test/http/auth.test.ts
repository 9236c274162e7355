// Bearer tokens: asked for everywhere but at the door.

import { describe, expect, test } from '@jest/globals';
import { ROUTE_LIST } from '../../lib/http/contract/routes.ts';
import { createApi } from '../../lib/http/server/api.ts';
import { silentLogger } from '../../lib/log.ts';
import { systemRandom } from '../../lib/random.ts';
import { KERNEL } from '../core/kernels.ts';
import { createFakeService } from './fake-service.ts';
import { createHarness, problemOf } from './harness.ts';

const TOKEN = 'a-long-and-secret-token';
const secured = () => createHarness({ auth: { token: TOKEN } });
const bearer = { Authorization: `Bearer ${TOKEN}` };
const pathOf = (path: string) => path.replaceAll(/\{\w+\}/g, 'x');

describe('with a token', () => {
  test.each(
    ROUTE_LIST.filter((route) => route.scope !== 'public').map((route) => [route.method, route.path]),
  )('%s %s is closed without it', async (method, path) => {
    const { send, calls, lines } = secured();
    for (const headers of [
      {},
      { Authorization: 'Bearer wrong' },
      { Authorization: TOKEN },
      { Authorization: `Basic ${TOKEN}` },
      { Authorization: 'Bearer' },
      { Authorization: `Bearer ${TOKEN}x` },
      { Authorization: `Bearer ${TOKEN} x` },
    ]) {
      const body = method === 'GET' || method === 'DELETE' ? undefined : '{"resourceId":"r","data":1}';
      const response = await send(method, pathOf(path), body, headers as Record<string, string>);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await problemOf(response)).toMatchObject({ code: 'unauthorized' });
    }
    expect(calls).toEqual([]);
    expect(JSON.stringify(lines)).not.toContain(TOKEN);
  });

  test('paths and methods that are not there are closed too', async () => {
    const { send } = secured();
    expect((await send('GET', '/nowhere')).status).toBe(401);
    expect((await send('POST', '/')).status).toBe(401);
    expect((await send('GET', '/nowhere', undefined, bearer)).status).toBe(404);
    expect((await send('POST', '/', undefined, bearer)).status).toBe(405);
  });

  test.each(['/', '/health', '/openapi.json'])('GET and HEAD %s are open', async (path) => {
    const { send } = secured();
    expect((await send('GET', path)).status).toBe(200);
    expect((await send('HEAD', path)).status).toBe(200);
  });

  test.each([`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `BEARER   ${TOKEN} `])('%j opens', async (value) => {
    const { send, calls } = secured();
    const response = await send('DELETE', '/backups/b', undefined, { Authorization: value });
    expect(response.status).toBe(200);
    expect(calls[0]!.args).toEqual(['b', { actor: 'token' }]);
  });

  test('the audit trail names who was authenticated, not who the request says it is', async () => {
    const { send, calls } = secured();
    const body = { backupId: 'b', targetResourceId: 't', createdBy: 'admin' };
    await send('POST', '/restore', body, bearer);
    await send('POST', '/restore', { ...body, createdBy: undefined }, bearer);
    expect(calls.map((call) => call.args)).toMatchObject([
      [{ createdBy: 'admin' }, { actor: 'token' }],
      [{ createdBy: 'token' }, { actor: 'token' }],
    ]);
  });
});

test('an empty token is a mistake, not an open door', () => {
  const { service } = createFakeService();
  for (const token of ['', '  ']) {
    expect(() =>
      createApi({
        service,
        auth: { token },
        version: '1',
        log: silentLogger,
        random: systemRandom,
        kernel: KERNEL,
      }),
    ).toThrow('empty');
  }
});
