// From the headers of blobs to chains: which blob a delta stands on.

import type { FoundBlob } from '../../core/blob/found.ts';
import type { BlobHeader } from '../../core/blob/header.ts';
import type { BlobRef } from '../../core/records/model.ts';

/** Looks blobs up by id, and by the state that they complete. */
export interface BlobIndex {
  byId(blobId: string): FoundBlob | undefined;
  /** The chain that ends with the blob, through sound blobs if there is such a way; undefined if something of it is not there. */
  chainTo(blob: FoundBlob): BlobRef[] | undefined;
  /** Whether every blob of a chain is there, and is what was sealed. */
  isSound(chain: readonly BlobRef[]): boolean;
  /** Whether a sound blob says of itself that it was built on this state of this backup. */
  isBuiltOn(backupId: string, checksum: string): boolean;
}

export function indexBlobs(blobs: readonly FoundBlob[]): BlobIndex {
  const ids = new Map(blobs.map((blob) => [blob.header.blobId, blob]));
  const states = Map.groupBy(blobs, ({ header }) => stateKey(header, header.checksum));
  const builtOn = new Set<string>();
  for (const { header, damage } of blobs) {
    const { baseBackupId, baseChecksum } = header;
    if (damage !== undefined || baseBackupId === undefined) continue;
    // A checkpoint names what it was built on, and not its state.
    builtOn.add(JSON.stringify([baseBackupId, baseChecksum ?? '']));
  }
  const known = new Map<string, BlobRef[] | undefined>();

  /** What a delta was written on may have been rewritten since: what completes the same state of the chain does as well. */
  function* basesOf({ header }: FoundBlob): Generator<FoundBlob> {
    const { baseBlobId = '', baseChecksum = '' } = header;
    const key = stateKey(header, baseChecksum);
    const named = ids.get(baseBlobId);
    if (named !== undefined && stateKey(named.header, named.header.checksum) === key) yield named;
    for (const blob of states.get(key) ?? []) if (blob !== named) yield blob;
  }

  /** Every step goes to a lower sequence, so it ends. */
  function chainTo(blob: FoundBlob): BlobRef[] | undefined {
    const { blobId, kind, sequence } = blob.header;
    if (kind === 'state') return [blob.ref];
    if (!known.has(blobId)) known.set(blobId, wayTo(blob, sequence));
    return known.get(blobId);
  }

  function wayTo(blob: FoundBlob, sequence: number): BlobRef[] | undefined {
    let whole: BlobRef[] | undefined;
    for (const base of basesOf(blob)) {
      const before = base.header.sequence < sequence ? chainTo(base) : undefined;
      if (before === undefined) continue;
      if (isSound(before)) return [...before, blob.ref];
      whole ??= [...before, blob.ref];
    }
    return whole;
  }

  function isSound(chain: readonly BlobRef[]): boolean {
    return chain.every(({ blobId }) => {
      const blob = ids.get(blobId);
      return blob !== undefined && blob.damage === undefined;
    });
  }

  return {
    byId: (blobId) => ids.get(blobId),
    chainTo,
    isSound,
    isBuiltOn: (backupId, checksum) =>
      builtOn.has(JSON.stringify([backupId, checksum])) || builtOn.has(JSON.stringify([backupId, ''])),
  };
}

/** Blobs of one chain that complete one state do for each other. */
export function stateKey(
  { resourceId, chainId }: Pick<BlobHeader, 'resourceId' | 'chainId'>,
  checksum: string,
): string {
  return JSON.stringify([resourceId, chainId, checksum]);
}
