// What restores take on one machine: `npm run bench -- growth`, in docs/performance.md.

import type { RestoreRates } from '../core/records/restore-cost.ts';

export const RATES: RestoreRates = {
  stateBytesPerSecond: 270e6,
  secondsAtLeast: 0.002,
  secondsPerBlob: 0.001,
};
