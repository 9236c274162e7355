// States that are brought along from elsewhere, with the times at which they were true.

import { ServiceError } from './errors.ts';

/** Clocks differ; what is further ahead than this is a mistake, not a clock. */
const AHEAD_MS_MAX = 60_000;

/**
 * Throws ServiceError `invalid_request` for a time that is still ahead or before 1970, and `out_of_order` for one before the latest that the resource
 * has: what stands in its history is not changed by what comes later. Epoch milliseconds.
 */
export function demandInOrder(asOf: number, latest: number | undefined, now: number): void {
  if (asOf < 0 || asOf > now + AHEAD_MS_MAX) {
    const detail =
      asOf < 0 ? 'must not be before 1970' : `must not be ahead: it is ${new Date(now).toISOString()} here`;
    throw new ServiceError('invalid_request', 'A state cannot be of that time.', {
      errors: [{ pointer: '/asOf', detail }],
    });
  }
  if (latest === undefined || asOf >= latest) return;
  const there = new Date(latest).toISOString();
  throw new ServiceError(
    'out_of_order',
    `The resource has a state of ${there}, and one of before cannot be added. Bring states along from the oldest on, before the first of today.`,
    { errors: [{ pointer: '/asOf', detail: `is before ${there}` }], extra: { latest: there } },
  );
}
