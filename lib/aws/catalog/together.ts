// What the changes of one commit are to one another: some are said by the item of another.

import { ownBlob } from '../../core/records/chain.ts';
import { isNamedAfter } from '../../core/records/ids.ts';
import type { AuditEvent, BackupRecord } from '../../core/records/model.ts';
import type { Change } from '../../ports/change.ts';
import { keptEvent } from './event-after.ts';
import type { Teller } from './stored-chain.ts';

/** What the changes of a commit are to one another. */
export interface Together {
  /** What will tell of the blobs that are its backups' own. */
  ownBlobs: ReadonlyMap<string, Teller>;
  /** Backups that it removes. */
  removedIds: ReadonlySet<string>;
  /** What becomes of the pointer of a backup that it writes: `kept` where nothing is said of it. */
  pointerOf(record: BackupRecord): 'added' | 'removed' | 'kept';
  /** Whether a new backup comes with its head, the latest by time and sequence of all, and with its pointer. */
  isAlone(record: BackupRecord): boolean;
  /** Whether a pointer is seen to by the change of its backup. */
  isWithBackup(resourceId: string, sequence: number): boolean;
  /** An event as it is kept beside what else is written. */
  kept(event: AuditEvent): AuditEvent;
}

export function togetherOf(changes: readonly Change[]): Together {
  const slot = (resourceId: string, sequence: number) => JSON.stringify([resourceId, sequence]);
  const ownBlobs = new Map<string, Teller>();
  const pointers = new Map<string, 'added' | 'removed'>();
  const written = new Map<string, BackupRecord>();
  for (const change of changes) {
    if (change.kind !== 'backup.insert' && change.kind !== 'backup.update') continue;
    const { record } = change;
    const { blobId } = ownBlob(record);
    ownBlobs.set(blobId, isNamedAfter(blobId, record.id) ? 'record' : 'link');
    written.set(slot(record.resourceId, record.sequence), record);
  }
  for (const change of changes) {
    if (change.kind === 'snapshot.remove') {
      const at = slot(change.resourceId, change.sequence);
      if (written.has(at)) pointers.set(at, 'removed');
    } else if (change.kind === 'snapshot.add') {
      const { resourceId, sequence, createdAt, backupId } = change.pointer;
      const record = written.get(slot(resourceId, sequence));
      const isItsOwn = record?.id === backupId && record.createdAt === createdAt;
      if (isItsOwn) pointers.set(slot(resourceId, sequence), 'added');
    }
  }
  return {
    ownBlobs,
    removedIds: new Set(changes.flatMap((change) => (change.kind === 'backup.remove' ? [change.id] : []))),
    pointerOf: ({ resourceId, sequence }) => pointers.get(slot(resourceId, sequence)) ?? 'kept',
    isAlone: (record) =>
      pointers.get(slot(record.resourceId, record.sequence)) === 'added' && isLatest(record, changes),
    isWithBackup: (resourceId, sequence) => pointers.has(slot(resourceId, sequence)),
    kept: (event) => keptEvent(event, changes),
  };
}

/** The head gives each sequence once: whoever moves it to this one is the only one who has it. */
function isLatest(
  { resourceId, sequence, createdAt, deletedAt }: BackupRecord,
  changes: readonly Change[],
): boolean {
  if (deletedAt !== undefined) return false;
  return changes.some(
    (change) =>
      change.kind === 'head.put' &&
      change.head.resourceId === resourceId &&
      change.head.disorder === undefined &&
      change.head.sequence === sequence &&
      change.head.createdAt === createdAt,
  );
}
