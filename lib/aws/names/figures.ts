// The figures that alarms and the dashboard look at: named once for the functions that give them and the stack that looks.

/** CloudWatch's names. Each is given by code, so that no wording of a message can silence an alarm. */
export const FIGURES = {
  /** Errors that say that stored bytes are not what was written. */
  integrityErrors: 'IntegrityErrors',
  /** Errors that say that a key, or the right to use it, is not there. */
  keyErrors: 'KeyErrors',
  /** Errors that say that something we depend on does not answer. */
  dependencyErrors: 'DependencyErrors',
  /** Runs of periodic work, by task and outcome. */
  upkeepRuns: 'UpkeepRuns',
  /** Runs that took longer than they should, by task. */
  upkeepOverdue: 'UpkeepOverdue',
  /** Of a sweep: backups that it has hidden, and those that were to go when it looked. */
  retentionExpired: 'RetentionExpired',
  retentionDue: 'RetentionDue',
  /** Of those that are still there after it: milliseconds since the longest overdue has expired. */
  retentionOverdue: 'RetentionOverdue',
  /** Backups that were made, by type; bytes of their states, and milliseconds from acceptance to commit. */
  backups: 'Backups',
  backupSize: 'BackupSize',
  backupDuration: 'BackupDuration',
  /** Backups that were asked for and not made. */
  backupFailures: 'BackupFailures',
  backupsUnchanged: 'BackupsUnchanged',
  backupChanges: 'BackupChanges',
  backupsUnusual: 'BackupsUnusual',
  /** Restores that are over, and how long they took. */
  restores: 'Restores',
  restoresFailed: 'RestoresFailed',
  restoreDuration: 'RestoreDuration',
  slotsMissed: 'SlotsMissed',
  deliveries: 'NotificationDeliveries',
  verifyFailures: 'VerifyFailures',
  /** Backups that were hidden, by whomever. */
  backupsHidden: 'BackupsHidden',
} as const;

/** What a figure may be told apart by. Each set of values costs as much as a figure of its own. */
export const DIMENSIONS = { task: 'Task', outcome: 'Outcome', type: 'Type' } as const;

/** One namespace a stack: its figures are its own. */
export function namespaceOf(stackName: string): string {
  return `BackupRestore/${stackName}`;
}
