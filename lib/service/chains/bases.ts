// Keeps the texts of the newest states in memory, for the next delta on them: it spares decrypting and inflating what has
// just been written. That the stored bytes are still there, and still the same, is checked all the same.

import type { CanonicalText } from '../../core/bytes/text.ts';
import type { KeptBases } from '../contract/parts.ts';

/** Keeps at most `bytesMax` bytes of text. */
export function createKeptBases(bytesMax: number): KeptBases {
  /** By resource, the longest unused first. */
  const kept = new Map<string, { blobId: string; state: CanonicalText }>();
  let bytes = 0;

  function drop(resourceId: string): void {
    bytes -= kept.get(resourceId)?.state.bytes.length ?? 0;
    kept.delete(resourceId);
  }

  return {
    take(blobId) {
      for (const [resourceId, entry] of kept) {
        if (entry.blobId !== blobId) continue;
        drop(resourceId);
        return entry.state;
      }
      return undefined;
    },
    keep(resourceId, blobId, state) {
      drop(resourceId);
      // A view of more than itself would keep all of that alive.
      if (state.bytes.length > bytesMax) return;
      kept.set(resourceId, { blobId, state });
      bytes += state.bytes.length;
      for (const oldest of kept.keys()) {
        if (bytes <= bytesMax) return;
        drop(oldest);
      }
    },
  };
}
