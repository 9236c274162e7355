// What expiry and policy say of each backup, and why. Pure: the dry run and the sweep see the same decisions.

import { type Calendar, calendarOf } from './calendar.ts';
import type { BackupRecord } from './model.ts';
import type { RetentionPolicy } from './retention-records.ts';

export interface RetentionDecision {
  backupId: string;
  resourceId: string;
  createdAt: number;
  expiresAt?: number;
  action: 'keep' | 'drop';
  /**
   * To keep: every reason there is, of `legal-hold`, `locked`, `not-expired`, `kept-for-ever` (it never expires),
   * `undeleted` (and kept for a while), `newest` (of its resource), `last-1`, `hourly-5`, `daily-3`, `weekly-1`, `monthly-2`,
   * `yearly-1` (the n-th newest of its rule), `former-policy` (which protects a while longer) and `waits` (to expire: see
   * `waitId`). To drop: `expired`.
   */
  reasons: string[];
  /** What is kept only because it waits says for which wait. */
  waitId?: string;
}

/** What a decision depends on. */
export type RetentionSubject = Pick<
  BackupRecord,
  | 'id'
  | 'resourceId'
  | 'sequence'
  | 'createdAt'
  | 'expiresAt'
  | 'legalHold'
  | 'lockedUntil'
  | 'keptUntil'
  | 'unchangedUntil'
>;

/** One rule of a policy: of each period the newest backup, for that many of the newest periods that have one. */
interface Rule {
  name: string;
  keep: (policy: RetentionPolicy) => number | undefined;
  periodOf: (backup: RetentionSubject, calendar: Calendar) => number;
}

const RULES: readonly Rule[] = [
  { name: 'last', keep: (policy) => policy.keepLast, periodOf: (backup) => backup.sequence },
  {
    name: 'hourly',
    keep: (policy) => policy.keepHourly,
    periodOf: (b, calendar) => calendar.hourOf(b.createdAt),
  },
  {
    name: 'daily',
    keep: (policy) => policy.keepDaily,
    periodOf: (b, calendar) => calendar.dayOf(b.createdAt),
  },
  {
    name: 'weekly',
    keep: (policy) => policy.keepWeekly,
    periodOf: (b, calendar) => calendar.weekOf(b.createdAt),
  },
  {
    name: 'monthly',
    keep: (policy) => policy.keepMonthly,
    periodOf: (b, calendar) => calendar.monthOf(b.createdAt),
  },
  {
    name: 'yearly',
    keep: (policy) => policy.keepYearly,
    periodOf: (b, calendar) => calendar.yearOf(b.createdAt),
  },
];

/**
 * Decides which backups of a resource are to be kept. A backup is dropped only if it has expired and no rule, legal hold
 * or lock keeps it: a policy lengthens what `expiresAt` promised and never shortens it. The newest of a resource is kept
 * too, unless its policy says otherwise: a job that has stopped must not lose everything. Rules count every live backup,
 * those that have not expired included, as in restic and kopia, by the calendar of the policy's time zone.
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
  const [newest] = newestFirst;
  if (newest !== undefined && policy?.expireNewest !== true) reasons.get(newest)!.push('newest');
  const calendar = calendarOf(policy?.timeZone);
  for (const rule of RULES) {
    const keep = (policy && rule.keep(policy)) ?? 0;
    if (keep === 0) continue;
    const kept = newestOfPeriods(newestFirst, (backup) => rule.periodOf(backup, calendar)).slice(0, keep);
    for (const [i, backup] of kept.entries()) reasons.get(backup)!.push(`${rule.name}-${i + 1}`);
  }
  return newestFirst.map((backup) => decide(backup, reasons.get(backup)!));
}

/** Decides like `planRetention`, for the first of the policies; what only another one keeps, stays because of it. */
export function planUnderAll(
  backups: readonly RetentionSubject[],
  policies: readonly (RetentionPolicy | undefined)[],
  now: number,
): RetentionDecision[] {
  const [inForce, ...former] = policies;
  const plan = planRetention(backups, inForce, now);
  const others = former.map((policy) => planRetention(backups, policy, now));
  return plan.map((decision, i) => {
    const isKept = others.some((other) => other[i]!.action === 'keep');
    return decision.action === 'drop' && isKept
      ? { ...decision, action: 'keep', reasons: ['former-policy'] }
      : decision;
  });
}

/** From when on neither expiry nor a lock keeps a backup; infinite for one that is kept for ever. */
export function timeOfExpiry(subject: RetentionSubject): number {
  const { expiresAt, keptUntil = 0, unchangedUntil = 0, lockedUntil = 0 } = subject;
  return Math.max(expiresAt ?? Number.POSITIVE_INFINITY, keptUntil, unchangedUntil, lockedUntil);
}

/** What a backup is kept for by itself, whatever the others of its resource: and until when. */
const OWN_REASONS: Readonly<Record<string, (subject: RetentionSubject) => number | undefined>> = {
  'legal-hold': () => undefined,
  'kept-for-ever': () => undefined,
  locked: ({ lockedUntil }) => lockedUntil,
  undeleted: ({ keptUntil }) => keptUntil,
  unchanged: ({ unchangedUntil }) => unchangedUntil,
  'not-expired': ({ expiresAt }) => expiresAt,
};

/** Whether what is kept may cease to be when another backup comes, or the policy changes. */
export function dependsOnOthers({ reasons }: RetentionDecision): boolean {
  return reasons.some((reason) => !Object.hasOwn(OWN_REASONS, reason));
}

/**
 * When what is kept has to be decided again: the earliest moment at which time alone may end every reason there is for it. Infinite
 * where that takes an act, or another backup.
 *
 * @param formerUntil until when the first of the former policies protects
 */
export function nextDecisionAt(
  { reasons }: RetentionDecision,
  subject: RetentionSubject,
  formerUntil = Number.POSITIVE_INFINITY,
): number {
  const ends = reasons.map((reason) => {
    if (reason === 'former-policy') return formerUntil;
    return OWN_REASONS[reason]?.(subject) ?? Number.POSITIVE_INFINITY;
  });
  return Math.max(...ends);
}

/** Whether a policy may drop what another one keeps. */
export function isNarrower(next: RetentionPolicy | undefined, than: RetentionPolicy | undefined): boolean {
  if (next?.expireNewest === true && than?.expireNewest !== true) return true;
  const keeps = RULES.map(({ keep }) => [keep(next ?? {}) ?? 0, keep(than ?? {}) ?? 0] as const);
  if (keeps.some(([after, before]) => after < before)) return true;
  return than?.timeZone !== next?.timeZone && keeps.some(([, before]) => before > 0);
}

/** Why a backup is kept, whatever the policy. */
function protectionsOf(
  { legalHold, lockedUntil, keptUntil, unchangedUntil, expiresAt }: RetentionSubject,
  now: number,
): string[] {
  const reasons: string[] = [];
  if (legalHold) reasons.push('legal-hold');
  // Asked this way round, so that a time that is not a number keeps.
  if (lockedUntil !== undefined && !(lockedUntil <= now)) reasons.push('locked');
  if (keptUntil !== undefined && !(keptUntil <= now)) reasons.push('undeleted');
  if (unchangedUntil !== undefined && !(unchangedUntil <= now)) reasons.push('unchanged');
  if (expiresAt === undefined) reasons.push('kept-for-ever');
  else if (!(expiresAt <= now)) reasons.push('not-expired');
  return reasons;
}

function newestOfPeriods(
  newestFirst: readonly RetentionSubject[],
  periodOf: (backup: RetentionSubject) => number,
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
