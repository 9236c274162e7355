// The second copy: what comes into it, what it gives back, and what it refuses.

import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { rebuild } from '../../../lib/embedded/rebuild/rebuild.ts';
import { newRoot, type Opened, openStore } from '../../faults/torture/store.ts';

const { root, remove } = newRoot();
afterAll(remove);

const DAY_MS = 86_400_000;
const START = Date.UTC(2027, 0, 1);
const stateOf = (n: number): string =>
  JSON.stringify({ n, rows: Array.from({ length: 60 }, (_, id) => ({ id, v: id === n ? 'new' : 'old' })) });

let folder: string;
let target: string;
let clocks: { wall: number; monotonic: number };

beforeEach(() => {
  folder = mkdtempSync(join(root, 'data-'));
  target = join(mkdtempSync(join(root, 'copy-')), 'second');
  clocks = { wall: START, monotonic: 0 };
});

const open = (dataDir = folder, env: Record<string, string> = { BACKUP_COPY_TO: target }) =>
  openStore(dataDir, clocks, { isDriven: true, env });

async function make(store: Opened, resourceId: string, n: number, type = 'incremental'): Promise<string> {
  const body = `{"resourceId":${JSON.stringify(resourceId)},"type":"${type}","data":${stateOf(n)}}`;
  const { status, text } = await store.call('POST', '/backups', body);
  expect(status).toBe(201);
  clocks.wall += 1000;
  clocks.monotonic += 1000;
  return (JSON.parse(text) as { id: string }).id;
}

async function restored(store: Opened, backupId: string): Promise<unknown> {
  const { text } = await store.call('POST', '/restore', JSON.stringify({ backupId, targetResourceId: 't' }));
  return (JSON.parse(text) as { data?: unknown }).data;
}

async function health(store: Opened) {
  const { text } = await store.call('GET', '/health');
  return JSON.parse(text) as { status: string; notices?: { code: string; detail: string }[] };
}

function blobsIn(dataDir: string): string[] {
  return readdirSync(join(dataDir, 'blobs'), { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name))
    .map((path) => path.slice(join(dataDir, 'blobs').length))
    .sort();
}

function rot(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
}

describe('the second copy', () => {
  test('with the key it is the whole store: every state comes back from it alone, and goes on', async () => {
    const store = await open();
    const states = new Map<string, number>();
    for (let n = 0; n < 4; n++) states.set(await make(store, 'db', n), n);
    await store.run('trail', 'copy');
    for (let n = 4; n < 7; n++) states.set(await make(store, 'other "one"', n), n);
    const [deleted] = states.keys();
    states.delete(deleted!);
    await store.call('DELETE', `/backups/${deleted}`);
    await store.run('trail', 'copy');
    expect(await health(store)).toEqual({ status: 'healthy' });
    expect(blobsIn(target)).toEqual(blobsIn(folder));
    const segments = readdirSync(join(folder, 'trail')).filter((name) => /^\d{16}$/.test(name));
    expect(readdirSync(join(target, 'trail'))).toEqual(segments);
    expect(readdirSync(target).sort()).toEqual(['blobs', 'copy.json', 'tmp', 'trail']);
    // What came after the last run is brought along as it ends.
    states.set(await make(store, 'db', 8), 8);
    await store.close();
    const key = readFileSync(join(folder, 'master.key'));
    rmSync(folder, { recursive: true });

    const again = join(root, `again-${Date.now()}`);
    cpSync(target, again, { recursive: true });
    writeFileSync(join(again, 'master.key'), key, { mode: 0o600 });
    const report = await rebuild(again, { isDryRun: false });
    expect(report).toMatchObject({ live: states.size, damaged: [], missing: [], fromBlobsAlone: [] });
    const next = await open(again, {});
    for (const [id, n] of states) expect(JSON.stringify(await restored(next, id))).toBe(stateOf(n));
    expect((await next.call('GET', `/backups/${deleted}`)).status).toBe(404);
    await make(next, 'db', 9);
    await next.close();
  });

  test('keeps what the store removes, and takes up what came while nobody copied', async () => {
    const before = await open(folder, {});
    const id = await make(before, 'db', 1, 'full');
    await make(before, 'db', 2, 'full');
    await before.close();
    const store = await open(folder, { BACKUP_COPY_TO: target, BACKUP_GRACE_SECONDS: '0' });
    await store.run('copy');
    const copied = blobsIn(target);
    expect(copied).toEqual(blobsIn(folder));
    await store.call('DELETE', `/backups/${id}`);
    clocks.wall += 1000;
    clocks.monotonic += 1000;
    await store.run('sweep', 'trail', 'copy');
    expect(blobsIn(folder).length).toBeLessThan(copied.length);
    expect(blobsIn(target)).toEqual(copied);
    await store.close();
  });

  test.each([
    ['rot', rot],
    ['loss', (path: string) => rmSync(path)],
  ])('heals %s: the scrub takes the very bytes from it', async (_, damage) => {
    const store = await open();
    const ids = [await make(store, 'db', 1), await make(store, 'db', 2)];
    await store.run('trail', 'copy');
    const [path] = blobsIn(folder).map((name) => join(folder, 'blobs', name));
    const whole = readFileSync(path!);
    damage(path!);
    clocks.wall += DAY_MS;
    clocks.monotonic += DAY_MS;
    await store.run('scrub');
    expect(readFileSync(path!)).toEqual(whole);
    expect(await health(store)).toEqual({ status: 'healthy' });
    for (const [i, id] of ids.entries())
      expect(JSON.stringify(await restored(store, id))).toBe(stateOf(i + 1));
    const { text } = await store.call('GET', '/audit?action=blob.healed');
    expect(JSON.parse(text)).toMatchObject({ count: 1, events: [{ actor: 'upkeep', resourceId: 'db' }] });
    await store.close();
  });

  test('is no cure where it is damaged as well, and what lies in the store stays there', async () => {
    const store = await open();
    await make(store, 'db', 1);
    await store.run('trail', 'copy');
    const [name] = blobsIn(folder);
    for (const dataDir of [folder, target]) {
      const path = join(dataDir, 'blobs', name!);
      rot(path);
    }
    const lying = readFileSync(join(folder, 'blobs', name!));
    clocks.wall += DAY_MS;
    clocks.monotonic += DAY_MS;
    await store.run('scrub');
    expect((await health(store)).notices).toMatchObject([{ code: 'damaged_backup' }]);
    expect(readFileSync(join(folder, 'blobs', name!))).toEqual(lying);
    await store.close();
  });

  test('takes nothing that is damaged already', async () => {
    const before = await open(folder, {});
    await make(before, 'db', 1, 'full');
    await make(before, 'db', 2, 'full');
    await before.close();
    const [name] = blobsIn(folder);
    const path = join(folder, 'blobs', name!);
    rot(path);
    const store = await open();
    await store.run('copy');
    expect(blobsIn(target)).toEqual(blobsIn(folder).slice(1));
    await store.close();
  });

  test('says that it is behind while its disk is not there, and writes nothing into the empty place', async () => {
    const store = await open();
    await make(store, 'db', 1);
    await store.run('trail', 'copy');
    renameSync(target, `${target}.unmounted`);
    mkdirSync(target);
    await make(store, 'db', 2);
    await store.close();
    const next = await open();
    await next.run('copy');
    expect(await health(next)).toMatchObject({
      status: 'degraded',
      notices: [{ code: 'copy_behind', detail: expect.stringContaining('its disk may not be there') }],
    });
    expect(readdirSync(target)).toEqual([]);
    rmSync(target, { recursive: true });
    renameSync(`${target}.unmounted`, target);
    await next.run('copy');
    clocks.monotonic += 2000;
    expect(await health(next)).toEqual({ status: 'healthy' });
    expect(blobsIn(target)).toEqual(blobsIn(folder));
    await next.close();
  });

  test('is of one store, in a folder of its own', async () => {
    const store = await open();
    await make(store, 'db', 1);
    await store.run('copy');
    await store.close();
    const other = mkdtempSync(join(root, 'data-'));
    const second = await open(other);
    await second.run('copy');
    expect((await health(second)).notices).toMatchObject([
      { code: 'copy_behind', detail: expect.stringContaining('another store') },
    ]);
    await second.close();
    const full = mkdtempSync(join(root, 'full-'));
    writeFileSync(join(full, 'somebodys'), '');
    const third = await open(mkdtempSync(join(root, 'data-')), { BACKUP_COPY_TO: full });
    await third.run('copy');
    expect((await health(third)).notices).toMatchObject([{ code: 'copy_behind' }]);
    expect(readdirSync(full)).toEqual(['somebodys']);
    await third.close();
    await expect(open(folder, { BACKUP_COPY_TO: join(folder, 'copy') })).rejects.toThrow('BACKUP_COPY_TO');
  });
});
