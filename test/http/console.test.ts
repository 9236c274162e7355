// The console's files: what a browser is given, under which policy, and that programs still get what they got.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from '@jest/globals';
import { createConsole } from '../../lib/http/server/console.ts';
import { silentLogger } from '../../lib/log.ts';

const folder = mkdtempSync(join(tmpdir(), 'console-'));
mkdirSync(join(folder, 'assets'));
writeFileSync(join(folder, 'index.html'), '<!doctype html><p>page');
writeFileSync(join(folder, 'assets/app-0123.js'), 'export const a = 1;');
afterAll(() => rmSync(folder, { recursive: true }));

const BROWSER = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'Sec-Fetch-Site': 'cross-site' };
const pages = createConsole({ folder, access: { checksHost: true, allowedHosts: [] }, log: silentLogger });
const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  pages(
    new Request(`http://localhost:3004${path}`, { method, headers: { host: 'localhost:3004', ...headers } }),
  );

describe('a browser', () => {
  test('that asks for / is sent to the console; a program is not', () => {
    expect(ask('/', BROWSER)).toMatchObject({ status: 302 });
    expect(ask('/', BROWSER)!.headers.get('location')).toBe('/console/');
    for (const Accept of ['*/*', 'application/json', '']) expect(ask('/', { Accept })).toBeUndefined();
    expect(ask('/', BROWSER, 'POST')).toBeUndefined();
    expect(ask('/backups', BROWSER)).toBeUndefined();
    expect(ask('/consoles', BROWSER)).toBeUndefined();
  });

  test.each(['/console/', '/console/resource?id=a%2Fb.json', '/console/state'])(
    'gets the page at %s',
    async (path) => {
      const response = ask(path, BROWSER)!;
      expect(response.status).toBe(200);
      expect(await response.text()).toBe('<!doctype html><p>page');
      expect(response.headers.get('cache-control')).toBe('no-cache');
      const again = ask(path, { ...BROWSER, 'If-None-Match': response.headers.get('etag')! })!;
      expect([again.status, await again.text()]).toEqual([304, '']);
    },
  );

  test('keeps for ever what changes its name, packed if it says so', async () => {
    const plain = ask('/console/assets/app-0123.js')!;
    expect(plain.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(plain.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    const packed = ask('/console/assets/app-0123.js', { 'Accept-Encoding': 'gzip, br' })!;
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect(gunzipSync(Buffer.from(await packed.arrayBuffer())).toString()).toBe(await plain.text());
    expect(
      ask('/console/assets/app-0123.js', { 'Accept-Encoding': 'gzip;q=0' })!.headers.has('content-encoding'),
    ).toBe(false);
    expect(await ask('/console/', {}, 'HEAD')!.text()).toBe('');
  });
});

test.each([
  '/console',
  '/console/',
  '/console/assets/app-0123.js',
  '/console/assets/none.js',
  '/console/assets/..%2f..%2fetc%2fpasswd',
])('%s runs under the strictest policy', async (path) => {
  const { headers } = ask(path)!;
  const policy = headers.get('content-security-policy')!;
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("require-trusted-types-for 'script'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain('unsafe');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
});

test.each([
  ['/console/assets/none.js', 'GET', 404],
  ['/console/assets/..%2findex.html', 'GET', 404],
  ['/console/', 'POST', 405],
])('%s by %s: %s', async (path, method, status) => {
  const response = ask(path, {}, method)!;
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ status, code: expect.any(String) });
});

test('a name that is not ours gets nothing, whatever it asks for', () => {
  expect(ask('/console/', { host: 'evil.example' })!.status).toBe(421);
});

test('files that cannot be read stop nobody: the log says so', async () => {
  const broken = join(folder, 'broken');
  mkdirSync(broken);
  writeFileSync(join(broken, 'index.html'), 'x');
  const told: string[] = [];
  const log = { ...silentLogger, error: (message: string) => told.push(message) };
  const none = createConsole({ folder: broken, access: { checksHost: false, allowedHosts: [] }, log });
  expect(told).toEqual(['the console cannot be read, and is not served']);
  expect(none(new Request('http://localhost/console/', { headers: { host: 'localhost' } }))!.status).toBe(
    404,
  );
});

test('without the files it says how they are made, and / stays what it is', async () => {
  const none = createConsole({
    folder: join(folder, 'none'),
    access: { checksHost: false, allowedHosts: [] },
    log: silentLogger,
  });
  const response = none(new Request('http://localhost/console/', { headers: { host: 'localhost' } }))!;
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ detail: expect.stringContaining('npm run build') });
  expect(
    none(new Request('http://localhost/', { headers: { host: 'localhost', ...BROWSER } })),
  ).toBeUndefined();
});
