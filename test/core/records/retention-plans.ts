// Backups as retention sees them, at given instants, and what is planned for them.

import { planRetention, type RetentionSubject } from '../../../lib/core/records/retention.ts';
import type { RetentionPolicy } from '../../../lib/core/records/retention-records.ts';

export const DAY = 24 * 60 * 60 * 1000;
export const NOW = Date.parse('2026-03-10T12:00:00Z');
export const LONG_AGO = 1;

/** Rules alone: that the newest is kept by itself has tests of its own. */
export const plan = (
  backups: readonly RetentionSubject[],
  policy: RetentionPolicy | undefined,
  now: number,
) => planRetention(backups, { ...policy, expireNewest: true }, now);

/** Backups at these instants, oldest first; all expired long ago, unless said otherwise. */
export function backupsAt(times: string[], over: Partial<RetentionSubject> = {}): RetentionSubject[] {
  return [...times]
    .sort((a, b) => Date.parse(a) - Date.parse(b))
    .map((time, i) => ({
      id: time,
      resourceId: 'r',
      sequence: i + 1,
      createdAt: Date.parse(time),
      expiresAt: LONG_AGO,
      ...over,
    }));
}

export function reasonsByTime(
  backups: RetentionSubject[],
  policy: RetentionPolicy | undefined,
): [string, string][] {
  return plan(backups, policy, NOW).map(({ backupId, reasons }) => [backupId, reasons.join(' ')]);
}
