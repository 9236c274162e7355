// What a commit means in figures: told once it stands, wherever it was made, so that no use case has to think of it.

import type { AuditEvent, BackupRecord, OperationRecord } from '../../core/records/model.ts';
import type { Change } from '../../ports/change.ts';
import type { Meter } from '../../ports/meter.ts';

/** Tells of changes that were committed. It throws nothing. */
export function tellOfCommit(meter: Meter, changes: readonly Change[]): void {
  for (const change of changes) {
    if (change.kind === 'backup.insert') tellOfBackup(meter, change.record);
    if (change.kind === 'operation.insert' || change.kind === 'operation.update') {
      tellOfRestore(meter, change.record);
    }
    if (change.kind === 'event.append') tellOfEvent(meter, change.event);
  }
}

function tellOfBackup(meter: Meter, { type, size, changes, ...times }: BackupRecord): void {
  meter.count('backup', { type });
  meter.size('backup', size, { type });
  // When a state was true that was brought along says nothing of how long it took.
  const acceptedAt = times.importedAt ?? times.createdAt;
  meter.time('backup', Math.max(0, times.completedAt - acceptedAt), { type });
  for (const [kind, count] of Object.entries(changes ?? {})) {
    if (count > 0) meter.count('backup_change', { kind }, count);
  }
}

/** One that is over: nothing moves it on any more, so it is told of once. */
function tellOfRestore(meter: Meter, operation: OperationRecord): void {
  const { status, resourceId, targetResourceId, createdAt, completedAt } = operation;
  if (status !== 'completed' && status !== 'failed') return;
  meter.count('restore', { status, target: targetResourceId === resourceId ? 'same' : 'other' });
  if (completedAt !== undefined) meter.time('restore', Math.max(0, completedAt - createdAt), { status });
}

function tellOfEvent(meter: Meter, { action, detail }: AuditEvent): void {
  if (action === 'backup.unchanged') meter.count('backup_unchanged');
  if (action === 'backup.expired' || action === 'backup.deleted') {
    meter.count('retention_removed', { reason: action.slice('backup.'.length) });
  }
  if (action === 'schedule.skipped') {
    meter.count('slot_missed', { reason: String(detail?.reason) }, Number(detail?.count ?? 1));
  }
  if (action === 'backup.unusual') meter.count('backup_unusual');
  if (action === 'backup.failed') {
    meter.count('backup_failed', { code: String(detail?.code) }, Number(detail?.count ?? 1));
  }
  if (action === 'notice.raised' && detail?.code === 'damaged_backup') meter.count('verify_failed');
}
