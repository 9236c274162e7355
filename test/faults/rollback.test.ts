// A running service on an older catalog: what becomes of the proof once it is found, over restarts, a rebuild, and a hand that
// takes the blobs away.

import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import { rebuild } from '../../lib/embedded/rebuild/rebuild.ts';
import { blobFiles } from './torture/folder.ts';
import { type Clocks, newRoot, type Opened, openStore } from './torture/store.ts';

const { root, remove } = newRoot();
afterAll(remove);

const DAY = 86_400_000;
const BEGIN = Date.UTC(2026, 10, 1);
let made = 0;

interface Scene {
  folder: string;
  clocks: Clocks;
  open(): Promise<Opened>;
  /** Puts the blobs there that the older catalog does not know: a start on them would refuse. */
  putNewer(): void;
  takeNewer(): void;
}

async function backUp(store: Opened, n: number): Promise<number> {
  return (await store.call('POST', '/backups', JSON.stringify({ resourceId: 'r', data: { n } }))).status;
}

/** A folder whose catalog and trail are those of the second of six backups. */
async function onOlderCatalog(): Promise<Scene> {
  const folder = join(root, `data-${++made}`);
  const clocks: Clocks = { wall: BEGIN, monotonic: 0 };
  const open = () => openStore(folder, clocks, { env: { BACKUP_EXPIRY_HOLD_SECONDS: '0' } });
  const first = await open();
  for (const n of [1, 2]) expect(await backUp(first, n)).toBe(201);
  await first.close();
  const known = new Set(blobFiles(folder));
  const copy = join(root, `copy-${made}`);
  mkdirSync(copy);
  cpSync(join(folder, 'trail'), join(copy, 'trail'), { recursive: true });
  copyFileSync(join(folder, 'catalog.sqlite'), join(copy, 'catalog.sqlite'));
  const second = await open();
  for (const n of [3, 4, 5, 6]) expect(await backUp(second, n)).toBe(201);
  await second.close();
  for (const name of readdirSync(folder)) {
    if (name.startsWith('catalog.sqlite')) rmSync(join(folder, name));
  }
  rmSync(join(folder, 'trail'), { recursive: true });
  cpSync(copy, folder, { recursive: true });
  for (const path of blobFiles(folder)) utimesSync(path, BEGIN / 1000, BEGIN / 1000);
  clocks.wall += 10 * DAY;
  const newer = blobFiles(folder).filter((path) => !known.has(path));
  const aside = (path: string): string => join(copy, basename(path));
  const takeNewer = (): void => {
    for (const path of newer) renameSync(path, aside(path));
  };
  takeNewer();
  return {
    folder,
    clocks,
    open,
    takeNewer,
    putNewer() {
      for (const path of newer) renameSync(aside(path), path);
    },
  };
}

const statusOf = async (store: Opened, path: string): Promise<number> =>
  (await store.call('GET', path)).status;

/** An answer to the health check is given again for a second, and what looks in the background takes its time. */
async function becomes(store: Opened, status: number): Promise<void> {
  const until = Date.now() + 20_000;
  while ((await statusOf(store, '/health')) !== status && Date.now() < until) await wait(50);
  expect(await statusOf(store, '/health')).toBe(status);
}

test('a running service goes 503, is not started again, and is healthy after a rebuild, with every backup', async () => {
  const { folder, open, putNewer } = await onOlderCatalog();
  let store = await open();
  expect(await statusOf(store, '/health')).toBe(200);
  putNewer();
  await store.findOrphans();
  await becomes(store, 503);
  const health = await store.call('GET', '/health');
  expect(JSON.parse(health.text)).toMatchObject({ notices: [{ code: 'rollback' }] });
  expect(await store.call('POST', '/backups', '{"resourceId":"r","data":1}')).toMatchObject({
    status: 503,
    text: expect.stringContaining('"reason":"rollback"'),
  });
  expect((await store.call('DELETE', '/backups/backup-1')).status).toBe(503);
  expect(
    (await store.call('POST', '/restore', '{"backupId":"backup-2","targetResourceId":"t"}')).status,
  ).toBe(200);
  expect(blobFiles(folder)).toHaveLength(6);
  await store.close();
  await expect(open()).rejects.toMatchObject({ reason: 'rolled_back' });
  const report = await rebuild(folder, { isDryRun: false });
  expect(report).toMatchObject({ live: 6 });
  store = await open();
  expect(await statusOf(store, '/health')).toBe(200);
  for (let n = 1; n <= 6; n++) {
    const body = `{"backupId":"backup-${n}","targetResourceId":"t"}`;
    expect(await store.call('POST', '/restore', body)).toMatchObject({
      status: 200,
      text: expect.stringContaining(`{"n":${n}}`),
    });
  }
  expect(await backUp(store, 7)).toBe(201);
  await store.findOrphans();
  expect(existsSync(join(folder, 'quarantine'))).toBe(false);
  await store.close();
}, 30_000);

test('once the newer blobs have been taken away by hand, the next start looks, and takes the proof back by itself', async () => {
  const { folder, open, putNewer, takeNewer } = await onOlderCatalog();
  let store = await open();
  putNewer();
  await store.findOrphans();
  await store.close();
  takeNewer();
  store = await open();
  expect(await backUp(store, 3)).toBe(503);
  await becomes(store, 200);
  expect(await backUp(store, 3)).toBe(201);
  expect(existsSync(join(folder, 'quarantine'))).toBe(false);
  await store.close();
}, 30_000);
