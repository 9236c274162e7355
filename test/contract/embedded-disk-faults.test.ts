// Every error that the platform knows, in every call to the file system that the adapters make: always a word of the ports,
// never the end of the process, and afterwards everything works.

import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Scratch } from '../../lib/core/bytes/packed.ts';
import { sqliteFailure } from '../../lib/embedded/disk/failures.ts';
import type { BlobStore } from '../../lib/ports/blob-store.ts';
import type { TrailStore } from '../../lib/ports/trail.ts';
import { systemRandom } from '../../lib/random.ts';
import { createDataDirs } from './data-dirs.ts';
import { faults, systemError } from './failing-fs.ts';
import { hexId, readBlob } from './samples.ts';

jest.mock('node:fs', () =>
  jest
    .requireActual<typeof import('./failing-fs.ts')>('./failing-fs.ts')
    .watchedFs(jest.requireActual<object>('node:fs')),
);
jest.mock('node:fs/promises', () =>
  jest
    .requireActual<typeof import('./failing-fs.ts')>('./failing-fs.ts')
    .watchedPromises(jest.requireActual<object>('node:fs/promises')),
);

// Only now, so that they get what was put in place above.
const { openBlobStore } = jest.requireActual<typeof import('../../lib/embedded/blobs/blob-store.ts')>(
  '../../lib/embedded/blobs/blob-store.ts',
);
const { createScratch } = jest.requireActual<typeof import('../../lib/embedded/transfers/scratch.ts')>(
  '../../lib/embedded/transfers/scratch.ts',
);

const { createTrailStore } = jest.requireActual<typeof import('../../lib/embedded/trail/trail-store.ts')>(
  '../../lib/embedded/trail/trail-store.ts',
);

const dataDirs = createDataDirs();
afterAll(dataDirs.removeAll);
const unhandled: unknown[] = [];
const hear = (error: unknown) => unhandled.push(error);
beforeAll(() => {
  process.on('unhandledRejection', hear);
});
afterAll(() => {
  process.off('unhandledRejection', hear);
});
afterEach(() => {
  faults.before = undefined;
});

const ALL_TIME = 8_640_000_000_000_000;
const LARGE = 200_000;
const small = randomBytes(100);
const large = randomBytes(LARGE);

interface Scene {
  blobs: BlobStore;
  scratch: Scratch;
  trail: TrailStore;
}

async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const chunk of chunks) bytes += chunk.length;
  return bytes;
}

/** Numbers given so far: of an append that failed it is not known whether its number is taken. */
let segments = 1;

/** What it does may be left half done by a fault; done again it must work. */
const actions: [string, (scene: Scene) => Promise<unknown>][] = [
  ['storing a small blob', ({ blobs }) => blobs.put(hexId(), [small])],
  ['storing a large blob', ({ blobs }) => blobs.put(hexId(), [large])],
  [
    'storing many small blobs at once',
    ({ blobs }) => Promise.all(Array.from({ length: 3 }, () => blobs.put(hexId(), [small]))),
  ],
  ['reading a small blob', ({ blobs }) => readBlob(blobs, SMALL_ID)],
  ['reading a large blob', ({ blobs }) => readBlob(blobs, LARGE_ID)],
  ['removing a blob', ({ blobs }) => blobs.delete('d'.repeat(32))],
  ['listing', ({ blobs }) => blobs.list({ limit: 10, writtenBefore: ALL_TIME })],
  ['appending to the trail', ({ trail }) => trail.append(++segments, small)],
  ['reading the trail', ({ trail }) => trail.read(1)],
  ['listing the trail', ({ trail }) => trail.list()],
  ['the health check', ({ blobs }) => blobs.check()],
  [
    'a scratch file',
    async ({ scratch }) => {
      const file = await scratch.open();
      try {
        await file.append(large);
        return await readAll(file.read());
      } finally {
        await file.close();
      }
    },
  ],
];
const SMALL_ID = 'a'.repeat(32);
const LARGE_ID = 'b'.repeat(32);

/** One number has one name or more; EWOULDBLOCK is EAGAIN. */
const errnos = [...new Set(Object.values(constants.errno))];

async function makeScene(): Promise<Scene> {
  const dataDir = dataDirs.make();
  const blobs = openBlobStore(dataDir);
  await blobs.put(SMALL_ID, [small]);
  await blobs.put(LARGE_ID, [large]);
  const trail = createTrailStore(dataDir);
  await trail.append(1, small);
  return {
    blobs,
    trail,
    scratch: createScratch(dataDir, systemRandom),
  };
}

describe('a disk that fails in any call, with any error', () => {
  test.each(actions)('%s', async (_name, act) => {
    const scene = await makeScene();
    const calls: string[] = [];
    faults.before = (name) => calls.push(name);
    await act(scene);
    faults.before = undefined;
    expect(calls.length).toBeGreaterThan(0);
    const wrong: unknown[] = [];
    // Some calls are made for each of many files or folders: two of each name stand for the others.
    const places = calls.map((call, at) => [call, at] as const);
    for (const at of places
      .filter(([call, i]) => calls.slice(0, i).filter((c) => c === call).length < 2)
      .map(([, i]) => i)) {
      for (const errno of errnos) {
        let n = 0;
        faults.before = (name) => {
          if (n++ === at) throw systemError(errno, name);
        };
        const outcome = await act(scene).then(
          () => undefined,
          (error: unknown) => error as { name: string; code: string; reason?: string },
        );
        faults.before = undefined;
        const known =
          outcome === undefined ||
          (outcome.name === 'PortError' &&
            /^(unavailable|denied|not_found|integrity|exists)$/.test(outcome.code));
        const full = errno === constants.errno.ENOSPC || errno === constants.errno.EDQUOT;
        if (!known || (full && outcome !== undefined && outcome.reason !== 'disk_full')) {
          wrong.push([calls[at], errno, outcome]);
        }
      }
      await act(scene);
    }
    expect(wrong).toEqual([]);
    expect((await readBlob(scene.blobs, SMALL_ID)).equals(small)).toBe(true);
    expect((await readBlob(scene.blobs, LARGE_ID)).equals(large)).toBe(true);
    expect(unhandled).toEqual([]);
  });
});

test('every result of SQLite has a word of the ports, and a full disk and a read-only one their reason', () => {
  const of = (errcode: number) =>
    sqliteFailure(Object.assign(new Error(), { code: 'ERR_SQLITE_ERROR', errcode })) as Record<
      string,
      string
    >;
  for (let primary = 1; primary <= 28; primary++) {
    for (const variant of [0, 1, 7, 42]) {
      expect(of(primary + variant * 256).code).toMatch(/^(unavailable|denied|integrity)$/);
    }
  }
  expect([of(11).code, of(267).code, of(26).code]).toEqual(['integrity', 'integrity', 'integrity']);
  expect([of(13).reason, of(8).reason, of(776).reason, of(10).reason]).toEqual([
    'disk_full',
    'read_only',
    'read_only',
    undefined,
  ]);
});

test('the quarantine has a durable name before anything is moved there', async () => {
  const folder = dataDirs.make();
  const blobs = openBlobStore(folder, Date.now);
  const calls: string[] = [];
  const ids = [hexId(), hexId()];
  for (const id of ids) await blobs.put(id, [small]);
  for (const id of ids) {
    faults.before = (name) => calls.push(name);
    await blobs.setAside(id);
    faults.before = undefined;
    calls.push('aside');
  }
  const [first, second] = [calls.slice(0, calls.indexOf('aside')), calls.slice(calls.indexOf('aside') + 1)];
  expect(first.indexOf('mkdirSync')).toBeLessThan(first.indexOf('fsyncSync'));
  expect(first.indexOf('fsyncSync')).toBeLessThan(first.indexOf('promises.rename'));
  expect(first).toContain('fsyncSync');
  expect(second).not.toContain('fsyncSync');
});
