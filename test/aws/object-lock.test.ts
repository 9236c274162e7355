// Locks of objects, on a bucket that has them.

import {
  CreateBucketCommand,
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  PutObjectLockConfigurationCommand,
} from '@aws-sdk/client-s3';
import { afterAll, expect, test } from '@jest/globals';
import { createBlobStore } from '../../lib/aws/blobs/blob-store.ts';
import { DAY_MS } from '../../lib/core/records/limits.ts';
import { createClients, destroyClients } from './resources.ts';

const clients = createClients();
const { s3 } = clients;
afterAll(() => destroyClients(clients));

const DAYS = 3;
const BLOB = 'ab'.repeat(16);

test('a blob is locked as it is written, its lock is prolonged and never shortened, and a hold comes and goes', async () => {
  const Bucket = `locked-${process.pid}-${Date.now()}`;
  await s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  await s3.send(
    new PutObjectLockConfigurationCommand({
      Bucket,
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Days: DAYS, Mode: 'GOVERNANCE' } },
      },
    }),
  );
  let now = Date.now();
  const lock = { days: DAYS, mode: 'governance' as const, clock: { now: () => now } };
  const { put, protect } = createBlobStore({ s3, bucket: Bucket, lock });
  await put(BLOB, [Buffer.from('sealed')]);
  const Key = `blobs/ab/${BLOB}`;
  const until = async () =>
    (await s3.send(new GetObjectRetentionCommand({ Bucket, Key }))).Retention?.RetainUntilDate?.getTime() ??
    0;
  const held = async () => (await s3.send(new GetObjectLegalHoldCommand({ Bucket, Key }))).LegalHold?.Status;

  // No end is known, and the bucket's own days have just begun.
  await protect!(BLOB, { until: undefined, isHeld: false });
  const first = await until();
  expect(Math.abs(first - (now + DAYS * DAY_MS))).toBeLessThan(60_000);

  const end = Math.floor(now / 1000) * 1000 + 10 * DAY_MS;
  expect(await protect!(BLOB, { until: end, isHeld: true })).toBe(true);
  expect(await until()).toBe(end);
  expect(await held()).toBe('ON');
  expect(await protect!(BLOB, { until: end, isHeld: true })).toBe(false);
  expect(await protect!(BLOB, { until: now + DAY_MS, isHeld: true })).toBe(false);
  expect(await until()).toBe(end);

  expect(await protect!(BLOB, { until: undefined, isHeld: false })).toBe(true);
  expect(await held()).toBe('OFF');
  now = end - DAY_MS;
  expect(await protect!(BLOB, { until: undefined, isHeld: false })).toBe(true);
  expect(await until()).toBeGreaterThanOrEqual(now + DAYS * DAY_MS);

  await expect(protect!('cd'.repeat(16), { until: end, isHeld: false })).rejects.toMatchObject({
    code: 'not_found',
  });
});
