// What a rebuild has to tell of what it found: whatever is not whole, not certain, or not taken.

import type { FoundBlob } from '../../core/blob/found.ts';
import type { RebuiltCatalog } from './catalog.ts';
import type { Ambiguity } from './from-blobs.ts';
import type { NotTaken } from './not-taken.ts';

export type Finding =
  /** A blob is not what was sealed; the live backups that need it. */
  | { kind: 'damaged'; blobId: string; backupId: string; reason: string; neededBy: string[] }
  /** A blob is not there, or is no blob. */
  | { kind: 'missing'; blobId: string; neededBy: string[] }
  /** Whether it was deleted, held or locked since is not known. */
  | { kind: 'from_blobs_alone'; backupId: string }
  | ({ kind: 'uncertain' } & Ambiguity)
  | ({ kind: 'not_taken' } & NotTaken);

/** Of the records put together from these blobs. Never throws. */
export function* findingsOf(rebuilt: RebuiltCatalog, found: readonly FoundBlob[]): Generator<Finding> {
  const needs = new Map<string, string[]>();
  for (const { id, chain, deletedAt } of rebuilt.backups) {
    if (deletedAt !== undefined) continue;
    for (const { blobId } of chain) {
      const known = needs.get(blobId);
      if (known === undefined) needs.set(blobId, [id]);
      else known.push(id);
    }
  }
  const here = new Set(found.map(({ ref }) => ref.blobId));
  for (const { header, damage } of found) {
    const { blobId, backupId } = header;
    if (damage === undefined) continue;
    yield { kind: 'damaged', blobId, backupId, reason: damage, neededBy: needs.get(blobId) ?? [] };
  }
  for (const [blobId, neededBy] of needs) if (!here.has(blobId)) yield { kind: 'missing', blobId, neededBy };
  for (const backupId of rebuilt.fromBlobsAlone) yield { kind: 'from_blobs_alone', backupId };
  for (const one of rebuilt.uncertain) yield { kind: 'uncertain', ...one };
  for (const one of rebuilt.notTaken) yield { kind: 'not_taken', ...one };
}
