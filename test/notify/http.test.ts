// Messages by HTTP, to a real server: what counts as taken, and what is never sent anywhere.

import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createHttpSender } from '../../lib/notify/http.ts';
import { isPrivate } from '../../lib/private-addresses.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const sender = (privateHosts: 'any' | string[] = 'any') =>
  createHttpSender({ privateHosts, userAgent: 'test/1', now: () => 0 });
const message = (url: string) => ({ way: 'http' as const, url, headers: { 'x-a': 'b' }, body: '{"ü":1}' });

test('a message arrives whole', async () => {
  let got: unknown;
  const url = await serve((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { 'x-a': a, 'user-agent': agent } = request.headers;
      got = [request.method, request.url, a, agent, Buffer.concat(chunks).toString()];
      response.statusCode = 204;
      response.end();
    });
  });
  expect(await sender()(message(`${url}/hook?a=b`), 5000)).toEqual({ ok: true, status: 204 });
  expect(got).toEqual(['POST', '/hook?a=b', 'b', 'test/1', '{"ü":1}']);
});

test.each([301, 302, 307, 308, 400, 404, 410, 500, 503])(
  '%d is a failure, and is not followed',
  async (code) => {
    let calls = 0;
    const url = await serve((_request, response) => {
      calls++;
      response.writeHead(code, { location: '/elsewhere', 'retry-after': '7' });
      response.end('x'.repeat(100_000));
    });
    expect(await sender()(message(url), 5000)).toMatchObject({
      ...{ ok: false, code: 'status', status: code, retryAfterMs: 7000 },
    });
    expect(calls).toBe(1);
  },
);

test('one that does not answer is let go in time', async () => {
  const url = await serve(() => {});
  expect(await sender()(message(url), 100)).toMatchObject({ ok: false, code: 'timeout' });
});

test('one that is not there says so, without its address', async () => {
  const url = await serve(() => {});
  closing.splice(0)[0]!();
  const result = await sender()(message(url), 5000);
  expect(result).toMatchObject({ ok: false, code: 'unreachable' });
  expect(JSON.stringify(result)).not.toContain('127.0.0.1');
});

test('where a home says so nothing goes to private addresses, by number or by name', async () => {
  let calls = 0;
  const url = await serve((_request, response) => {
    calls++;
    response.end();
  });
  const { port } = new URL(url);
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1', '0']) {
    const result = await sender([])(message(`http://${host}:${port}/`), 5000);
    expect([host, result]).toMatchObject([host, { ok: false, code: 'refused' }]);
  }
  expect(calls).toBe(0);
  expect(await sender(['127.0.0.1'])(message(url), 5000)).toEqual({ ok: true, status: 200 });
  expect(await sender(['localhost'])(message(url), 5000)).toMatchObject({ ok: false, code: 'refused' });
});

test('private addresses are known, in each of their forms', () => {
  for (const address of [
    ...['10.1.2.3', '100.64.0.1', '127.9.9.9', '169.254.169.254', '172.31.0.1', '192.168.0.1', '0.0.0.0'],
    ...[
      '::1',
      '::',
      'fd00::1',
      'fe80::1',
      '::ffff:10.0.0.1',
      '64:ff9b::a00:1',
      '2002:a00:1::',
      '::a00:1',
      '224.0.0.1',
      'nothing',
    ],
  ]) {
    expect([address, isPrivate(address)]).toEqual([address, true]);
  }
  for (const address of ['1.1.1.1', '172.32.0.1', '9.255.255.255', '2606:4700::1111']) {
    expect([address, isPrivate(address)]).toEqual([address, false]);
  }
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      expect(isPrivate(`::ffff:${address}`)).toBe(isPrivate(address));
    }),
  );
});
