// What a validation warns of, besides what it finds to be wrong.

import { DAY_MS, LIMITS } from './limits.ts';

/**
 * Warns of a backup that expires soon (LIMITS.expiryWarningDays) or has expired. A part of a day left
 * counts as a day, a part of a day gone as none.
 *
 * @param expiresAt epoch milliseconds; undefined for a backup that is kept for ever
 * @param now epoch milliseconds
 */
export function expiryWarnings(expiresAt: number | undefined, now: number): string[] {
  if (expiresAt === undefined) return [];
  const leftMs = expiresAt - now;
  if (leftMs >= LIMITS.expiryWarningDays * DAY_MS) return [];
  if (leftMs > 0) return [`Backup expires in ${days(Math.ceil(leftMs / DAY_MS))}`];
  if (leftMs > -DAY_MS) return ['Backup expired less than a day ago'];
  return [`Backup expired ${days(Math.floor(-leftMs / DAY_MS))} ago`];
}

function days(count: number): string {
  return count === 1 ? '1 day' : `${count} days`;
}
