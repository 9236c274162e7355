// Layouts in a Map: the reference for what the other stores must do.

import { BLOB_ID } from '../core/records/ids.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import { PortError } from '../ports/errors.ts';
import type { LayoutStore } from '../ports/layouts.ts';

/** What is kept of the blobs in `blobs`, and those with it: a layout goes with its blob. */
export function createMemoryLayouts(blobs: BlobStore): { blobs: BlobStore; layouts: LayoutStore } {
  const kept = new Map<string, Uint8Array>();
  const keyOf = (blobId: string, part: string): string => {
    if (!BLOB_ID.test(blobId)) throw new PortError('not_found', 'there is no blob with that id');
    return `${blobId}.${part}`;
  };
  const forget = (blobId: string): void => {
    for (const part of ['sources', 'places']) kept.delete(`${blobId}.${part}`);
  };
  return {
    blobs: {
      ...blobs,
      async delete(blobId) {
        forget(blobId);
        await blobs.delete(blobId);
      },
      async setAside(blobId) {
        forget(blobId);
        await blobs.setAside(blobId);
      },
    },
    layouts: {
      async write(blobId, part, bytes) {
        kept.set(keyOf(blobId, part), bytes);
      },
      read: async (blobId, part) => kept.get(keyOf(blobId, part)),
    },
  };
}
