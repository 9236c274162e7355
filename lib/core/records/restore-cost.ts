// What a restore would take: from what the records say, without a look at a blob. Pure.

import type { BlobRef } from './model.ts';

/** How fast a home is, measured (docs/performance.md, docs/cost.md), and what it is charged for; an estimate, never a promise. */
export interface RestoreRates {
  /** Bytes of plain state a second that are opened, put together and proven. */
  stateBytesPerSecond: number;
  /** Whatever the size, and once more for each blob beyond the first. */
  secondsAtLeast: number;
  secondsPerBlob: number;
  /** US dollars; absent where nobody is charged. */
  prices?: {
    /** What a restore is charged for whatever its size: the call, the records that it reads and writes. */
    restore: number;
    perBlobRead: number;
    perKeyOpened: number;
    perSecond: number;
  };
}

export interface RestoreCost {
  /** Blobs to be read, and their bytes together. */
  blobs: number;
  bytes: number;
  /** Calls to open keys: one, or none where nothing is encrypted. */
  keyCalls: number;
  seconds: number;
  dollars?: number;
}

/** Of a restore through `chain`, whose last blob completes the state. */
export function restoreCost(chain: readonly BlobRef[], rates: RestoreRates): RestoreCost {
  const blobs = chain.length;
  const bytes = chain.reduce((sum, blob) => sum + blob.bytes, 0);
  const keyCalls = chain.some(({ encrypted }) => encrypted) ? 1 : 0;
  // The whole state that the chain begins with is unpacked, and the one that it ends with is put together and proven.
  const stateBytes = (chain[0]?.size ?? 0) + (chain.at(-1)?.size ?? 0);
  const { secondsAtLeast, secondsPerBlob, stateBytesPerSecond, prices } = rates;
  const seconds = secondsAtLeast + secondsPerBlob * Math.max(0, blobs - 1) + stateBytes / stateBytesPerSecond;
  const cost = { blobs, bytes, keyCalls, seconds: Math.round(seconds * 1000) / 1000 };
  if (prices === undefined) return cost;
  const dollars =
    prices.restore + prices.perBlobRead * blobs + prices.perKeyOpened * keyCalls + prices.perSecond * seconds;
  return { ...cost, dollars: Number(dollars.toPrecision(3)) };
}
