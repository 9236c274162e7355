// Whether a blob is what was sealed: its bytes against its own header, by commitment and MAC. Nothing is decrypted.

import { createHash } from 'node:crypto';
import { type FoundBlob, refOf } from '../../core/blob/found.ts';
import type { BlobHeader } from '../../core/blob/header.ts';
import { keyContextOf } from '../../core/blob/key-context.ts';
import { bindingOf, proveSeal } from '../../core/blob/open.ts';
import { ServiceError } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import { PortError } from '../../ports/errors.ts';
import type { Keyring } from '../../ports/keyring.ts';
import { readChunks } from './blob-file.ts';
import { headerAt } from './blob-survey.ts';

export interface UnreadableBlob {
  blobId: string;
  reason: string;
  /** Whose it says that it is, where it lies in another one's place. */
  backupId?: string;
}

/**
 * Reads what lies in the place of the blob `at`. In another one's place a blob is believed only if it is whole: then its own
 * header proves which one it is. Throws PortError `unavailable`.
 */
export async function readBlob(
  at: string,
  path: string,
  keyring: Keyring,
): Promise<FoundBlob | UnreadableBlob> {
  const header = await headerAt(path);
  if (header === undefined) return { blobId: at, reason: 'It has no readable header.' };
  const blob = await prove(path, header, keyring);
  const { blobId, backupId } = header;
  if (blobId === at || blob.damage === undefined) return blob;
  const reason = `It holds another blob, ${blobId} of ${backupId}, and that one is damaged.`;
  return { blobId: at, reason, backupId };
}

async function prove(path: string, header: BlobHeader, keyring: Keyring): Promise<FoundBlob> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    const held: Uint8Array[] = [];
    for await (const chunk of readChunks(path)) {
      hash.update(chunk);
      bytes += chunk.length;
      if (bytes <= LIMITS.keptBasesBytesMax) held.push(chunk);
      else held.length = 0;
    }
    const sealed = bytes <= LIMITS.keptBasesBytesMax ? held : { bytes, read: () => readChunks(path) };
    const dataKey =
      header.cipher === 'none' ? undefined : await keyring.open(header.key, keyContextOf(header));
    await proveSeal(sealed, bindingOf(header), dataKey);
    return { header, ref: refOf(header, bytes, hash.digest('hex')) };
  } catch (error) {
    const isDamage =
      error instanceof ServiceError || (error instanceof PortError && error.code !== 'unavailable');
    if (!isDamage) throw error;
    return { header, ref: refOf(header, bytes, hash.digest('hex')), damage: error.message };
  }
}
