// Blobs as files: what a crash, a full process or a meddling hand may leave, and what must not be left.

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openBlobStore } from '../../lib/embedded/blobs/blob-store.ts';
import type { BlobStore } from '../../lib/ports/blob-store.ts';
import { createDataDirs } from './data-dirs.ts';
import { hexId, readBlob } from './samples.ts';

const dataDirs = createDataDirs();
afterAll(dataDirs.removeAll);

const ALL_TIME = 8_640_000_000_000_000;
const LARGE = 3 * 1024 * 1024;

let dataDir: string;
let store: BlobStore;
beforeEach(() => {
  dataDir = dataDirs.make();
  store = openBlobStore(dataDir);
});

const pathOf = (blobId: string) => join(dataDir, 'blobs', blobId.slice(0, 2), blobId);
const leftovers = () => readdirSync(join(dataDir, 'tmp'));

describe('a blob', () => {
  test('is a file of exactly its bytes, under its id, for its owner only', async () => {
    const bytes = randomBytes(1234);
    const blobId = randomBytes(16).toString('hex');
    await store.put(blobId, [bytes]);
    expect(readFileSync(pathOf(blobId)).equals(bytes)).toBe(true);
    expect(statSync(pathOf(blobId)).mode & 0o777).toBe(0o600);
    expect(statSync(join(pathOf(blobId), '..')).mode & 0o777).toBe(0o700);
    expect(statSync(pathOf(blobId)).nlink).toBe(1);
    expect(leftovers()).toEqual([]);
  });

  test('is there after a restart', async () => {
    const bytes = randomBytes(LARGE);
    const blobId = hexId();
    await store.put(blobId, [bytes]);
    const reopened = openBlobStore(dataDir);
    expect((await readBlob(reopened, blobId)).equals(bytes)).toBe(true);
    await expect(reopened.put(blobId, [bytes])).rejects.toMatchObject({ code: 'exists' });
    expect(leftovers()).toEqual([]);
  });

  test.each([100, LARGE])('that fails in any way leaves no file (%i bytes)', async (size) => {
    const blobId = hexId();
    const taken = hexId();
    await store.put(taken, [randomBytes(5)]);
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield randomBytes(size);
      throw new Error('the source broke');
    }
    await expect(store.put(blobId, broken())).rejects.toThrow('the source broke');
    await expect(
      store.put(blobId, [randomBytes(size)], { bytes: size, sha256: 'ab'.repeat(32) }),
    ).rejects.toMatchObject({ code: 'integrity' });
    await expect(store.put(taken, [randomBytes(size)])).rejects.toMatchObject({ code: 'exists' });
    expect(leftovers()).toEqual([]);
    expect(existsSync(pathOf(blobId))).toBe(false);
  });

  // Only Linux tells a process which files it holds open.
  (process.platform === 'linux' ? test : test.skip)('that nobody reads holds no file open', async () => {
    const blobId = hexId();
    await store.put(blobId, [randomBytes(LARGE)]);
    const open = () => readdirSync('/proc/self/fd').length;
    const before = open();
    await Promise.all(Array.from({ length: 50 }, () => store.get(blobId)));
    for await (const chunk of await store.get(blobId)) {
      expect(chunk.length).toBeLessThan(LARGE);
      break;
    }
    expect(open()).toBeLessThanOrEqual(before);
  });

  test('that goes away before it is read is not found, and one that shrinks meanwhile is not whole', async () => {
    const blobId = hexId();
    await store.put(blobId, [randomBytes(LARGE)]);
    const [shrinking, going] = [await store.get(blobId), await store.get(blobId)];
    const read = async (chunks: AsyncIterable<Uint8Array>) => {
      let bytes = 0;
      for await (const chunk of chunks) {
        bytes += chunk.length;
      }
      return bytes;
    };
    truncateSync(pathOf(blobId), LARGE - 1);
    await expect(read(shrinking)).rejects.toMatchObject({ code: 'integrity' });
    unlinkSync(pathOf(blobId));
    await expect(read(going)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('opening', () => {
  test('removes what a crash left half written, and nothing else', async () => {
    const blobId = hexId();
    await store.put(blobId, [randomBytes(10)]);
    writeFileSync(join(dataDir, 'tmp', 'half-written'), 'x');
    mkdirSync(join(dataDir, 'tmp', 'folder'));
    writeFileSync(join(dataDir, 'other-file'), 'x');
    openBlobStore(dataDir);
    expect(leftovers()).toEqual([]);
    expect(existsSync(pathOf(blobId))).toBe(true);
    expect(existsSync(join(dataDir, 'other-file'))).toBe(true);
  });

  test('makes again what is missing', async () => {
    rmSync(join(dataDir, 'blobs', '00'), { recursive: true });
    store = openBlobStore(dataDir);
    await store.put('0'.repeat(32), [randomBytes(10)]);
    expect(await readBlob(store, '0'.repeat(32))).toHaveLength(10);
  });
});

describe('a folder in disorder', () => {
  test('strangers among the blobs are not listed', async () => {
    const blobId = hexId();
    await store.put(blobId, [randomBytes(10)]);
    const shard = join(dataDir, 'blobs', blobId.slice(0, 2));
    for (const stranger of ['.DS_Store', `${blobId}.bak`, 'lost+found']) {
      writeFileSync(join(shard, stranger), 'x');
    }
    writeFileSync(join(dataDir, 'blobs', 'readme'), 'x');
    const { items } = await store.list({ limit: 10, writtenBefore: ALL_TIME });
    expect(items.map((item) => item.blobId)).toEqual([blobId]);
  });

  test('without its folders the store is unavailable, and says so', async () => {
    const blobId = hexId();
    rmSync(join(dataDir, 'blobs', blobId.slice(0, 2)), { recursive: true });
    await expect(store.put(blobId, [randomBytes(10)])).rejects.toMatchObject({ code: 'unavailable' });
    expect(leftovers()).toEqual([]);
    rmSync(join(dataDir, 'tmp'), { recursive: true });
    await expect(store.put(blobId, [randomBytes(10)])).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.check()).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('check leaves nothing behind', async () => {
    await store.check();
    expect(leftovers()).toEqual([]);
  });
});

describe('something that is no file in the place of a blob', () => {
  const away = { mkdir: mkdirSync, link: (path: string) => symlinkSync('/dev/zero', path) };
  const odd: [string, (path: string) => unknown][] = [
    ['a folder', away.mkdir],
    ['a folder with something in it', (path) => mkdirSync(join(path, 'sub'), { recursive: true })],
    ['a pipe', (path) => spawnSync('mkfifo', [path])],
    ['a link to a device', away.link],
    ['a link to nowhere', (path) => symlinkSync('nowhere', path)],
    ['a link to another blob', (path) => symlinkSync(pathOf(hexId()), path)],
    ['a socket', (path) => spawnSync(process.execPath, ['-e', LISTEN, path], { timeout: 5000 })],
  ];
  /** Ends without closing, so that the socket stays. */
  const LISTEN =
    "require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))";

  test.each(odd)(
    '%s is not read, hangs nobody, is not listed, and goes out of the way',
    async (_what, make) => {
      const [blobId, other] = [hexId(), hexId()];
      await store.put(other, [randomBytes(10)]);
      make(pathOf(blobId));
      expect(lstatSync(pathOf(blobId)).isFile()).toBe(false);
      await expect(readBlob(store, blobId)).rejects.toMatchObject({ code: 'integrity' });
      const { items } = await store.list({ limit: 10, writtenBefore: ALL_TIME });
      expect(items.map((item) => item.blobId)).toEqual([other]);
      await store.delete(blobId);
      await store.put(blobId, [randomBytes(10)]);
      expect(await readBlob(store, blobId)).toHaveLength(10);
    },
  );
});

test('a process without file handles left refuses some puts, keeps the others, and leaves no rubbish', () => {
  const script = join(__dirname, 'few-handles-process.ts');
  const run = spawnSync('sh', ['-c', 'ulimit -n 64 && exec "$0" "$@"', process.execPath, script, dataDir], {
    encoding: 'utf8',
  });
  expect(run.stderr).toBe('');
  const { ok, unavailable, listed, left } = JSON.parse(run.stdout);
  expect(ok).toBeGreaterThan(0);
  expect(unavailable).toBeGreaterThan(0);
  expect(ok + unavailable).toBe(500);
  expect(listed).toBe(ok);
  expect(left).toBe(0);
});
