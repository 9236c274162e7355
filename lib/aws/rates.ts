// What restores take on AWS, and what they are charged.

import type { RestoreRates } from '../core/records/restore-cost.ts';
import type { CapacityMode } from './names/capacity.ts';
import { PRICES, unitPrices } from './prices.ts';

/** Of the function that gives states back. */
const LAMBDA_GB = 1.73;
/** In the call: the operation and its event, as `test/aws/calls.test.ts` counts them, and two for the event's relay. */
const WRITE_UNITS = 8 + 2;
const READ_UNITS = 4;

/** By how the table is charged. */
export function ratesOf(mode: CapacityMode): RestoreRates {
  const { writeUnit, readUnit } = unitPrices(mode);
  return {
    // A core of a function has a third of what the bench has, and all that it reads comes over the network.
    stateBytesPerSecond: 90e6,
    secondsAtLeast: 0.06,
    secondsPerBlob: 0.002,
    prices: {
      restore: PRICES.apiCall + PRICES.lambdaCall + WRITE_UNITS * writeUnit + READ_UNITS * readUnit,
      perBlobRead: PRICES.s3Get,
      perKeyOpened: PRICES.kmsCall,
      perSecond: LAMBDA_GB * PRICES.lambdaGbSecond,
    },
  };
}
