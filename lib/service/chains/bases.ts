// Keeps the texts of the newest states in memory, for the next delta on them: it spares decrypting and inflating what has
// just been written. That the stored bytes are still there, and still the same, is checked all the same.

import type { CanonicalText } from '../../core/bytes/text.ts';
import type { KeptBases } from '../contract/parts.ts';

/** What an entry takes beside its text: of small states there are many. */
const ENTRY_BYTES = 1024;

/** All that a kept text keeps alive: it may be a view of more than itself. */
const bytesOf = ({ bytes }: CanonicalText): number => bytes.buffer.byteLength + ENTRY_BYTES;

/** Keeps at most `bytesMax` bytes of memory. */
export function createKeptBases(bytesMax: number): KeptBases {
  /** By resource, the longest unused first. */
  const kept = new Map<string, { blobId: string; state: CanonicalText }>();
  /** Whose state a blob completes: resources with small states are many. */
  const resourceOf = new Map<string, string>();
  let bytes = 0;

  function drop(resourceId: string): void {
    const entry = kept.get(resourceId);
    if (entry === undefined) return;
    bytes -= bytesOf(entry.state);
    kept.delete(resourceId);
    resourceOf.delete(entry.blobId);
  }

  return {
    hasRoom: (length) => length + ENTRY_BYTES <= bytesMax / 2,
    has: (blobId) => resourceOf.has(blobId),
    take(blobId) {
      const resourceId = resourceOf.get(blobId);
      if (resourceId === undefined) return undefined;
      const { state } = kept.get(resourceId)!;
      drop(resourceId);
      return state;
    },
    keep(resourceId, blobId, state) {
      drop(resourceId);
      if (bytesOf(state) > bytesMax) return;
      kept.set(resourceId, { blobId, state });
      resourceOf.set(blobId, resourceId);
      bytes += bytesOf(state);
      for (const oldest of kept.keys()) {
        if (bytes <= bytesMax) return;
        drop(oldest);
      }
    },
  };
}
