// Whether a blob that was found is what was sealed, and what it is to be called by a record.

import { createHash } from 'node:crypto';
import { type FoundBlob, refOf } from '../../core/blob/found.ts';
import type { BlobHeader } from '../../core/blob/header.ts';
import { keyContextOf } from '../../core/blob/key-context.ts';
import { bindingOf, proveSeal } from '../../core/blob/open.ts';
import { ServiceError } from '../../core/records/errors.ts';
import type { BlobRef } from '../../core/records/model.ts';
import { PortError } from '../../ports/errors.ts';
import type { Keyring } from '../../ports/keyring.ts';

/** What can be read of a blob. */
export interface StoredBlob {
  header: BlobHeader;
  bytes: number;
  read(): Promise<AsyncIterable<Uint8Array>>;
}

/** Proves every byte against the blob's own header, by commitment and MAC; nothing is decrypted. Throws PortError `unavailable`. */
export async function proveFound(
  { header, bytes, read }: StoredBlob,
  keyring: Pick<Keyring, 'open'>,
): Promise<FoundBlob> {
  const hash = createHash('sha256');
  async function* hashed(): AsyncGenerator<Uint8Array> {
    for await (const chunk of await read()) {
      hash.update(chunk);
      yield chunk;
    }
  }
  try {
    const dataKey =
      header.cipher === 'none' ? undefined : await keyring.open(header.key, keyContextOf(header));
    await proveSeal({ bytes, read: hashed }, bindingOf(header), dataKey);
    return { header, ref: refOf(header, bytes, hash.digest('hex')) };
  } catch (error) {
    const isDamage =
      error instanceof ServiceError || (error instanceof PortError && error.code !== 'unavailable');
    if (!isDamage) throw error;
    return { header, ref: refOf(header, bytes, ''), damage: error.message };
  }
}

/**
 * Whether a header says what the trail has said of the blob, and as many bytes lie there: the trail is sealed, so then nothing of it
 * needs to be proven to know which blob it is. Whether its bytes are whole the scrub finds out.
 */
export function isAsTrailed(header: BlobHeader, bytes: number, ref: BlobRef): boolean {
  const found = refOf(header, bytes, ref.sha256);
  return (Object.keys(found) as (keyof BlobRef)[]).every((name) => found[name] === ref[name]);
}
