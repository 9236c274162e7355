// The second copy of the service on one machine, in a bucket.

import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createCopyBucket } from '../../lib/embedded/copy/bucket/copy-bucket.ts';
import { rebuild } from '../../lib/embedded/rebuild/rebuild.ts';
import { systemRandom } from '../../lib/random.ts';
import { hexId } from '../contract/samples.ts';
import { newRoot, type Opened, openStore } from '../faults/torture/store.ts';
import { createClients, destroyClients, makeBucket } from './resources.ts';

const clients = createClients();
const { s3 } = clients;
const { root, remove } = newRoot();
afterAll(() => {
  destroyClients(clients);
  remove();
});

const DAY_MS = 86_400_000;
const endpoint = process.env.AWS_ENDPOINT_URL!;
const stateOf = (n: number): string =>
  JSON.stringify({ n, rows: Array.from({ length: 60 }, (_, id) => ({ id, v: id === n ? 'new' : 'old' })) });

let folder: string;
let bucket: string;
let clocks: { wall: number; monotonic: number };

beforeEach(async () => {
  folder = mkdtempSync(join(root, 'data-'));
  bucket = await makeBucket(s3);
  clocks = { wall: Date.UTC(2027, 0, 1), monotonic: 0 };
});

const open = (dataDir = folder, env: Record<string, string> = { BACKUP_COPY_TO: `s3://${bucket}` }) =>
  openStore(dataDir, clocks, { isDriven: true, env: { AWS_ENDPOINT_URL: endpoint, ...env } });

async function make(store: Opened, n: number, type = 'incremental'): Promise<string> {
  const { status, text } = await store.call(
    'POST',
    '/backups',
    `{"resourceId":"db","type":"${type}","data":${stateOf(n)}}`,
  );
  expect(status).toBe(201);
  clocks.wall += 1000;
  clocks.monotonic += 1000;
  return (JSON.parse(text) as { id: string }).id;
}

async function restored(store: Opened, backupId: string): Promise<string> {
  const { text } = await store.call('POST', '/restore', JSON.stringify({ backupId, targetResourceId: 't' }));
  return JSON.stringify((JSON.parse(text) as { data?: unknown }).data);
}

async function noticesOf(store: Opened): Promise<{ code: string; detail: string }[]> {
  const { text } = await store.call('GET', '/health');
  return (JSON.parse(text) as { notices?: { code: string; detail: string }[] }).notices ?? [];
}

async function keysIn(Bucket: string): Promise<string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  return Contents.map(({ Key = '' }) => Key).sort();
}

const filesIn = (dataDir: string, part: string): string[] =>
  readdirSync(join(dataDir, part), { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name).slice(dataDir.length + 1));

const rot = (path: string): void => {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
};

describe('a second copy in a bucket', () => {
  test('has all that a data folder has, under the same names, and with the key is the whole store', async () => {
    const store = await open();
    const states = new Map<string, string>();
    for (let n = 0; n < 4; n++) states.set(await make(store, n), stateOf(n));
    await store.run('trail', 'copy');
    states.set(await make(store, 4), stateOf(4));
    expect(await noticesOf(store)).toEqual([]);
    // What came after the last run is brought along as it ends.
    await store.close();
    const key = readFileSync(join(folder, 'master.key'));
    const segments = filesIn(folder, 'trail').filter((name) => /\/\d{16}$/.test(name));
    expect(await keysIn(bucket)).toEqual([...filesIn(folder, 'blobs'), 'copy.json', ...segments].sort());
    rmSync(folder, { recursive: true });

    // As `aws s3 sync` does.
    const again = join(root, `again-${hexId()}`);
    for (const Key of await keysIn(bucket)) {
      mkdirSync(dirname(join(again, Key)), { recursive: true, mode: 0o700 });
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
      writeFileSync(join(again, Key), await Body!.transformToByteArray(), { mode: 0o600 });
    }
    writeFileSync(join(again, 'master.key'), key, { mode: 0o600 });
    const report = await rebuild(again, { isDryRun: false });
    expect(report).toMatchObject({ live: states.size, damaged: [], missing: [] });
    const next = await open(again);
    for (const [id, state] of states) expect(await restored(next, id)).toBe(state);
    await next.close();
  });

  test.each([
    ['rot', rot],
    ['loss', (path: string) => rmSync(path)],
  ])('heals %s: the scrub takes the very bytes from it', async (_, damage) => {
    const store = await open();
    const id = await make(store, 1);
    await store.run('trail', 'copy');
    const path = join(folder, filesIn(folder, 'blobs')[0]!);
    const whole = readFileSync(path);
    damage(path);
    clocks.wall += DAY_MS;
    clocks.monotonic += DAY_MS;
    await store.run('scrub');
    expect(readFileSync(path)).toEqual(whole);
    expect(await restored(store, id)).toBe(stateOf(1));
    await store.close();
  });

  test('is of one store, is begun in an empty bucket, and is not begun anew in one that was emptied', async () => {
    const store = await open();
    await make(store, 1);
    await store.run('copy');
    const other = await open(mkdtempSync(join(root, 'data-')));
    await other.run('copy');
    expect(await noticesOf(other)).toMatchObject([
      { code: 'copy_behind', detail: expect.stringContaining('another store') },
    ]);
    await other.close();
    await store.close();

    for (const Key of await keysIn(bucket)) await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    const emptied = await open();
    await emptied.run('copy');
    expect(await noticesOf(emptied)).toMatchObject([
      { code: 'copy_behind', detail: expect.stringContaining('its bucket was emptied') },
    ]);
    expect(await keysIn(bucket)).toEqual([]);
    await emptied.close();

    const full = await makeBucket(s3);
    await s3.send(new PutObjectCommand({ Bucket: full, Key: 'somebodys', Body: 'x' }));
    const third = await open(mkdtempSync(join(root, 'data-')), { BACKUP_COPY_TO: `s3://${full}` });
    await third.run('copy');
    expect(await noticesOf(third)).toMatchObject([{ code: 'copy_behind' }]);
    expect(await keysIn(full)).toEqual(['somebodys']);
    await third.close();
  });

  test('says that it is behind while nobody answers, and goes on as soon as somebody does', async () => {
    const store = await open(folder, { BACKUP_COPY_TO: 's3://there-is-none-of-that-name' });
    await make(store, 1);
    await store.run('copy');
    expect(await noticesOf(store)).toMatchObject([{ code: 'copy_behind' }]);
    await store.close();
    const next = await open();
    await make(next, 2);
    await next.run('trail', 'copy');
    expect(await noticesOf(next)).toEqual([]);
    expect(await keysIn(bucket)).toEqual(expect.arrayContaining(filesIn(folder, 'blobs')));
    await next.close();
  });

  test('of more than a page is compared shard by shard', async () => {
    const ids = Array.from({ length: 1100 }, () => randomBytes(16).toString('hex'));
    for (let at = 0; at < ids.length; at += 50) {
      await Promise.all(
        ids
          .slice(at, at + 50)
          .map((id) =>
            s3.send(
              new PutObjectCommand({ Bucket: bucket, Key: `blobs/${id.slice(0, 2)}/${id}`, Body: 'x' }),
            ),
          ),
      );
    }
    const place = createCopyBucket({
      bucket,
      endpoint,
      dataDir: folder,
      storeId: hexId(),
      random: systemRandom,
    });
    const found: string[] = [];
    const shards: string[] = [];
    for await (const { shard, ids: there } of place.shards()) {
      shards.push(shard);
      for (const id of there) expect(id.slice(0, 2)).toBe(shard);
      found.push(...there);
    }
    expect(shards).toEqual(Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0')));
    expect(found.sort()).toEqual([...ids].sort());
  });
});
