// All metadata.

import type { Collection, DocumentRecord } from '../core/records/document.ts';
import type { LiveEntry, Tally } from '../core/records/live-entry.ts';
import type {
  AuditEvent,
  BackupRecord,
  BackupRequest,
  BackupType,
  EventRef,
  GarbageEntry,
  IdempotencyRecord,
  Notice,
  OperationRecord,
  RequestStatus,
  ResourceHead,
  SnapshotPointer,
} from '../core/records/model.ts';
import type { ExpiryState, PolicyRecord } from '../core/records/retention-records.ts';
import type { StateAt } from '../core/records/timeline.ts';
import type { Change } from './change.ts';
import type { Page, PageRequest } from './pages.ts';

export type IdKind = 'backup' | 'restore';

/** Which backups: all, if nothing is given. */
export interface BackupQuery {
  resourceId?: string;
  type?: BackupType;
  /** Of `createdAt`, epoch milliseconds, both included. */
  from?: number;
  to?: number;
}

/** Which events: all, if nothing is given. */
export interface EventQuery {
  resourceId?: string;
  /** One that this version does not know finds what a later one has left. */
  action?: string;
  /** Epoch milliseconds, both included. */
  since?: number;
  until?: number;
}

/** Which documents, in which order: by rising id, by bytes, as JSON writes it. */
export interface DocumentQuery {
  collection: Collection;
  /** With which their ids begin. */
  prefix?: string;
  /** Those of one group; such a list may be a moment behind, as those by index are. */
  group?: string;
  /** By falling id instead. */
  falling?: boolean;
}

/** A backup in the list of what expires, and its place there. */
export interface Expiring {
  record: BackupRecord;
  at: number;
}

export interface PurgeRequest {
  now: number;
  operationsBefore: number;
  eventsBefore?: number;
  /** Asked again and again where there is much: once it says so, the rest is left for another time. */
  isOver?: () => boolean;
}

/** What not every catalog promises. */
export interface CatalogCapabilities {
  /** Ids are counted for each kind, from `backup-1` and `restore-1` on, and go on past ids that came from elsewhere. */
  countedIds?: boolean;
  /**
   * In so many parts the lists of what retention is to do can be read, each for its share of the price. All of one resource stands in
   * one part, but for what an earlier release has written. Without it they have no parts.
   */
  parts?: number;
}

/** One of the parts that a list has, counted from 0; all of it without. */
export interface PartQuery {
  part?: number;
}

/** All metadata. Every read below sees every commit that resolved before it began. No operation scans everything. */
export interface Catalog {
  readonly capabilities?: CatalogCapabilities;

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
  getHead(resourceId: string): Promise<ResourceHead | undefined>;
  /** The heads of all resources whose ids begin with `prefix`, in one order, that of their ids as JSON writes them, by bytes. */
  listHeads(request: PageRequest & { prefix?: string }): Promise<Page<ResourceHead>>;
  /**
   * Live backups, newest first: of one resource by sequence, of all, and wherever times are asked for, by createdAt, equal times
   * in a stable order.
   */
  listBackups(request: PageRequest & BackupQuery): Promise<Page<BackupRecord>>;
  /** Tombstones, in the order in which they were listed when they were live. */
  listHidden(request: PageRequest & BackupQuery): Promise<Page<BackupRecord>>;
  /** Live backups of one resource by rising sequence, from `fromSequence` on. */
  resourceHistory(
    request: PageRequest & { resourceId: string; fromSequence: number },
  ): Promise<Page<BackupRecord>>;
  /** What is counted of the live backups of a resource, by rising createdAt, equal times by sequence; `from` and `to` included. */
  liveEntries(
    request: PageRequest & { resourceId: string; from?: number; to?: number },
  ): Promise<Page<LiveEntry>>;
  /** All of them together. */
  tally(resourceId: string): Promise<Tally>;
  /** Live backups that expire, at `before` or earlier, by rising place: that is their expiresAt, until `expiry.place` moves it. */
  expiring(request: PageRequest & PartQuery & { before: number }): Promise<Page<Expiring>>;
  /** Heads that say `isUndecided`, in one order. */
  undecidedHeads(request: PageRequest & PartQuery): Promise<Page<ResourceHead>>;
  /** Live backups whose stored bytes were last looked at (see `lookedAt`) at `before` or earlier, the longest ago first, to the minute. */
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

  /** What has expired may be there for some time. */
  getDocument(collection: Collection, id: string): Promise<DocumentRecord | undefined>;
  listDocuments(request: PageRequest & DocumentQuery): Promise<Page<DocumentRecord>>;
  /** Documents with dueAt <= before, by rising dueAt. */
  dueDocuments(
    request: PageRequest & { collection: Collection; before: number },
  ): Promise<Page<DocumentRecord>>;

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
  dueGarbage(request: PageRequest & PartQuery & { before: number }): Promise<Page<GarbageEntry>>;
  /** Entries of one resource, due or not, by rising sequence. */
  resourceGarbage(request: PageRequest & { resourceId: string }): Promise<Page<GarbageEntry>>;

  /**
   * Of these blobs (at most `listPageMax`), the ones that nothing accounts for: no record, live or tombstone, has one as
   * its own (the last of its chain), and no garbage entry names it.
   */
  findUnknownBlobs(blobIds: string[]): Promise<string[]>;

  /** Events not yet marked as published, in commit order. */
  pendingEvents(limit: number): Promise<AuditEvent[]>;
  markPublished(events: readonly EventRef[]): Promise<void>;
  /**
   * The audit trail, newest first by `at`; equal times with the last commit first. A page may be short of its limit and have
   * a cursor where an action is asked for.
   */
  listEvents(request: PageRequest & EventQuery): Promise<Page<AuditEvent>>;

  /**
   * Forgets idempotency records and documents expired at `now`, finished operations and requests created before `operationsBefore`, and
   * events of before `eventsBefore` that have been published and stand in the trail, the last one apart.
   */
  purge(request: PurgeRequest): Promise<void>;
  /** Throws `unavailable` if the catalog cannot be reached or written. */
  check(): Promise<void>;
}
