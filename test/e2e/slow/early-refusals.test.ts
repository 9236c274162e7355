// What never becomes a request is answered too: with a body that says why, and a line in the log. Twenty clients that only
// announce things refuse nobody.

import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createBody, createClient, type Problem } from '../client.ts';
import { cleanUp, eventually, mishaps, newDataDir, type Server, startServer } from '../server.ts';

let server: Server;

beforeAll(async () => {
  server = await startServer({ dataDir: newDataDir() });
});

afterAll(cleanUp);

/** Sends bytes as they are, and resolves with all that comes until the other side ends, or nothing more does. */
function say(bytes: string | Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(server.port, '127.0.0.1', () => socket.write(bytes));
    const over = (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2000, over);
    socket.on('data', (data) => {
      answer += data.toString('utf8');
    });
    socket.on('error', over).on('close', over);
  });
}

const utf8 = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const head = (line: string, ...headers: string[]): string =>
  `${[line, 'Host: localhost', ...headers].join('\r\n')}\r\n\r\n`;
const CHUNKED = ['Transfer-Encoding: chunked', 'Content-Type: application/json'];

describe('before the application', () => {
  test.each([
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400, 'malformed_request'],
    ['two Hosts', head('GET /health HTTP/1.1', 'Host: localhost'), 400, 'malformed_request'],
    ['two Hosts that differ', head('GET /health HTTP/1.1', 'host: evil.example'), 400, 'malformed_request'],
    ['a Host that is none', 'GET / HTTP/1.1\r\nHost: local host\r\n\r\n', 400, 'malformed_request'],
    ['an empty Host', 'GET / HTTP/1.1\r\nHost: \r\n\r\n', 400, 'invalid_request'],
    ['a foreign Host', 'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n', 421, 'host_not_allowed'],
    ['a foreign target', head('GET http://evil.example/ HTTP/1.1'), 421, 'host_not_allowed'],
    ['a foreign page', head('GET / HTTP/1.1', 'Origin: http://evil.example'), 403, 'forbidden'],
    ['raw UTF-8 in the query', utf8(head('GET /backups?resourceId=café HTTP/1.1')), 400, 'malformed_request'],
    ['a space in the query', head('GET /backups?resourceId=a b HTTP/1.1'), 400, 'malformed_request'],
    ['a backslash in the path', head('GET /a\\b HTTP/1.1'), 400, 'malformed_request'],
    ['no path', head('OPTIONS * HTTP/1.1'), 400, 'malformed_request'],
    ['headers without end', head('GET / HTTP/1.1', `X-Big: ${'a'.repeat(20_000)}`), 431, 'headers_too_large'],
    [
      'an unknown expectation',
      head('POST /backups HTTP/1.1', 'Expect: magic', 'Content-Length: 2'),
      417,
      'expectation_failed',
    ],
    ['a broken chunk', `${head('POST /backups HTTP/1.1', ...CHUNKED)}zz\r\n{}\r\n`, 400, 'malformed_request'],
    [
      'two lengths',
      head('POST /backups HTTP/1.1', 'Content-Length: 1', 'Content-Length: 2'),
      400,
      'malformed_request',
    ],
    [
      'a length and chunks',
      head('POST /backups HTTP/1.1', 'Content-Length: 1', ...CHUNKED),
      400,
      'malformed_request',
    ],
    ['a length that is none', head('POST /backups HTTP/1.1', 'Content-Length: -1'), 400, 'malformed_request'],
    ['another encoding', head('POST /backups HTTP/1.1', 'Transfer-Encoding: gzip'), 400, 'malformed_request'],
    ['a version to come', head('GET / HTTP/3.0'), 505, 'http_version_not_supported'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505, 'http_version_not_supported'],
    ['no HTTP at all', 'hello\r\n\r\n', 400, 'malformed_request'],
    ['a header that is none', head('GET / HTTP/1.1', 'no colon'), 400, 'malformed_request'],
    ['a proxy request', 'CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n', 400, 'malformed_request'],
  ])('%s', async (_name, bytes, status, code) => {
    const before = server.logs.length;
    const answer = await say(bytes);
    const [top, body] = answer.split('\r\n\r\n') as [string, string];
    expect(top).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(top).toMatch(/^content-type: application\/problem\+json$/im);
    expect(JSON.parse(body) as Problem).toMatchObject({ status, code });
    expect((JSON.parse(body) as Problem).detail).toMatch(/\w.*\.$/);
    const told = await eventually(1000, 'a line of the log', () =>
      server.logs.slice(before).find((line) => line.message === 'request' && line.status === status),
    );
    // What the application had begun with is told of by it, as a body that broke off.
    expect([code, 'malformed_json']).toContain(told.code);
  });

  test('a TLS handshake ends, and the log says what it was', async () => {
    expect(await say(Buffer.from([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0]))).toBe('');
    expect(JSON.stringify(server.logs)).toContain('TLS');
  });

  test('HTTP/1.0 may leave the Host out', async () => {
    expect(await say('GET /health HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 200 OK.*"healthy"\}$/s);
  });

  test('leave to send a body is given once somebody reads it, and not at all to what is refused', async () => {
    const body = createBody({ resourceId: 'expecting', state: '1' });
    const expecting = [
      'Expect: 100-continue',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
    ];
    expect(await say(head('POST /nowhere HTTP/1.1', ...expecting))).toMatch(/^HTTP\/1.1 404 /);
    expect(await say(head('POST /backups HTTP/1.1', ...expecting, 'Origin: http://evil.example'))).toMatch(
      /^HTTP\/1.1 403 /,
    );
    expect(await say(head('POST /backups HTTP/1.1', ...expecting) + body)).toMatch(
      /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 201 /,
    );
  });
});

test('twenty connections that announce 4 GB each refuse nobody', async () => {
  const sockets: Socket[] = [];
  for (let n = 0; n < 20; n++) {
    const socket = connect(server.port, '127.0.0.1', () =>
      socket.write(
        `${head('POST /backups HTTP/1.1', 'Content-Type: application/json', 'Content-Length: 4000000000')}{`,
      ),
    );
    socket.on('error', () => {});
    sockets.push(socket);
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  const client = createClient(server.url);
  const large = JSON.stringify({ text: 'x'.repeat(3_000_000) });
  expect((await client.create({ resourceId: 'small', state: '1' })).status).toBe(201);
  expect((await client.create({ resourceId: 'large', state: large })).status).toBe(201);
  expect((await client.restore('backup-1')).status).toBe(200);
  for (const socket of sockets) socket.destroy();
});

test('nothing of all this is a mishap', () => {
  expect(mishaps(server.logs)).toEqual([]);
});
