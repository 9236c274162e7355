// What it means to refuse a blob.

import * as crypto from 'node:crypto';
import { expect, jest } from '@jest/globals';
import { type BlobBinding, open, prove } from '../../../lib/core/blob/open.ts';
import { hasCode } from '../../../lib/core/records/errors.ts';

/** It must fail with integrity_error, both ways, and hand over nothing, or nothing but what was written. */
export async function refused(
  blob: Uint8Array | Uint8Array[],
  binding: BlobBinding,
  dataKey: Uint8Array | undefined,
): Promise<string> {
  const opening = await open(blob, binding, dataKey).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const proving = await prove(blob, binding, dataKey).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!hasCode(opening, 'integrity_error') || !hasCode(proving, 'integrity_error')) {
    throw new Error('It should have failed with integrity_error', { cause: opening ?? proving });
  }
  expect(proving.message).toBe(opening.message);
  return opening.message;
}

const decipher = jest.spyOn(crypto, 'createDecipheriv');

/** Refused before anything was decrypted or inflated (invariant I5). */
export async function refusedUnread(...args: Parameters<typeof refused>): Promise<string> {
  const before = decipher.mock.calls.length;
  const message = await refused(...args);
  expect(decipher.mock.calls.length).toBe(before);
  expect(message).not.toMatch(/The compressed data|padded|The contents/);
  return message;
}
