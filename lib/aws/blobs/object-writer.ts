// Writes objects to S3 such that S3 itself has checked the SHA-256 of every byte before the object is there: small ones
// in one PUT, larger ones in parts, which become an object only when the last request joins them.

import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { forEachAtOnce } from '../../core/at-once.ts';
import type { Chunks } from '../../core/bytes/chunks.ts';
import type { BlobDigest } from '../../ports/blob-store.ts';
import { PortError } from '../../ports/errors.ts';
import { backOff, call, OBJECT_DEADLINE_MS } from '../calls/call.ts';
import { attemptsOf, awsNameOf } from '../calls/failures.ts';
import { piecesOf } from '../calls/parallel.ts';

const PART_BYTES = 8 * 1024 * 1024;
/** An object of at most so many parts goes in one PUT: three requests fewer. */
const PARTS_IN_ONE_PUT = 2;
const PARTS_AT_ONCE = 4;
/** S3 answers 409 while another request for the same key is under way. */
const CONFLICT_ATTEMPTS_MAX = 4;

export interface ObjectAddress {
  bucket: string;
  key: string;
}

export interface WriteRequest extends ObjectAddress {
  body: Chunks;
  /** Throw `exists` rather than replace what is there. */
  createOnly: boolean;
  contentType?: string;
  /** Called once all bytes are known, before there is an object: what it throws prevents it. */
  confirm?(digest: BlobDigest): void;
}

/**
 * Stores an object; it is durable, and checked by S3, when this resolves. Throws what the body or `confirm` throws,
 * PortError `exists`, or what S3 says. Parts of a failed write are removed, or, if that fails too, age in the bucket's lifecycle.
 */
export async function writeObject(s3: S3Client, request: WriteRequest): Promise<BlobDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  const pieces = piecesOf(request.body, PART_BYTES);
  const digest = (): BlobDigest => ({ bytes, sha256: hash.copy().digest('hex') });
  const take = async (): Promise<Buffer | undefined> => {
    const { value, done } = await pieces.next();
    if (done) return undefined;
    hash.update(value);
    bytes += value.length;
    return value;
  };

  try {
    const begun: Buffer[] = [];
    for (let next = await take(); next !== undefined; next = await take()) {
      begun.push(next);
      if (begun.length > PARTS_IN_ONE_PUT) {
        await putInParts(s3, request, allPieces(begun, take), digest);
        return digest();
      }
    }
    request.confirm?.(digest());
    await putAtOnce(s3, request, begun.length === 1 ? begun[0]! : Buffer.concat(begun), digest());
    return digest();
  } finally {
    // The source may hold something open; after a failure nobody else would tell it that we are done.
    await pieces.return(undefined);
  }
}

async function* allPieces(begun: Buffer[], take: () => Promise<Buffer | undefined>): AsyncGenerator<Buffer> {
  yield* begun.splice(0);
  for (let next = await take(); next !== undefined; next = await take()) {
    yield next;
  }
}

async function putAtOnce(
  s3: S3Client,
  request: WriteRequest,
  body: Buffer,
  { bytes, sha256 }: BlobDigest,
): Promise<void> {
  const checksum = Buffer.from(sha256, 'hex').toString('base64');
  const command = () =>
    new PutObjectCommand({
      ...addressOf(request),
      ...optionsOf(request),
      Body: body,
      ContentLength: bytes,
      ChecksumSHA256: checksum,
    });
  for (let n = 0; ; n += 1) {
    try {
      const answer = await call(
        'the object cannot be stored',
        (options) => s3.send(command(), options),
        OBJECT_DEADLINE_MS,
      );
      expectChecksum(answer.ChecksumSHA256, checksum);
      return;
    } catch (error) {
      if (await isOurs(s3, request, error, { bytes, checksum })) return;
      if (awsNameOf(error) !== 'ConditionalRequestConflict' || n + 1 >= CONFLICT_ATTEMPTS_MAX) throw error;
    }
    await backOff(n);
  }
}

async function putInParts(
  s3: S3Client,
  request: WriteRequest,
  pieces: AsyncIterable<Buffer>,
  digest: () => BlobDigest,
): Promise<void> {
  const address = addressOf(request);
  const { UploadId } = await call('the object cannot be begun', (options) =>
    s3.send(
      new CreateMultipartUploadCommand({
        ...address,
        ...(request.contentType === undefined ? {} : { ContentType: request.contentType }),
        ChecksumAlgorithm: 'SHA256',
      }),
      options,
    ),
  );
  const upload = { ...address, UploadId };
  try {
    const parts: CompletedPart[] = [];
    await forEachAtOnce(pieces, PARTS_AT_ONCE, async (piece, i) => {
      parts[i] = await putPart(s3, upload, piece, i + 1);
    });
    request.confirm?.(digest());
    await join(s3, request, upload, parts, digest().bytes);
  } catch (error) {
    await abandon(s3, upload);
    throw error;
  }
}

type Upload = { Bucket: string; Key: string; UploadId: string | undefined };

async function putPart(
  s3: S3Client,
  upload: Upload,
  piece: Buffer,
  PartNumber: number,
): Promise<CompletedPart> {
  const ChecksumSHA256 = createHash('sha256').update(piece).digest('base64');
  const answer = await call(
    'a part of the object cannot be stored',
    (options) =>
      s3.send(
        new UploadPartCommand({
          ...upload,
          PartNumber,
          Body: piece,
          ContentLength: piece.length,
          ChecksumSHA256,
        }),
        options,
      ),
    OBJECT_DEADLINE_MS,
  );
  expectChecksum(answer.ChecksumSHA256, ChecksumSHA256);
  return { PartNumber, ETag: answer.ETag, ChecksumSHA256 };
}

/** Names every part with its hash, and the size of them all: S3 joins exactly these, or nothing. */
async function join(
  s3: S3Client,
  request: WriteRequest,
  upload: Upload,
  parts: CompletedPart[],
  bytes: number,
): Promise<void> {
  const checksum = compositeOf(parts);
  const { createOnly } = request;
  try {
    const answer = await call(
      'the parts of the object cannot be joined',
      (options) =>
        s3.send(
          new CompleteMultipartUploadCommand({
            ...upload,
            MultipartUpload: { Parts: parts },
            MpuObjectSize: bytes,
            ...(createOnly ? { IfNoneMatch: '*' } : {}),
          }),
          options,
        ),
      OBJECT_DEADLINE_MS,
    );
    expectChecksum(answer.ChecksumSHA256, checksum);
  } catch (error) {
    if (!(await isOurs(s3, request, error, { bytes, checksum }))) throw error;
  }
}

/** S3 keeps, for an object in parts, the hash of the hashes of its parts, and their number. */
function compositeOf(parts: CompletedPart[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    hash.update(Buffer.from(part.ChecksumSHA256!, 'base64'));
  }
  return `${hash.digest('base64')}-${parts.length}`;
}

/** After an attempt whose answer was lost, the next one finds its own work in the way: then it has succeeded. */
async function isOurs(
  s3: S3Client,
  request: WriteRequest,
  error: unknown,
  expected: { bytes: number; checksum: string },
): Promise<boolean> {
  const origin = error instanceof PortError ? error.cause : error;
  if (attemptsOf(origin) < 2 || !['PreconditionFailed', 'NoSuchUpload'].includes(awsNameOf(error))) {
    return false;
  }
  try {
    const found = await call('the object cannot be looked at', (options) =>
      s3.send(new HeadObjectCommand({ ...addressOf(request), ChecksumMode: 'ENABLED' }), options),
    );
    return found.ContentLength === expected.bytes && found.ChecksumSHA256 === expected.checksum;
  } catch (second) {
    // There is nothing, so nothing of ours: the first error tells more.
    if (second instanceof PortError && second.code === 'not_found') return false;
    throw second;
  }
}

async function abandon(s3: S3Client, upload: Upload): Promise<void> {
  try {
    await call('the parts of the object cannot be removed', (options) =>
      s3.send(new AbortMultipartUploadCommand(upload), options),
    );
  } catch {
    // What made the write fail matters more. The bucket removes what stays unfinished after a day.
  }
}

/** S3 refuses bytes that are not what was announced; this holds its answer to the same. Some emulators give none. */
function expectChecksum(confirmed: string | undefined, expected: string): void {
  if (confirmed !== undefined && confirmed !== expected) {
    throw new PortError('integrity', 'the object is not what was sent');
  }
}

function addressOf({ bucket, key }: ObjectAddress): { Bucket: string; Key: string } {
  return { Bucket: bucket, Key: key };
}

function optionsOf({ createOnly, contentType }: WriteRequest) {
  return {
    ...(createOnly ? { IfNoneMatch: '*' } : {}),
    ...(contentType === undefined ? {} : { ContentType: contentType }),
  };
}
