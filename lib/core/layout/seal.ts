// Layouts as they are stored: AES-256-GCM (NIST SP 800-38D) under a key that is derived from the chain's data key for this blob and this
// part of its layout. What they say is believed, so they are as hard to forge as blobs.

import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { unsound } from './numbers.ts';

/** What a text is put together of, or where things are in it. */
export type LayoutPart = 'sources' | 'places';

export const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** `nonce`: NONCE_BYTES that are random. */
export function sealLayout(
  dataKey: Uint8Array,
  blobId: string,
  part: LayoutPart,
  plain: Uint8Array,
  nonce: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', keyOf(dataKey, blobId, part), nonce);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Throws ServiceError `integrity_error` if it is not what was sealed. */
export function openLayout(
  dataKey: Uint8Array,
  blobId: string,
  part: LayoutPart,
  sealed: Uint8Array,
): Uint8Array {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) throw unsound();
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', keyOf(dataKey, blobId, part), nonce, {
    authTagLength: TAG_BYTES,
  });
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    const plain = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES));
    return Buffer.concat([plain, decipher.final()]);
  } catch (cause) {
    throw unsound(cause);
  }
}

/** HKDF-SHA-256 (RFC 5869). */
function keyOf(dataKey: Uint8Array, blobId: string, part: LayoutPart): KeyObject {
  const info = `layout of a state, format 1, aes-256-gcm: ${part}`;
  return createSecretKey(
    new Uint8Array(hkdfSync('sha256', createSecretKey(dataKey), Buffer.from(blobId, 'hex'), info, KEY_BYTES)),
  );
}
