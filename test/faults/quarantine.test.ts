// What was set aside can be looked at and put back by one command, beside a running service and without one.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { nodePath } from '../e2e/server.ts';
import { blobFiles } from './torture/folder.ts';
import { type Clocks, newRoot, type Opened, openStore } from './torture/store.ts';

const { root, remove } = newRoot();
afterAll(remove);

const DAY = 86_400_000;
const BEGIN = Date.UTC(2026, 10, 1);
/** Clocks are moved here as if time passed. */
const AT_ONCE = { env: { BACKUP_EXPIRY_HOLD_SECONDS: '0' } };
const LOST_ID = 'ab'.repeat(16);
let made = 0;
const newFolder = (): string => join(root, `data-${++made}`);

/** As an operator runs it. */
function quarantine(...args: string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(nodePath(), ['bin/quarantine.ts', ...args], {
    encoding: 'utf8',
  });
  return { status, out: stdout, err: stderr };
}

/** A folder with two backups, one of which a mistaken hand has taken out of the catalog's reach: its blob lies aside. */
async function withOneAside(): Promise<{ folder: string; store: Opened; blobId: string; path: string }> {
  const folder = newFolder();
  const store = await openStore(folder, { wall: BEGIN, monotonic: 0 }, AT_ONCE);
  for (const n of [1, 2]) {
    const body = JSON.stringify({ resourceId: `r${n}`, data: { n } });
    expect((await store.call('POST', '/backups', body)).status).toBe(201);
    if (n === 1) expect(blobFiles(folder)).toHaveLength(1);
  }
  const path = blobFiles(folder).find((one) => readFileSync(one).includes('"backup-1"'))!;
  const blobId = basename(path);
  mkdirSync(join(folder, 'quarantine'), { recursive: true });
  writeFileSync(join(folder, 'quarantine', `${blobId}.${BEGIN}`), readFileSync(path));
  rmSync(path);
  return { folder, store, blobId, path };
}

test('what the search sets aside is listed with what it says of itself, and put back', async () => {
  const clocks: Clocks = { wall: BEGIN, monotonic: 0 };
  const folder = newFolder();
  const store = await openStore(folder, clocks, AT_ONCE);
  await store.call('POST', '/backups', '{"resourceId":"r","data":{"a":1}}');
  const orphan = join(folder, 'blobs', 'ab', LOST_ID);
  writeFileSync(orphan, readFileSync(blobFiles(folder)[0]!));
  for (const path of blobFiles(folder)) utimesSync(path, BEGIN / 1000, BEGIN / 1000);
  clocks.wall += 8 * DAY;
  await store.findOrphans();
  expect(existsSync(orphan)).toBe(false);

  const listed = quarantine(folder);
  expect(listed.status).toBe(0);
  expect(listed.out).toContain(`${LOST_ID}  since 2026-11-09, kept until 2026-12-09`);
  expect(listed.out).toContain('backup-1 of "r", number 1');
  expect(listed.out).toContain('1 blob in quarantine.');
  expect(existsSync(orphan)).toBe(false);

  const back = quarantine(folder, 'put-back', LOST_ID);
  expect(back).toMatchObject({ status: 0, out: expect.stringContaining(`${LOST_ID}  put back\n`) });
  expect(existsSync(orphan)).toBe(true);
  expect(quarantine(folder)).toMatchObject({ status: 0, out: 'Nothing is in quarantine.\n' });
  await store.close();
});

test('a blob that a live backup needs is put back beside the running service, and restores again', async () => {
  const { folder, store, blobId } = await withOneAside();
  const restore = () => store.call('POST', '/restore', '{"backupId":"backup-1","targetResourceId":"t"}');
  expect((await restore()).status).toBe(409);
  expect(quarantine(folder, 'put-back', blobId).status).toBe(0);
  expect(await restore()).toMatchObject({ status: 200, text: expect.stringContaining('{"n":1}') });
  await store.close();
});

test('--all puts back what can be, says what cannot, and replaces nothing', async () => {
  const { folder, store, blobId, path } = await withOneAside();
  await store.close();
  const aside = join(folder, 'quarantine');
  const foreign = 'cd'.repeat(16);
  writeFileSync(join(aside, `${foreign}.${BEGIN}`), 'no blob');
  writeFileSync(join(aside, 'notes of an operator.txt'), 'not ours');
  // Its folder is gone too.
  rmSync(dirname(path), { recursive: true });
  const taken = join(folder, 'blobs', 'cd', foreign);
  writeFileSync(taken, 'came later');

  expect(quarantine(folder).out).toContain('no readable header');
  const back = quarantine(folder, 'put-back', '--all');
  expect(back.status).toBe(2);
  expect(back.out).toContain(`${blobId}  put back`);
  expect(back.out).toContain(`${foreign}  stays in quarantine: the store has a blob of that id`);
  expect(existsSync(path)).toBe(true);
  expect(readFileSync(taken, 'utf8')).toBe('came later');
  expect(readdirSync(aside).sort()).toEqual([`${foreign}.${BEGIN}`, 'notes of an operator.txt']);
});

test('a wrong id, a wrong folder and a wrong command change nothing, and say so', async () => {
  const { folder, store, path } = await withOneAside();
  await store.close();
  expect(quarantine(folder, 'put-back', '../../etc')).toMatchObject({
    status: 1,
    out: expect.stringContaining('is not in quarantine'),
  });
  for (const args of [[], [folder, 'put-back'], [folder, 'put-back', 'x', '--all'], [folder, 'throw-away']]) {
    expect(quarantine(...args)).toMatchObject({ status: 1, err: expect.stringContaining('Usage:') });
  }
  const nowhere = newFolder();
  expect(quarantine(nowhere)).toMatchObject({ status: 1, err: expect.stringContaining('no data folder') });
  expect(existsSync(nowhere)).toBe(false);
  expect(existsSync(path)).toBe(false);
});

test('beside 32 writers only what lay there before them is taken, and all that they were told of restores', async () => {
  const folder = newFolder();
  const clocks: Clocks = {
    get wall() {
      return Date.now();
    },
    get monotonic() {
      return performance.now();
    },
  };
  // Everything that is older than an hour, the longest operation.
  const store = await openStore(folder, clocks, { env: { BACKUP_GRACE_SECONDS: '0' } });
  await store.call('POST', '/backups', '{"resourceId":"first","data":0}');
  const planted = ['0a', '7b', 'fc'].map((pair) => pair.repeat(16));
  const agoSeconds = Date.now() / 1000 - 86_400;
  for (const id of planted) {
    const path = join(folder, 'blobs', id.slice(0, 2), id);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, readFileSync(blobFiles(folder)[0]!));
    utimesSync(path, agoSeconds, agoSeconds);
  }
  let writing = true;
  const made: [string, string][] = [];
  const write = async (writer: number): Promise<void> => {
    for (let n = 0; n < 8; n++) {
      // Half of them share resources, and lose races to each other.
      const resourceId = writer % 2 === 0 ? `own-${writer}` : `shared-${writer % 4}`;
      const data = JSON.stringify({ writer, n });
      const type = n % 2 === 0 ? 'full' : 'incremental';
      const body = `{"resourceId":"${resourceId}","type":"${type}","data":${data}}`;
      const { status, text } = await store.call('POST', '/backups', body);
      expect([201, 409]).toContain(status);
      if (status === 201) made.push([(JSON.parse(text) as { id: string }).id, data]);
    }
  };
  let searches = 0;
  const search = async (): Promise<void> => {
    for (; writing || searches < 2; searches++) await store.findOrphans();
  };
  const searching = search();
  await Promise.all(Array.from({ length: 32 }, (_, writer) => write(writer))).finally(() => {
    writing = false;
  });
  await searching;
  expect(searches).toBeGreaterThan(1);
  expect(made.length).toBeGreaterThan(200);
  const taken = readdirSync(join(folder, 'quarantine')).map((name) => name.slice(0, 32));
  expect(taken.sort()).toEqual(planted);
  for (const [id, data] of made) {
    const { status, text } = await store.call(
      'POST',
      '/restore',
      `{"backupId":"${id}","targetResourceId":"t"}`,
    );
    expect([status, text.includes(data)]).toEqual([200, true]);
  }
  // What lost a race has left nothing: each backup has its blob, and no other lies there.
  expect(blobFiles(folder)).toHaveLength(made.length + 1);
  await store.close();
}, 60_000);
