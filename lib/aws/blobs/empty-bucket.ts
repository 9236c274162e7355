// Takes everything out of a bucket, for a stage that is thrown away: every version and every delete marker.

import { DeleteObjectsCommand, ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3';
import { call } from '../calls/call.ts';

/**
 * Resolves with how many it took out, once nothing is left; a bucket that is not there is empty. Throws PortError for what S3
 * says, and Error when the time is over (`deadline`, epoch milliseconds) or an object cannot be removed: begun anew, it goes on.
 */
export async function emptyBucket(s3: S3Client, Bucket: string, deadline: number): Promise<number> {
  for (let removed = 0; ; ) {
    const found = await firstOf(s3, Bucket);
    if (found.length === 0) return removed;
    if (Date.now() >= deadline) {
      throw new Error(`${removed} objects were removed from ${Bucket}, and there are more: destroy again`);
    }
    const { Errors = [] } = await call('emptying a bucket', (options) =>
      s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: found, Quiet: true } }), options),
    );
    const [first] = Errors;
    if (first !== undefined) {
      throw new Error(
        `${first.Key} cannot be removed from ${Bucket}: ${first.Code ?? ''} ${first.Message ?? ''}`,
      );
    }
    removed += found.length;
  }
}

/** As many as one request lists, and another removes. */
async function firstOf(s3: S3Client, Bucket: string): Promise<{ Key: string; VersionId: string }[]> {
  try {
    const { Versions = [], DeleteMarkers = [] } = await call('listing a bucket', (options) =>
      s3.send(new ListObjectVersionsCommand({ Bucket }), options),
    );
    return [...Versions, ...DeleteMarkers].map(({ Key = '', VersionId = '' }) => ({ Key, VersionId }));
  } catch (error) {
    if ((error as { cause?: { name?: string } }).cause?.name === 'NoSuchBucket') return [];
    throw error;
  }
}
