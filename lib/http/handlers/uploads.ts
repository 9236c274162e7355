// Uploads.

import { formatInstant } from '../contract/instant.ts';
import type { UPLOAD_ROUTES } from '../contract/uploads.ts';
import type { HandlersOf } from './call.ts';
import { replyJson } from './reply.ts';

export function createUploadHandlers(): HandlersOf<typeof UPLOAD_ROUTES> {
  return {
    async createUpload({ fields }, { service, origin }) {
      const { uploadId, url, headers, expiresAt, bytesMax } = await service.createUpload(fields ?? {});
      // A home that takes uploads itself gives a path on this very service.
      const whole = new URL(url, origin).href;
      return replyJson(201, {
        uploadId,
        method: 'PUT',
        url: whole,
        ...(headers === undefined ? {} : { headers }),
        expiresAt: formatInstant(expiresAt),
        bytesMax,
      });
    },
  };
}
