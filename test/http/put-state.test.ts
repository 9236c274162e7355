// The file itself as the body: curl -T dump.json, packed or not, on the condition that nobody was faster.

import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { adminOf, type Principal, type Scope } from '../../lib/core/records/access.ts';
import { silentLogger } from '../../lib/log.ts';
import { createWorld } from '../service/world.ts';
import { createCheckedApi } from './checked-api.ts';

interface Answer {
  id: string;
  code?: string;
  detail?: string;
  checksum?: string;
  type?: string;
  unchanged?: boolean;
  metadata?: Record<string, unknown>;
  errors?: { pointer: string; detail: string }[];
}

function createScene(limits: { bodyBytesMax?: number } = {}) {
  const world = createWorld();
  let principal: Principal = adminOf('root');
  const app = createCheckedApi({
    service: world.service,
    auth: { identify: () => principal },
    version: '1',
    log: silentLogger,
    now: world.clock.now,
    limits,
  });
  const put = async (
    path: string,
    body: string | Uint8Array<ArrayBuffer> | undefined,
    headers: Record<string, string> = {},
    who = principal,
  ) => {
    principal = who;
    const response = await app.request(path, {
      method: 'PUT',
      headers,
      ...(body === undefined ? {} : { body }),
    });
    principal = adminOf('root');
    return { status: response.status, headers: response.headers, answer: (await response.json()) as Answer };
  };
  const stateOf = async (resource: string) => {
    const response = await app.request(`/resources/${resource}/state`);
    return { text: await response.text(), etag: response.headers.get('ETag') ?? '' };
  };
  return { world, app, put, stateOf };
}

const STATE = '{"n":12345678901234567890.10,"a":[1,2]}';

describe('a state that is PUT', () => {
  test('is kept byte for byte, under what the query says of it', async () => {
    const { put, stateOf } = createScene();
    const query =
      'type=incremental&resourceType=db&retentionDays=7&source=cron&version=2&tag.env=prod&tag.a%20b=c%26d';
    const { status, headers, answer } = await put(`/resources/shop/state?${query}`, STATE);
    expect(status).toBe(201);
    expect(answer).toMatchObject({
      resourceId: 'shop',
      resourceType: 'db',
      type: 'full',
      requestedType: 'incremental',
      metadata: { retentionDays: 7, source: 'cron', version: '2', tags: { env: 'prod', 'a b': 'c&d' } },
    });
    const { text, etag } = await stateOf('shop');
    expect(text).toBe(STATE);
    expect(headers.get('ETag')).toBe(etag);
    expect(headers.get('Location')).toBe(`/backups/${answer.id}`);
  });

  test.each([
    ['gzip', gzipSync(STATE)],
    ['x-gzip', gzipSync(STATE)],
    ['GZIP', Buffer.concat([gzipSync(STATE.slice(0, 9)), gzipSync(STATE.slice(9))])],
    ['zstd', zstdCompressSync(STATE)],
    ['identity', Buffer.from(STATE)],
  ])('may be packed: %s', async (encoding, body) => {
    const { put, stateOf } = createScene();
    expect((await put('/resources/r/state', body, { 'Content-Encoding': encoding })).status).toBe(201);
    expect((await stateOf('r')).text).toBe(STATE);
  });

  test('is taken whatever it is called, and comes from no form', async () => {
    const { put } = createScene();
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'application/octet-stream']) {
      expect((await put('/resources/r/state', STATE, { 'Content-Type': type })).status).toBe(201);
    }
    const form = await put('/resources/r/state', STATE, {
      'Content-Type': 'multipart/form-data; boundary=x',
    });
    expect(form).toMatchObject({ status: 415, answer: { detail: expect.stringContaining('curl -T') } });
    const part = await put('/resources/r/state', STATE, { 'Content-Range': 'bytes 0-1/9' });
    expect(part.status).toBe(400);
  });

  test.each([
    ['nothing', '', {}, 400, 'malformed_json'],
    ['no JSON', '{"a":', {}, 400, 'malformed_json'],
    ['two values', '1 2', {}, 400, 'malformed_json'],
    ['what is not gzip', STATE, { 'Content-Encoding': 'gzip' }, 400, 'malformed_json'],
    [
      'what is cut short',
      gzipSync(STATE).subarray(0, 30),
      { 'Content-Encoding': 'gzip' },
      400,
      'malformed_json',
    ],
    ['what is not zstd', STATE, { 'Content-Encoding': 'zstd' }, 400, 'malformed_json'],
    ['brotli', STATE, { 'Content-Encoding': 'br' }, 415, 'unsupported_media_type'],
    ['twice packed', STATE, { 'Content-Encoding': 'gzip, gzip' }, 415, 'unsupported_media_type'],
    ['too much', `"${'x'.repeat(5000)}"`, {}, 413, 'payload_too_large'],
    [
      'a bomb',
      gzipSync(`"${'x'.repeat(5_000_000)}"`),
      { 'Content-Encoding': 'gzip' },
      413,
      'payload_too_large',
    ],
  ])('of %s is refused, and leaves nothing', async (_what, body, headers, status, code) => {
    const { put, world } = createScene({ bodyBytesMax: 4096 });
    expect(await put('/resources/r/state', body, headers as Record<string, string>)).toMatchObject({
      status,
      answer: { code },
    });
    expect((await world.plain.catalog.listBackups({ limit: 1 })).items).toEqual([]);
    expect(await world.blobCount()).toBe(0);
  });

  test.each([
    ['tags=x', '/query/tags'],
    ['tag.=x', '/query/tag.'],
    ['tag.k=LONG', '/query/tag.k'],
    ['ifChanged=yes', '/query/ifChanged'],
    ['retentionDays=-1', '/query/retentionDays'],
    ['type=partial', '/query/type'],
  ])('with %s is a fault, and named', async (query, pointer) => {
    const { put } = createScene();
    const { status, answer } = await put(
      `/resources/r/state?${query.replace('LONG', 'v'.repeat(10_000))}`,
      STATE,
    );
    expect(status).toBe(400);
    expect(answer.errors?.map((one) => one.pointer)).toContain(pointer);
  });

  test('of a resource of any name stands under that name', async () => {
    const { put, app } = createScene();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('a/b', 'a b', '100%', '😀', 'x.y', '..x', 'ü?&#'), async (id) => {
        const path = `/resources/${encodeURIComponent(id)}/state`;
        expect((await put(path, JSON.stringify(id))).status).toBe(201);
        expect(await (await app.request(path)).json()).toBe(id);
      }),
      { numRuns: 20 },
    );
  });

  test('with ifChanged is noted where it is the newest already', async () => {
    const { put } = createScene();
    await put('/resources/r/state', STATE);
    const again = await put('/resources/r/state?ifChanged=true', gzipSync(STATE), {
      'Content-Encoding': 'gzip',
    });
    expect(again).toMatchObject({ status: 200, answer: { unchanged: true } });
  });
});

describe('a condition', () => {
  const OTHER = `"sha256:${'0'.repeat(64)}"`;

  test('of what the newest state is, or is not, is held to', async () => {
    const { put, stateOf } = createScene();
    const path = '/resources/r/state';
    expect((await put(path, '1', { 'If-Match': '*' })).status).toBe(412);
    expect((await put(path, '1', { 'If-None-Match': '*' })).status).toBe(201);
    const { etag } = await stateOf('r');
    expect((await put(path, '2', { 'If-None-Match': '*' })).status).toBe(412);
    expect((await put(path, '2', { 'If-Match': OTHER })).status).toBe(412);
    expect((await put(path, '2', { 'If-Match': '"anything"' })).status).toBe(412);
    expect((await put(path, '2', { 'If-None-Match': `${OTHER}, ${etag}` })).status).toBe(412);
    const { status, answer } = await put(path, '2', { 'If-Match': `${OTHER}, ${etag}` });
    expect(status).toBe(201);
    expect((await put(path, '3', { 'If-Match': etag })).answer).toMatchObject({
      code: 'precondition_failed',
      checksum: answer.checksum,
    });
    expect((await put(path, '3', { 'If-Match': 'sha256' })).status).toBe(400);
  });

  test('lets one of many writers through who have all seen the same state', async () => {
    const { put, stateOf, world } = createScene();
    await put('/resources/r/state', '0');
    const { etag } = await stateOf('r');
    const answers = await Promise.all(
      Array.from({ length: 5 }, (_, n) => put('/resources/r/state', String(n + 1), { 'If-Match': etag })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 412, 412, 412, 412]);
    expect((await world.plain.catalog.listBackups({ limit: 9 })).items).toHaveLength(2);
  });

  test('tells nobody what the newest state is who may not list', async () => {
    const { put } = createScene();
    await put('/resources/r/state', '0');
    const writer: Principal = { subject: 'w', scopes: new Set<Scope>(['backup:write']) };
    for (const headers of [{ 'If-Match': OTHER }, { 'If-None-Match': '*' }]) {
      const { status, answer } = await put('/resources/r/state', '1', headers, writer);
      expect({ status, text: answer.detail }).toEqual({
        status: 403,
        text: 'This needs the scope backup:list.',
      });
    }
    expect((await put('/resources/r/state', '1', {}, writer)).status).toBe(201);
  });
});
