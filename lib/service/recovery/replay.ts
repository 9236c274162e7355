// Replays the trail: every record as it last was.

import type {
  AuditEvent,
  BackupRequest,
  BlobRef,
  GarbageEntry,
  Head,
  IdempotencyRecord,
  Notice,
  OperationRecord,
  PolicyRecord,
} from '../../core/model.ts';
import type { TrailBackup, TrailChange } from '../trail/lines.ts';

export interface Replayed {
  backups: Map<string, TrailBackup>;
  /** Backups that are gone for good, with the sequences and times that they leave. */
  removed: Map<string, TrailBackup | undefined>;
  /** Every blob that was ever a record's own. */
  refs: Map<string, BlobRef>;
  heads: Map<string, Omit<Head, 'latest' | 'latestFull'>>;
  policies: Map<string, PolicyRecord>;
  requests: Map<string, BackupRequest>;
  garbage: Map<string, GarbageEntry>;
  operations: Map<string, OperationRecord>;
  answers: Map<string, IdempotencyRecord>;
  notices: Map<string, Notice>;
  events: Map<string, AuditEvent>;
}

export function createReplay(): Replayed & { take(changes: readonly TrailChange[]): void } {
  const replayed: Replayed = {
    backups: new Map(),
    removed: new Map(),
    refs: new Map(),
    heads: new Map(),
    policies: new Map(),
    requests: new Map(),
    garbage: new Map(),
    operations: new Map(),
    answers: new Map(),
    notices: new Map(),
    events: new Map(),
  };
  return {
    ...replayed,
    take(changes) {
      for (const change of changes) takeOne(replayed, change);
    },
  };
}

function takeOne(to: Replayed, change: TrailChange): void {
  switch (change.kind) {
    case 'backup.put':
      to.backups.set(change.record.id, change.record);
      to.refs.set(change.record.own.blobId, change.record.own);
      return;
    case 'backup.remove':
      to.removed.set(change.id, to.backups.get(change.id));
      to.backups.delete(change.id);
      return;
    case 'head.put':
      to.heads.set(change.head.resourceId, change.head);
      return;
    case 'policy.put':
      to.policies.set(change.record.resourceId, change.record);
      return;
    case 'policy.remove':
      to.policies.delete(change.resourceId);
      return;
    case 'request.insert':
    case 'request.update':
      to.requests.set(change.record.id, change.record);
      return;
    case 'garbage.put':
      to.garbage.set(change.entry.blobId, change.entry);
      return;
    case 'garbage.remove':
      to.garbage.delete(change.blobId);
      return;
    case 'operation.insert':
    case 'operation.update':
      to.operations.set(change.record.id, change.record);
      return;
    case 'idempotency.insert':
      to.answers.set(change.record.key, change.record);
      return;
    case 'notice.put':
      to.notices.set(change.record.id, change.record);
      return;
    case 'notice.remove':
      to.notices.delete(change.id);
      return;
    case 'event.append':
      to.events.set(change.event.id, change.event);
  }
}
