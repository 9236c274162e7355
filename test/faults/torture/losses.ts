// When a loss counts as named: an answer, a rebuild's report or a start says of this very backup that it is damaged, missing, not
// taken or in no record.

import type { RebuildReport } from '../../../lib/embedded/rebuild/rebuild.ts';

const DAMAGE = ['integrity_error', 'broken_chain'];

/** Whether the answer says that the backup is damaged or incomplete, and which blob of which backup is to blame. */
export function saysDamaged(text: string): boolean {
  const { code, backupId, blobId, detail } = JSON.parse(text) as Record<string, string>;
  if (!DAMAGE.includes(String(code)) || backupId === undefined || blobId === undefined) return false;
  return String(detail).includes(backupId) && String(detail).includes(blobId);
}

/** The backups whose blobs the start has found, and no record: it says so of each. */
export function unnamedAtStart(lines: readonly string[]): string[] {
  const told = lines.map((line) => JSON.parse(line) as { message?: string; backupId?: string });
  return told.flatMap(({ message, backupId = [] }) =>
    message === 'no backup names this blob' ? backupId : [],
  );
}

/** The backups that a report calls damaged, missing or not taken. */
export function lostBy(report: RebuildReport): string[] {
  const { damaged, unreadable, missing, uncertain, notTaken } = report;
  return [
    ...[...damaged, ...unreadable, ...missing].flatMap(({ neededBy }) => neededBy),
    ...damaged.map(({ backupId }) => backupId),
    ...unreadable.flatMap(({ backupId = [] }) => backupId),
    ...uncertain.flatMap(({ others }) => others.map(({ backupId }) => backupId)),
    ...notTaken.map(({ backupId }) => backupId),
  ];
}
