// What every blob store must do, as in lib/ports/blob-store.ts.

import { createHash, randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { BlobDigest, BlobStore } from '../../lib/ports/blob-store.ts';
import { type Closing, forEachTest, type Make } from './harness.ts';
import { drain, hexId, outcomes, readBlob, UNREADABLE_CURSORS } from './samples.ts';

export interface BlobStoreHarness extends Closing {
  /** Empty. */
  store: BlobStore;
}

const ALL_TIME = 8_640_000_000_000_000;
const MIB = 1024 * 1024;

export function blobStoreSuite(name: string, make: Make<BlobStoreHarness>): void {
  describe(`${name} blob store`, () => {
    let store: BlobStore;
    const harness = forEachTest(make);
    beforeEach(() => {
      ({ store } = harness());
    });

    const listAll = () => drain((page) => store.list({ ...page, writtenBefore: ALL_TIME }), 2);

    describe('a range, of a store that gives one', () => {
      test.each([1000, 3 * MIB])('is those bytes of %d', async (bytes) => {
        if (store.getRange === undefined) return;
        const body = randomBytes(bytes);
        const blobId = hexId();
        await store.put(blobId, [body]);
        for (const [from, to] of [
          [0, 1],
          [0, bytes],
          [bytes - 1, bytes],
          [500, 700],
          [bytes >> 1, bytes + 10],
          [bytes, bytes + 10],
        ] as const) {
          const range = await store.getRange(blobId, from, to);
          expect(Buffer.from(range).equals(body.subarray(from, to))).toBe(true);
        }
      });

      test('of what is not there is none', async () => {
        for (const id of [hexId(), 'no id']) {
          const asked = store.getRange?.(id, 0, 1);
          if (asked !== undefined) await expect(asked).rejects.toMatchObject({ code: 'not_found' });
        }
      });
    });

    describe('setting aside', () => {
      const asideIds = async () =>
        (await drain((page) => store.listAside(page), 2)).map(({ blobId }) => blobId);

      test('takes a blob out of the store, keeps it, and puts it back as it was', async () => {
        const bytes = randomBytes(3000);
        const blobId = hexId();
        await store.put(blobId, [bytes]);
        await store.setAside(blobId);
        await expect(store.get(blobId)).rejects.toMatchObject({ code: 'not_found' });
        expect(await listAll()).toEqual([]);
        expect(await drain((page) => store.listAside(page), 2)).toMatchObject([{ blobId, bytes: 3000 }]);
        await store.putBack(blobId);
        expect((await readBlob(store, blobId)).equals(bytes)).toBe(true);
        expect(await asideIds()).toEqual([]);
      });

      test('lists in id order, page by page', async () => {
        const ids = Array.from({ length: 5 }, hexId);
        for (const id of ids) await store.put(id, [Buffer.from(id)]);
        for (const id of ids) await store.setAside(id);
        expect(await asideIds()).toEqual(ids.toSorted());
      });

      test('what is not there is no error, and cannot be put back', async () => {
        await store.setAside(hexId());
        await store.deleteAside(hexId());
        await expect(store.putBack(hexId())).rejects.toMatchObject({ code: 'not_found' });
      });

      test('never replaces what has come since: then it stays aside', async () => {
        const blobId = hexId();
        await store.put(blobId, [Buffer.from('first')]);
        await store.setAside(blobId);
        await store.put(blobId, [Buffer.from('second')]);
        await expect(store.putBack(blobId)).rejects.toMatchObject({ code: 'exists' });
        expect((await readBlob(store, blobId)).toString()).toBe('second');
        expect(await asideIds()).toEqual([blobId]);
      });

      test('is over once it is deleted', async () => {
        const blobId = hexId();
        await store.put(blobId, [Buffer.from('x')]);
        await store.setAside(blobId);
        await store.deleteAside(blobId);
        expect(await asideIds()).toEqual([]);
        await expect(store.putBack(blobId)).rejects.toMatchObject({ code: 'not_found' });
      });
    });

    describe('put and get', () => {
      test.each([0, 1, 2300, 64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1])(
        'gives %i bytes back',
        async (size) => {
          const bytes = randomBytes(size);
          const blobId = hexId();
          expect(await store.put(blobId, [bytes])).toEqual(digest(bytes));
          expect((await readBlob(store, blobId)).equals(bytes)).toBe(true);
        },
      );

      test('gives a body of several MiB back, whole and in order', async () => {
        const bytes = randomBytes(3 * MIB + 12_345);
        const blobId = hexId();
        expect(await store.put(blobId, pieces(bytes, 100_000))).toEqual(digest(bytes));
        expect((await readBlob(store, blobId)).equals(bytes)).toBe(true);
      });

      test('takes one chunk of several MiB', async () => {
        const bytes = randomBytes(5 * MIB + 1);
        const blobId = hexId();
        expect(await store.put(blobId, [bytes], digest(bytes))).toEqual(digest(bytes));
        expect((await readBlob(store, blobId)).equals(bytes)).toBe(true);
      });

      test('takes many small chunks, empty ones among them, from an asynchronous source', async () => {
        const bytes = randomBytes(5000);
        const blobId = hexId();
        async function* source(): AsyncGenerator<Uint8Array> {
          for (const piece of pieces(bytes, 7)) {
            yield piece;
            yield new Uint8Array(0);
          }
        }
        expect(await store.put(blobId, source())).toEqual(digest(bytes));
        expect((await readBlob(store, blobId)).equals(bytes)).toBe(true);
      });

      test('takes a view of a larger buffer for what the view shows', async () => {
        const bytes = randomBytes(100);
        const blobId = hexId();
        await store.put(blobId, [bytes.subarray(10, 20)]);
        expect((await readBlob(store, blobId)).equals(bytes.subarray(10, 20))).toBe(true);
      });

      test('is read as often as one likes, also at the same time', async () => {
        const bytes = randomBytes(200_000);
        const blobId = hexId();
        await store.put(blobId, [bytes]);
        const copies = await Promise.all(Array.from({ length: 8 }, () => readBlob(store, blobId)));
        expect(copies.every((copy) => copy.equals(bytes))).toBe(true);
      });

      test('keeps its bytes whatever becomes of the buffers that went in or came out', async () => {
        const bytes = randomBytes(1000);
        const original = Buffer.from(bytes);
        const blobId = hexId();
        await store.put(blobId, [bytes]);
        bytes.fill(0);
        for await (const chunk of await store.get(blobId)) {
          chunk.fill(1);
        }
        expect((await readBlob(store, blobId)).equals(original)).toBe(true);
      });

      test('a reader may stop early', async () => {
        const blobId = hexId();
        await store.put(blobId, [randomBytes(2 * MIB)]);
        for await (const chunk of await store.get(blobId)) {
          expect(chunk.length).toBeGreaterThan(0);
          break;
        }
        expect((await readBlob(store, blobId)).length).toBe(2 * MIB);
      });

      test('get of what is not there throws not_found before there is anything to iterate', async () => {
        await expect(store.get(hexId())).rejects.toMatchObject({ code: 'not_found' });
      });
    });

    describe('the announced digest', () => {
      test('is confirmed when it is right', async () => {
        const bytes = randomBytes(500);
        expect(await store.put(hexId(), [bytes], digest(bytes))).toEqual(digest(bytes));
      });

      const wrong: [string, (right: BlobDigest) => BlobDigest][] = [
        ['another hash', (right) => ({ ...right, sha256: 'ab'.repeat(32) })],
        ['fewer bytes', (right) => ({ ...right, bytes: right.bytes - 1 })],
        ['more bytes', (right) => ({ ...right, bytes: right.bytes + 1 })],
        ['an upper-case hash', (right) => ({ ...right, sha256: right.sha256.toUpperCase() })],
      ];
      for (const size of [500, 200_000]) {
        test.each(wrong)(`%s throws integrity and stores nothing (${size} bytes)`, async (_, change) => {
          const bytes = randomBytes(size);
          const blobId = hexId();
          await expect(store.put(blobId, [bytes], change(digest(bytes)))).rejects.toMatchObject({
            code: 'integrity',
          });
          await expect(store.get(blobId)).rejects.toMatchObject({ code: 'not_found' });
          expect(await listAll()).toEqual([]);
          // The id is free again.
          await store.put(blobId, [bytes], digest(bytes));
        });
      }
    });

    describe('create-only', () => {
      test('a second put throws exists and leaves the first as it was', async () => {
        const first = randomBytes(100);
        const blobId = hexId();
        await store.put(blobId, [first]);
        await expect(store.put(blobId, [randomBytes(200)])).rejects.toMatchObject({ code: 'exists' });
        await expect(store.put(blobId, [first], digest(first))).rejects.toMatchObject({ code: 'exists' });
        expect((await readBlob(store, blobId)).equals(first)).toBe(true);
        expect(await listAll()).toHaveLength(1);
      });

      test('of 30 puts at once exactly one wins, and its bytes stay', async () => {
        const blobId = hexId();
        const bodies = Array.from({ length: 30 }, () => randomBytes(3000));
        const results = await outcomes(bodies.map((body) => store.put(blobId, [body])));
        expect(results.filter((result) => result === 'ok')).toHaveLength(1);
        expect(results.filter((result) => result === 'exists')).toHaveLength(29);
        expect((await readBlob(store, blobId)).equals(bodies[results.indexOf('ok')]!)).toBe(true);
      });
    });

    describe('a body that fails', () => {
      for (const [size, when] of [
        [0, 'at once'],
        [1000, 'after a little'],
        [2 * MIB, 'after much'],
      ] as const) {
        test(`${when} gives its own error and leaves nothing`, async () => {
          const blobId = hexId();
          // It even looks like an error of the disk, but it is the caller's.
          const failure = Object.assign(new Error('the source broke'), { code: 'ENOSPC' });
          async function* source(): AsyncGenerator<Uint8Array> {
            if (size > 0) {
              yield randomBytes(size);
            }
            throw failure;
          }
          await expect(store.put(blobId, source())).rejects.toBe(failure);
          await expect(store.get(blobId)).rejects.toMatchObject({ code: 'not_found' });
          expect(await listAll()).toEqual([]);
          await store.put(blobId, [randomBytes(10)]);
        });
      }
    });

    describe('ids', () => {
      const foreign = [
        '',
        'a'.repeat(31),
        'a'.repeat(33),
        'A'.repeat(32),
        'g'.repeat(32),
        '../../../../etc/passwd',
        `${'a'.repeat(32)}\n`,
        `aa/${'b'.repeat(29)}`,
        '__proto__',
      ];
      test.each(foreign)('%j is nobody', async (blobId) => {
        await expect(store.put(blobId, [randomBytes(1)])).rejects.toMatchObject({ code: 'not_found' });
        await expect(store.get(blobId)).rejects.toMatchObject({ code: 'not_found' });
        await store.delete(blobId);
        expect(await listAll()).toEqual([]);
      });
    });

    describe('delete', () => {
      test('removes the blob and nothing else, and frees the id', async () => {
        const [gone, kept] = [hexId(), hexId()];
        await store.put(gone, [randomBytes(10)]);
        await store.put(kept, [randomBytes(10)]);
        await store.delete(gone);
        await expect(store.get(gone)).rejects.toMatchObject({ code: 'not_found' });
        expect((await listAll()).map(({ blobId }) => blobId)).toEqual([kept]);
        await store.put(gone, [randomBytes(20)]);
        expect(await readBlob(store, gone)).toHaveLength(20);
      });

      test('of what is not there is no error, also twice and at once', async () => {
        const blobId = hexId();
        await store.delete(blobId);
        await store.put(blobId, [randomBytes(10)]);
        await Promise.all([store.delete(blobId), store.delete(blobId), store.delete(blobId)]);
        await expect(store.get(blobId)).rejects.toMatchObject({ code: 'not_found' });
      });
    });

    describe('list', () => {
      test('gives every blob once, in id order, whatever the page size', async () => {
        const ids = Array.from({ length: 13 }, () => randomBytes(16).toString('hex'));
        await Promise.all(ids.map((blobId, i) => store.put(blobId, [randomBytes(i)])));
        const expected = ids.map((blobId, bytes) => ({ blobId, bytes })).sort(byBlobId);
        for (const limit of [1, 2, 5, 13, 14]) {
          const listed = await drain((page) => store.list({ ...page, writtenBefore: ALL_TIME }), limit);
          expect(listed.map(({ blobId, bytes }) => ({ blobId, bytes }))).toEqual(expected);
        }
      });

      test('has no cursor on the last page, even a full one', async () => {
        for (let i = 0; i < 4; i += 1) {
          await store.put(hexId(), [randomBytes(1)]);
        }
        const first = await store.list({ limit: 2, writtenBefore: ALL_TIME });
        expect(first.cursor).toBeDefined();
        const second = await store.list({ limit: 2, writtenBefore: ALL_TIME, cursor: first.cursor! });
        expect(second.items).toHaveLength(2);
        expect(second.cursor).toBeUndefined();
      });

      test('is not confused by what comes and goes between its pages', async () => {
        const ids = Array.from({ length: 6 }, (_, i) => `${i}0`.padEnd(32, '0'));
        for (const id of ids) {
          await store.put(id, [randomBytes(1)]);
        }
        const listed = await drain(
          (page) => store.list({ ...page, writtenBefore: ALL_TIME }),
          2,
          async (pages) => {
            if (pages === 1) {
              await store.delete(ids[1]!);
              await store.delete(ids[2]!);
              await store.put('05'.padEnd(32, '0'), [randomBytes(1)]);
            }
          },
        );
        expect(listed.map(({ blobId }) => blobId)).toEqual([ids[0], ids[1], ids[3], ids[4], ids[5]]);
      });

      test('takes only what was written before the instant', async () => {
        const blobId = hexId();
        await store.put(blobId, [randomBytes(9)]);
        const [info] = await listAll();
        const { writtenAt } = info!;
        expect(info).toEqual({ blobId, bytes: 9, writtenAt });
        expect(Number.isSafeInteger(writtenAt)).toBe(true);
        expect((await store.list({ limit: 9, writtenBefore: writtenAt })).items).toEqual([]);
        expect((await store.list({ limit: 9, writtenBefore: writtenAt + 1 })).items).toEqual([info]);
        expect((await store.list({ limit: 9, writtenBefore: 0 })).items).toEqual([]);
      });

      test('throws not_found for a cursor that it did not give', async () => {
        for (const cursor of UNREADABLE_CURSORS) {
          const request = { limit: 2, writtenBefore: ALL_TIME, cursor };
          await expect(store.list(request)).rejects.toMatchObject({ code: 'not_found' });
        }
      });

      test('refuses a page of no size', async () => {
        for (const limit of [0, -1, 1.5, Number.NaN, 1001]) {
          await expect(store.list({ limit, writtenBefore: ALL_TIME })).rejects.toThrow(RangeError);
        }
      });
    });

    test('check resolves, and leaves nothing behind', async () => {
      await store.check();
      expect(await listAll()).toEqual([]);
    });
  });
}

function digest(bytes: Uint8Array): BlobDigest {
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

function pieces(bytes: Uint8Array, size: number): Uint8Array[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

function byBlobId(a: { blobId: string }, b: { blobId: string }): number {
  return a.blobId < b.blobId ? -1 : 1;
}
