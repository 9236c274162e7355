// From a data key to the keys of one blob, or of one segment of the trail.

import { createSecretKey, hkdfSync } from 'node:crypto';
import { ServiceError } from '../records/errors.ts';

export const DATA_KEY_BYTES = 32;
export const MESSAGE_ID_BYTES = 32;
export const COMMITMENT_BYTES = 32;
const CIPHER_KEY_BYTES = 32;
const MAC_KEY_BYTES = 64;

/** Bound into every key, so that a key of this format is good for nothing else. */
const BLOB_PURPOSE = 'backup blob, format 1, aes-256-cbc, hmac-sha-512: ';

export interface BlobKeys {
  cipherKey: Uint8Array;
  macKey: Uint8Array;
  /** Commits to the data key: nobody can make a blob that opens under two. Compared before anything else is computed. */
  commitment: Uint8Array;
}

/**
 * Derives the keys of one blob: HKDF-SHA-512 (RFC 5869) with the message id as salt and a label for each key. The message
 * id is random, so no two blobs share a key, however many are sealed under one data key.
 *
 * @param purpose tells the keys of one format from those of another
 * @throws ServiceError integrity_error unless the data key is one: 32 bytes
 */
export function deriveKeys(
  dataKey: Uint8Array,
  messageId: Uint8Array,
  purpose: string = BLOB_PURPOSE,
): BlobKeys {
  if (dataKey.length !== DATA_KEY_BYTES) {
    throw new ServiceError('integrity_error', 'The data key does not have the length of one.');
  }
  // Here and wherever a key is used: a key object, because Node tells that bytes are none by an exception, and that takes
  // longer than to derive a key.
  const key = createSecretKey(dataKey);
  const expand = (label: string, bytes: number): Uint8Array =>
    new Uint8Array(hkdfSync('sha512', key, messageId, purpose + label, bytes));
  return {
    cipherKey: expand('encryption key', CIPHER_KEY_BYTES),
    macKey: expand('authentication key', MAC_KEY_BYTES),
    commitment: expand('key commitment', COMMITMENT_BYTES),
  };
}
