// What was uploaded, as the service reads it.

import { ServiceError } from '../core/errors.ts';
import { PortError } from '../ports.ts';
import type { Deps } from './deps.ts';

const UPLOAD_ID = /^[0-9a-f]{32}$/;

/** Throws ServiceError `upload_not_found`, or `payload_too_large` if it is larger than was allowed. */
export async function findUpload({ transfers }: Pick<Deps, 'transfers'>, uploadId: string) {
  if (!UPLOAD_ID.test(uploadId)) throw noUpload(uploadId);
  try {
    return await transfers.readUpload(uploadId);
  } catch (error) {
    if (error instanceof PortError && error.code === 'not_found') throw noUpload(uploadId, error);
    if (error instanceof PortError && error.code === 'integrity') {
      throw new ServiceError('payload_too_large', 'The upload is larger than it was allowed to be.', {
        cause: error,
      });
    }
    throw error;
  }
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
