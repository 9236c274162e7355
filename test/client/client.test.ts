// The client against the service as it runs, and, where only faults show what it does, against answers that are made up.

import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { build } from 'esbuild';
import { createSigner } from '../../lib/client/aws.ts';
import { type Backup, BackupError, type Client, createClient, type State } from '../../lib/client/client.ts';
import { PLACES } from '../../lib/client/contract.ts';
import { membersOf } from '../../lib/client/text.ts';
import { ROUTE_LIST } from '../../lib/http/contract/routes.ts';
import { cleanUp, type Server, startServer, temporaryFolder } from '../e2e/server.ts';

let server: Server;
let client: Client;

beforeAll(async () => {
  server = await startServer({ dataDir: temporaryFolder() });
  client = createClient({ url: server.url });
});
afterAll(cleanUp);

test('knows each route of the contract by its place, and no other', () => {
  const places = ROUTE_LIST.map(({ operationId, method, path }) => [operationId, `${method} ${path}`]);
  expect(PLACES).toEqual(Object.fromEntries(places));
});

test('has nothing of a server in it, and at most 6 KB gzip', async () => {
  const { outputFiles, metafile } = await build({
    ...{ entryPoints: ['lib/client/client.ts'], bundle: true, minify: true, write: false, metafile: true },
    ...{ format: 'esm', platform: 'neutral' },
  });
  expect(Object.keys(metafile.inputs).filter((file) => !file.startsWith('lib/client/'))).toEqual([]);
  expect(gzipSync(outputFiles[0]!.contents, { level: 9 }).length).toBeLessThan(6 * 1024);
});

const EXACT =
  '{"big":12345678901234567890.10,"e":1e400,"minus":-0,"lone":"\\ud800","twin":1,"twin":2,"__proto__":{"a":[]}}';
const NAMES = ['a/b', '50 % off', 'ünï/ç', '🗄️', '.hidden', 'a?b#c', 'x+y=z&q'];

describe('states', () => {
  test('go in and come back byte for byte, whatever they and their names hold', async () => {
    for (const name of NAMES) {
      const made = await client.create(name, EXACT, { metadata: { tags: { n: '1' } } });
      const answer = await client.state(name);
      expect([await answer.text(), answer.backupId, answer.isExact]).toEqual([EXACT, made.id, true]);
      expect((await client.restore(made.id, 'copy')).text).toBe(EXACT);
      expect((await client.tree(name)).count).toBe(7);
    }
  });

  test.each<[string, State]>([
    ['bytes', new TextEncoder().encode('{"a":1}')],
    ['a blob', new Blob(['{"a":', '1}'])],
    ['a stream', () => new Blob(['{"a":1}']).stream()],
    [
      'an iterable',
      async function* () {
        yield new TextEncoder().encode('{"a"');
        yield new TextEncoder().encode(':1}');
      },
    ],
  ])('are taken as %s', async (_, state) => {
    await client.create('kinds', state);
    expect(await (await client.state('kinds')).text()).toBe('{"a":1}');
  });

  test('that are large are read as they are sent where the service takes them so, else uploaded and waited for', async () => {
    const text = JSON.stringify(Array.from({ length: 300_000 }, (_, id) => ({ id, name: `row ${id}` })));
    expect(text.length).toBeGreaterThan(5 * 1024 * 1024);
    const seen: number[] = [];
    const made = await client.create('large', text, { onProgress: (percent) => seen.push(percent) });
    expect(made).toMatchObject({ status: 'completed', size: text.length });
    expect(seen.at(-1)).toBe(100);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    const pending = await client.create('large', `${text} `, { wait: false, type: 'incremental' });
    expect(['pending', 'in_progress', 'completed']).toContain(pending.status);
    const done = await client.wait(pending);
    expect(done).toMatchObject({ checksum: `sha256:${createHash('sha256').update(text).digest('hex')}` });
    await expect(client.create('large', text.slice(0, -1))).rejects.toMatchObject({ code: 'malformed_json' });
    const about = { type: 'incremental', metadata: { tags: { 'a b': 'c&d' }, retentionDays: 7 } } as const;
    const told = (await client.create('large', text, about)) as Backup;
    expect(told.metadata).toMatchObject({ tags: { 'a b': 'c&d' }, retentionDays: 7, source: 'api' });
  });

  test.each([
    ['says nothing of that', (path: string) => path === '/' && Response.json({ features: [] })],
    [
      'has no room for it now',
      (path: string) => path.endsWith('/state') && new Response('', { status: 429 }),
    ],
  ] as const)('that are large are uploaded where the service %s', async (_name, answerFor) => {
    const asked: string[] = [];
    const through: typeof fetch = (request) => {
      const { method, url } = request as Request;
      const { pathname } = new URL(url);
      asked.push(`${method} ${pathname.replace(/\w{32}$/, 'ID')}`);
      const answer = answerFor(pathname);
      return answer === false ? fetch(request) : Promise.resolve(answer);
    };
    const other = createClient({ url: server.url, fetch: through, retries: 0 });
    const text = `[${'1,'.repeat(3_000_000)}1]`;
    const made = await other.create(`uploaded by ${_name}`, text);
    expect(made).toMatchObject({ status: 'completed', size: text.length });
    expect(asked).toEqual(expect.arrayContaining(['GET /', 'PUT /uploads/ID', 'POST /backups']));
    const failed = other.create(`uploaded by ${_name}`, text.slice(0, -1));
    await expect(failed).rejects.toMatchObject({
      code: 'backup_failed',
      problem: { code: 'malformed_json' },
    });
  });

  test('at a moment say which it is; what one has is not sent again', async () => {
    const first = await client.create('moments', '1');
    await client.create('moments', '2');
    const before = await client.state('moments', { at: '-1' });
    expect([await before.json(), before.backupId]).toEqual([1, first.id]);
    const now = await client.state('moments');
    const again = await client.state('moments', { ifNoneMatch: `"${now.checksum}"` });
    expect([again.isUnchanged, again.backupId]).toEqual([true, now.backupId]);
    const part = await client.state('moments', { range: 'bytes=0-0' });
    expect(await part.text()).toBe('2');
    const { text, operation } = await client.restoreAt('moments', before.createdAt, {
      targetResourceId: 'copy',
    });
    expect([text, operation.type]).toEqual(['1', 'point_in_time']);
    expect((await client.plan({ backupId: first.id, targetResourceId: 'moments' })).target?.isSame).toBe(
      false,
    );
  });
});

describe('lists', () => {
  test('go on from page to page', async () => {
    for (let n = 0; n < 5; n++)
      await client.create('pages', String(n), { metadata: { tags: { n: String(n) } } });
    const tags = await Array.fromAsync(
      client.backupsOf('pages', { limit: 2 }),
      ({ metadata }) => metadata?.tags.n,
    );
    expect(tags).toEqual(['4', '3', '2', '1', '0']);
    const found = await Array.fromAsync(client.backups({ tag: 'n=3', resourceId: 'pages' }));
    expect(found).toHaveLength(1);
    const names = await Array.fromAsync(client.resources({ limit: 3 }), ({ id }) => id);
    expect(names).toEqual(expect.arrayContaining([...NAMES, 'pages']));
    const changes = await Array.fromAsync(client.history('pages', { limit: 2 }), ({ backupId }) => backupId);
    expect(changes).toHaveLength(5);
  });
});

describe('a fault', () => {
  test('of the input is an error with its code, its places and the id of the request', async () => {
    const error = await client.create('bad', '{"a":', { type: 'full' }).catch((fault: unknown) => fault);
    expect(error).toBeInstanceOf(BackupError);
    expect(error).toMatchObject({ code: 'malformed_json', status: 400, requestId: expect.any(String) });
    const field = { type: 'whole' } as unknown as { type: 'full' };
    await expect(client.create('bad', '1', field)).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ pointer: '/type' }],
    });
    await expect(client.backup('backup-99999')).rejects.toMatchObject({
      code: 'backup_not_found',
      status: 404,
    });
  });

  test('of the network is one too, with its cause', async () => {
    const nowhere = createClient({ url: 'http://127.0.0.1:9', retries: 0 });
    await expect(nowhere.health()).rejects.toMatchObject({
      code: 'network_error',
      status: 0,
      cause: expect.anything(),
    });
  });

  /** Lets the first calls fail, as told, and passes the rest on to the service. */
  function failing(...faults: (() => Promise<Response>)[]) {
    const calls: { method: string; key: string | null }[] = [];
    const faulty = async (request: Request): Promise<Response> => {
      calls.push({ method: request.method, key: request.headers.get('idempotency-key') });
      return faults.shift()?.() ?? fetch(request);
    };
    return { calls, client: createClient({ url: server.url, fetch: faulty as typeof fetch, retries: 3 }) };
  }
  const answer =
    (status: number, headers: Record<string, string> = {}) =>
    async () =>
      new Response('{}', { status, headers });
  const reset = async (): Promise<Response> => {
    throw new TypeError('fetch failed');
  };

  test('that passes is tried again, a create under one key', async () => {
    const { calls, client: other } = failing(reset, answer(503, { 'Retry-After': '0' }), answer(429));
    const made = await other.create('again', '1');
    expect(made.status).toBe('completed');
    expect(calls).toHaveLength(4);
    expect(new Set(calls.map(({ key }) => key)).size).toBe(1);
    expect(calls[0]!.key).not.toBeNull();
    expect(await Array.fromAsync(other.backupsOf('again'))).toHaveLength(1);
  });

  test('of an acknowledged create whose answer was lost makes no second backup', async () => {
    let isLost = false;
    const losing = async (request: Request): Promise<Response> => {
      const response = await fetch(request);
      if (isLost || request.method !== 'POST') return response;
      isLost = true;
      await response.text();
      throw new TypeError('other side closed');
    };
    const other = createClient({ url: server.url, fetch: losing as typeof fetch });
    await other.create('lost', '1');
    expect(await Array.fromAsync(other.backupsOf('lost'))).toHaveLength(1);
  });

  test('that does not pass is told, and a restore, which is no safe call, is not done twice', async () => {
    const never = failing(answer(400), answer(400));
    await expect(never.client.health()).rejects.toMatchObject({ status: 400 });
    expect(never.calls).toHaveLength(1);
    const { id } = await client.create('once', '1');
    const once = failing(answer(503));
    await expect(once.client.restore(id, 'copy')).rejects.toMatchObject({ status: 503 });
    expect(once.calls).toHaveLength(1);
    const patient = failing(answer(503, { 'Retry-After': '3600' }));
    await expect(patient.client.health()).rejects.toMatchObject({ retryAfterSeconds: 3600 });
    expect(patient.calls).toHaveLength(1);
  });

  test('on the way of a state is found: cut short, or changed', async () => {
    await client.create('way', '{"a":"bcd"}');
    const cut = createClient({
      url: server.url,
      fetch: (async (request: Request) => {
        const response = await fetch(request);
        return new Response('{"a":"b', { status: response.status, headers: response.headers });
      }) as typeof fetch,
    });
    await expect((await cut.state('way')).text()).rejects.toMatchObject({ code: 'checksum_mismatch' });
    const { id } = await client.create('way', '{"a":"bcd"}');
    await expect(cut.restore(id, 'copy')).rejects.toMatchObject({ code: 'bad_answer' });
  });

  test('is nothing that an abort waits for', async () => {
    const controller = new AbortController();
    const hanging = failing(answer(503, { 'Retry-After': '50' }));
    setTimeout(() => controller.abort(new Error('enough')), 30);
    await expect(hanging.client.call('getHealth', {}, { signal: controller.signal })).rejects.toThrow(
      'enough',
    );
  });
});

test('credentials go to the service alone, and calls can be signed', async () => {
  const seen: [string, string | null][] = [];
  const watching = async (request: Request): Promise<Response> => {
    seen.push([new URL(request.url).host, request.headers.get('authorization')]);
    if (new URL(request.url).host === 'bucket.example') return new Response('[1]');
    return new Response('', {
      status: 303,
      headers: { location: 'https://bucket.example/result?X-Amz-Signature=1' },
    });
  };
  const signed = createClient({
    url: 'https://service.example/prod/',
    token: 'secret',
    fetch: watching as typeof fetch,
    sign: (request) => new Request(request, { headers: { authorization: 'signed' } }),
  });
  const { headers } = await signed.raw('getOperationResult', { params: { id: 'restore-1' } });
  expect(headers.get('location')).toContain('bucket.example');
  expect(seen).toEqual([['service.example', 'signed']]);
});

test('members of an answer are cut out as they are', () => {
  expect(membersOf('{"a": {"b":["}",{"c":"\\"]"}]} ,"d":1e400,"e\\"":"x,y"}')).toEqual({
    a: '{"b":["}",{"c":"\\"]"}]}',
    d: '1e400',
    'e"': '"x,y"',
  });
  for (const cut of ['{"a":"', '{"a":[1', '{"a']) expect(() => membersOf(cut)).toThrow(BackupError);
  expect(membersOf('{}')).toEqual({});
});

test('signs for API Gateway as AWS does, ids with all characters too', async () => {
  const sign = createSigner({
    credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'session' },
  });
  const signed: Request[] = [];
  const other = createClient({
    url: 'https://abc.execute-api.eu-central-1.amazonaws.com/prod',
    fetch: (async (request: Request) => {
      signed.push(request);
      return new Response('{}');
    }) as typeof fetch,
    sign,
  });
  await other.tree('a/b %ü🗄️', { path: '/x y' });
  await other.create('db', '1');
  for (const request of signed) {
    // The SDK's own signer, at the same second, over the same headers.
    const at = request.headers.get('x-amz-date')!;
    const date = new Date(at.replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z'));
    const url = new URL(request.url);
    const once = request.headers.get('idempotency-key');
    const key = { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'session' };
    const theirs = await new SignatureV4({
      ...{
        credentials: key,
        region: 'eu-central-1',
        service: 'execute-api',
        sha256: Sha256,
        applyChecksum: false,
      },
    }).sign(
      {
        ...{ method: request.method, protocol: url.protocol, hostname: url.hostname, path: url.pathname },
        query: Object.fromEntries(url.searchParams),
        headers: { host: url.host, ...(once === null ? {} : { 'idempotency-key': once }) },
        body: await request.text(),
      },
      { signingDate: date },
    );
    expect(request.headers.get('authorization')).toBe(theirs.headers.authorization);
  }
  expect(new URL(signed[0]!.url).pathname).toBe(
    '/prod/resources/a%2Fb%20%25%C3%BC%F0%9F%97%84%EF%B8%8F/tree',
  );
});
