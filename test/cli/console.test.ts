// `brs console`: the page on loopback, calls passed on with the credentials of the command line, and nobody else let in.

import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createClient } from '../../lib/client/client.ts';
import {
  cleanEnvironment,
  cleanUp,
  newDataDir,
  nodePath,
  type Server,
  startServer,
  temporaryFolder,
} from '../e2e/server.ts';

const TOKEN = 'a-long-and-secret-token';

let server: Server;
let console: { url: string; stop: () => Promise<number | null> };

beforeAll(async () => {
  server = await startServer({ dataDir: newDataDir(), env: { BACKUP_API_TOKEN: TOKEN } });
  await createClient({ url: server.url, token: TOKEN }).create('shop', '{"n":12345678901234567890}', {});
  const child = spawn(nodePath(), [join(process.cwd(), 'bin/brs.mjs'), 'console'], {
    env: {
      ...cleanEnvironment(),
      XDG_CONFIG_HOME: temporaryFolder(),
      BACKUP_URL: server.url,
      BACKUP_API_TOKEN: TOKEN,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((done) => child.once('exit', done));
  const line = await new Promise<string>((done) =>
    child.stdout.once('data', (data: Buffer) => done(data.toString())),
  );
  console = {
    url: line.trim().replace('/console/', ''),
    stop: () => {
      child.kill('SIGINT');
      return ended;
    },
  };
});
afterAll(async () => {
  expect(await console.stop()).toBe(0);
  await cleanUp();
});

/** By node:http: `fetch` would not let us say who we are, as a browser does. */
function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body = '',
): Promise<{ status: number; text: string; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(console.url);
    const asked = request(
      { host: '127.0.0.1', port, method, path, headers: { Host: `localhost:${port}`, ...headers } },
      (response) => {
        let text = '';
        response.on('data', (data: Buffer) => {
          text += data.toString();
        });
        response.on('end', () => resolve({ status: response.statusCode!, text, headers: response.headers }));
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}

test('the page is there, and what it asks for comes from the service, byte for byte', async () => {
  const page = await ask('GET', '/console/');
  expect([page.status, page.headers['content-security-policy']]).toEqual([
    200,
    expect.stringContaining("default-src 'none'"),
  ]);
  expect(JSON.parse((await ask('GET', '/session')).text)).toMatchObject({ required: false, signedIn: true });
  expect((await ask('GET', '/resources/shop/state')).text).toBe('{"n":12345678901234567890}');
  expect(JSON.parse((await ask('GET', '/resources')).text)).toMatchObject({ count: 1 });
  expect((await ask('GET', '/resources/nobody/tree')).status).toBe(404);
});

test('a page of its own may write, too, and uploads go through it', async () => {
  const own = { Origin: console.url, 'Content-Type': 'application/json', 'Sec-Fetch-Site': 'same-origin' };
  expect((await ask('POST', '/backups', own, '{"resourceId":"shop","data":2}')).status).toBe(201);
  const upload = JSON.parse((await ask('POST', '/uploads', own, '{}')).text) as {
    url: string;
    uploadId: string;
  };
  expect(new URL(upload.url).origin).toBe(console.url);
  expect((await ask('PUT', new URL(upload.url).pathname, own, '{"n":3}')).status).toBe(200);
});

test.each<[string, string, Record<string, string>, number]>([
  ['another name', 'GET', { Host: 'evil.example' }, 421],
  ['a page of another site', 'GET', { Origin: 'https://evil.example' }, 403],
  ['what another site asks for', 'GET', { 'Sec-Fetch-Site': 'cross-site' }, 403],
  ['a write of another site', 'POST', { Origin: 'https://evil.example', 'Content-Type': 'text/plain' }, 403],
  ['a write that does not say where it comes from', 'POST', { 'Content-Type': 'application/json' }, 403],
  [
    'another port of this machine',
    'POST',
    { Origin: 'http://localhost:1', 'Content-Type': 'application/json' },
    403,
  ],
])('%s is refused', async (_about, method, headers, status) => {
  expect(
    (await ask(method, '/backups', headers, method === 'POST' ? '{"resourceId":"x","data":1}' : '')).status,
  ).toBe(status);
});

test('a service that does not answer is said to be away', async () => {
  await server.stop();
  const away = await ask('GET', '/resources');
  expect([away.status, JSON.parse(away.text)]).toEqual([
    503,
    expect.objectContaining({ code: 'dependency_unavailable', detail: `No answer from ${server.url}.` }),
  ]);
  expect((await ask('GET', '/console/')).status).toBe(200);
});
