// A bucket of a stage that is thrown away, with more in it than one request lists.

import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  HeadBucketCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, expect, test } from '@jest/globals';
import { emptyBucket } from '../../lib/aws/blobs/empty-bucket.ts';
import { forEachAtOnce } from '../../lib/core/at-once.ts';
import { createClients, destroyClients, makeBucket, newName } from './resources.ts';

const clients = createClients();
const { s3 } = clients;
afterAll(() => destroyClients(clients));

const OBJECTS = 1100;
const AT_ONCE = 16;
const soon = () => Date.now() + 60_000;

async function fill(Bucket: string, count: number): Promise<void> {
  const keys = Array.from({ length: count }, (_, i) => `blobs/${i % 7} & é/${i}`);
  await forEachAtOnce(keys, AT_ONCE, async (Key) => {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  });
  // A second version, and a delete marker over it.
  await s3.send(new PutObjectCommand({ Bucket, Key: keys[0], Body: 'y' }));
  await s3.send(new DeleteObjectCommand({ Bucket, Key: keys[1] }));
}

async function isEmpty(Bucket: string): Promise<boolean> {
  const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  return Versions.length + DeleteMarkers.length === 0;
}

test('every version and every delete marker goes, so that the bucket can be deleted', async () => {
  const Bucket = await makeBucket(s3);
  await fill(Bucket, OBJECTS);
  expect(await emptyBucket(s3, Bucket, soon())).toBe(OBJECTS + 2);
  expect(await isEmpty(Bucket)).toBe(true);
  await s3.send(new DeleteBucketCommand({ Bucket }));
  await expect(s3.send(new HeadBucketCommand({ Bucket }))).rejects.toMatchObject({ name: 'NotFound' });
});

test('one without versions is emptied too', async () => {
  const Bucket = newName();
  await s3.send(new CreateBucketCommand({ Bucket }));
  await fill(Bucket, 3);
  await emptyBucket(s3, Bucket, soon());
  expect(await isEmpty(Bucket)).toBe(true);
});

test('one that is empty, or gone, is empty', async () => {
  expect(await emptyBucket(s3, await makeBucket(s3), soon())).toBe(0);
  expect(await emptyBucket(s3, newName(), soon())).toBe(0);
});

test('when the time is over it says so, and begun anew it goes on', async () => {
  const Bucket = await makeBucket(s3);
  await fill(Bucket, 3);
  await expect(emptyBucket(s3, Bucket, Date.now())).rejects.toThrow('destroy again');
  expect(await emptyBucket(s3, Bucket, soon())).toBe(5);
});
