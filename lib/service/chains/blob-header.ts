// The header of a stored blob, read without the blob: what it says of itself, unproven.

import type { BlobHeader } from '../../core/blob/header.ts';
import { readUnauthenticatedHeader } from '../../core/blob/open.ts';
import { hasCode } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import { PortError } from '../../ports/errors.ts';
import type { Deps } from '../contract/deps.ts';

/** What stands before the header, and some. */
const PREFIX_BYTES_MAX = 64;

/** Why there is no header: no such blob, or what is there says nothing that can be read. They mean different things. */
export type NoHeader = 'missing' | 'unreadable';

/** Reads no more than the header takes. Throws PortError if the store does not answer. */
export async function headerOf(
  { blobs }: Pick<Deps, 'blobs'>,
  blobId: string,
): Promise<BlobHeader | NoHeader> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of await blobs.get(blobId)) {
      chunks.push(chunk);
      bytes += chunk.length;
      const header = await headerIn(chunks);
      if (header !== undefined) return header;
      if (bytes > LIMITS.blobHeaderBytesMax + PREFIX_BYTES_MAX) return 'unreadable';
    }
    return 'unreadable';
  } catch (error) {
    if (error instanceof PortError && error.code === 'not_found') return 'missing';
    if (error instanceof PortError && error.code === 'integrity') return 'unreadable';
    throw error;
  }
}

export function isHeader(found: BlobHeader | NoHeader): found is BlobHeader {
  return typeof found !== 'string';
}

/** Undefined for a beginning that is too short to tell as for one that is none. */
async function headerIn(beginning: Uint8Array[]): Promise<BlobHeader | undefined> {
  try {
    return await readUnauthenticatedHeader(beginning);
  } catch (error) {
    if (hasCode(error, 'integrity_error')) return undefined;
    throw error;
  }
}
