// Which bodies are read: JSON, bare curl lines, and nothing that a foreign page can send behind a user's back.

import { describe, expect, test } from '@jest/globals';
import { createHarness, problemOf } from './harness.ts';

const BODY = new TextEncoder().encode('{"resourceId":"r","data":{}}');
const FORM = 'application/x-www-form-urlencoded';

async function post(headers: Record<string, string>, path = '/backups') {
  const { app, calls } = createHarness();
  // Bytes, because Request gives a string body a type of its own.
  const response = await app.request(path, { method: 'POST', headers, body: BODY });
  return { response, calls };
}

describe('read', () => {
  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON ;charset="UTF-8"',
    'application/json;',
    'application/json; charset=utf8',
    'application/json; charset=UTF8; x=1',
    'application/json; charset=us-ascii',
    'application/json; charset=',
    'application/json; charset=""',
    'application/vnd.backup+json; version=1',
    'application/merge-patch+json',
    FORM,
    `${FORM}; charset=UTF-8`,
    '',
  ])('%j', async (type) => {
    expect((await post({ 'Content-Type': type })).response.status).toBe(201);
  });

  test('no type at all', async () => {
    expect((await post({})).response.status).toBe(201);
  });

  test('JSON from a page, which its browser asked leave for', async () => {
    const headers = {
      'Content-Type': 'application/json',
      Origin: 'https://a.example',
      'Sec-Fetch-Site': 'cross-site',
    };
    expect((await post(headers)).response.status).toBe(201);
  });

  test('an identity encoding', async () => {
    expect((await post({ 'Content-Encoding': 'identity' })).response.status).toBe(201);
  });
});

describe('415', () => {
  test.each([
    [{ 'Content-Type': 'text/plain' }],
    [{ 'Content-Type': 'text/plain; application/json' }],
    [{ 'Content-Type': 'text/plain, application/json' }],
    [{ 'Content-Type': 'application/json, text/plain' }],
    [{ 'Content-Type': 'multipart/form-data; boundary=x' }],
    [{ 'Content-Type': 'application/jsonp' }],
    [{ 'Content-Type': 'application/xml' }],
    [{ 'Content-Type': 'json' }],
    [{ 'Content-Type': 'application/json; charset=utf-16' }],
    [{ 'Content-Type': 'application/json; charset=utf-8; charset=latin1' }],
    [{ 'Content-Type': `${FORM}; charset=iso-8859-1` }],
    [{ 'Content-Type': 'application/json; =' }],
    [{ 'Content-Encoding': 'gzip' }],
    [{ 'Content-Encoding': 'identity, br' }],
  ])('%j', async (headers) => {
    const { response, calls } = await post(headers);
    expect(await problemOf(response)).toMatchObject({ status: 415, code: 'unsupported_media_type' });
    expect(calls).toEqual([]);
  });
});

describe('403', () => {
  const types: Record<string, string>[] = [{ 'Content-Type': FORM }, {}];
  const pages: Record<string, string>[] = [
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
  ];
  test.each(types.flatMap((type) => pages.map((page) => ({ ...type, ...page }))))('%j', async (headers) => {
    for (const path of ['/backups', '/restore', '/restore/point-in-time', '/backups/b/verify']) {
      const { response, calls } = await post(headers, path);
      expect(await problemOf(response)).toMatchObject({ status: 403, code: 'forbidden' });
      expect(calls).toEqual([]);
    }
  });

  test('a page cannot ask leave for the rest: no preflight is answered', async () => {
    const { app } = createHarness();
    const response = await app.request('/backups/b', {
      method: 'OPTIONS',
      headers: { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'DELETE' },
    });
    expect(response.status).toBe(405);
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});
