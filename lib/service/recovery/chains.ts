// From the headers of blobs to chains: which blob a delta stands on.

import type { BlobHeader } from '../../core/envelope-header.ts';
import type { BlobRef } from '../../core/model.ts';

/** A blob that was found, with what it says of itself. */
export interface FoundBlob {
  header: BlobHeader;
  /** As records refer to it: bytes and hash as they lie there. */
  ref: BlobRef;
  /** What is wrong with it: then nothing that the header says is proven. */
  damage?: string;
}

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

/** Looks blobs up by id, and by the state that they complete. */
export interface BlobIndex {
  byId(blobId: string): FoundBlob | undefined;
  /** The chain that ends with the blob; undefined if something of it is not there. */
  chainTo(blob: FoundBlob): BlobRef[] | undefined;
}

export function indexBlobs(blobs: readonly FoundBlob[]): BlobIndex {
  const ids = new Map(blobs.map((blob) => [blob.header.blobId, blob]));
  const states = Map.groupBy(blobs, ({ header }) =>
    stateKey(header.chainId, header.resourceId, header.checksum),
  );
  const known = new Map<string, BlobRef[] | undefined>();

  /** What a delta was written on may have been rewritten since: what completes the same state of the chain does as well. */
  function basesOf({ header }: FoundBlob): FoundBlob[] {
    const { baseBlobId, baseChecksum, chainId, resourceId, sequence } = header;
    const named = ids.get(baseBlobId ?? '');
    const same = states.get(stateKey(chainId, resourceId, baseChecksum ?? '')) ?? [];
    const earlier = same.filter((blob) => blob !== named && blob.header.sequence < sequence);
    return [...(named === undefined ? [] : [named]), ...earlier];
  }

  /** Without recursion into itself: sequences fall on the way. */
  function chainTo(blob: FoundBlob): BlobRef[] | undefined {
    const { blobId, kind } = blob.header;
    if (known.has(blobId)) return known.get(blobId);
    let chain: BlobRef[] | undefined;
    if (kind === 'state') chain = [blob.ref];
    else {
      for (const base of basesOf(blob)) {
        const before = base.header.sequence < blob.header.sequence ? chainTo(base) : undefined;
        if (before === undefined) continue;
        chain = [...before, blob.ref];
        break;
      }
    }
    known.set(blobId, chain);
    return chain;
  }

  return { byId: (blobId) => ids.get(blobId), chainTo };
}

function stateKey(...parts: string[]): string {
  return JSON.stringify(parts);
}
