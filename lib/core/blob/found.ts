// A blob as it was found somewhere, with what it says of itself.

import type { BlobRef } from '../records/model.ts';
import type { BlobHeader } from './header.ts';

/** A blob that was found, with what it says of itself. */
export interface FoundBlob {
  header: BlobHeader;
  /** As records refer to it: bytes and hash as they lie there. */
  ref: BlobRef;
  /** What is wrong with it: then nothing that the header says is proven. */
  damage?: string;
}

/** The blob as records refer to it. */
export function refOf(header: BlobHeader, bytes: number, sha256: string): BlobRef {
  const { blobId, kind, backupId, sequence, checksum, size } = header;
  return {
    blobId,
    kind,
    backupId,
    sequence,
    bytes,
    sha256,
    encrypted: header.cipher !== 'none',
    checksum,
    size,
  };
}
