// Uploads as the service sees them: a place to PUT a state, and what was PUT there, held to what was accepted.

import { ServiceError } from '../../core/records/errors.ts';
import { UPLOAD_ID } from '../../core/records/ids.ts';
import { LIMITS } from '../../core/records/limits.ts';
import { PortError } from '../../ports/errors.ts';
import { randomHex } from '../../ports/random.ts';
import type { Announced, Upload } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';

const UPLOAD_ID_BYTES = 16;

/** A URL that takes the state. Throws ServiceError `payload_too_large` if more is announced than may come. */
export async function createUpload(
  { transfers, clock, options, random }: Deps,
  announced: Announced = {},
): Promise<Upload> {
  const bytesMax = options.uploadBytesMax;
  if (announced.bytes !== undefined && announced.bytes > bytesMax) {
    throw new ServiceError('payload_too_large', `An upload may be at most ${bytesMax} bytes.`, {
      errors: [{ pointer: '/bytes', detail: `must be at most ${bytesMax}` }],
    });
  }
  const uploadId = randomHex(random, UPLOAD_ID_BYTES);
  const expiresAt = clock.now() + LIMITS.uploadMs;
  const placed = await transfers.createUpload(uploadId, { expiresAt, bytesMax, ...announced });
  return { uploadId, expiresAt, bytesMax, ...placed };
}

/**
 * Takes a PUT, in a home that takes them itself. Resolves with its size and hash once it would survive a loss of power. Throws
 * ServiceError `upload_not_found` (no such id, or its time is over), `malformed_json` (no bytes came), `payload_too_large`,
 * `upload_mismatch` (not what was announced), or `write_conflict` if the URL has been used; then nothing of it is kept.
 */
export async function receiveUpload(
  { transfers }: Pick<Deps, 'transfers'>,
  uploadId: string,
  body: AsyncIterable<Uint8Array>,
): Promise<{ bytes: number; sha256: string }> {
  if (transfers.receive === undefined || !UPLOAD_ID.test(uploadId)) throw notAwaited();
  try {
    return await transfers.receive(uploadId, body);
  } catch (error) {
    throw error instanceof PortError ? refusalOf(error) : error;
  }
}

/** What is the client's own doing, in words for it; else the error. */
function refusalOf(error: PortError): Error {
  const { code, reason, message } = error;
  if (code === 'not_found') return notAwaited(error);
  if (code === 'exists') {
    const detail = 'This URL has taken its upload already; ask for another.';
    return new ServiceError('write_conflict', detail, { cause: error });
  }
  if (code !== 'integrity') return error;
  switch (reason) {
    case 'empty':
      return new ServiceError('malformed_json', 'The upload is empty; PUT the state.', { cause: error });
    case 'too_large':
      return new ServiceError('payload_too_large', message, { cause: error });
    case 'mismatch': {
      const detail = `${message} Nothing of it was kept; PUT it again.`;
      return new ServiceError('upload_mismatch', detail, { cause: error });
    }
    default:
      return error;
  }
}

function notAwaited(cause?: unknown): ServiceError {
  const detail = 'No upload is awaited here; POST /uploads gives a URL.';
  return new ServiceError('upload_not_found', detail, { cause });
}

/**
 * What was PUT; `mark` is what it has to be, if that is known. Throws ServiceError `upload_not_found`, `payload_too_large` if it is
 * larger than was allowed, `integrity_error` if it is not what was PUT; reading the body throws that, too.
 */
export async function findUpload({ transfers }: Pick<Deps, 'transfers'>, uploadId: string, mark?: string) {
  if (!UPLOAD_ID.test(uploadId)) throw noUpload(uploadId);
  try {
    const upload = await transfers.readUpload(uploadId);
    if (mark !== undefined && upload.mark !== mark) {
      throw new ServiceError(
        'integrity_error',
        'Another state has been uploaded since this one was accepted.',
      );
    }
    return { ...upload, body: proven(upload.body) };
  } catch (error) {
    if (error instanceof PortError && error.code === 'not_found') throw noUpload(uploadId, error);
    if (error instanceof PortError && error.reason === 'too_large') {
      throw new ServiceError('payload_too_large', 'The upload is larger than it was allowed to be.', {
        cause: error,
      });
    }
    throw damaged(error);
  }
}

async function* proven(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw damaged(error);
  }
}

function damaged(error: unknown): unknown {
  if (!(error instanceof PortError && error.code === 'integrity')) return error;
  return new ServiceError('integrity_error', 'The upload is not what was PUT; upload it again.', {
    cause: error,
  });
}

function noUpload(uploadId: string, cause?: unknown): ServiceError {
  return new ServiceError(
    'upload_not_found',
    'Nothing has been uploaded under this id; PUT the state first.',
    {
      errors: [{ pointer: '/uploadId', detail: `There is no upload ${uploadId}.` }],
      cause,
    },
  );
}
