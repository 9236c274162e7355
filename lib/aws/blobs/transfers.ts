// States and results too large for the API, past it through S3: presigned URLs on a staging area that the bucket's
// lifecycle empties after a day. Nothing here is a backup, and nothing is ever deleted by the service.

import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { Chunks } from '../../core/bytes/chunks.ts';
import type { WallClock } from '../../ports/clock.ts';
import { PortError } from '../../ports/errors.ts';
import type { TransferStore } from '../../ports/transfer-store.ts';
import { call } from '../calls/call.ts';
import { findObject, openObject } from './object-reader.ts';
import { writeObject } from './object-writer.ts';

export interface TransfersOptions {
  s3: S3Client;
  bucket: string;
  clock: WallClock;
  /** When the client's credentials end, if it is not told that itself; epoch milliseconds. */
  credentialsEndAt?: number;
}

interface Link {
  url: string;
  expiresAt: number;
}

/** What S3 presigns for at most. */
const PRESIGNED_SECONDS_MAX = 604_800;
const TRANSFER_ID = /^[0-9A-Za-z_-]{1,128}$/;
const CHECKSUM = 'x-amz-checksum-sha256';
const JSON_TYPE = 'application/json';

export const UPLOADS_PREFIX = 'uploads/';
export const RESULTS_PREFIX = 'results/';

/** Nobody PUTs to the service itself. */
export type AwsTransferStore = Required<Omit<TransferStore, 'receive'>>;

/**
 * The staging area of a bucket. A URL cannot bound what is PUT to it, so the bound is noted beside the upload and held
 * when it is read; and one can PUT again until the URL expires, but a reader never sees parts of two, and `mark` tells them apart.
 */
export function createTransfers(options: TransfersOptions): AwsTransferStore {
  const { s3, bucket, clock, credentialsEndAt = Number.POSITIVE_INFINITY } = options;
  const uploadKey = (uploadId: string) => `${UPLOADS_PREFIX}${known(uploadId)}`;
  const boundKey = (uploadId: string) => `${uploadKey(uploadId)}.bound`;
  const resultKey = (operationId: string) => `${RESULTS_PREFIX}${known(operationId)}`;

  /** For as long as was asked for, if the credentials that sign it last as long: with them ends whatever they have signed. */
  async function presign(command: PutObjectCommand | GetObjectCommand, until: number): Promise<Link> {
    const { expiration } = await signed(() => s3.config.credentials());
    const end = Math.min(until, expiration?.getTime() ?? credentialsEndAt);
    // S3 counts whole seconds, from a whole second.
    const from = Math.floor(clock.now() / 1000);
    const expiresIn = Math.min(Math.max(1, Math.floor(end / 1000) - from), PRESIGNED_SECONDS_MAX);
    const url = await signed(() =>
      getSignedUrl(s3, command, {
        expiresIn,
        signingDate: new Date(from * 1000),
        unhoistableHeaders: new Set([CHECKSUM]),
      }),
    );
    return { url, expiresAt: (from + expiresIn) * 1000 };
  }

  async function write(key: string, body: Chunks): Promise<void> {
    await writeObject(s3, { bucket, key, body, createOnly: false, contentType: JSON_TYPE });
  }

  async function readBound(uploadId: string): Promise<{ bytesMax: number; bytes?: number }> {
    const { chunks } = await openObject(s3, { bucket, key: boundKey(uploadId) });
    const text = Buffer.concat(await Array.fromAsync(chunks)).toString();
    try {
      return JSON.parse(text) as { bytesMax: number; bytes?: number };
    } catch (error) {
      throw new PortError('integrity', 'the bound of the upload is damaged', { cause: error });
    }
  }

  return {
    async createUpload(uploadId, { expiresAt, bytesMax, bytes, sha256 }) {
      await write(boundKey(uploadId), [Buffer.from(JSON.stringify({ bytesMax, bytes }))]);
      const headers =
        sha256 === undefined ? {} : { [CHECKSUM]: Buffer.from(sha256, 'hex').toString('base64') };
      const command = new PutObjectCommand({
        Bucket: bucket,
        Key: uploadKey(uploadId),
        ...(sha256 === undefined ? {} : { ChecksumSHA256: headers[CHECKSUM] }),
      });
      const link = await presign(command, expiresAt);
      // Signed with the URL: S3 takes no PUT without the header, and none of other bytes with it.
      return sha256 === undefined ? link : { ...link, headers };
    },

    async readUpload(uploadId) {
      const [{ bytes, etag = '', chunks }, bound] = await Promise.all([
        findObject(s3, { bucket, key: uploadKey(uploadId) }),
        readBound(uploadId),
      ]);
      if (bytes > bound.bytesMax) {
        throw new PortError('integrity', `the upload has ${bytes} bytes; ${bound.bytesMax} were allowed`, {
          reason: 'too_large',
        });
      }
      if (bound.bytes !== undefined && bytes !== bound.bytes) {
        throw new PortError('integrity', `the upload has ${bytes} bytes; ${bound.bytes} were announced`, {
          reason: 'mismatch',
        });
      }
      return { bytes, mark: etag, body: chunks };
    },

    async discardUpload() {
      // Left to age: the functions that read uploads may not delete.
    },

    results: {
      async write(operationId, body) {
        await write(resultKey(operationId), body);
      },

      async url(operationId, expiresAt) {
        const command = new GetObjectCommand({
          Bucket: bucket,
          Key: resultKey(operationId),
          ResponseContentType: JSON_TYPE,
        });
        return (await presign(command, expiresAt)).url;
      },
    },
  };
}

/** No request is made, but who signs may have to be asked for. */
const signed = <T>(sign: () => Promise<T>): Promise<T> => call('the URL cannot be signed', sign);

/** An id of another form was never given out, and must not reach beyond its prefix. */
function known(id: string): string {
  if (!TRANSFER_ID.test(id)) throw new PortError('not_found', 'there is no transfer with that id');
  return id;
}
