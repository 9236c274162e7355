// Segments of the trail as objects beside the blobs, `trail/0000000000000001`: no function may delete or replace one.

import { createHash } from 'node:crypto';
import { ListObjectsV2Command, type ListObjectsV2CommandOutput, type S3Client } from '@aws-sdk/client-s3';
import type { TrailStore } from '../../ports/trail.ts';
import { call } from '../calls/call.ts';
import { openObject } from './object-reader.ts';
import { writeObject } from './object-writer.ts';

export const TRAIL_PREFIX = 'trail/';
const DIGITS = 16;
const NUMBER = /^\d{16}$/;
const STORE_ID_DIGITS = 32;

/** The id of the store in a bucket, whose name is given once in the world as long as it is there. */
export function storeIdOf(bucket: string): string {
  return createHash('sha256').update(bucket).digest('hex').slice(0, STORE_ID_DIGITS);
}

function keyOf(number: number): string {
  return `${TRAIL_PREFIX}${String(number).padStart(DIGITS, '0')}`;
}

/** The trail in a bucket. */
export function createTrailStore({ s3, bucket }: { s3: S3Client; bucket: string }): TrailStore {
  return {
    async append(number, segment) {
      await writeObject(s3, { bucket, key: keyOf(number), body: [segment], createOnly: true });
    },

    async list(after = 0) {
      const numbers: number[] = [];
      let token: string | undefined;
      do {
        const page: ListObjectsV2CommandOutput = await call('the trail cannot be listed', (options) =>
          s3.send(
            new ListObjectsV2Command({
              Bucket: bucket,
              Prefix: TRAIL_PREFIX,
              StartAfter: keyOf(after),
              ...(token === undefined ? {} : { ContinuationToken: token }),
            }),
            options,
          ),
        );
        const names = (page.Contents ?? []).map(({ Key = '' }) => Key.slice(TRAIL_PREFIX.length));
        numbers.push(...names.filter((name) => NUMBER.test(name)).map(Number));
        token = page.IsTruncated ? page.NextContinuationToken : undefined;
      } while (token !== undefined);
      return numbers;
    },

    async read(number) {
      const { chunks } = await openObject(s3, { bucket, key: keyOf(number) });
      return Buffer.concat(await Array.fromAsync(chunks));
    },
  };
}
