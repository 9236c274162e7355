// Reads objects from S3 in ranges: several at once, handed out in order, each tried again by itself when its
// connection breaks midway, which the SDK does not do.

import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { PortError } from '../../ports/errors.ts';
import { backOff, call, OBJECT_DEADLINE_MS } from '../calls/call.ts';
import { awsNameOf } from '../calls/failures.ts';
import type { ObjectAddress } from './object-writer.ts';

const RANGE_BYTES = 8 * 1024 * 1024;
const RANGES_AT_ONCE = 4;
const RANGE_ATTEMPTS_MAX = 3;

export interface OpenObject {
  bytes: number;
  /** Names these very bytes. */
  etag: string | undefined;
  /** Once only. */
  chunks: AsyncIterable<Uint8Array>;
}

interface ReadRange {
  body: Buffer;
  /** Of the whole object. */
  bytes: number;
  etag: string | undefined;
}

/** Resolves with the first range at hand: one request for a small object. Throws PortError `not_found`. */
export async function openObject(s3: S3Client, address: ObjectAddress): Promise<OpenObject> {
  const first = await readFirst(s3, address);
  return { bytes: first.bytes, etag: first.etag, chunks: chunksOf(s3, address, first) };
}

/** Resolves with nothing read yet, for callers who may only want to know. Throws PortError `not_found`. */
export async function findObject(s3: S3Client, address: ObjectAddress): Promise<OpenObject> {
  const { ContentLength = 0, ETag } = await call('the object cannot be looked at', (options) =>
    s3.send(new HeadObjectCommand({ Bucket: address.bucket, Key: address.key }), options),
  );
  const nothing = { body: Buffer.alloc(0), bytes: ContentLength, etag: ETag };
  return { bytes: ContentLength, etag: ETag, chunks: chunksOf(s3, address, nothing) };
}

/** The first bytes of an object, at most `bytes` of them, in one request. Throws PortError `not_found`. */
export async function readBeginning(s3: S3Client, address: ObjectAddress, bytes: number): Promise<Buffer> {
  return (await readFirst(s3, address, bytes)).body;
}

async function readFirst(s3: S3Client, address: ObjectAddress, bytes = RANGE_BYTES): Promise<ReadRange> {
  try {
    return await readRange(s3, address, { from: 0, to: bytes - 1 });
  } catch (error) {
    // Only an object without any byte has no first range.
    if (awsNameOf(error) === 'InvalidRange') return { body: Buffer.alloc(0), bytes: 0, etag: undefined };
    throw error;
  }
}

async function* chunksOf(s3: S3Client, address: ObjectAddress, first: ReadRange): AsyncGenerator<Uint8Array> {
  if (first.body.length > 0) yield first.body;
  const ahead: Promise<Buffer>[] = [];
  let from = first.body.length;
  const fetchAhead = (): void => {
    while (ahead.length < RANGES_AT_ONCE && from < first.bytes) {
      const to = Math.min(from + RANGE_BYTES, first.bytes) - 1;
      const range = { from, to, etag: first.etag };
      const fetched = readRange(s3, address, range).then(({ body }) => body);
      // A reader may stop before it comes to this one; then nobody hears of its failure.
      fetched.catch(() => undefined);
      ahead.push(fetched);
      from = to + 1;
    }
  };
  for (fetchAhead(); ahead.length > 0; fetchAhead()) {
    yield await ahead.shift()!;
  }
}

interface Range {
  /** First and last byte. */
  from: number;
  to: number;
  /** Ranges after the first must be of the same object. */
  etag?: string | undefined;
}

async function readRange(s3: S3Client, address: ObjectAddress, range: Range): Promise<ReadRange> {
  for (let n = 0; ; n += 1) {
    try {
      return await call(
        'the object cannot be read',
        (options) => fetchRange(s3, address, range, options),
        OBJECT_DEADLINE_MS,
      );
    } catch (error) {
      if (awsNameOf(error) === 'PreconditionFailed') {
        throw new PortError('integrity', 'the object was replaced while it was read', { cause: error });
      }
      const mayPass = error instanceof PortError && error.code === 'unavailable';
      if (!mayPass || n + 1 >= RANGE_ATTEMPTS_MAX) throw error;
    }
    await backOff(n);
  }
}

async function fetchRange(
  s3: S3Client,
  { bucket, key }: ObjectAddress,
  { from, to, etag }: Range,
  options: { abortSignal: AbortSignal },
): Promise<ReadRange> {
  const answer = await s3.send(
    new GetObjectCommand({
      Bucket: bucket,
      Key: key,
      Range: `bytes=${from}-${to}`,
      ...(etag === undefined ? {} : { IfMatch: etag }),
    }),
    options,
  );
  const body = await readAll(answer.Body);
  // Some emulators answer a range that is the whole object without naming its size.
  const bytes = Number(/\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1] ?? body.length);
  if (body.length !== Math.min(to + 1, bytes) - from) {
    throw new PortError('unavailable', 'the object was cut short on its way');
  }
  return { body, bytes, etag: answer.ETag };
}

/** Under Node a body is a stream; the SDK's type also knows those of browsers. */
async function readAll(body: GetObjectCommandOutput['Body']): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
