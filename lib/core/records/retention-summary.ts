// A retention plan in one sentence. Pure.

import type { BackupRecord } from './model.ts';
import { type RetentionDecision, type RetentionSubject, timeOfExpiry } from './retention.ts';
import type { RetentionPolicy } from './retention-records.ts';

const KEEPS: readonly [keyof RetentionPolicy, string][] = [
  ['keepHourly', 'hourly'],
  ['keepDaily', 'daily'],
  ['keepWeekly', 'weekly'],
  ['keepMonthly', 'monthly'],
  ['keepYearly', 'yearly'],
];

/** What passes with time alone. */
const PASSING = new Set(['not-expired', 'locked', 'undeleted', 'unchanged']);

type Sized = RetentionSubject & Pick<BackupRecord, 'compressedSize'>;

/** As "keeps 24 hourly, 7 daily (44 backups, 1.1 MB); next to go: backup-18496 at 2026-12-01T00:00:00.000Z". */
export function summarizePlan(
  backups: readonly Sized[],
  decisions: readonly RetentionDecision[],
  policy: RetentionPolicy | undefined,
): string {
  const kept = decisions.filter(({ action }) => action === 'keep');
  const keptIds = new Set(kept.map(({ backupId }) => backupId));
  const bytes = backups.reduce(
    (sum, { id, compressedSize }) => sum + (keptIds.has(id) ? compressedSize : 0),
    0,
  );
  const held = kept.filter(({ waitId }) => waitId !== undefined).length;
  const going = decisions.length - kept.length;
  return [
    `${ruleOf(policy)} (${counted(kept.length)}, ${inUnits(bytes)})`,
    ...(going === 0 ? [] : [`${counted(going)} to go with the next sweep`]),
    ...(held === 0 ? [] : [`${counted(held)} waiting to go`]),
    nextOf(backups, kept),
  ].join('; ');
}

function ruleOf(policy: RetentionPolicy | undefined): string {
  const rules = KEEPS.flatMap(([rule, word]) =>
    policy?.[rule] === undefined ? [] : [`${policy[rule]} ${word}`],
  );
  const last = policy?.keepLast === undefined ? [] : [`the last ${policy.keepLast}`];
  const newest = policy?.expireNewest === true ? [] : ['the newest'];
  const all = [...last, ...rules];
  const zone =
    policy?.timeZone === undefined || rules.length === 0 ? '' : ` by the clock of ${policy.timeZone}`;
  return `keeps ${[...(all.length === 0 ? newest : all), 'what has not expired'].join(', ')}${zone}`;
}

/** The first that goes if nothing new comes. */
function nextOf(backups: readonly Sized[], kept: readonly RetentionDecision[]): string {
  const reasons = new Map(kept.map((decision) => [decision.backupId, decision.reasons]));
  const passing = backups.filter(({ id }) => reasons.get(id)?.every((reason) => PASSING.has(reason)));
  const [next] = passing.sort((a, b) => timeOfExpiry(a) - timeOfExpiry(b));
  if (next === undefined) return 'none of them goes by itself as it is';
  return `next to go: ${next.id} at ${new Date(timeOfExpiry(next)).toISOString()}`;
}

function counted(count: number): string {
  return count === 1 ? '1 backup' : `${count} backups`;
}

function inUnits(bytes: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB'];
  let [value, at] = [bytes, 0];
  while (value >= 1000 && at < units.length - 1) [value, at] = [value / 1000, at + 1];
  return `${at === 0 ? value : value.toFixed(1)} ${units[at]}`;
}
