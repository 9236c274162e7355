// Which of the blobs that were set aside a rebuilt catalog needs: nothing that named them was there when they were.

import type { FoundBlob } from '../../core/blob/found.ts';
import { stateKey } from './chains.ts';
import type { Replayed } from './replay.ts';

/** Of the blobs aside, by id, those that a backup needs whose own blob is in the store or that the trail knows. */
export function neededFromQuarantine(
  aside: ReadonlyMap<string, FoundBlob>,
  blobs: readonly FoundBlob[],
  trail: Replayed,
): FoundBlob[] {
  const needed = new Map<string, FoundBlob>();
  const here = new Set(blobs.map(({ header }) => header.blobId));
  const states = new Set(blobs.map(({ header }) => stateKey(header, header.checksum)));
  const asideByState = Map.groupBy([...aside.values()], ({ header }) => stateKey(header, header.checksum));

  const take = (blob: FoundBlob): void => {
    const { header } = blob;
    if (needed.has(header.blobId) || here.has(header.blobId)) return;
    needed.set(header.blobId, blob);
    takeBaseOf(blob);
  };
  function takeBaseOf({ header }: FoundBlob): void {
    const { kind, baseBlobId = '', baseChecksum = '', sequence } = header;
    if (kind === 'state' || here.has(baseBlobId)) return;
    const key = stateKey(header, baseChecksum);
    const others = (asideByState.get(key) ?? []).filter((other) => other.header.sequence < sequence);
    const base = aside.get(baseBlobId) ?? (states.has(key) ? undefined : others[0]);
    if (base !== undefined && base.header.sequence < sequence) take(base);
  }

  for (const { own, before } of trail.backups.values()) {
    for (const blobId of [own.blobId, ...before]) {
      const blob = aside.get(blobId);
      if (blob !== undefined) take(blob);
    }
  }
  for (const blob of blobs) {
    if (!trail.garbage.has(blob.header.blobId)) takeBaseOf(blob);
  }
  return [...needed.values()];
}
