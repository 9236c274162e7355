// Objects in parts and ranges: what the suites, which every home has to pass in a moment, are too small for.

import { createHash, randomBytes } from 'node:crypto';
import { HeadObjectCommand, ListMultipartUploadsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { blobKey, createBlobStore } from '../../lib/aws/blobs/blob-store.ts';
import type { BlobStore } from '../../lib/ports/blob-store.ts';
import { hexId, outcomes, readBlob } from '../contract/samples.ts';
import { createCallLog } from './call-log.ts';
import { capabilities } from './capabilities.ts';
import { createClients, destroyClients, makeBucket } from './resources.ts';

const MIB = 1024 * 1024;
const clients = createClients();
const { s3 } = clients;
const log = createCallLog(clients);
let bucket: string;
let store: BlobStore;

beforeAll(async () => {
  bucket = await makeBucket(s3);
  store = createBlobStore({ s3, bucket });
});
afterAll(() => destroyClients(clients));

const digestOf = (bytes: Uint8Array) => ({
  bytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
});

async function unfinishedUploads(): Promise<number> {
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  return Uploads.length;
}

describe('a large blob', () => {
  test.each([
    [8 * MIB, 1],
    [16 * MIB, 1],
    [16 * MIB + 1, 5],
    [33 * MIB + 12_345, 7],
  ])('of %i bytes goes in %i requests, comes back in ranges, whole and in order', async (size, requests) => {
    const bytes = randomBytes(size);
    const blobId = hexId();
    const chunks = [bytes.subarray(0, 7), bytes.subarray(7, 9 * MIB), bytes.subarray(9 * MIB)];
    const { total } = await log.during(async () => {
      expect(await store.put(blobId, chunks, digestOf(bytes))).toEqual(digestOf(bytes));
    });
    expect(total).toBe(requests);
    const { byName } = await log.during(async () => {
      expect((await readBlob(store, blobId)).equals(bytes)).toBe(true);
    });
    expect(byName).toEqual({ 's3.GetObject': Math.ceil(size / (8 * MIB)) });
    expect(await unfinishedUploads()).toBe(0);
  });

  test('carries the checksum of its parts', async () => {
    const blobId = hexId();
    await store.put(blobId, [randomBytes(20 * MIB)]);
    const head = await s3.send(
      new HeadObjectCommand({ Bucket: bucket, Key: blobKey(blobId), ChecksumMode: 'ENABLED' }),
    );
    expect(head.ChecksumSHA256).toMatch(/-3$/);
  });

  test('that is not what was announced leaves nothing', async () => {
    const blobId = hexId();
    const bytes = randomBytes(20 * MIB);
    const other = { ...digestOf(bytes), sha256: 'ab'.repeat(32) };
    await expect(store.put(blobId, [bytes], other)).rejects.toMatchObject({ code: 'integrity' });
    await expect(store.get(blobId)).rejects.toMatchObject({ code: 'not_found' });
    expect(await unfinishedUploads()).toBe(0);
  });

  test('whose source breaks gives its own error and leaves nothing', async () => {
    const blobId = hexId();
    const failure = Object.assign(new Error('the source broke'), { code: 'ECONNRESET' });
    async function* source(): AsyncGenerator<Uint8Array> {
      yield randomBytes(30 * MIB);
      throw failure;
    }
    await expect(store.put(blobId, source())).rejects.toBe(failure);
    await expect(store.get(blobId)).rejects.toMatchObject({ code: 'not_found' });
    expect(await unfinishedUploads()).toBe(0);
  });

  test('is created once: of three at once one wins, and its bytes stay', async () => {
    const blobId = hexId();
    const bodies = Array.from({ length: 3 }, () => randomBytes(17 * MIB));
    const results = await outcomes(bodies.map((body) => store.put(blobId, [body])));
    const winners = bodies.filter((_, i) => results[i] === 'ok');
    if (capabilities().completesOnce) expect(results.toSorted()).toEqual(['exists', 'exists', 'ok']);
    else expect(results.filter((result) => result !== 'exists')).toEqual(winners.map(() => 'ok'));
    const stored = await readBlob(store, blobId);
    expect(winners.some((body) => stored.equals(body))).toBe(true);
    expect(await unfinishedUploads()).toBe(0);
  });

  test('that is replaced while it is read is never read as parts of two', async () => {
    const blobId = hexId();
    await store.put(blobId, [randomBytes(50 * MIB)]);
    const chunks = await store.get(blobId);
    await s3.send(
      new PutObjectCommand({ Bucket: bucket, Key: blobKey(blobId), Body: randomBytes(50 * MIB) }),
    );
    await expect(Array.fromAsync(chunks)).rejects.toMatchObject({ code: 'integrity' });
  });

  test('may be left half read', async () => {
    const blobId = hexId();
    await store.put(blobId, [randomBytes(40 * MIB)]);
    for await (const chunk of await store.get(blobId)) {
      expect(chunk.length).toBe(8 * MIB);
      break;
    }
  });
});

test('listing passes over what is no blob', async () => {
  const stray = await makeBucket(s3);
  for (const Key of ['blobs/aa/readme', 'blobs/zz', `blobs/ff/${'a'.repeat(32)}`, 'uploads/x']) {
    await s3.send(new PutObjectCommand({ Bucket: stray, Key, Body: 'x' }));
  }
  const { items } = await createBlobStore({ s3, bucket: stray }).list({ limit: 10, writtenBefore: 8.64e15 });
  expect(items).toEqual([]);
});
