// What AWS charges: list prices of us-east-1 in 2026, in US dollars, as docs/cost.md has them.

import { CAPACITY, type CapacityMode } from './names/capacity.ts';

/** For one call, event, request, or GB-second. */
export const PRICES = {
  apiCall: 3.5e-6,
  lambdaCall: 0.2e-6,
  /** On arm64. */
  lambdaGbSecond: 1.33334e-5,
  s3Put: 5e-6,
  s3Get: 0.4e-6,
  kmsCall: 3e-6,
} as const;

interface UnitPrices {
  writeUnit: number;
  readUnit: number;
}

const ON_DEMAND: UnitPrices = { writeUnit: 0.625e-6, readUnit: 0.125e-6 };
/** For a unit that is there for an hour. */
export const PROVISIONED_HOUR: UnitPrices = { writeUnit: 0.00065, readUnit: 0.00013 };

/** For a unit that is used, where so much of what is there for `hourly` an hour is used. */
export function usedUnit(hourly: number): number {
  return hourly / 3600 / CAPACITY.targetUtilization;
}

/** For a unit of the table that is used. */
export function unitPrices(mode: CapacityMode): UnitPrices {
  if (mode === 'on-demand') return ON_DEMAND;
  const { writeUnit, readUnit } = PROVISIONED_HOUR;
  return { writeUnit: usedUnit(writeUnit), readUnit: usedUnit(readUnit) };
}
