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
