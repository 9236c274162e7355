// States at any moment as their own bytes, through the whole service: which one, in which form, and what is said of it.

import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { PortError } from '../../lib/ports/errors.ts';
import { START } from '../service/world.ts';
import { problemOf } from './harness.ts';
import { createScene } from './resource-scene.ts';

const EXACT = '{"n":9007199254740993,"e":1e400,"a":1.0,"a":-0,"s":"\\ud800\\u00e9"}';

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
