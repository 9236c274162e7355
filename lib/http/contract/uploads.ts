// Uploads: where a large state is put before a backup is made of it.

import * as z from 'zod/mini';
import { once } from './once.ts';
import type { Route } from './route.ts';
import { shapes } from './shapes.ts';
import { byteCount, sha256, uploadId } from './values.ts';

const UploadPath = once(() => z.strictObject({ uploadId: uploadId() }));

/** Of the bytes that will be PUT, as they are. */
const UploadFields = once(() =>
  z.strictObject({ bytes: z.exactOptional(byteCount()), sha256: z.exactOptional(sha256()) }),
);

export const UPLOAD_ROUTES = {
  createUpload: {
    method: 'POST',
    path: '/uploads',
    summary: 'Get a URL to PUT a large state to, for a backup by uploadId',
    tag: 'Backups',
    scope: 'backup:write',
    body: { name: 'UploadRequest', fields: UploadFields, optional: true },
    store: 'uploads',
    answers: { 201: { description: 'Where to PUT the state', schema: 'Upload' } },
    errors: ['payload_too_large'],
  },
} as const satisfies Record<string, Route>;

/**
 * Where `createUpload` leads in a home that takes uploads itself; in other homes its URL leads elsewhere. Whoever holds the URL
 * may use it.
 */
export const UPLOAD_ROUTE = {
  method: 'PUT',
  path: '/uploads/{uploadId}',
  summary: 'Send a large state, whole, to the URL that POST /uploads gave',
  tag: 'Backups',
  scope: 'public',
  params: UploadPath,
  store: 'uploads',
  bytes: 'The state: JSON text in UTF-8, as it is, whatever the Content-Type calls it',
  answers: { 200: { description: 'What was taken, and a backup will be made of', schema: 'Uploaded' } },
  errors: ['malformed_json', 'upload_not_found', 'write_conflict', 'upload_mismatch'],
} as const satisfies Route;

/** Made on demand. */
export const uploadAnswers = once(() => {
  const { about, time, count } = shapes();
  const Upload = z.object({
    uploadId: z.string(),
    method: z.literal('PUT'),
    url: z.string(),
    headers: z
      .exactOptional(z.record(z.string(), z.string()))
      .check(about('What the PUT has to carry, besides its body')),
    expiresAt: time,
    bytesMax: count,
  });
  const Uploaded = z.object({ uploadId: z.string(), bytes: count, sha256: z.string() });

  return { Upload, Uploaded };
});
