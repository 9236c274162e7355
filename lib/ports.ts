// The contracts between the service and its homes. Each port has one executable suite in test/contract,
// and every adapter (memory, embedded, AWS) passes it. Comments say what every adapter MUST guarantee.

import type { Chunks } from './core/bytes/chunks.ts';
import type { Scratch } from './core/bytes/packed.ts';
import type { Principal } from './core/records/access.ts';
import type { TokenRecord } from './core/records/access-token.ts';
import type {
  AuditEvent,
  BackupRecord,
  BackupRequest,
  BackupType,
  ExpiryState,
  GarbageEntry,
  Head,
  IdempotencyRecord,
  Notice,
  OperationRecord,
  PolicyRecord,
  RequestStatus,
  SegmentMark,
  SnapshotPointer,
  WrappedKey,
} from './core/records/model.ts';
import type { StateAt } from './core/records/timeline.ts';

export type { Chunks, Scratch };

export type PortErrorCode =
  /** What was asked for is not there. */
  | 'not_found'
  /** A create-only write found something in its place. */
  | 'exists'
  /** A condition of a commit does not hold; nothing of it was written. */
  | 'conflict'
  /** The bytes are not what they should be. */
  | 'integrity'
  /** The dependency refuses us (permissions, disabled key): retrying does not help. */
  | 'denied'
  /** The dependency is down, full or throttling: retrying later may help. */
  | 'unavailable';

/** The only error an adapter throws on purpose. Anything else is a bug. */
export class PortError extends Error {
  readonly code: PortErrorCode;
  /** For `conflict`: the kind of the change whose condition failed. */
  readonly change: Change['kind'] | undefined;
  /** Why, in one word for people and their scripts, where it is known: `disk_full`, `read_only`. */
  readonly reason: string | undefined;

  constructor(
    code: PortErrorCode,
    message: string,
    options: { cause?: unknown; change?: Change['kind']; reason?: string } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'PortError';
    this.code = code;
    this.change = options.change;
    this.reason = options.reason;
  }
}

export interface Page<T> {
  items: T[];
  /** Opaque position to go on from; absent on the last page. An unreadable cursor throws PortError `not_found`. */
  cursor?: string;
}

export interface PageRequest {
  /** 1 to `listPageMax` (limits). A page holds at most that many; more may follow as long as there is a cursor. */
  limit: number;
  cursor?: string;
}

/**
 * Sealed bytes under unguessable ids, written once and never changed. Because nobody can find a blob that no
 * record names, writing the blob first and the record second is atomic.
 */
export interface BlobStore {
  /**
   * Stores a new blob and makes it durable before resolving. Resolves with size and SHA-256 (hex) of the bytes
   * *as the store holds them*: read back from the disk, or checked by the remote side, never only counted on the way.
   * Given `expected`, throws `integrity` if they differ. Throws `exists` if the id is taken. After any throw nothing is stored.
   * `blobId` is 32 lower-case hex digits; anything else throws `not_found`. The chunks must stay as they are until it settles.
   */
  put(blobId: string, body: Chunks, expected?: BlobDigest): Promise<BlobDigest>;
  /** The bytes in order, in chunks of the adapter's choosing. Throws `not_found` before the first chunk. */
  get(blobId: string): Promise<AsyncIterable<Uint8Array>>;
  /** Removes the blob durably; one that is not there is no error. */
  delete(blobId: string): Promise<void>;
  /** Blobs written before an instant, in id order: to find what a crash left behind. */
  list(request: PageRequest & { writtenBefore: number }): Promise<Page<BlobInfo>>;
  /**
   * Moves a blob out of the store and keeps it: it can no longer be read or listed here, and can be put back. Durable
   * before resolving; one that is not there is no error.
   */
  setAside(blobId: string): Promise<void>;
  /** What was set aside, in id order; `writtenAt` tells since when it lies there. */
  listAside(request: PageRequest): Promise<Page<BlobInfo>>;
  /** Back to where it was. Throws `not_found` if it is not aside, `exists` if the id is taken; then it stays aside. */
  putBack(blobId: string): Promise<void>;
  /** Removes what was set aside; one that is not there is no error. */
  deleteAside(blobId: string): Promise<void>;
  /** Throws `unavailable` if the store cannot be reached or written. */
  check(): Promise<void>;
}

export interface BlobDigest {
  bytes: number;
  sha256: string;
}

export interface BlobInfo {
  blobId: string;
  bytes: number;
  writtenAt: number;
}

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
  | { kind: 'head.put'; head: Head; expect: number }
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
  /** `isMark`: only the time has moved, which all else tells too. */
  | { kind: 'expiry.put'; record: ExpiryState; expect: number; isMark?: true }
  | { kind: 'notice.put'; record: Notice; expect: number }
  | { kind: 'notice.remove'; id: string; expect: number }
  /** Sends a job, in homes whose queue and catalog are one store; in others it is a bug of the caller, refused with a RangeError. */
  | { kind: 'job.send'; job: Job }
  /** Events keep the order of their commits. */
  | { kind: 'event.append'; event: AuditEvent };

export type IdKind = 'backup' | 'restore';

/** All metadata. Every read below sees every commit that resolved before it began. No operation scans everything. */
export interface Catalog {
  /** A new id, never given before or after, across restarts, for an id that was committed: `backup-...`, `restore-...`. */
  allocateId(kind: IdKind): Promise<string>;

  /**
   * All or nothing, durable before resolving. Throws `conflict` naming the change whose condition failed.
   * At most `CHANGES_MAX` changes, no two of them about one record: more is a bug of the caller, refused with a RangeError.
   * After `unavailable` the outcome is unknown: the commit may stand, so nothing that it names may be removed.
   */
  commit(changes: Change[]): Promise<void>;

  /** Tombstones included. */
  getBackup(id: string): Promise<BackupRecord | undefined>;
  getHead(resourceId: string): Promise<Head | undefined>;
  /** Live backups, newest first: of one resource by sequence, of all by createdAt, equal times in a stable order. */
  listBackups(request: PageRequest & { resourceId?: string; type?: BackupType }): Promise<Page<BackupRecord>>;
  /** Tombstones, in the order in which they were listed when they were live. */
  listHidden(request: PageRequest & { resourceId?: string; type?: BackupType }): Promise<Page<BackupRecord>>;
  /** Live backups of one resource by rising sequence, from `fromSequence` on. */
  resourceHistory(
    request: PageRequest & { resourceId: string; fromSequence: number },
  ): Promise<Page<BackupRecord>>;
  /** Live backups with expiresAt <= before, by rising expiresAt. */
  expiring(request: PageRequest & { before: number }): Promise<Page<BackupRecord>>;
  /** Live backups whose stored bytes were last looked at (see `lookedAt`) at `before` or earlier, the longest ago first. */
  leastProven(request: PageRequest & { before: number }): Promise<Page<BackupRecord>>;

  /** The live backup with the highest sequence below this one; of that type, if one is given. */
  newestBefore(resourceId: string, sequence: number, type?: BackupType): Promise<BackupRecord | undefined>;
  /**
   * Of all live backups, the newest by sequence with createdAt <= at, with what stands around it. `missing` is the highest
   * sequence above it, with createdAt <= at, that is a tombstone, a request that has not been completed, or has been
   * removed; failing that, `gone` without more if nothing tells what the very next sequence was. Where times do not rise
   * with sequences the head must say so (`disorder`).
   */
  stateAt(resourceId: string, at: number): Promise<StateAt>;
  /** Among the newest `snapshotsMax` pointers of the resource: the newest with createdAt <= at, and the earliest of all. */
  findSnapshot(
    resourceId: string,
    at: number,
  ): Promise<{ found?: SnapshotPointer; earliest?: SnapshotPointer }>;

  getIdempotency(key: string, now: number): Promise<IdempotencyRecord | undefined>;
  getPolicy(resourceId: string): Promise<PolicyRecord | undefined>;
  getExpiryState(): Promise<ExpiryState | undefined>;
  /** Whether there are at least `count` live backups: no more than that are looked at. */
  hasLive(count: number): Promise<boolean>;
  getNotice(id: string): Promise<Notice | undefined>;
  /** Up to `limit` notices, the longest standing first. There are few of them: what would raise many raises one. */
  listNotices(limit: number): Promise<Notice[]>;

  getRequest(id: string): Promise<BackupRequest | undefined>;
  /** The request that has an upload: the one, if there is any, that has not failed. */
  requestOfUpload(uploadId: string): Promise<BackupRequest | undefined>;
  /** Requests of one status, newest first by createdAt, without those that were deleted; equal times in a stable order. */
  listRequests(
    request: PageRequest & { status: RequestStatus; resourceId?: string },
  ): Promise<Page<BackupRequest>>;
  /** Requests that are neither completed nor failed. */
  unfinishedRequests(request: PageRequest): Promise<Page<BackupRequest>>;

  getOperation(id: string): Promise<OperationRecord | undefined>;
  /** Newest first by createdAt; equal times in a stable order. */
  listOperations(request: PageRequest & { targetResourceId?: string }): Promise<Page<OperationRecord>>;
  /** Operations that are neither completed nor failed. */
  unfinishedOperations(request: PageRequest): Promise<Page<OperationRecord>>;
  /** Whether an unfinished operation on the chain has leaseUntil > now. */
  hasLease(chainId: string, now: number): Promise<boolean>;

  /** Entries with dueAt <= before, by rising dueAt. */
  dueGarbage(request: PageRequest & { before: number }): Promise<Page<GarbageEntry>>;
  /** Entries of one resource, due or not, by rising sequence. */
  resourceGarbage(request: PageRequest & { resourceId: string }): Promise<Page<GarbageEntry>>;

  /**
   * Of these blobs (at most `listPageMax`), the ones that nothing accounts for: no record, live or tombstone, has one as
   * its own (the last of its chain), and no garbage entry names it.
   */
  findUnknownBlobs(blobIds: string[]): Promise<string[]>;

  /** Events not yet marked as published, in commit order. */
  pendingEvents(limit: number): Promise<AuditEvent[]>;
  markPublished(eventIds: string[]): Promise<void>;
  /** Events of one resource, or all, newest first: the audit trail. */
  listEvents(request: PageRequest & { resourceId?: string }): Promise<Page<AuditEvent>>;

  /** Forgets idempotency records expired at `now`, and finished operations and requests created before `operationsBefore`. */
  purge(request: { now: number; operationsBefore: number }): Promise<void>;
  /** Throws `unavailable` if the catalog cannot be reached or written. */
  check(): Promise<void>;
}

/** What a catalog has for the trail, where its events are all that waits to be written there. */
export interface TrailSource {
  /** Events that are in no segment yet, in commit order; what an older release has committed is none. */
  untrailedEvents(limit: number): Promise<AuditEvent[]>;
  /** These events (at most `listPageMax`) are in that segment. Idempotent; the mark only moves on. */
  markTrailed(eventIds: string[], mark: SegmentMark): Promise<void>;
  /** The last segment that was marked. */
  lastSegment(): Promise<SegmentMark | undefined>;
  /** Whether an event was ever committed here: events are never forgotten. */
  hasEvent(id: string): Promise<boolean>;
}

/** Bound to the wrapped key: opening it under another context fails. Values are not secret. */
export type KeyContext = Record<string, string>;

/** Makes and opens data keys. The key that wraps them never leaves the keyring. */
export interface Keyring {
  /** A fresh random 32-byte data key, in clear and wrapped. */
  generate(context: KeyContext): Promise<{ dataKey: Uint8Array; key: WrappedKey }>;
  /** Throws `integrity` for a changed key or another context, `not_found` for an unknown key id or version, `denied` or `unavailable` for the dependency's own faults. */
  open(key: WrappedKey, context: KeyContext): Promise<Uint8Array>;
  check(): Promise<void>;
}

export interface Job {
  kind: 'restore' | 'backup';
  /** Of the restore operation, or of the backup that was asked for. */
  id: string;
}

export interface Delivery {
  job: Job;
  /** Names this delivery to ack and retry. */
  receipt: string;
  /** 1 on the first delivery. */
  attempt: number;
}

/** What is to become of a delivery. `anew`: as a job of its own, whose attempts begin again. `dead`: nothing more. */
export type JobOutcome =
  | { is: 'done' }
  | { is: 'again'; delayMs: number }
  | { is: 'anew'; delayMs: number }
  | { is: 'dead' };

/**
 * At-least-once delivery: a job that is neither acked nor retried comes back after `jobVisibilityMs` (limits), and never
 * later, whatever the clock does meanwhile.
 */
export interface Queue {
  /** Durable before resolving. Delivered after `delayMs` at the earliest, which is 15 minutes at most. */
  send(job: Job, delayMs?: number): Promise<void>;
  /** Up to `limit` jobs that no other receiver holds; [] if there are none. */
  receive(limit: number): Promise<Delivery[]>;
  /** The job is done. Acking a delivery twice, or one that has run out, is no error. */
  ack(receipt: string): Promise<void>;
  /** Gives the job back, for delivery after `delayMs`. After `jobAttemptsMax` (limits) deliveries it goes to the dead letters instead. */
  retry(receipt: string, delayMs: number): Promise<void>;
  deadLetters(): Promise<Job[]>;
}

/**
 * Bytes too large for a call: clients PUT a state to one URL and GET a result from another, past the API. What is
 * staged here is not a backup: it goes by itself after a day.
 */
export interface TransferStore {
  /**
   * A URL that takes one PUT of at most `bytesMax` bytes until `expiresAt`, from whoever holds it; with `bytes` or `sha256`
   * (hex), of exactly these. The PUT has to carry `headers`, where there are any. The answer has an `expiresAt` of its own where
   * the home cannot keep the URL good for as long.
   */
  createUpload(
    uploadId: string,
    request: { expiresAt: number; bytesMax: number; bytes?: number; sha256?: string },
  ): Promise<{ url: string; headers?: Record<string, string>; expiresAt?: number }>;
  /**
   * What was PUT. `mark` tells it from anything else that was ever PUT under the id. Throws `not_found` if nothing was, `integrity`
   * if it is larger than was allowed (reason `too_large`). Reading throws `integrity` if it is not what was PUT.
   */
  readUpload(
    uploadId: string,
  ): Promise<{ bytes: number; mark: string; sha256?: string; body: AsyncIterable<Uint8Array> }>;
  /** Forgets an upload that has been used; one that is not there is no error. A home may leave it to age. */
  discardUpload(uploadId: string): Promise<void>;
  /** Only where the API cannot answer with large results itself. */
  results?: {
    /** Stages the JSON text of a result; the same id again replaces it. */
    write(operationId: string, body: Chunks): Promise<void>;
    /** A URL that gives it to whoever holds it, until `expiresAt` at most. */
    url(operationId: string, expiresAt: number): Promise<string>;
  };
}

/** The trail's segments, beside the blobs: numbered from 1, written once, never changed and never removed. */
export interface TrailStore {
  /** Durable before resolving. Throws `exists` if the number is taken. */
  append(number: number, segment: Uint8Array): Promise<void>;
  /** All numbers above `after`, rising. */
  list(after?: number): Promise<number[]>;
  /** Throws `not_found`. */
  read(number: number): Promise<Uint8Array>;
}

/** Where audit events go once committed. At least once, in order; a throw means "again later". */
export interface EventSink {
  /** Every one arrives, in whatever order: `at` and `id` tell theirs. Published again, it arrives again. */
  publish(events: AuditEvent[]): Promise<void>;
}

/** What is said of a token when it is made. */
export type TokenInput = Pick<TokenRecord, 'name' | 'scopes' | 'resources' | 'expiresAt'>;

/** Named tokens, in a home that keeps its own. What another process changes counts from the next call on. */
export interface TokenRegistry {
  /** Whether a credential is asked for at all: from the first token on, for good. */
  isAsked(): boolean;
  /** Whom a token stands for, or why it opens nothing. */
  find(presented: string): { principal: Principal } | { fault: 'unknown' | 'revoked' | 'expired' };
  /** All that were ever made, in that order. */
  list(): TokenRecord[];
  /** Resolves with the record, and the token, which nobody can be told again. Throws PortError `exists` for a name in use. */
  make(input: TokenInput, by: string): Promise<{ record: TokenRecord; token: string }>;
  /** From the next call on it opens nothing. Throws PortError `not_found`; one that is revoked stays as it is. */
  revoke(id: string, by: string): Promise<TokenRecord>;
}

export interface Clock {
  /** Epoch milliseconds. May jump either way: nothing may rely on it rising. */
  now(): number;
  /** Milliseconds from any beginning, which nobody can set; absent where a process may be stopped without its noticing. */
  monotonic?(): number;
}
