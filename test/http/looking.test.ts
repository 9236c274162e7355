// Looks into states through the whole service: at a path, along its history, between two moments.

import { describe, expect, test } from '@jest/globals';
import { problemOf } from './harness.ts';
import { createScene } from './resource-scene.ts';

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

  test('since a moment comes the other way round, page by page', async () => {
    const scene = await createChanges();
    const told: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const answer = await scene.get(`/history?path=/users/id=1/email&since=backup-1&limit=1${query}`);
      const page = (await answer.json()) as {
        changes: { backupId: string; change: string }[];
        nextCursor?: string;
      };
      told.push(...page.changes.map(({ backupId, change }) => `${backupId} ${change}`));
      cursor = page.nextCursor;
    }
    expect(told).toEqual(['backup-3 changed', 'backup-4 gone']);
    const none = await scene.get('/history?path=/more&since=latest');
    expect(await none.json()).toMatchObject({ changes: [], looked: { backups: 0 } });
    expect((await problemOf(await scene.get('/history?since=backup-99'))).code).toBe('backup_not_found');
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
