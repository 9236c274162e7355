// What restores take on AWS, and what they are charged: list prices of us-east-1 in 2026, in US dollars, as docs/cost.md has them.

import type { RestoreRates } from '../core/records/restore-cost.ts';

const API_CALL = 3.5e-6;
const LAMBDA_CALL = 0.2e-6;
/** Of the function that gives states back: 1.73 GB, arm64. */
const LAMBDA_SECOND = 1.73 * 1.33334e-5;
const WRITE_UNIT = 0.625e-6;
const READ_UNIT = 0.125e-6;
/** In the call: the operation and its event, as `test/aws/calls.test.ts` counts them, and two for the event's relay. */
const WRITE_UNITS = 8 + 2;
const READ_UNITS = 4;

export const RATES: RestoreRates = {
  // A core of a function has a third of what the bench has, and all that it reads comes over the network.
  stateBytesPerSecond: 90e6,
  secondsAtLeast: 0.06,
  secondsPerBlob: 0.002,
  prices: {
    restore: API_CALL + LAMBDA_CALL + WRITE_UNITS * WRITE_UNIT + READ_UNITS * READ_UNIT,
    perBlobRead: 0.4e-6,
    perKeyOpened: 3e-6,
    perSecond: LAMBDA_SECOND,
  },
};
