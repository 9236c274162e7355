// What expiry and policy say of each backup, and why. Pure: the dry run and the sweep see the same decisions.

import { DAY_MS } from './limits.ts';
import type { BackupRecord, RetentionPolicy } from './model.ts';

export interface RetentionDecision {
  backupId: string;
  resourceId: string;
  createdAt: number;
  expiresAt?: number;
  action: 'keep' | 'drop';
  /**
   * To keep: every reason there is, of `legal-hold`, `locked`, `not-expired`, `kept-for-ever` (it never expires) and
   * `last-1`, `daily-3`, `weekly-1`, `monthly-2`, `yearly-1` (the n-th newest of its rule). To drop: `expired`.
   */
  reasons: string[];
}

/** What a decision depends on. */
export type RetentionSubject = Pick<
  BackupRecord,
  'id' | 'resourceId' | 'sequence' | 'createdAt' | 'expiresAt' | 'legalHold' | 'lockedUntil'
>;

/** One rule of a policy: of each period the newest backup, for that many of the newest periods that have one. */
interface Rule {
  name: string;
  keep: (policy: RetentionPolicy) => number | undefined;
  periodOf: (backup: RetentionSubject) => number;
}

const RULES: readonly Rule[] = [
  { name: 'last', keep: (policy) => policy.keepLast, periodOf: (backup) => backup.sequence },
  { name: 'daily', keep: (policy) => policy.keepDaily, periodOf: (backup) => dayOf(backup.createdAt) },
  { name: 'weekly', keep: (policy) => policy.keepWeekly, periodOf: (backup) => weekOf(backup.createdAt) },
  { name: 'monthly', keep: (policy) => policy.keepMonthly, periodOf: (backup) => monthOf(backup.createdAt) },
  { name: 'yearly', keep: (policy) => policy.keepYearly, periodOf: (backup) => yearOf(backup.createdAt) },
];

/**
 * Decides which backups of a resource are to be kept. A backup is dropped only if it has expired and no rule, legal hold
 * or lock keeps it: a policy lengthens what `expiresAt` promised and never shortens it. Rules count every live backup,
 * those that have not expired included, as in restic and kopia. Days, ISO weeks, months and years are those of UTC.
 *
 * @param backups all live backups of one resource, in any order
 * @param now epoch milliseconds
 * @returns one decision for each backup, newest first
 * @throws Error if the backups are of several resources: rules would then count across them
 */
export function planRetention(
  backups: readonly RetentionSubject[],
  policy: RetentionPolicy | undefined,
  now: number,
): RetentionDecision[] {
  if (backups.some((backup) => backup.resourceId !== backups[0]?.resourceId)) {
    throw new Error('A retention plan is made for one resource');
  }
  const newestFirst = [...backups].sort((a, b) => b.sequence - a.sequence);
  const reasons = new Map(newestFirst.map((backup) => [backup, protectionsOf(backup, now)]));
  for (const rule of RULES) {
    const keep = (policy && rule.keep(policy)) ?? 0;
    const kept = newestOfPeriods(newestFirst, rule.periodOf).slice(0, keep);
    for (const [i, backup] of kept.entries()) reasons.get(backup)!.push(`${rule.name}-${i + 1}`);
  }
  return newestFirst.map((backup) => decide(backup, reasons.get(backup)!));
}

/** Why a backup is kept, whatever the policy. */
function protectionsOf({ legalHold, lockedUntil, expiresAt }: RetentionSubject, now: number): string[] {
  const reasons: string[] = [];
  if (legalHold) reasons.push('legal-hold');
  // Asked this way round, so that a time that is not a number keeps.
  if (lockedUntil !== undefined && !(lockedUntil <= now)) reasons.push('locked');
  if (expiresAt === undefined) reasons.push('kept-for-ever');
  else if (!(expiresAt <= now)) reasons.push('not-expired');
  return reasons;
}

function newestOfPeriods(
  newestFirst: readonly RetentionSubject[],
  periodOf: Rule['periodOf'],
): RetentionSubject[] {
  const seen = new Set<number>();
  return newestFirst.filter((backup) => {
    const period = periodOf(backup);
    return !seen.has(period) && seen.add(period);
  });
}

function decide(backup: RetentionSubject, reasons: string[]): RetentionDecision {
  const { id, resourceId, createdAt, expiresAt } = backup;
  return {
    backupId: id,
    resourceId,
    createdAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(reasons.length > 0 ? { action: 'keep', reasons } : { action: 'drop', reasons: ['expired'] }),
  };
}

function dayOf(instant: number): number {
  return Math.floor(instant / DAY_MS);
}

/** ISO 8601 weeks begin on Monday; day 0 of the epoch was a Thursday. Weeks are counted from the epoch, never within a year. */
function weekOf(instant: number): number {
  return Math.floor((dayOf(instant) + 3) / 7);
}

function monthOf(instant: number): number {
  return yearOf(instant) * 12 + new Date(instant).getUTCMonth();
}

function yearOf(instant: number): number {
  return new Date(instant).getUTCFullYear();
}
