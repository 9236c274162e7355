// Blobs as S3 objects, written once. The bucket is versioned: what is deleted here ages out of it by its lifecycle.

import {
  CopyObjectCommand,
  DeleteObjectCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { BLOB_ID } from '../../core/records/ids.ts';
import type { BlobDigest, BlobInfo, BlobStore, Protection } from '../../ports/blob-store.ts';
import { decodeCursor, encodeCursor } from '../../ports/checks.ts';
import type { WallClock } from '../../ports/clock.ts';
import { PortError } from '../../ports/errors.ts';
import type { PageRequest } from '../../ports/pages.ts';
import { call } from '../calls/call.ts';
import { type ObjectLock, protectObject } from './object-lock.ts';
import { openObject } from './object-reader.ts';
import { writeObject } from './object-writer.ts';

export interface BlobStoreOptions {
  s3: S3Client;
  bucket: string;
  /** Where the bucket locks objects. */
  lock?: ObjectLock & { clock: WallClock };
}

export const BLOBS_PREFIX = 'blobs/';
export const ASIDE_PREFIX = 'quarantine/';

/** The key of a blob; the order of the keys is the order of the ids. */
export function blobKey(blobId: string): string {
  return keyIn(BLOBS_PREFIX, blobId);
}

export function keyIn(prefix: string, blobId: string): string {
  return `${prefix}${blobId.slice(0, 2)}/${blobId}`;
}

function asideKey(blobId: string): string {
  return keyIn(ASIDE_PREFIX, blobId);
}

/**
 * The blobs of a bucket. Where `put` throws `unavailable`, S3 may have stored the blob without our hearing of it: whoever
 * writes may not delete, so it stays until the search for orphans finds it.
 */
export function createBlobStore({ s3, bucket, lock }: BlobStoreOptions): BlobStore {
  const remove = (Key: string) =>
    call('the blob cannot be removed', (options) =>
      s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }), options),
    );
  const pageOf = async (list: string, prefix: string, writtenBefore: number, request: PageRequest) => {
    const after = decodeCursor(list, ['string'], request)?.[0] ?? '';
    // One more than asked for tells whether this page is the last.
    const found = await findBlobs(s3, bucket, prefix, after, writtenBefore, request.limit + 1);
    const items = found.slice(0, request.limit);
    const last = items.at(-1);
    return last !== undefined && found.length > items.length
      ? { items, cursor: encodeCursor(list, [last.blobId]) }
      : { items };
  };

  return {
    async put(blobId, body, expected) {
      if (!BLOB_ID.test(blobId)) {
        throw new PortError('not_found', 'there is no place for a blob with that id');
      }
      return writeObject(s3, {
        bucket,
        key: blobKey(blobId),
        body,
        createOnly: true,
        confirm: (digest) => expectDigest(digest, expected),
      });
    },

    async get(blobId) {
      if (!BLOB_ID.test(blobId)) {
        throw new PortError('not_found', 'there is no blob with that id');
      }
      const { chunks } = await openObject(s3, { bucket, key: blobKey(blobId) });
      return chunks;
    },

    async delete(blobId) {
      if (!BLOB_ID.test(blobId)) {
        return;
      }
      await remove(blobKey(blobId));
    },

    list: (request) => pageOf('blobs', BLOBS_PREFIX, request.writtenBefore, request),

    async setAside(blobId) {
      // Within the bucket, by S3 itself: the bytes do not come here.
      const copy = { Bucket: bucket, Key: asideKey(blobId), CopySource: `${bucket}/${blobKey(blobId)}` };
      await call('the blob cannot be set aside', (options) =>
        s3.send(new CopyObjectCommand(copy), options),
      ).then(() => remove(blobKey(blobId)), missingIsNoError);
    },

    listAside: (request) => pageOf('aside', ASIDE_PREFIX, Number.POSITIVE_INFINITY, request),

    async putBack(blobId) {
      // Read and written: a copy within S3 would overwrite a blob of that name, and blobs are written once.
      const { chunks } = await openObject(s3, { bucket, key: asideKey(blobId) });
      await writeObject(s3, { bucket, key: blobKey(blobId), body: chunks, createOnly: true });
      await remove(asideKey(blobId));
    },

    async deleteAside(blobId) {
      await remove(asideKey(blobId));
    },

    ...(lock === undefined
      ? {}
      : {
          protect: (blobId: string, protection: Protection) =>
            protectObject(s3, { bucket, key: blobKey(blobId) }, protection, lock, lock.clock.now()),
        }),

    async check() {
      await call('the bucket does not answer', (options) =>
        s3.send(new HeadBucketCommand({ Bucket: bucket }), options),
      ).catch(missingIsUnavailable);
    },
  };
}

function expectDigest(digest: BlobDigest, expected: BlobDigest | undefined): void {
  if (expected !== undefined && (digest.bytes !== expected.bytes || digest.sha256 !== expected.sha256)) {
    throw new PortError('integrity', 'the blob is not what was announced');
  }
}

function missingIsNoError(error: unknown): void {
  if (!(error instanceof PortError && error.code === 'not_found')) throw error;
}

function missingIsUnavailable(error: unknown): never {
  throw error instanceof PortError && error.code === 'not_found'
    ? new PortError('unavailable', 'the bucket is missing', { cause: error })
    : error;
}

async function findBlobs(
  s3: S3Client,
  bucket: string,
  prefix: string,
  after: string,
  writtenBefore: number,
  limit: number,
): Promise<BlobInfo[]> {
  const found: BlobInfo[] = [];
  let token: string | undefined;
  do {
    const page: ListObjectsV2CommandOutput = await call('the blobs cannot be listed', (options) =>
      s3.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: prefix,
          ...(token === undefined ? {} : { ContinuationToken: token }),
          ...(after === '' ? {} : { StartAfter: keyIn(prefix, after) }),
        }),
        options,
      ),
    );
    for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
      const blobId = Key.slice(prefix.length + 3);
      const writtenAt = LastModified?.getTime() ?? 0;
      // What is not ours stays out: anybody may have put something beside the blobs.
      if (BLOB_ID.test(blobId) && Key === keyIn(prefix, blobId) && writtenAt < writtenBefore) {
        found.push({ blobId, bytes: Size, writtenAt });
      }
      if (found.length === limit) return found;
    }
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
  return found;
}
