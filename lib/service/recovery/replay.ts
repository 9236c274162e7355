// Replays the trail: every record as it last was.

import type { Collection, DocumentRecord } from '../../core/records/document.ts';
import type {
  AuditEvent,
  BackupRequest,
  BlobRef,
  GarbageEntry,
  IdempotencyRecord,
  Notice,
  OperationRecord,
} from '../../core/records/model.ts';
import type { ExpiryState, PolicyRecord } from '../../core/records/retention-records.ts';
import type { IdKind } from '../../ports/catalog.ts';
import type { TrailBackup, TrailChange, TrailHead } from '../../ports/trail-lines.ts';

export interface Gap {
  resourceId: string;
  sequence: number;
  createdAt: number;
}

export interface Replayed {
  /** In the order in which they were first committed. */
  backups: Map<string, TrailBackup>;
  /** Backups whose id was given to another one later, by a catalog that had been put back to an earlier day. */
  displaced: Map<string, TrailBackup>;
  /** Backups that are gone for good, with the sequences and times that they leave. */
  removed: Map<string, TrailBackup | undefined>;
  /** Every blob that was ever a record's own. */
  refs: Map<string, BlobRef>;
  heads: Map<string, TrailHead>;
  /** By resource and sequence. */
  gaps: Map<string, Gap>;
  /** The last numbers given to ids, as far as no id tells. */
  counters: Map<IdKind, number>;
  policies: Map<string, PolicyRecord>;
  requests: Map<string, BackupRequest>;
  garbage: Map<string, GarbageEntry>;
  operations: Map<string, OperationRecord>;
  answers: Map<string, IdempotencyRecord>;
  notices: Map<string, Notice>;
  /** At most one, under the empty name. */
  expiry: Map<string, ExpiryState>;
  /** Those that the trail tells of, by `documentKey`. */
  documents: Map<string, DocumentRecord>;
  events: Map<string, AuditEvent>;
}

export function createReplay(): Replayed & { take(changes: readonly TrailChange[]): void } {
  const replayed: Replayed = {
    backups: new Map(),
    displaced: new Map(),
    removed: new Map(),
    refs: new Map(),
    heads: new Map(),
    gaps: new Map(),
    counters: new Map(),
    policies: new Map(),
    requests: new Map(),
    garbage: new Map(),
    operations: new Map(),
    answers: new Map(),
    notices: new Map(),
    expiry: new Map(),
    documents: new Map(),
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
      takeBackup(to, change.record);
      return;
    case 'backup.remove': {
      const record = to.backups.get(change.id);
      if (record !== undefined || !to.removed.has(change.id)) to.removed.set(change.id, record);
      to.backups.delete(change.id);
      return;
    }
    case 'head.put': {
      const { head } = change;
      if ((to.heads.get(head.resourceId)?.sequence ?? 0) > head.sequence) return;
      to.heads.set(head.resourceId, head);
      return;
    }
    case 'gap.put': {
      const { resourceId, sequence, createdAt } = change;
      to.gaps.set(placeKey(change), { resourceId, sequence, createdAt });
      return;
    }
    case 'counter.raise':
      to.counters.set(change.of, Math.max(change.value, to.counters.get(change.of) ?? 0));
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
    case 'expiry.put':
      to.expiry.set('', change.record);
      return;
    case 'notice.put':
      to.notices.set(change.record.id, change.record);
      return;
    case 'notice.remove':
      to.notices.delete(change.id);
      return;
    case 'document.put':
      to.documents.set(documentKey(change.record), change.record);
      return;
    case 'document.remove':
      to.documents.delete(documentKey(change));
      return;
    case 'event.append':
      to.events.set(change.event.id, change.event);
  }
}

function documentKey({ collection, id }: { collection: Collection; id: string }): string {
  return JSON.stringify([collection, id]);
}

function takeBackup(to: Replayed, record: TrailBackup): void {
  const { id } = record;
  to.refs.set(record.own.blobId, record.own);
  const removed = to.removed.get(id);
  if (to.removed.has(id)) {
    if (removed === undefined || isSameBackup(removed, record)) return;
    // The id has come again: what was removed under it stays removed, and its sequence was given.
    to.gaps.set(placeKey(removed), removed);
    to.removed.delete(id);
  }
  const before = to.backups.get(id);
  if (before !== undefined && !isSameBackup(before, record)) {
    to.displaced.set(backupKey(before), before);
    to.displaced.delete(backupKey(record));
    // Where it stands tells when it was committed.
    to.backups.delete(id);
  } else if ((before?.version ?? 0) > record.version) {
    // Lines may come twice, and where an index is read in another order.
    return;
  }
  to.backups.set(id, record);
}

/** What no change of a record changes, and no other backup has. */
function backupKey({ id, resourceId, sequence, createdAt, checksum }: TrailBackup): string {
  return JSON.stringify([id, resourceId, sequence, createdAt, checksum]);
}

function isSameBackup(a: TrailBackup, b: TrailBackup): boolean {
  return backupKey(a) === backupKey(b);
}

/** One place in the history of a resource, which one backup may have. */
export function placeKey({ resourceId, sequence }: Pick<TrailBackup, 'resourceId' | 'sequence'>): string {
  return JSON.stringify([resourceId, sequence]);
}
