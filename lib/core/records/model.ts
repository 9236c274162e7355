// What the service remembers: records as every home stores them. Times are epoch milliseconds; hashes are lower-case hex SHA-256.

import type { AuditAction } from './audit-actions.ts';
import type { ResourceLock } from './lock.ts';
import type { ResourceSettings } from './settings.ts';
import type { OperationStatus, RequestStatus } from './status.ts';
import type { Unusual } from './unusual.ts';

export type { AuditAction, OperationStatus, RequestStatus };

export type BackupType = 'full' | 'incremental' | 'differential';

export interface BackupMetadata {
  version: string;
  source: string;
  tags: Record<string, string>;
  /** Days until the backup expires; 0 keeps it for ever. */
  retentionDays: number;
  customFields?: Record<string, unknown>;
}

/** A data key as stored: only a keyring can open it. Base64. */
export interface WrappedKey {
  keyId: string;
  keyVersion: string;
  wrapped: string;
}

/** One sealed blob of a restore chain. `state` blobs hold a whole state, `delta` blobs what turns the state before them into the next. */
export interface BlobRef {
  blobId: string;
  kind: 'state' | 'delta';
  /** The backup whose state this blob completes. */
  backupId: string;
  sequence: number;
  /** Of the sealed bytes, as confirmed by the store. */
  bytes: number;
  sha256: string;
  encrypted: boolean;
  /** Checksum and size of the canonical text that stands once this blob is applied. */
  checksum: string;
  size: number;
}

export interface ChangeCounts {
  additions: number;
  changes: number;
  deletions: number;
  moves: number;
}

export interface BackupRecord {
  id: string;
  resourceId: string;
  resourceType: string;
  type: BackupType;
  requestedType?: BackupType;
  /**
   * The order of the resource's states: 1, 2, 3 ... in which they were accepted, whatever the clock said. Twice never; gaps
   * where a state that was accepted never became a backup, or was removed.
   */
  sequence: number;
  status: 'completed';
  /** Bytes of the canonical text, and its hash. */
  size: number;
  checksum: string;
  /** Bytes of the gzip stream that this backup added. */
  compressedSize: number;
  encrypted: boolean;
  baseBackupId?: string;
  /** The backup that began the chain; the scope of one data key. */
  chainId: string;
  /** What a restore reads, in order: a state, then deltas. The last one is this backup's own. */
  chain: BlobRef[];
  /** The chain's data key; absent while nothing in the chain is encrypted. */
  key?: WrappedKey;
  changes?: ChangeCounts;
  metadata: BackupMetadata;
  /** What the wall clock said when the state was accepted: later sequences may have earlier times. */
  createdAt: number;
  completedAt: number;
  /** Of a state that was brought along from elsewhere: when that was. `createdAt` is then when it was true, by who brought it. */
  importedAt?: number;
  /** When its stored bytes were last proven to be what was written. Until the first time, `completedAt` counts. */
  verifiedAt?: number;
  /** When they were last found not to be: absent while all is well. */
  damagedAt?: number;
  expiresAt?: number;
  legalHold?: boolean;
  lockedUntil?: number;
  /** Set when hidden: the record is a tombstone from then on. */
  deletedAt?: number;
  deletedReason?: 'deleted' | 'expired';
  /** Of a tombstone: until then it can be restored and undeleted. */
  restorableUntil?: number;
  /** Set when it was undeleted after, or shortly before, its expiry: it is kept until then all the same. */
  keptUntil?: number;
  /** Why what it changed is unusual, by what its owner has said of the resource. */
  unusual?: Unusual;
  /** When its state last came again and was found to be unchanged. */
  checkedAt?: number;
  /** Its state was that of later moments too, for which it is kept until then. */
  unchangedUntil?: number;
  /** Optimistic lock: each update writes version + 1. */
  version: number;
}

/** A backup asked for by upload: processed in the background, under the id that the backup will have. */
export interface BackupRequest {
  id: string;
  resourceId: string;
  resourceType: string;
  requestedType: BackupType;
  metadata: BackupMetadata;
  encrypt: boolean;
  uploadId: string;
  /** What lay there when the request was accepted: nothing else may become the backup. */
  uploadMark?: string;
  status: RequestStatus;
  /** 0..100, never falling. */
  progress: number;
  /** Why it failed: an error's code and detail, as a call would have been answered. */
  failure?: Reason;
  /** What it waits for: it goes on by itself once that has passed. */
  waiting?: Waiting;
  actor: string;
  /** Where the call came from. */
  address?: string;
  /** When its state was true, if it is brought along from elsewhere. */
  asOf?: number;
  /** Where the newest backup has its state already, none is made, and then it has no place in the order before that is known. */
  ifChanged?: boolean;
  /** Whoever asked for it has said that what is unusual about it is meant. */
  acceptUnusual?: boolean;
  /** The backup that has its state already: none was made. */
  sameAs?: string;
  /** The place in the order of states that the backup will have; absent with `ifChanged`, and in requests of the first release. */
  sequence?: number;
  /** When it was accepted: the backup's own time, too. */
  createdAt: number;
  /** By how much the clock was behind then, in milliseconds: it may be right again when the backup is made. */
  behindMs?: number;
  /** When its job was last seen to be there: a job that has been lost is sent again. */
  sentAt?: number;
  /** While it is in progress and this has not come, somebody works on it. */
  leaseUntil: number;
  /** Set when somebody called it off, or has seen that it failed: it is listed no more. */
  deletedAt?: number;
  version: number;
}

export interface Reason {
  code: string;
  detail: string;
}

export interface Waiting extends Reason {
  since: number;
}

/** What has to be fetched for a state, as far as that can be said without its record. */
export interface Way {
  chainId: string;
  /** Of its chain, in order. */
  blobIds: string[];
  /** Of all of them together. */
  bytes: number;
  key?: WrappedKey;
}

/** What an incremental or differential needs to know of its base, kept in the head so that one read gives it. */
export type BaseRef = Pick<
  BackupRecord,
  'id' | 'sequence' | 'checksum' | 'size' | 'chainId' | 'chain' | 'key'
>;

/** Times, both ends included. */
export interface TimeRange {
  from: number;
  to: number;
}

/** The newest of a resource. It outlives its backups: sequences go on from it. */
export interface ResourceHead {
  resourceId: string;
  /** The last one given. */
  sequence: number;
  /** The latest time given to a state so far. */
  createdAt: number;
  /** The times among which some sequence has an earlier time than one before it; absent while there is no such. */
  disorder?: TimeRange;
  /** When its newest state last came again and was found to be unchanged. */
  checkedAt?: number;
  /** Newest live backup, and newest live full, by sequence: what deltas build on. */
  latest?: BaseRef;
  latestFull?: BaseRef;
  /** Some of its expired backups are kept by its policy, or as the newest: what may end that says when they are decided again. */
  keepsExpired?: true;
  /** Something of that has happened since: retention has to decide its expired backups again. */
  isUndecided?: true;
  /** What its owner says of it. It may be said before the first state comes: then nothing was given yet, and `sequence` is 0. */
  settings?: ResourceSettings;
  /** Who alone may store a state, until it says that it is done. */
  lock?: ResourceLock;
  /** To Terraform, states up to this sequence are gone: it has asked for that. They are kept as all others are. */
  forgottenTo?: number;
  version: number;
}

export interface SnapshotPointer {
  resourceId: string;
  createdAt: number;
  sequence: number;
  backupId: string;
}

/** A backup, and when its state was accepted. */
export interface DatedBackup {
  backupId: string;
  createdAt: number;
}

/** What a moment had, as far as it is known, and the live backups around it. */
export interface InexactMoment {
  reason: 'deleted' | 'expired' | 'gone' | 'pending' | 'failed';
  backupId?: string;
  createdAt?: number;
  previous: DatedBackup;
  next?: DatedBackup;
}

export interface OperationRecord {
  id: string;
  backupId: string;
  resourceId: string;
  targetResourceId: string;
  type: 'full' | 'point_in_time';
  status: OperationStatus;
  pointInTime?: number;
  /** Of a restore to an instant: when the state that it gives was accepted. */
  stateOf?: number;
  /** Whether that is the state of the very moment: false if what was accepted later, by then, is no backup (any more). */
  exact?: boolean;
  inexact?: InexactMoment;
  path?: string;
  validate: boolean;
  /** A hidden backup was asked for by name. */
  includeDeleted?: boolean;
  validated: boolean;
  validationErrors: string[];
  /** 0..100, never falling. */
  progress: number;
  createdAt: number;
  completedAt?: number;
  /** Who asked, by what the request says of itself. */
  createdBy: string;
  /** Who asked, by who was authenticated: for the audit trail. Older records do not say. */
  actor?: string;
  /** Where the call came from. */
  address?: string;
  /** While now < leaseUntil and the status is not final, nothing of chainId is removed. */
  chainId: string;
  leaseUntil: number;
  /** When its job was last seen to be there: a job that has been lost is sent again. */
  sentAt?: number;
  /** Asynchronous results can be fetched until then. */
  resultUntil?: number;
  version: number;
}

export interface IdempotencyRecord {
  /** The key, with the scope it was used in. */
  key: string;
  /** SHA-256 of what was asked; another one under the same key is an error. */
  fingerprint: string;
  backupId: string;
  /** The backup was there already, with the state that came. */
  unchanged?: true;
  /** The answer as it was first given: in records of the first release. */
  response?: string;
  expiresAt: number;
}

/** Bytes that wait to be removed: swept when due, unless something live still needs them. */
export interface GarbageEntry {
  blobId: string;
  resourceId: string;
  chainId: string;
  /** Set when the blob goes because its backup was hidden: the tombstone goes with it. */
  backupId?: string;
  reason: 'deleted' | 'expired' | 'replaced';
  sequence: number;
  markedAt: number;
  dueAt: number;
}

export type NoticeCode =
  | 'orphans'
  | 'rollback'
  | 'disagreement'
  | 'catalog_damaged'
  | 'clock'
  | 'expiry_held'
  | 'damaged_backup'
  | 'disk_nearly_full'
  | 'copy_behind';

/** What an operator has to know of until it has passed: kept in the catalog, shown by the health check. */
export interface Notice {
  /** What it is about; there is one notice of each: `clock`, `damaged:<blobId>`. */
  id: string;
  code: NoticeCode;
  /** `warning`: all is served, something needs a look. `critical`: what is stored cannot be trusted as it stands. */
  severity: 'warning' | 'critical';
  /** A sentence for a person; no paths, no keys, no data. */
  detail: string;
  resourceId?: string;
  backupId?: string;
  since: number;
  version: number;
}

/** One change of state, written in the commit that made it. Never holds data, only names. */
export interface AuditEvent {
  id: string;
  at: number;
  action: AuditAction;
  /** Who asked: the authenticated name, or what the request said of itself. */
  actor: string;
  /** Where the call came from, as whoever has taken it sees that. */
  address?: string;
  /** Empty for what concerns the store as a whole. */
  resourceId: string;
  backupId?: string;
  operationId?: string;
  detail?: Record<string, string | number | boolean>;
  /**
   * What else its commit left behind, as the trail has it, where the event is all that waits to be written there. Nobody
   * fills it by hand, and it is published nowhere.
   */
  after?: unknown[];
}

/** What an event is found by. */
export type EventRef = Pick<AuditEvent, 'id' | 'resourceId' | 'at'>;

/** A segment of the trail that has been written. */
export interface SegmentMark {
  /** 1, 2, 3 ... without gaps. */
  segment: number;
  /** Of its bytes: the next one names it. */
  sha256: string;
}
