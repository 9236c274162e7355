// What the service does, as its callers (HTTP, CLI, Lambdas) see it. No wire formats here: records in, records out.

import type { ScannedState } from '../../core/json/state-sink.ts';
import type { TokenRecord } from '../../core/records/access-token.ts';
import type { AskedInstant } from '../../core/records/asked-moment.ts';
import type { Refused } from '../../core/records/errors.ts';
import type {
  AuditEvent,
  BackupMetadata,
  BackupRecord,
  BackupRequest,
  BackupType,
  Notice,
  OperationRecord,
  RequestStatus,
} from '../../core/records/model.ts';
import type { Precondition } from '../../core/records/precondition.ts';
import type { RestoreCost } from '../../core/records/restore-cost.ts';
import type { RetentionDecision } from '../../core/records/retention.ts';
import type { ExpiryWait, PolicyRecord, RetentionPolicy } from '../../core/records/retention-records.ts';
import type { ResourceSettings } from '../../core/records/settings.ts';
import type { TaskStatus } from '../../core/records/upkeep.ts';
import type { EventQuery } from '../../ports/catalog.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import type { TokenInput } from '../../ports/tokens.ts';
import type {
  DiffInput,
  FoundDiff,
  FoundSettings,
  FoundState,
  FoundTree,
  HistoryInput,
  OpenState,
  PathHistory,
  ResourceSummary,
  StateInput,
  Timeline,
  TimelineInput,
  TreeInput,
} from './looks.ts';
import type { ChannelInput, ChannelView, DeliveryQuery, DeliveryView } from './notify.ts';
import type { ScheduleService } from './schedules.ts';
import type { TerraformService } from './terraform.ts';
import type { Text } from './text.ts';

export type { RetentionDecision, Text };

/** Who asks, for the audit trail. */
export interface Caller {
  actor: string;
  /** Where the call came from, as far as its door sees that. */
  address?: string;
}

/** What is told of a refused call, beside who made it. */
export interface Refusal extends Refused {
  /** Of the answer. */
  code: string;
  /** As the contract has it: `GET /backups/{id}`. */
  route?: string;
}

export interface CreateBackupInput {
  resourceId: string;
  resourceType: string;
  type: BackupType;
  /** Whoever has read it discards what it has been packed into. */
  state: ScannedState;
  metadata: BackupMetadata;
  encrypt: boolean;
  /** Where the newest backup has this very state, that is noted instead of making another. */
  ifChanged?: boolean;
  /** When the state was true, if it is brought along from elsewhere: in rising order. Epoch milliseconds. */
  asOf?: number;
  /** Make it though more has gone than usual. */
  acceptUnusual?: boolean;
  /** What the newest state has to be, for this one to follow on it. */
  condition?: Precondition;
  /** Of the lock that the writer holds, where the resource is locked. */
  lockId?: string;
  /** From the Idempotency-Key header. */
  idempotencyKey?: string;
}

/** Which backups of a list: all, if nothing is given. With a time they are in its order, else those of one resource by sequence. */
export interface BackupListInput extends PageRequest {
  resourceId?: string;
  type?: BackupType;
  /** When their states were accepted, both ends included. */
  from?: AskedInstant;
  to?: AskedInstant;
  /** All of these. */
  tags?: Readonly<Record<string, string>>;
}

/** A backup whose state has been uploaded. */
export interface RequestBackupInput extends Omit<CreateBackupInput, 'state'> {
  uploadId: string;
}

/** What is going to be PUT, as far as its maker says: then nothing else is taken. */
export interface Announced {
  bytes?: number;
  /** Lower-case hex. */
  sha256?: string;
}

export interface Upload {
  uploadId: string;
  /** Takes one PUT of the state as JSON. */
  url: string;
  /** What the PUT has to carry. */
  headers?: Record<string, string>;
  expiresAt: number;
  bytesMax: number;
}

export interface RestoreInput {
  backupId: string;
  targetResourceId: string;
  createdBy: string;
  /** Whether the structure is validated again on the way out. The checksum always is. */
  validate: boolean;
  /** RFC 6901: only this part of the state. */
  path?: string;
  /** Answer at once, work in the background. */
  async: boolean;
  /** Whether a deleted or expired backup is restored too, while its bytes are there. */
  includeDeleted?: boolean;
}

export interface PointInTimeInput extends Omit<RestoreInput, 'backupId' | 'targetResourceId'> {
  resourceId: string;
  /** Epoch milliseconds; the newest state at or before it. */
  at: number;
  targetResourceId?: string;
}

/** What a restore would do: of a backup, or of an instant. */
export type PlanInput = { targetResourceId: string; async: boolean; seesTarget: boolean } & (
  | Pick<RestoreInput, 'backupId' | 'includeDeleted'>
  | Pick<PointInTimeInput, 'resourceId' | 'at'>
);

/** A blob of a chain, by the backup that it belongs to. */
export interface PlannedLink {
  backupId: string;
  /** When its stored bytes were last proven. Epoch milliseconds. */
  provenAt: number;
  isDamaged: boolean;
}

export interface RestorePlan {
  found: FoundState;
  targetResourceId: string;
  /** The newest backup of the target, if there is one, and the caller may know of it. */
  target?: BackupRecord;
  inBackground: boolean;
  cost: RestoreCost;
  /** The link whose proof is the oldest. */
  weakest: PlannedLink;
  /** Links that are known not to open: the restore would fail. */
  damaged: PlannedLink[];
}

export interface RestoreOutput {
  operation: OperationRecord;
  /** JSON text of the state, or of the part of it that was asked for; absent while the operation is not completed. */
  data?: Text;
}

/** The JSON text itself, or a URL that gives it for a while. */
export type RestoreResult = { data: Text; url?: never } | { url: string; data?: never };

export interface ValidationResult {
  valid: boolean;
  errors: string[];
  warnings: string[];
  checksumValid: boolean;
  structureValid: boolean;
  dataIntegrity: boolean;
}

export interface ProtectionInput {
  legalHold?: boolean;
  /** Epoch milliseconds; can be moved later, never earlier. */
  lockedUntil?: number;
}

/** What an operator says of something that waits to expire. */
export type Decision = 'confirm' | 'refuse';

/** With a sentence for a person. */
export interface DescribedWait extends ExpiryWait {
  detail: string;
}

export interface RetentionPlan extends Page<RetentionDecision> {
  /** All of the plan in one sentence. */
  summary: string;
  /** Those that keep something of it. */
  waits: DescribedWait[];
  /** Under a policy that has not been set: the backups that would go, and stay as it is. */
  wouldExpire?: string[];
}

export interface PolicyChange {
  record: PolicyRecord;
  /** The backups that go because of it, once it takes effect. */
  wouldExpire: string[];
  /** From when on what it no longer keeps may go; absent if at once. */
  effectiveAt?: number;
  warnings: string[];
}

/** A part of the service that does not answer, and why. */
export interface HealthProblem {
  part: string;
  code: string;
  detail: string;
}

export interface Health {
  /** `degraded`: everything is served, and something needs a look. `unhealthy`: a part does not answer or cannot be trusted. */
  status: 'healthy' | 'degraded' | 'unhealthy';
  problems: HealthProblem[];
  notices: Notice[];
}

export interface CreateOutput {
  backup: BackupRecord;
  /** An earlier answer, under the same idempotency key. */
  replayed: boolean;
  /** The backup was there already, with the very state that came. */
  unchanged?: true;
  /** What the caller should know of, though the backup is made. */
  warnings?: string[];
}

/** Of a home that takes PUTs itself: see `receiveUpload`. */
export interface UploadReceiver {
  /** Resolves with what was taken. */
  receive(uploadId: string, body: AsyncIterable<Uint8Array>): Promise<{ bytes: number; sha256: string }>;
}

export interface BackupService extends ScheduleService, TerraformService {
  /**
   * Proves the backup before it resolves. `replayed` when an idempotency key gave an earlier answer; `warnings` when its
   * base is damaged, so that it was stored whole; `unchanged` when the backup was there already, `ifChanged`.
   */
  createBackup(input: CreateBackupInput, caller: Caller): Promise<CreateOutput>;
  /** Throws payload_too_large. */
  createUpload(announced?: Announced): Promise<Upload>;
  /**
   * Takes on a backup by upload, to be made in the background. An idempotency key shows what has become of an earlier one,
   * the backup itself if it is there. Throws upload_not_found, upload_taken.
   */
  requestBackup(
    input: RequestBackupInput,
    caller: Caller,
  ): Promise<{ request: BackupRequest | BackupRecord; replayed: boolean; unchanged?: true }>;
  /** The backup or, while one by upload is not there yet or has failed, its request; the one that had its state, if it was unchanged. Throws backup_not_found, for deleted ones too. */
  findBackup(id: string): Promise<BackupRecord | BackupRequest>;
  /** Everything that ever had a backup, by id. */
  listResources(request: PageRequest & { prefix?: string }): Promise<Page<ResourceSummary>>;
  /** By tags a page may be short, or empty, and have a cursor. */
  listBackups(request: BackupListInput): Promise<Page<BackupRecord>>;
  /** What was deleted or has expired, and can still be restored. */
  listHidden(request: BackupListInput): Promise<Page<BackupRecord>>;
  /** Makes a hidden backup live again. Throws broken_chain once its bytes are about to go. */
  undeleteBackup(id: string, caller: Caller): Promise<BackupRecord>;
  /** Requests of one status: what is still to be made, and what has failed. */
  listRequests(
    request: PageRequest & { status: RequestStatus; resourceId?: string },
  ): Promise<Page<BackupRequest>>;
  /** Hides the backup, or calls off what is to be made. Throws backup_protected if held or locked. */
  deleteBackup(id: string, caller: Caller): Promise<void>;
  protectBackup(id: string, input: ProtectionInput, caller: Caller): Promise<BackupRecord>;
  /** The delta in the shape of the specification, as JSON text. Throws delta_not_found for a full backup. */
  getDelta(id: string, caller: Caller): Promise<Text>;
  verifyBackup(id: string): Promise<ValidationResult>;

  restore(input: RestoreInput, caller: Caller): Promise<RestoreOutput>;
  restorePointInTime(input: PointInTimeInput, caller: Caller): Promise<RestoreOutput>;
  /** What either would do, without doing it: writes nothing, reads no blob. Throws as they do, but for what only blobs can tell. */
  planRestore(input: PlanInput): Promise<RestorePlan>;
  getOperation(id: string): Promise<OperationRecord>;
  listOperations(request: PageRequest & { targetResourceId?: string }): Promise<Page<OperationRecord>>;
  /** The data of a completed asynchronous restore, proven again as it is read. Throws result_unavailable. */
  getOperationResult(id: string, caller: Caller): Promise<RestoreResult>;

  /**
   * The state of a resource at a moment, for whoever calls `read`. Throws resource_not_found, snapshot_not_found,
   * backup_not_found.
   */
  openState(input: StateInput, caller: Caller): Promise<OpenState>;
  /** What stands at a path of it, one level deep. Throws as `openState`, and path_not_found. */
  readTree(input: TreeInput, caller: Caller): Promise<FoundTree>;
  /** Sums over its live backups, in buckets. Throws resource_not_found, invalid_request. */
  readTimeline(input: TimelineInput): Promise<Timeline>;
  /** How what stands at a path has changed. Throws resource_not_found. */
  readHistory(input: HistoryInput, caller: Caller): Promise<PathHistory>;
  /** What two of its states differ by. Throws as `openState`, and path_not_found. */
  readDiff(input: DiffInput, caller: Caller): Promise<FoundDiff>;

  /** What a sweep at `now` would do, and why: all live backups of a resource, or, without one, those that have expired. */
  planRetention(request: PageRequest & { resourceId?: string }): Promise<RetentionPlan>;
  /** The same under a policy that has not been set. */
  planPolicy(request: PageRequest & { resourceId: string; policy?: RetentionPolicy }): Promise<RetentionPlan>;
  /** What has expired and waits, or why nothing expires. */
  listWaits(): Promise<DescribedWait[]>;
  /** Throws wait_not_found. */
  decideWait(id: string, decision: Decision, caller: Caller): Promise<DescribedWait>;
  /** What is said of a resource; nothing, if nothing was said. */
  getSettings(resourceId: string): Promise<FoundSettings>;
  /** Replaces all of it. Throws precondition_failed. */
  putSettings(
    resourceId: string,
    settings: ResourceSettings,
    condition: Precondition,
    caller: Caller,
  ): Promise<FoundSettings>;
  getPolicy(resourceId: string): Promise<PolicyRecord>;
  putPolicy(resourceId: string, policy: RetentionPolicy, caller: Caller): Promise<PolicyChange>;
  removePolicy(resourceId: string, caller: Caller): Promise<PolicyChange>;

  /** All named tokens that were ever made. */
  listTokens(): Promise<TokenRecord[]>;
  /** Throws token_exists. The token itself is told this once. */
  makeToken(input: TokenInput, caller: Caller): Promise<{ record: TokenRecord; token: string }>;
  /** Throws token_not_found. */
  revokeToken(id: string, caller: Caller): Promise<TokenRecord>;

  /** Who is told of what, by name. */
  listChannels(): Promise<ChannelView[]>;
  /** Throws invalid_request. */
  putChannel(
    id: string,
    input: ChannelInput,
    caller: Caller,
  ): Promise<{ channel: ChannelView; isNew: boolean }>;
  /** Throws channel_not_found. */
  removeChannel(id: string, caller: Caller): Promise<void>;
  /** An event for this channel alone, which goes the way of all others. Throws channel_not_found. */
  testChannel(id: string, caller: Caller): Promise<{ eventId: string }>;
  /** What a channel was told, newest first. Throws channel_not_found. */
  listDeliveries(request: PageRequest & DeliveryQuery): Promise<Page<DeliveryView>>;
  /** Sends one again, or all that have failed and were not yet. Throws channel_not_found, delivery_not_found. */
  replayDeliveries(
    channelId: string,
    asked: { deliveryId?: string },
    caller: Caller,
  ): Promise<{ replayed: number }>;

  /** The audit trail, newest first. `completeSince`: what was before may have been forgotten here, and stands in the trail alone. */
  listEvents(request: PageRequest & EventQuery): Promise<Page<AuditEvent> & { completeSince?: number }>;
  /** How the periodic work goes, and what an operator should know of. */
  getUpkeep(): Promise<{ tasks: TaskStatus[]; notices: Notice[] }>;
  /** Writes a call that was refused into the trail. Never throws. */
  noteRefusal(refusal: Refusal, caller: Caller): Promise<void>;
  /** Writes into the trail that a page has signed in, or out. Never throws: one who only reads may sign in where nothing can be written. */
  noteSession(what: 'opened' | 'closed', caller: Caller): Promise<void>;

  /** Of which resource a backup, deleted or still to be made too, or an operation is; undefined if there is none of that id. */
  resourceOf(what: { backupId: string } | { operationId: string }): Promise<string | undefined>;

  /** What does not answer, and what an operator should know of. */
  checkHealth(): Promise<Health>;
}
