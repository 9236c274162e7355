// What two states differ by, said as copies: what comparing makes, and storing writes.

import type { CanonicalText } from '../bytes/text.ts';
import type { ChangeCounts } from '../records/model.ts';

/** Numbers a copy: offset in the base, offset in the target, bytes. */
export const COPY_COLUMNS = 3;

/** What turns the one state into the other. Refers to both texts. */
export interface Diff {
  base: CanonicalText;
  target: CanonicalText;
  counts: ChangeCounts;
  /** For each copy its offset in the base, its offset in the target and its bytes; in target order, none overlapping. */
  copies: Uint32Array;
  /** For each copy 1 if it takes something from elsewhere, and the next one goes on as if it had not been; else 0. */
  isDetour: Uint8Array;
}
