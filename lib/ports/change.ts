// What one commit of the catalog may hold.

import type { Collection, DocumentRecord } from '../core/records/document.ts';
import type {
  AuditEvent,
  BackupRecord,
  BackupRequest,
  GarbageEntry,
  IdempotencyRecord,
  Notice,
  OperationRecord,
  ResourceHead,
  SnapshotPointer,
} from '../core/records/model.ts';
import type { ExpiryState, PolicyRecord } from '../core/records/retention-records.ts';
import type { Job } from './queue.ts';

/** What one transaction can hold in every home (DynamoDB takes 100 items, and some changes need two). */
export const CHANGES_MAX = 90;

/** One conditional write. `expect` is the version that must be stored now; 0 means "must not exist". */
export type Change =
  /** Conflict if the id, or the resource's sequence, exists. */
  | { kind: 'backup.insert'; record: BackupRecord }
  /** Replaces the record (record.version = expect + 1). With `deletedAt` set it leaves every list and index of live backups. */
  | { kind: 'backup.update'; record: BackupRecord; expect: number }
  /** Leaves the time of its sequence behind: an instant can still tell that there was a state (see `stateAt`). */
  | { kind: 'backup.remove'; id: string; expect: number }
  | { kind: 'head.put'; head: ResourceHead; expect: number }
  /** Adds a pointer; only the newest `snapshotsMax` (limits) of the resource stay visible. */
  | { kind: 'snapshot.add'; pointer: SnapshotPointer }
  | { kind: 'snapshot.remove'; resourceId: string; sequence: number }
  /** Conflict if the key is taken by a record that has not expired at `now`, and is not `replaces`. */
  | { kind: 'idempotency.insert'; record: IdempotencyRecord; now: number; replaces?: IdempotencyRecord }
  /** Inserts or replaces, by blob id. */
  | { kind: 'garbage.put'; entry: GarbageEntry }
  | { kind: 'garbage.remove'; blobId: string }
  | { kind: 'operation.insert'; record: OperationRecord }
  | { kind: 'operation.update'; record: OperationRecord; expect: number }
  /** Conflict if the id exists, or another request that has not failed has its upload. */
  | { kind: 'request.insert'; record: BackupRequest }
  | { kind: 'request.update'; record: BackupRequest; expect: number }
  | { kind: 'policy.put'; record: PolicyRecord; expect: number }
  | { kind: 'policy.remove'; resourceId: string; expect: number }
  /**
   * Moves the place of a live backup among those that expire; nothing else of it changes, its version neither. Whatever else
   * changes the record puts it back where its expiresAt is.
   */
  | { kind: 'expiry.place'; id: string; at: number; expect: number }
  /** `isMark`: only the time has moved, which all else tells too. */
  | { kind: 'expiry.put'; record: ExpiryState; expect: number; isMark?: true }
  | { kind: 'notice.put'; record: Notice; expect: number }
  | { kind: 'notice.remove'; id: string; expect: number }
  | { kind: 'document.put'; record: DocumentRecord; expect: number }
  | { kind: 'document.remove'; collection: Collection; id: string; expect: number }
  /** Sends a job, in homes whose queue and catalog are one store; in others it is a bug of the caller, refused with a RangeError. */
  | { kind: 'job.send'; job: Job }
  /** Events keep the order of their commits. */
  | { kind: 'event.append'; event: AuditEvent };
