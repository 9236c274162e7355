// States at any moment as their own bytes, through the whole service: which one, in which form, and what is said of it.

import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { adminOf } from '../../lib/core/records/access.ts';
import { silentLogger } from '../../lib/log.ts';
import { PortError } from '../../lib/ports/errors.ts';
import { createWorld, START } from '../service/world.ts';
import { createCheckedApi } from './checked-api.ts';
import { problemOf } from './harness.ts';

const EXACT = '{"n":9007199254740993,"e":1e400,"a":1.0,"a":-0,"s":"\\ud800\\u00e9"}';

function createScene(resourceId = 'shop', replace?: Parameters<typeof createWorld>[0]) {
  const world = createWorld(replace);
  const app = createCheckedApi({
    service: world.service,
    auth: { identify: () => adminOf('ann') },
    version: '1',
    log: silentLogger,
    now: world.clock.now,
  });
  const path = `/resources/${encodeURIComponent(resourceId)}`;
  const get = (rest: string, headers: Record<string, string> = {}, method = 'GET') =>
    app.request(`${path}${rest}`, { method, headers });
  return { world, app, get };
}

/** Three backups, ten seconds apart: 1, 2 and the exact one. */
async function createHistory(resourceId = 'shop') {
  const scene = createScene(resourceId);
  const { world } = scene;
  for (const [n, json] of ['{"v":1}', '{"v":2}', EXACT].entries()) {
    world.clock.set(START + n * 10_000);
    await world.make(resourceId, json, n === 0 ? 'full' : 'incremental');
  }
  world.clock.set(START + 60_000);
  return scene;
}

describe('which state', () => {
  test.each([
    ['', EXACT, 'backup-3', undefined, '40'],
    ['?at=latest', EXACT, 'backup-3', undefined, '40'],
    ['?at=-1', '{"v":2}', 'backup-2', undefined, '50'],
    ['?at=-2', '{"v":1}', 'backup-1', undefined, '60'],
    ['?at=backup-2', '{"v":2}', 'backup-2', undefined, '50'],
    ['?at=-45s', '{"v":2}', 'backup-2', '2026-01-01T12:00:15.000Z', '5'],
    ['?at=2026-01-01T13:00:09.5+01:00', '{"v":1}', 'backup-1', '2026-01-01T12:00:09.500Z', '9'],
    ['?at=2026-01-01T12:00:10Z', '{"v":2}', 'backup-2', '2026-01-01T12:00:10.999Z', '0'],
  ])('state%s', async (query, state, backupId, asked, age) => {
    const { get } = await createHistory();
    const response = await get(`/state${query}`);
    expect(await response.text()).toBe(state);
    expect(response.headers.get('backup-id')).toBe(backupId);
    expect(response.headers.get('state-asked') ?? undefined).toBe(asked);
    expect(response.headers.get('state-age')).toBe(age);
    expect(response.headers.get('state-exact')).toBe('true');
  });

  test.each([
    ['?at=-3', 400, 'invalid_request'],
    ['?at=soon', 400, 'invalid_request'],
    ['?at=2099-01-01T00:00:00Z', 400, 'invalid_request'],
    ['?at=2020-01-01T00:00:00Z', 404, 'snapshot_not_found'],
    ['?at=backup-99', 404, 'backup_not_found'],
    ['?at=backup-4', 404, 'backup_not_found'],
  ])('none at state%s', async (query, status, code) => {
    const { get, world } = await createHistory();
    expect((await world.backup('other', '1')).id).toBe('backup-4');
    const response = await get(`/state${query}`);
    const problem = await problemOf(response);
    expect({ status: response.status, code: problem.code }).toEqual({ status, code });
    if (status === 400) expect(problem.errors).toMatchObject([{ pointer: '/query/at' }]);
  });

  test('none of a resource that is not there', async () => {
    const { get } = createScene();
    expect((await problemOf(await get('/state'))).code).toBe('resource_not_found');
    expect((await problemOf(await get('/state?at=-1'))).code).toBe('resource_not_found');
  });

  test('a moment whose own backup is gone is said not to be exact', async () => {
    const { get, world } = await createHistory();
    await world.remove('backup-2');
    const response = await get('/state?at=2026-01-01T12:00:15Z');
    expect(response.headers.get('backup-id')).toBe('backup-1');
    expect(response.headers.get('state-exact')).toBe('false');
  });

  test.each([
    'tf/prod/a',
    '%',
    '%2F',
    'a b',
    'a+b',
    'ünï😀',
    '..a/..',
    '?q=1#x',
    'dots.in.it.',
    '"quoted"',
    '\\back',
    'semi;colon',
    'a//b',
  ])('of %j, encoded', async (id) => {
    const { get } = await createHistory(id);
    expect(await (await get('/state?at=-1')).text()).toBe('{"v":2}');
    expect(((await (await get('/backups')).json()) as { count: number }).count).toBe(3);
  });
});

describe('in which form', () => {
  test('the tag is the checksum, and who has it gets nothing', async () => {
    const { get, world } = await createHistory();
    const { checksum } = (await world.plain.catalog.getBackup('backup-3'))!;
    const response = await get('/state');
    expect(response.headers.get('etag')).toBe(`"sha256:${checksum}"`);
    const known = await get('/state', { 'If-None-Match': `W/"x", "sha256:${checksum}"` });
    expect(known.status).toBe(304);
    expect(await known.text()).toBe('');
    expect((await get('/state?at=-1', { 'If-None-Match': `"sha256:${checksum}"` })).status).toBe(200);
  });

  test('HEAD says all and reads nothing', async () => {
    const { get, world } = await createHistory();
    const response = await get('/state', {}, 'HEAD');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe(String(EXACT.length));
    expect(response.headers.get('backup-id')).toBe('backup-3');
    const { items } = await world.plain.catalog.listEvents({ limit: 1 });
    expect(items[0]!.action).toBe('backup.created');
  });

  test.each([
    ['bytes=0-4', '{"n":', `bytes 0-4/${EXACT.length}`],
    ['bytes=-2', '"}', `bytes ${EXACT.length - 2}-${EXACT.length - 1}/${EXACT.length}`],
    ['bytes=5-', EXACT.slice(5), `bytes 5-${EXACT.length - 1}/${EXACT.length}`],
  ])('%s', async (range, text, contentRange) => {
    const { get } = await createHistory();
    const response = await get('/state', { Range: range, 'Accept-Encoding': 'gzip' });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(contentRange);
    expect(response.headers.get('content-length')).toBe(String(text.length));
    expect(await response.text()).toBe(text);
  });

  test('a range of what has changed meanwhile gives the whole', async () => {
    const { get } = await createHistory();
    const headers = { Range: 'bytes=0-4', 'If-Range': '"sha256:other"' };
    const response = await get('/state', headers);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(EXACT);
    const { etag } = Object.fromEntries(response.headers);
    expect((await get('/state', { ...headers, 'If-Range': etag! })).status).toBe(206);
  });

  test('a range beyond the end is refused', async () => {
    const { get } = await createHistory();
    const response = await get('/state', { Range: 'bytes=1000-' });
    expect(response.status).toBe(416);
    expect(await problemOf(response)).toMatchObject({ code: 'range_not_satisfiable', size: EXACT.length });
  });

  test('gzip for who takes it, under a tag of its own', async () => {
    const { get } = await createHistory();
    const response = await get('/state', { 'Accept-Encoding': 'br, gzip' });
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(gunzipSync(Buffer.from(await response.arrayBuffer())).toString()).toBe(EXACT);
    const tag = response.headers.get('etag')!;
    expect(tag).not.toBe((await get('/state')).headers.get('etag'));
    expect((await get('/state', { 'Accept-Encoding': 'gzip', 'If-None-Match': tag })).status).toBe(304);
  });
});

describe('the trail', () => {
  test('has each read, by whom, and no operation', async () => {
    const { get, world } = await createHistory();
    await (await get('/state?at=-1')).text();
    const { items } = await world.plain.catalog.listEvents({ limit: 1, resourceId: 'shop' });
    expect(items).toMatchObject([
      { action: 'state.read', actor: 'ann', backupId: 'backup-2', detail: { what: 'state' } },
    ]);
    expect((await world.service.listOperations({ limit: 1 })).items).toEqual([]);
  });

  test('that cannot be written withholds nothing', async () => {
    let isFull = false;
    const { get, world } = createScene('shop', ({ catalog }) => ({
      catalog: {
        ...catalog,
        async commit(changes) {
          if (isFull) throw new PortError('unavailable', 'full', { reason: 'disk_full' });
          return catalog.commit(changes);
        },
      },
    }));
    await world.backup('shop', EXACT);
    isFull = true;
    expect(await (await get('/state')).text()).toBe(EXACT);
  });
});

test('more than one answer can carry is refused with what to do, and given in parts', async () => {
  const { get, world } = await createHistory();
  world.deps.options.syncBytesMax = 10;
  const problem = await problemOf(await get('/state'));
  expect(problem).toMatchObject({ code: 'payload_too_large', detail: expect.stringContaining('Range') });
  expect(await (await get('/state', { Range: 'bytes=0-9' })).text()).toBe(EXACT.slice(0, 10));
});

describe('a look at what stands at a path', () => {
  const STATE =
    '{"users":[{"id":7,"email":"a@b"},{"id":42,"email":"c@d","balance":12345678901234567890.10}],"a/b":{"~":[]},"token":"t0p"}';
  async function createState() {
    const scene = createScene();
    await scene.world.backup('shop', STATE);
    return scene;
  }
  const ask = (scene: ReturnType<typeof createScene>, query: Record<string, string>) =>
    scene.get(`/tree?${new URLSearchParams(query)}`);

  test('names the state, and gives numbers as they are written', async () => {
    const answer = await (await ask(await createState(), { path: '/users/id=42' })).json();
    expect(answer).toMatchObject({
      state: { backupId: 'backup-1', exact: true, size: STATE.length },
      path: '/users/1',
      kind: 'object',
      count: 3,
      children: [
        { name: 'id', pointer: '/users/1/id', kind: 'number', text: '42' },
        { name: 'email', kind: 'string', text: '"c@d"' },
        { name: 'balance', kind: 'number', text: '12345678901234567890.10' },
      ],
    });
  });

  test('in pages, each with what rows are called', async () => {
    const scene = await createState();
    const first = await (await ask(scene, { path: '/users', limit: '1' })).json();
    expect(first).toMatchObject({
      count: 2,
      children: [{ index: 0, row: 'id=7', pointer: '/users/0' }],
      next: 1,
    });
    const second = await (await ask(scene, { path: '/users', limit: '1', after: '1' })).json();
    expect(second).toMatchObject({ children: [{ index: 1, row: 'id=42' }] });
    expect(second).not.toHaveProperty('next');
  });

  test('with pointers that are escaped, and what is masked left out', async () => {
    const scene = await createState();
    const text = await (await ask(scene, { mask: '@common' })).text();
    expect(JSON.parse(text)).toMatchObject({
      children: [{}, { name: 'a/b', pointer: '/a~1b' }, { name: 'token', kind: 'string', masked: true }],
    });
    expect(text).not.toContain('t0p');
    expect(await (await ask(scene, { path: '/a~1b/~0' })).json()).toMatchObject({
      path: '/a~1b/~0',
      count: 0,
    });
  });

  test.each([
    [{ path: '/users/id=9' }, 404, 'path_not_found', '/query/path'],
    [{ path: 'users' }, 400, 'invalid_request', '/query/path'],
    [{ mask: '@some' }, 400, 'invalid_request', '/query/mask'],
    [{ after: '-1' }, 400, 'invalid_request', '/query/after'],
    [{ limit: '0' }, 400, 'invalid_request', '/query/limit'],
    [{ textBytes: '1e9' }, 400, 'invalid_request', '/query/textBytes'],
    [{ at: 'then' }, 400, 'invalid_request', '/query/at'],
  ])('%j is refused', async (query, status, code, pointer) => {
    const response = await ask(await createState(), query as Record<string, string>);
    expect(response.status).toBe(status);
    expect(await problemOf(response)).toMatchObject({ code, errors: [{ pointer }] });
  });

  test('is in the trail, with the path', async () => {
    const scene = await createState();
    await ask(scene, { path: '/users/id=42/email' });
    const { items } = await scene.world.plain.catalog.listEvents({ limit: 1 });
    expect(items).toMatchObject([
      { action: 'state.read', backupId: 'backup-1', detail: { what: 'tree', path: '/users/id=42/email' } },
    ]);
  });
});

describe('the history of a path', () => {
  const states = [
    '{"users":[{"id":1,"email":"a"}],"password":"p1"}',
    '{"users":[{"id":2,"email":"x"},{"id":1,"email":"a"}],"password":"p1"}',
    '{"users":[{"id":2,"email":"x"},{"id":1,"email":"b"}],"password":"p2"}',
    '{"users":[{"id":2,"email":"x"}],"password":"p2"}',
    '{"users":[{"id":2,"email":"x"}],"password":"p2","more":1}',
  ];
  async function createChanges() {
    const scene = createScene();
    for (const json of states) await scene.world.make('shop', json, 'incremental');
    return scene;
  }
  const ask = async (query: Record<string, string>) =>
    (await createChanges()).get(`/history?${new URLSearchParams(query)}`);

  test('follows a row by what it is called, wherever it stands', async () => {
    const text = (raw: string) => ({ kind: 'string', bytes: raw.length, text: raw });
    expect(await (await ask({ path: '/users/id=1/email' })).json()).toMatchObject({
      path: '/users/id=1/email',
      changes: [
        { backupId: 'backup-4', previous: { backupId: 'backup-3' }, change: 'gone', old: text('"b"') },
        { backupId: 'backup-3', change: 'changed', old: text('"a"'), new: text('"b"') },
        { backupId: 'backup-1', change: 'first', new: text('"a"') },
      ],
      count: 3,
      looked: { backups: 5, oldest: { backupId: 'backup-1' } },
    });
  });

  test('of what is masked tells that it changed, not to what', async () => {
    const text = await (await ask({ path: '/password', mask: '@common' })).text();
    expect(JSON.parse(text)).toMatchObject({
      changes: [
        { change: 'changed', old: { kind: 'string', masked: true }, new: { kind: 'string', masked: true } },
        { change: 'first' },
      ],
    });
    expect(text).not.toMatch(/p1|p2/);
  });

  test('comes in pages of backups, of which some have no change', async () => {
    const scene = await createChanges();
    const words: string[][] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page = (await (await scene.get(`/history?path=/more&limit=2${query}`)).json()) as {
        changes: { change: string }[];
        nextCursor?: string;
      };
      words.push(page.changes.map(({ change }) => change));
      cursor = page.nextCursor;
    }
    expect(words).toEqual([['appeared'], [], []]);
  });

  test('that nothing was ever at is empty, and a cursor of another list is refused', async () => {
    expect(await (await ask({ path: '/nowhere' })).json()).toMatchObject({ changes: [], count: 0 });
    expect((await problemOf(await ask({ cursor: 'x' }))).code).toBe('invalid_cursor');
    expect((await problemOf(await createScene().get('/history'))).code).toBe('resource_not_found');
  });
});

describe('what two moments differ by', () => {
  const states = [
    '{"users":[{"id":1,"n":1.0}],"token":"t1"}',
    '{"users":[{"id":2},{"id":1,"n":12345678901234567890.1}],"token":"t2"}',
    '{"users":[{"id":2}],"token":"t2"}',
  ];
  async function createStates() {
    const scene = createScene();
    for (const json of states) await scene.world.make('shop', json, 'incremental');
    return scene;
  }
  const ask = async (route: string, query: Record<string, string> = {}) =>
    (await createStates()).get(`/${route}?${new URLSearchParams(query)}`);

  test('the last change, if nothing else is asked for', async () => {
    expect(await (await ask('diff')).json()).toMatchObject({
      from: { backupId: 'backup-2' },
      to: { backupId: 'backup-3' },
      path: '',
      counts: { additions: 0, changes: 0, deletions: 1, moves: 0 },
      tables: [{ pointer: '/users', deletions: 1 }],
      deletions: [{ key: 'users[1]', pointer: '/users/1', row: '/users/id=1' }],
    });
  });

  test('any two, also backwards, with numbers as they are written', async () => {
    const text = await (await ask('diff', { from: 'backup-2', to: 'backup-1', path: '/users' })).text();
    expect(text).toContain('"oldValue":12345678901234567890.1,"newValue":1.0');
    expect(JSON.parse(text)).toMatchObject({ from: { backupId: 'backup-2' }, to: { backupId: 'backup-1' } });
  });

  test('in pages, counted, masked', async () => {
    const query = { from: '-2', to: '-1', limit: '1' };
    const first = JSON.parse(await (await ask('diff', query)).text());
    const second = JSON.parse(await (await ask('diff', { ...query, after: '1' })).text());
    expect([first.counts, first.changes.length, first.next]).toEqual([second.counts, 1, 1]);
    expect(second.changes[0].pointer).not.toBe(first.changes[0].pointer);
    expect(await (await ask('diff', { ...query, format: 'stat' })).json()).not.toHaveProperty('changes');
    expect(await (await ask('diff', { from: '-2', to: '-1', mask: '@common' })).text()).not.toMatch(/t1|t2/);
  });

  test('a state and itself differ by nothing', async () => {
    expect(await (await ask('diff', { from: 'latest' })).json()).toMatchObject({
      counts: { additions: 0, changes: 0, deletions: 0, moves: 0 },
      tables: [],
      changes: [],
    });
  });

  test('as a JSON Patch', async () => {
    const response = await ask('patch', { from: '-2', to: '-1', path: '/token' });
    expect(response.headers.get('content-type')).toBe('application/json-patch+json');
    expect(response.headers.get('from-backup-id')).toBe('backup-1');
    expect(response.headers.get('to-backup-id')).toBe('backup-2');
    expect(await response.json()).toEqual([{ op: 'replace', path: '/token', value: 't2' }]);
    expect((await ask('patch', { from: '-2', limit: '1' })).headers.get('next-after')).toBe('1');
  });

  test.each([
    ['diff', { path: '/nowhere' }, 404, 'path_not_found', '/query/path'],
    ['patch', { path: '/users/id=1' }, 404, 'path_not_found', '/query/path'],
    ['diff', { from: '-3' }, 400, 'invalid_request', '/query/from'],
    ['diff', { to: 'soon' }, 400, 'invalid_request', '/query/to'],
    ['diff', { format: 'patch' }, 400, 'invalid_request', '/query/format'],
    ['patch', { mask: 'x' }, 400, 'invalid_request', '/query/mask'],
  ])('%s %j is refused', async (route, query, status, code, pointer) => {
    const response = await ask(route, query as Record<string, string>);
    expect(response.status).toBe(status);
    expect(await problemOf(response)).toMatchObject({ code, errors: [{ pointer }] });
  });

  test('is in the trail, with both', async () => {
    const scene = await createStates();
    await scene.get('/diff');
    const { items } = await scene.world.plain.catalog.listEvents({ limit: 1 });
    expect(items).toMatchObject([
      { action: 'state.read', backupId: 'backup-3', detail: { what: 'diff', path: '', from: 'backup-2' } },
    ]);
  });
});
