// A bucket of S3, or of any server that speaks it, as the place of a second copy. Objects are named as files are in a data folder, so that
// `aws s3 sync` of it is one.

import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { createBlobStore } from '../../../aws/blobs/blob-store.ts';
import { createTrailStore } from '../../../aws/blobs/trail-store.ts';
import { call } from '../../../aws/calls/call.ts';
import { createS3Client } from '../../../aws/calls/clients.ts';
import { BLOB_ID } from '../../../core/records/ids.ts';
import { PortError } from '../../../ports/errors.ts';
import {
  type CopyOf,
  type CopyPlace,
  isToBegin,
  MARK,
  markOf,
  markText,
  newMark,
  refused,
  SHARDS,
  writeMark,
} from '../copy-place.ts';

const BLOBS = /^blobs\/([0-9a-f]{2})\/(.+)$/;

export interface CopyBucketOptions extends CopyOf {
  bucket: string;
  /** Of a server that is not AWS's. */
  endpoint?: string;
}

/** Opens nothing yet. Who may write there, and where that is, says the environment, as it does to every tool of AWS. */
export function createCopyBucket(options: CopyBucketOptions): CopyPlace {
  const { bucket, endpoint, dataDir } = options;
  const place = `s3://${bucket}`;
  const s3 = createS3Client(endpoint === undefined ? {} : { endpoint });
  const blobs = createBlobStore({ s3, bucket });
  const trail = createTrailStore({ s3, bucket });
  let isOpen = false;
  let lastNumber: number | undefined;

  /** After a failure it may be another bucket that answers. */
  async function failing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      isOpen = false;
      lastNumber = undefined;
      throw error;
    }
  }

  async function markThere() {
    try {
      const { Body } = await call('the second copy cannot be read', (signal) =>
        s3.send(new GetObjectCommand({ Bucket: bucket, Key: MARK }), signal),
      );
      return markOf((await Body?.transformToString()) ?? '', `${place}/${MARK}`);
    } catch (error) {
      if (error instanceof PortError && error.code === 'not_found') return undefined;
      throw error;
    }
  }

  async function begin(): Promise<void> {
    const { KeyCount } = await call('the second copy cannot be read', (signal) =>
      s3.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 }), signal),
    );
    if (KeyCount !== 0) {
      throw refused(
        place,
        'holds something, and no copy of this store: name an empty bucket',
        'copy_not_empty',
      );
    }
    const mark = newMark(options);
    // The copy first: a crash in between leaves a copy of this store that nobody knows, which is taken for its own.
    await call('the second copy cannot be begun', (signal) =>
      s3.send(
        new PutObjectCommand({ Bucket: bucket, Key: MARK, Body: markText(mark), IfNoneMatch: '*' }),
        signal,
      ),
    );
    writeMark(join(dataDir, MARK), mark);
  }

  async function* listed(): AsyncGenerator<{ shard: string; blobId: string }, void, undefined> {
    let token: string | undefined;
    do {
      const page = await failing(() =>
        call('the second copy cannot be listed', (signal) =>
          s3.send(
            new ListObjectsV2Command({
              Bucket: bucket,
              Prefix: 'blobs/',
              ...(token === undefined ? {} : { ContinuationToken: token }),
            }),
            signal,
          ),
        ),
      );
      for (const { Key = '' } of page.Contents ?? []) {
        const [, shard, blobId] = BLOBS.exec(Key) ?? [];
        if (shard !== undefined && blobId !== undefined && BLOB_ID.test(blobId)) yield { shard, blobId };
      }
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  return {
    open: () =>
      failing(async () => {
        if (isOpen) return;
        if (isToBegin(await markThere(), options, place)) await begin();
        isOpen = true;
      }),

    async *shards() {
      // S3 lists in the order of names: what is of a shard comes together.
      const ids = new Map<string, Set<string>>(SHARDS.map((shard) => [shard, new Set()]));
      let done = 0;
      for await (const { shard, blobId } of listed()) {
        ids.get(shard)!.add(blobId);
        for (; SHARDS[done]! < shard; done++) yield { shard: SHARDS[done]!, ids: ids.get(SHARDS[done]!)! };
      }
      for (; done < SHARDS.length; done++) yield { shard: SHARDS[done]!, ids: ids.get(SHARDS[done]!)! };
    },

    put: (blobId, body, expected) =>
      failing(async () => {
        try {
          await blobs.put(blobId, body, expected);
          return true;
        } catch (error) {
          if (error instanceof PortError && error.code === 'exists') return false;
          throw error;
        }
      }),

    lastSegment: () =>
      failing(async () => {
        lastNumber ??= (await trail.list()).at(-1) ?? 0;
        return lastNumber;
      }),

    putSegment: (number, segment) =>
      failing(async () => {
        await trail.append(number, segment).catch((error: unknown) => {
          if (!(error instanceof PortError && error.code === 'exists')) throw error;
        });
        lastNumber = Math.max(lastNumber ?? 0, number);
      }),

    get: (blobId) => failing(() => blobs.get(blobId)),
  };
}
