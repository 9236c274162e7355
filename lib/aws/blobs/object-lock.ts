// The lock of an object: until when nobody removes its bytes, and whether a hold stands on them besides.

import {
  HeadObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { DAY_MS } from '../../core/records/limits.ts';
import type { Protection } from '../../ports/blob-store.ts';
import { call } from '../calls/call.ts';
import type { ObjectAddress } from './object-writer.ts';

/** What the bucket locks every object with as it is written. */
export interface ObjectLock {
  days: number;
  mode: 'governance' | 'compliance';
}

/** Object Lock counts in seconds. */
const SECOND_MS = 1000;

/**
 * As `BlobStore.protect`, at `now`: one look, and a write where something is to change. Where no end is known the lock is prolonged by
 * the bucket's own days once half of them have gone.
 */
export async function protectObject(
  s3: S3Client,
  { bucket: Bucket, key: Key }: ObjectAddress,
  { until, isHeld }: Protection,
  { days, mode }: ObjectLock,
  now: number,
): Promise<boolean> {
  const found = await call('the lock of a blob cannot be read', (options) =>
    s3.send(new HeadObjectCommand({ Bucket, Key }), options),
  );
  const lockedUntil = found.ObjectLockRetainUntilDate?.getTime() ?? 0;
  const wanted = until ?? (lockedUntil < now + (days * DAY_MS) / 2 ? now + days * DAY_MS : lockedUntil);
  // What has passed cannot be asked for, and nothing needs it.
  const isLonger = wanted > now && Math.floor(wanted / SECOND_MS) > Math.floor(lockedUntil / SECOND_MS);
  const isOther = isHeld !== (found.ObjectLockLegalHoldStatus === 'ON');
  if (isLonger) {
    const Retention = {
      Mode: mode === 'compliance' ? ('COMPLIANCE' as const) : ('GOVERNANCE' as const),
      RetainUntilDate: new Date(Math.ceil(wanted / SECOND_MS) * SECOND_MS),
    };
    await call('a blob cannot be locked', (options) =>
      s3.send(new PutObjectRetentionCommand({ Bucket, Key, Retention }), options),
    );
  }
  if (isOther) {
    const LegalHold = { Status: isHeld ? ('ON' as const) : ('OFF' as const) };
    await call('a blob cannot be held', (options) =>
      s3.send(new PutObjectLegalHoldCommand({ Bucket, Key, LegalHold }), options),
    );
  }
  return isLonger || isOther;
}
