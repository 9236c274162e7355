// Records to the wire, member for member in the order of the specification. What is not named here is not shown.

import { type TokenRecord, tokenFault } from '../../core/records/access-token.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type {
  BackupRecord,
  BackupRequest,
  DatedBackup,
  Notice,
  OperationRecord,
  PolicyRecord,
} from '../../core/records/model.ts';
import type { DescribedWait, PolicyChange, RetentionDecision } from '../../service/contract/api.ts';
import type { Answer } from './answers.ts';
import { formatInstant } from './instant.ts';

export type BackupView = Answer<'Backup'>;
export type OperationView = Answer<'Operation'>;

export function viewBackup(record: BackupRecord): BackupView {
  const { requestedType, key, baseBackupId, changes, legalHold, lockedUntil, expiresAt } = record;
  const { verifiedAt, damagedAt } = record;
  return {
    id: record.id,
    resourceId: record.resourceId,
    resourceType: record.resourceType,
    type: record.type,
    ...(requestedType === undefined ? {} : { requestedType }),
    status: record.deletedAt === undefined ? record.status : 'deleted',
    size: record.size,
    compressedSize: record.compressedSize,
    compressionRatio: percentSaved(record.size, record.compressedSize),
    encrypted: record.encrypted,
    ...(!record.encrypted || key === undefined
      ? {}
      : { encryption: { algorithm: 'AES-256-CBC', keyId: key.keyId, keyVersion: key.keyVersion } }),
    checksum: `sha256:${record.checksum}`,
    ...(baseBackupId === undefined ? {} : { baseBackupId }),
    chainLength: record.chain.length,
    ...(changes === undefined
      ? {}
      : {
          changes: {
            additions: changes.additions,
            changes: changes.changes,
            deletions: changes.deletions,
            moves: changes.moves,
          },
        }),
    data: '[REDACTED]',
    metadata: record.metadata,
    ...(legalHold === undefined ? {} : { legalHold }),
    ...(lockedUntil === undefined ? {} : { lockedUntil: formatInstant(lockedUntil) }),
    createdAt: formatInstant(record.createdAt),
    completedAt: formatInstant(record.completedAt),
    ...(verifiedAt === undefined ? {} : { verifiedAt: formatInstant(verifiedAt) }),
    ...(damagedAt === undefined ? {} : { damaged: true }),
    ...(expiresAt === undefined ? {} : { expiresAt: formatInstant(expiresAt) }),
    ...hiddenSince(record),
  };
}

/**
 * The backup to a caller who may not list: what compression saved, what it builds on and what has changed tell of states that
 * are not its own. Of the state it has just sent it is told again what it knows.
 */
export function viewReceipt(record: BackupRecord, isOwn: boolean): Answer<'Receipt'> {
  const { requestedType, legalHold, lockedUntil, expiresAt, keptUntil } = record;
  const own = {
    resourceType: record.resourceType,
    type: requestedType ?? record.type,
    size: record.size,
    encrypted: record.encrypted,
    checksum: `sha256:${record.checksum}`,
    metadata: record.metadata,
    completedAt: formatInstant(record.completedAt),
  };
  return {
    receipt: true,
    id: record.id,
    resourceId: record.resourceId,
    status: record.deletedAt === undefined ? record.status : 'deleted',
    ...(isOwn ? own : {}),
    data: '[REDACTED]',
    ...(legalHold === undefined ? {} : { legalHold }),
    ...(lockedUntil === undefined ? {} : { lockedUntil: formatInstant(lockedUntil) }),
    createdAt: formatInstant(record.createdAt),
    ...(expiresAt === undefined ? {} : { expiresAt: formatInstant(expiresAt) }),
    ...(keptUntil === undefined ? {} : { keptUntil: formatInstant(keptUntil) }),
  };
}

/** Of a tombstone what became of it; of what was undeleted how long it is kept at least. */
function hiddenSince(record: BackupRecord) {
  const { deletedAt, deletedReason, restorableUntil, keptUntil } = record;
  return {
    ...(keptUntil === undefined ? {} : { keptUntil: formatInstant(keptUntil) }),
    ...(deletedAt === undefined ? {} : { deletedAt: formatInstant(deletedAt) }),
    ...(deletedReason === undefined ? {} : { deletedReason }),
    ...(restorableUntil === undefined ? {} : { restorableUntil: formatInstant(restorableUntil) }),
  };
}

/** A backup that is not there yet. */
export function viewRequest(request: BackupRequest): Answer<'PendingBackup'> {
  const { failure, waiting, status } = request;
  if (status === 'completed')
    throw new Error(`request ${request.id} is completed: its backup is to be shown`);
  return {
    id: request.id,
    resourceId: request.resourceId,
    resourceType: request.resourceType,
    type: request.requestedType,
    status,
    progress: request.progress,
    ...(failure === undefined ? {} : { failure }),
    ...(waiting === undefined || status !== 'pending'
      ? {}
      : {
          waiting: { code: waiting.code, detail: waiting.detail, since: formatInstant(waiting.since) },
        }),
    encrypted: request.encrypt,
    data: '[REDACTED]',
    metadata: request.metadata,
    createdAt: formatInstant(request.createdAt),
  };
}

/** Whole percent that compression saved; 0 where it saved nothing. Sizes in bytes. */
export function percentSaved(size: number, compressedSize: number): number {
  if (size === 0) return 0;
  return Math.max(0, Math.round((1 - compressedSize / size) * 100));
}

/** `now` decides whether the result can still be fetched. Epoch milliseconds. Links begin with `basePath`. */
export function viewOperation(record: OperationRecord, now: number, basePath = ''): OperationView {
  const { pointInTime, path, completedAt, resultUntil } = record;
  const fetchable = record.status === 'completed' && resultUntil !== undefined && now < resultUntil;
  return {
    id: record.id,
    backupId: record.backupId,
    targetResourceId: record.targetResourceId,
    type: record.type,
    status: record.status,
    ...(pointInTime === undefined ? {} : viewMoment(record, pointInTime)),
    ...(path === undefined ? {} : { path }),
    validated: record.validated,
    validationErrors: record.validationErrors,
    progress: record.progress,
    createdAt: formatInstant(record.createdAt),
    ...(completedAt === undefined ? {} : { completedAt: formatInstant(completedAt) }),
    createdBy: record.createdBy,
    ...(fetchable ? { resultUrl: `${basePath}${operationUrl(record.id)}/result` } : {}),
  };
}

/** What was asked, what was found for it, and, if that is not what the moment had, why, and what stands around it. */
function viewMoment({ stateOf, exact, inexact }: OperationRecord, pointInTime: number) {
  const asked = { pointInTime: formatInstant(pointInTime) };
  if (stateOf === undefined || exact === undefined) return asked;
  const found = {
    ...asked,
    stateOf: formatInstant(stateOf),
    ageSeconds: Math.max(0, Math.floor((pointInTime - stateOf) / 1000)),
    exact,
  };
  if (inexact === undefined) return found;
  const { reason, backupId, createdAt, previous, next } = inexact;
  const missing = {
    ...(backupId === undefined ? {} : { backupId }),
    ...(createdAt === undefined ? {} : { createdAt: formatInstant(createdAt) }),
  };
  return {
    ...found,
    reason,
    ...(Object.keys(missing).length === 0 ? {} : { missing }),
    previous: viewDated(previous),
    ...(next === undefined ? {} : { next: viewDated(next) }),
  };
}

function viewDated({ backupId, createdAt }: DatedBackup) {
  return { backupId, createdAt: formatInstant(createdAt) };
}

export function viewPolicy(record: PolicyRecord): Answer<'Policy'> {
  return {
    resourceId: record.resourceId,
    policy: record.policy,
    updatedAt: formatInstant(record.updatedAt),
  };
}

export function viewDecision(decision: RetentionDecision): Answer<'RetentionPlan'>['decisions'][number] {
  const { expiresAt } = decision;
  return {
    backupId: decision.backupId,
    resourceId: decision.resourceId,
    createdAt: formatInstant(decision.createdAt),
    ...(expiresAt === undefined ? {} : { expiresAt: formatInstant(expiresAt) }),
    action: decision.action,
    reasons: decision.reasons,
    ...(decision.waitId === undefined ? {} : { waitId: decision.waitId }),
  };
}

export function viewWait(wait: DescribedWait): Answer<'Wait'> {
  const { id, reason, detail, resourceId, backups, decision } = wait;
  return {
    id,
    reason,
    detail,
    ...(resourceId === undefined ? {} : { resourceId }),
    ...(backups === undefined ? {} : { backups }),
    since: formatInstant(wait.since),
    until: formatInstant(wait.until),
    ...(decision === undefined ? {} : { decision }),
  };
}

/** What would go because of a change, and from when on. */
export function viewChange({ wouldExpire, effectiveAt }: PolicyChange) {
  return {
    wouldExpire: viewIds(wouldExpire),
    ...(effectiveAt === undefined ? {} : { effectiveAt: formatInstant(effectiveAt) }),
  };
}

export function viewIds(backupIds: readonly string[]) {
  return { count: backupIds.length, backupIds: backupIds.slice(0, LIMITS.namedExpiringMax) };
}

/** What anybody may hear of it. */
export function viewNoticeInShort({ code, severity, since }: Notice): Answer<'Notice'> {
  return { code, severity, since: formatInstant(since) };
}

export function viewNotice(notice: Notice): Answer<'Notice'> {
  const { id, code, severity, detail, resourceId, backupId } = notice;
  return {
    id,
    code,
    severity,
    detail,
    ...(resourceId === undefined ? {} : { resourceId }),
    ...(backupId === undefined ? {} : { backupId }),
    since: formatInstant(notice.since),
  };
}

/** Without its hash: that is nobody's business. */
export function viewToken(record: TokenRecord, now: number): Answer<'Token'> {
  const { id, name, scopes, resources, createdAt, createdBy, expiresAt, revokedAt, revokedBy } = record;
  const { lastUsedAt } = record;
  return {
    id,
    name,
    status: tokenFault(record, now) ?? 'active',
    scopes: [...scopes],
    ...(resources === undefined ? {} : { resources: [...resources.ids], prefixes: [...resources.prefixes] }),
    createdAt: formatInstant(createdAt),
    createdBy,
    ...(expiresAt === undefined ? {} : { expiresAt: formatInstant(expiresAt) }),
    ...(revokedAt === undefined ? {} : { revokedAt: formatInstant(revokedAt) }),
    ...(revokedBy === undefined ? {} : { revokedBy }),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt: formatInstant(lastUsedAt) }),
  };
}

export function backupUrl(id: string): string {
  return `/backups/${encodeURIComponent(id)}`;
}

export function operationUrl(id: string): string {
  return `/restore/operations/${encodeURIComponent(id)}`;
}
