// Records of backups to the wire, member for member in the order of the specification. What is not named here is not shown.

import type { BackupRecord, BackupRequest } from '../../core/records/model.ts';
import type { Unusual } from '../../core/records/unusual.ts';
import type { Answer } from './answers.ts';
import { formatInstant } from './instant.ts';

export type BackupView = Answer<'Backup'>;

export function viewBackup(record: BackupRecord): BackupView {
  const { requestedType, key, baseBackupId, changes, legalHold, lockedUntil, expiresAt } = record;
  const { verifiedAt, damagedAt, importedAt, unusual } = record;
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
    ...(importedAt === undefined ? {} : { imported: true, importedAt: formatInstant(importedAt) }),
    ...(verifiedAt === undefined ? {} : { verifiedAt: formatInstant(verifiedAt) }),
    ...(damagedAt === undefined ? {} : { damaged: true }),
    ...(unusual === undefined ? {} : { unusual: viewUnusual(unusual) }),
    ...(expiresAt === undefined ? {} : { expiresAt: formatInstant(expiresAt) }),
    ...hiddenSince(record),
  };
}

/** What is not named here is not shown. */
function viewUnusual(unusual: Unusual): NonNullable<BackupView['unusual']> {
  const { code, detail, table, rows, gone, sizeBefore, size, accepted } = unusual;
  return {
    code,
    detail,
    ...(table === undefined ? {} : { table }),
    ...(rows === undefined ? {} : { rows }),
    ...(gone === undefined ? {} : { gone }),
    ...(sizeBefore === undefined ? {} : { sizeBefore }),
    ...(size === undefined ? {} : { size }),
    ...(accepted === undefined ? {} : { accepted }),
  };
}

/**
 * The backup to a caller who may not list: what compression saved, what it builds on and what has changed tell of states that
 * are not its own. Of the state it has just sent it is told again what it knows.
 */
export function viewReceipt(record: BackupRecord, isOwn: boolean): Answer<'Receipt'> {
  const { requestedType, legalHold, lockedUntil, expiresAt } = record;
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
    ...keptUntil(record),
  };
}

/** The later of what keeps it beyond its expiry. */
function keptUntil({ keptUntil: undeleted = 0, unchangedUntil = 0 }: BackupRecord) {
  const until = Math.max(undeleted, unchangedUntil);
  return until === 0 ? {} : { keptUntil: formatInstant(until) };
}

/** Of a tombstone what became of it; of what was undeleted how long it is kept at least. */
function hiddenSince(record: BackupRecord) {
  const { deletedAt, deletedReason, restorableUntil, checkedAt } = record;
  return {
    ...keptUntil(record),
    ...(checkedAt === undefined ? {} : { checkedAt: formatInstant(checkedAt) }),
    ...(deletedAt === undefined ? {} : { deletedAt: formatInstant(deletedAt) }),
    ...(deletedReason === undefined ? {} : { deletedReason }),
    ...(restorableUntil === undefined ? {} : { restorableUntil: formatInstant(restorableUntil) }),
  };
}

/** A backup that is not there yet. */
export function viewRequest(request: BackupRequest): Answer<'BackupRequest'> {
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
    ...(request.asOf === undefined ? {} : { asOf: formatInstant(request.asOf) }),
  };
}

/** Whole percent that compression saved; 0 where it saved nothing. Sizes in bytes. */
export function percentSaved(size: number, compressedSize: number): number {
  if (size === 0) return 0;
  return Math.max(0, Math.round((1 - compressedSize / size) * 100));
}

export function backupUrl(id: string): string {
  return `/backups/${encodeURIComponent(id)}`;
}
