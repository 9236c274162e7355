// What every source and every target does, over files, folders and a server of HTTP; PostgreSQL has its own in test/databases.

import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { SourceSpec } from '../../lib/core/records/source.ts';
import type { Source } from '../../lib/ports/source.ts';
import { createSecretReader } from '../../lib/sources/secrets.ts';
import { createSources } from '../../lib/sources/sources.ts';
import { ALL, given, openSources, readAll, soon } from './given.ts';

const folder = mkdtempSync(join(tmpdir(), 'backup-sources-'));
let server: Server;
let base: string;
let stored: Map<string, string>;
let answer: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
const seen: { method: string; url: string; headers: IncomingMessage['headers'] }[] = [];

const etagOf = (text: string): string => `"${createHash('sha256').update(text).digest('hex')}"`;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    seen.push({ method, url, headers });
    if (answer?.(request, response)) return;
    const text = stored.get(url);
    if (method === 'GET') {
      if (text === undefined) return void response.writeHead(404).end();
      if (headers['if-none-match'] === etagOf(text)) return void response.writeHead(304).end();
      return void response
        .writeHead(200, { 'content-type': 'application/json', etag: etagOf(text) })
        .end(text);
    }
    if (text !== undefined && headers['if-match'] !== undefined && headers['if-match'] !== etagOf(text))
      return void response.writeHead(412).end();
    let body = '';
    for await (const chunk of request) body += chunk;
    stored.set(url, body);
    response.writeHead(204).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  stored = new Map();
  answer = undefined;
  seen.length = 0;
});

const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'none',
    (error: { code: string }) => error.code,
  );

/** Numbers that JavaScript does not hold, texts with escapes, and white space that is nobody's. */
const STATE =
  '{ "a.json" : {"n": 12345678901234567890.10, "t": "\\u00e9 \\" \\\\ \\n"},\n "b.json": [1, 2.50, -0, 1e400] }';
const OTHER = '{"a.json":{"n":1},"c.json":null}';
const PLAIN =
  '{"a.json":{"n":12345678901234567890.10,"t":"\\u00e9 \\" \\\\ \\n"},"b.json":[1,2.50,-0,1e400]}';

interface Kind {
  name: string;
  spec: () => SourceSpec;
  /** Puts a state there, by other means; none takes it away. */
  put: (text: string | undefined) => void;
  get: () => string;
}

const file = join(folder, 'state.json');
const many = join(folder, 'many');
const KINDS: Kind[] = [
  {
    name: 'file',
    spec: () => ({ kind: 'file', path: file }),
    put: (text) => (text === undefined ? rmSync(file, { force: true }) : writeFileSync(file, text)),
    get: () => readFileSync(file, 'utf8'),
  },
  {
    name: 'folder',
    spec: () => ({ kind: 'folder', path: many }),
    put(text) {
      rmSync(many, { recursive: true, force: true });
      if (text === undefined) return;
      mkdirSync(many);
      // Each member's own text, which a parser would not keep.
      for (const [, name, value] of text.matchAll(/"(\w\.json)" ?: ?(\{[^}]*\}|\[[^\]]*\]|null)/g))
        writeFileSync(join(many, name!), value!);
    },
    get: () => '',
  },
  {
    name: 'http',
    spec: () => ({ kind: 'http', url: `${base}/state`, write: { method: 'PUT' } }),
    put: (text) => void (text === undefined ? stored.delete('/state') : stored.set('/state', text)),
    get: () => stored.get('/state')!,
  },
];

describe.each(KINDS)('$name', ({ spec, put, name }) => {
  const open = (): Promise<Source> => openSources().open(spec());

  test('is read as it is, number by number', async () => {
    put(STATE);
    const source = await open();
    expect((await readAll(source)).text).toBe(PLAIN);
    expect((await source.check(soon())).detail).toContain(name === 'http' ? base : folder);
  });

  test('what is not there is not found, and reaches nobody as a state', async () => {
    put(undefined);
    const source = await open();
    expect(await code(source.check(soon()))).toBe('not_found');
    expect(await code(readAll(source))).toBe('not_found');
  });

  test('a plan writes nothing; a restore makes it the same, and says so; the second time there is nothing to do', async () => {
    for (const before of [OTHER, undefined]) {
      put(before);
      const source = await open();
      const plan = await source.target!.plan(given(STATE), { modes: ALL }, soon());
      expect(plan.isExact).toBe(true);
      if (before !== undefined) expect((await readAll(source)).text).toBe(OTHER);
      else expect(await code(source.check(soon()))).toBe('not_found');
      const outcome = await source.target!.restore(given(STATE), { modes: ALL }, soon());
      expect(outcome).toMatchObject({ parts: plan.parts, isExact: true });
      expect((await readAll(source)).text).toBe(PLAIN);
      const again = await source.target!.plan(given(STATE), { modes: ALL }, soon());
      expect(
        again.parts.every((part) => part.insert + part.update + part.delete === 0 && part.same === 1),
      ).toBe(true);
    }
  });

  test('modes that do not let it happen leave it as it is', async () => {
    put(OTHER);
    const source = await open();
    await source.target!.restore(
      given(STATE),
      { modes: { create: false, update: false, delete: false } },
      soon(),
    );
    expect((await readAll(source)).text).toBe(OTHER);
  });

  test('a signal ends it', async () => {
    put(STATE);
    const source = await open();
    const over = AbortSignal.abort(new Error('enough'));
    await expect(
      (async () => {
        const reading = await source.read(over);
        if (reading !== 'unchanged') for await (const _ of reading.chunks);
      })(),
    ).rejects.toThrow(/enough|abort/i);
  });
});

test('marks: what is unchanged is not read again, and what was written just now is not taken for that', async () => {
  const kind = KINDS[2]!;
  kind.put(STATE);
  const http = await openSources().open(kind.spec());
  const { reading } = await readAll(http);
  expect(await http.read(soon(), reading.mark)).toBe('unchanged');
  kind.put(OTHER);
  expect(await http.read(soon(), reading.mark)).not.toBe('unchanged');
  writeFileSync(file, STATE);
  const source = await openSources().open(KINDS[0]!.spec());
  expect((await readAll(source)).reading.mark).toBeUndefined();
});

describe('files', () => {
  test('a file keeps its rights and its link, and is never half there', async () => {
    const link = join(folder, 'link.json');
    writeFileSync(file, OTHER);
    chmodSync(file, 0o640);
    rmSync(link, { force: true });
    symlinkSync(file, link);
    const { target } = await openSources().open({ kind: 'file', path: link });
    const broken = {
      ...given(STATE),
      async *chunks() {
        yield Buffer.from('{"half":');
        throw new Error('gone');
      },
    };
    await expect(target!.restore(broken, { modes: ALL }, soon())).rejects.toThrow('gone');
    expect(readFileSync(file, 'utf8')).toBe(OTHER);
    await target!.restore(given(PLAIN), { modes: ALL, path: '/b.json' }, soon());
    expect(readFileSync(link, 'utf8')).toBe('[1,2.50,-0,1e400]');
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });

  test('one that is written while it is read makes no state', async () => {
    writeFileSync(file, `[${'1,'.repeat(400_000)}1]`);
    const source = await openSources().open({ kind: 'file', path: file });
    const reading = await source.read(soon());
    if (reading === 'unchanged') throw new Error();
    const taken = (async () => {
      for await (const _ of reading.chunks) utimesSync(file, 1, 1);
    })();
    expect(await code(taken)).toBe('unavailable');
  });

  test('a folder: what is no JSON stops it, what is no JSON by its name is told, what leads out is refused', async () => {
    KINDS[1]!.put(STATE);
    const source = await openSources().open({ kind: 'folder', path: many });
    mkdirSync(join(many, 'sub'));
    writeFileSync(join(many, 'sub/d.json'), '\ufeff{"x":1}');
    writeFileSync(join(many, 'notes.txt'), 'x');
    const { text, reading } = await readAll(source);
    expect(Object.keys(JSON.parse(text))).toEqual(['a.json', 'b.json', 'sub/d.json']);
    expect(reading.warnings).toEqual([expect.stringContaining('1 files are left out')]);
    await source.target!.restore(given('{"a.json":1}'), { modes: ALL, path: '/a.json' }, soon());
    expect(readFileSync(join(many, 'a.json'), 'utf8')).toBe('1');
    expect(existsSync(join(many, 'sub/d.json'))).toBe(true);
    for (const name of ['../x.json', '/etc/x.json', 'sub/../../x.json', 'x', '.x.json', 'a//b.json'])
      expect(
        await code(source.target!.plan(given(JSON.stringify({ [name]: 1 })), { modes: ALL }, soon())),
      ).toBe('conflict');
    rmSync(join(folder, 'elsewhere'), { recursive: true, force: true });
    mkdirSync(join(folder, 'elsewhere'));
    symlinkSync(join(folder, 'elsewhere'), join(many, 'away'));
    expect(await code(source.target!.restore(given('{"away/x.json":1}'), { modes: ALL }, soon()))).toBe(
      'conflict',
    );
    writeFileSync(join(many, 'b.json'), '1,"z":2');
    expect(await code(readAll(source))).toBe('integrity');
  });

  test('only folders that are let in', async () => {
    const sources = createSources({
      secrets: createSecretReader({}),
      privateHosts: [],
      folders: [join(folder, 'in')],
    });
    const opened = (path: string) => code(sources.open({ kind: 'file', path }));
    expect(await opened(join(folder, 'in/a.json'))).toBe('none');
    for (const path of [file, join(folder, 'in/../state.json'), `${folder}/inside.json`, '/etc/passwd'])
      expect(await opened(path)).toBe('denied');
  });
});

describe('HTTP', () => {
  const open = (more: object = {}, env = {}) =>
    openSources(env).open({ kind: 'http', url: `${base}/state`, ...more } as SourceSpec);

  test('secrets go into headers, and nowhere where they were not meant to', async () => {
    stored.set('/state', STATE);
    const other = createServer((request, response) => {
      seen.push({ method: 'other', url: request.url!, headers: request.headers });
      response.end('{}');
    });
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const elsewhere = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
    const headers = { Authorization: 'Bearer {env:TOKEN}' };
    await readAll(await open({ headers }, { TOKEN: 'hunter2' }));
    expect(seen.at(-1)!.headers.authorization).toBe('Bearer hunter2');
    answer = (request, response) => {
      const to = request.url === '/state' ? '/next' : request.url === '/next' ? elsewhere : undefined;
      if (to === undefined) return false;
      response.writeHead(302, { location: to }).end();
      return true;
    };
    await readAll(await open({ headers }, { TOKEN: 'hunter2' }));
    expect(seen.map(({ url, headers }) => [url, headers.authorization]).slice(-2)).toEqual([
      ['/next', 'Bearer hunter2'],
      ['/', undefined],
    ]);
    other.close();
    expect(await code((await open({ headers })).check(soon()))).toBe('not_found');
  });

  test('a secret that no header can carry is refused, and not a word of it is told', async () => {
    for (const TOKEN of ['two\nlines', 'nul\0', 'umlaut \u00fc', '\u{1f511}']) {
      const source = await open({ headers: { Authorization: 'Bearer {env:TOKEN}' } }, { TOKEN });
      await expect(source.check(soon())).rejects.toMatchObject({
        code: 'denied',
        message: 'what stands at env:TOKEN cannot be sent in a header',
      });
    }
  });

  test('what is packed is unpacked, what breaks off is no state, a page for people is none', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(STATE));
      return true;
    };
    expect((await readAll(await open())).text).toBe(PLAIN);
    answer = (_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(STATE).subarray(0, 40));
      return true;
    };
    expect(await code(readAll(await open()))).toBe('unavailable');
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"a":1}');
      setTimeout(() => response.destroy(), 20);
      return true;
    };
    expect(await code(readAll(await open()))).toBe('unavailable');
    answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<p>sign in</p>');
      return true;
    };
    expect(await code(readAll(await open()))).toBe('integrity');
  });

  test.each([
    [401, 'denied'],
    [404, 'not_found'],
    [429, 'unavailable'],
    [500, 'unavailable'],
    [302, 'denied'],
  ])('%i is %s', async (status, expected) => {
    answer = (_, response) => {
      response.writeHead(status).end('{}');
      return true;
    };
    expect(await code(readAll(await open()))).toBe(expected);
  });

  test('whoever has written since is not written over', async () => {
    stored.set('/state', OTHER);
    const { target } = await open({ write: { method: 'PUT' } });
    let gets = 0;
    answer = (request) => {
      if (request.method === 'PUT') stored.set('/state', '"newer"');
      else gets++;
      return false;
    };
    expect(await code(target!.restore(given(STATE), { modes: ALL }, soon()))).toBe('conflict');
    expect([gets, stored.get('/state')]).toEqual([1, '"newer"']);
    expect((await open()).target).toBeUndefined();
  });

  test('private addresses are refused where the home says so: by number, by name, by redirect', async () => {
    stored.set('/state', STATE);
    const closed = (privateHosts: string[]) =>
      createSources({ secrets: createSecretReader({}), privateHosts, folders: [] });
    const read = (url: string, allowed: string[] = []) =>
      code(closed(allowed).open({ kind: 'http', url }).then(readAll));
    const { port } = server.address() as AddressInfo;
    const before = seen.length;
    for (const host of [
      '127.0.0.1',
      '2130706433',
      '0x7f.1',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '169.254.169.254',
      '10.0.0.1',
      '192.168.1.1',
      '0.0.0.0',
      '[fd00::1]',
      '[fe80::1]',
      '[64:ff9b::7f00:1]',
      'localhost',
    ])
      expect([host, await read(`http://${host}:${port}/state`)]).toEqual([host, 'denied']);
    expect(seen.length).toBe(before);
    expect(await read(`http://127.0.0.1:${port}/state`, ['127.0.0.1'])).toBe('none');
    answer = (request, response) => {
      if (request.url !== '/state') return false;
      response.writeHead(302, { location: `http://localhost:${port}/inner` }).end();
      return true;
    };
    stored.set('/inner', STATE);
    expect(await read(`http://127.0.0.1:${port}/state`, ['127.0.0.1'])).toBe('denied');
  });
});
