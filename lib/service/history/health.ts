// How a resource stands, in a word and a sentence.

import { isOpen } from '../../core/records/expiry-wait.ts';
import type { Tally } from '../../core/records/live-entry.ts';
import type { BackupRecord } from '../../core/records/model.ts';
import type { ExpiryWait } from '../../core/records/retention-records.ts';
import type { ResourceSettings } from '../../core/records/settings.ts';
import type { ResourceHealth } from '../contract/looks.ts';

export interface Standing {
  resourceId: string;
  tally: Tally;
  newest: BackupRecord | undefined;
  lastSuccessAt: number | undefined;
  settings: ResourceSettings | undefined;
  /** A state that a schedule has promised and that has not come. */
  late?: { scheduleId: string; expectedAt: number } | undefined;
  /** All that wait to expire. */
  waits: readonly ExpiryWait[];
  now: number;
}

/** The worst that can be said of it; undefined where nothing is live and nothing expected. Late is only what was said to be expected, or was promised by a schedule. */
export function healthOf(standing: Standing): ResourceHealth | undefined {
  const { tally, newest, settings, lastSuccessAt, resourceId, waits, late, now } = standing;
  if (tally.damaged > 0) {
    return {
      state: 'damaged',
      reason: `${countOf(tally.damaged, 'backup does', 'backups do')} not restore.`,
    };
  }
  const { expectEverySeconds } = settings ?? {};
  if (expectEverySeconds !== undefined) {
    const expected = `one is expected every ${durationOf(expectEverySeconds * 1000)}`;
    if (lastSuccessAt === undefined) return { state: 'late', reason: `No state has come, and ${expected}.` };
    const age = now - lastSuccessAt;
    if (age > expectEverySeconds * 1000) {
      return { state: 'late', reason: `The last state came ${durationOf(age)} ago, and ${expected}.` };
    }
  }
  if (late !== undefined) {
    const ago = durationOf(now - late.expectedAt);
    return {
      state: 'late',
      reason: `The schedule ${late.scheduleId} was due ${ago} ago, and no state has come.`,
    };
  }
  if (newest === undefined) return undefined;
  if (newest.unusual !== undefined) return { state: 'unusual', reason: newest.unusual.detail };
  const wait = waits.find(
    (one) => isOpen(one, now) && (one.resourceId === undefined || one.resourceId === resourceId),
  );
  if (tally.held > 0) {
    return {
      state: 'held',
      reason: `${countOf(tally.held, 'backup is', 'backups are')} under a legal hold.`,
    };
  }
  if (wait !== undefined && wait.resourceId === resourceId) {
    return {
      state: 'held',
      reason: `${countOf(wait.backups ?? 0, 'backup waits', 'backups wait')} to expire until somebody has looked.`,
    };
  }
  return { state: 'healthy', reason: 'Its newest backup restores.' };
}

function countOf(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** In its two largest units: `1 d 3 h`. */
function durationOf(ms: number): string {
  let rest = ms;
  const parts: string[] = [];
  for (const [unit, length] of UNITS) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) parts.push(`${count} ${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.length === 0 ? 'less than a second' : parts.join(' ');
}
