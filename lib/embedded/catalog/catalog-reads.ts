// What the catalog is asked by name: single indexed statements, each of which holds what it finds to what was asked for.

import type { DocumentRecord } from '../../core/records/document.ts';
import type {
  BackupRecord,
  BackupRequest,
  IdempotencyRecord,
  Notice,
  OperationRecord,
  ResourceHead,
  SnapshotPointer,
} from '../../core/records/model.ts';
import type { ExpiryState, PolicyRecord } from '../../core/records/retention-records.ts';
import type { Catalog } from '../../ports/catalog.ts';
import { checkLimit } from '../../ports/checks.ts';
import { createChainLinks } from './chain-links.ts';
import {
  BACKUP_COLUMNS,
  type BackupRow,
  backupOf,
  HEAD_COLUMNS,
  type HeadRow,
  headOf,
} from './chained-rows.ts';
import type { Database } from './database.ts';
import { createHeadList } from './id-lists.ts';
import { createLiveReads } from './live-entries.ts';
import { type DocRow, demandAsked, keyText, namedRecordOf, OF_TYPE, recordOf } from './schema.ts';
import { createStateAt } from './state-at.ts';

type CatalogReads = Pick<
  Catalog,
  | 'getBackup'
  | 'getHead'
  | 'listHeads'
  | 'undecidedHeads'
  | 'liveEntries'
  | 'tally'
  | 'newestBefore'
  | 'stateAt'
  | 'findSnapshot'
  | 'getIdempotency'
  | 'getPolicy'
  | 'getExpiryState'
  | 'hasLive'
  | 'getNotice'
  | 'listNotices'
  | 'getDocument'
  | 'getOperation'
  | 'getRequest'
  | 'requestOfUpload'
  | 'hasLease'
  | 'findUnknownBlobs'
>;

/** The reads of the catalog that are no lists in pages. */
export function createCatalogReads(database: Database): CatalogReads {
  const stateAt = createStateAt(database);

  const links = createChainLinks(database);
  const backupById = database.statement<BackupRow>(`SELECT ${BACKUP_COLUMNS} FROM backup WHERE id = ?`);
  const headRow = database.statement<HeadRow>(`SELECT ${HEAD_COLUMNS} FROM head WHERE resource_id = ?`);
  const policyOf = database.statement<DocRow>('SELECT doc, sum FROM policy WHERE resource_id = ?');
  const expiryState = database.statement<DocRow>('SELECT doc, sum FROM expiry WHERE one = 1');
  const liveFrom = database.statement<{ found: 1 }>(
    'SELECT 1 AS found FROM backup WHERE live = 1 AND created_at > ? ORDER BY created_at LIMIT 1 OFFSET ?',
  );
  const noticeById = database.statement<DocRow>('SELECT doc, sum FROM notice WHERE id = ?');
  const notices = database.statement<DocRow>(
    'SELECT doc, sum FROM notice WHERE since >= 0 ORDER BY since, id LIMIT ?',
  );
  const documentById = database.statement<DocRow>(
    'SELECT doc, sum FROM document WHERE collection = ? AND id = ?',
  );
  const operationById = database.statement<DocRow>('SELECT doc, sum FROM operation WHERE id = ?');
  const answerTo = database.statement<DocRow>(
    'SELECT doc, sum FROM idempotency WHERE key = ? AND expires_at > ?',
  );
  const newestSnapshot = database.statement<DocRow>(
    `SELECT doc, sum FROM snapshot WHERE resource_id = ? AND created_at <= ?
     ORDER BY created_at DESC, sequence DESC LIMIT 1`,
  );
  const earliestSnapshot = database.statement<DocRow>(
    'SELECT doc, sum FROM snapshot WHERE resource_id = ? ORDER BY created_at, sequence LIMIT 1',
  );
  const listHeads = createHeadList(database);
  const undecidedHeads = createHeadList(database, true);
  const { liveEntries, tally } = createLiveReads(database);
  const newestBelow = database.statement<BackupRow>(
    `SELECT ${BACKUP_COLUMNS} FROM backup WHERE resource_id = ? AND sequence < ? AND live = 1
     ORDER BY sequence DESC LIMIT 1`,
  );
  const newestBelowOfType = database.statement<BackupRow>(
    `SELECT ${BACKUP_COLUMNS} FROM backup WHERE resource_id = ? AND ${OF_TYPE} AND sequence < ? AND live = 1
     ORDER BY sequence DESC LIMIT 1`,
  );
  const requestById = database.statement<DocRow>('SELECT doc, sum FROM request WHERE id = ?');
  const requestByUpload = database.statement<DocRow>('SELECT doc, sum FROM request WHERE upload_id = ?');
  const lease = database.statement<{ held: 1 }>(
    'SELECT 1 AS held FROM operation WHERE chain_id = ? AND finished = 0 AND lease_until > ? LIMIT 1',
  );
  const accounted = database.statement<{ known: 1 }>(
    `SELECT 1 AS known WHERE EXISTS (SELECT 1 FROM backup WHERE own_blob = ?)
       OR EXISTS (SELECT 1 FROM garbage WHERE blob_id = ?)`,
  );

  const headRecord = (resourceId: string): ResourceHead | undefined => {
    const row = headRow.get(keyText(resourceId));
    return demandAsked(
      'head',
      row && headOf(row, links.reader()),
      (found) => found.resourceId === resourceId,
    );
  };

  const backupIn = (
    row: BackupRow | undefined,
    isAsked: (record: BackupRecord) => boolean,
  ): BackupRecord | undefined => demandAsked('backup', row && backupOf(row, links.reader()), isAsked);

  return {
    async getBackup(id) {
      return backupIn(backupById.get(keyText(id)), (found) => found.id === id);
    },

    async getHead(resourceId) {
      return headRecord(resourceId);
    },

    listHeads: async (request) => listHeads(request),
    undecidedHeads: async (request) => undecidedHeads(request),
    liveEntries: async (request) => liveEntries(request),
    tally: async (resourceId) => tally(resourceId),

    async newestBefore(resourceId, sequence, type) {
      const key = keyText(resourceId);
      return backupIn(
        type === undefined ? newestBelow.get(key, sequence) : newestBelowOfType.get(key, type, sequence),
        (found) => found.resourceId === resourceId,
      );
    },

    async stateAt(resourceId, at) {
      return stateAt(resourceId, headRecord(resourceId), at);
    },

    async findSnapshot(resourceId, at) {
      const key = keyText(resourceId);
      const isOurs = (pointer: SnapshotPointer): boolean => pointer.resourceId === resourceId;
      const found = namedRecordOf<SnapshotPointer>('snapshot', newestSnapshot.get(key, at), isOurs);
      const earliest = namedRecordOf<SnapshotPointer>('snapshot', earliestSnapshot.get(key), isOurs);
      return { ...(found && { found }), ...(earliest && { earliest }) };
    },

    async getIdempotency(key, now) {
      return namedRecordOf<IdempotencyRecord>(
        'idempotency',
        answerTo.get(keyText(key), now),
        (found) => found.key === key,
      );
    },

    async getPolicy(resourceId) {
      return namedRecordOf<PolicyRecord>(
        'policy',
        policyOf.get(keyText(resourceId)),
        (found) => found.resourceId === resourceId,
      );
    },

    async getExpiryState() {
      const row = expiryState.get();
      return row && recordOf<ExpiryState>('expiry', row);
    },

    async hasLive(count) {
      return count <= 0 || liveFrom.get(Number.MIN_SAFE_INTEGER, count - 1) !== undefined;
    },

    async getNotice(id) {
      return namedRecordOf<Notice>('notice', noticeById.get(keyText(id)), (found) => found.id === id);
    },

    async listNotices(limit) {
      checkLimit(limit);
      return notices.all(limit).map((row) => recordOf<Notice>('notice', row));
    },

    async getDocument(collection, id) {
      return namedRecordOf<DocumentRecord>(
        'document',
        documentById.get(collection, keyText(id)),
        (found) => found.collection === collection && found.id === id,
      );
    },

    async getOperation(id) {
      return namedRecordOf<OperationRecord>(
        'operation',
        operationById.get(keyText(id)),
        (found) => found.id === id,
      );
    },

    async getRequest(id) {
      return namedRecordOf<BackupRequest>(
        'request',
        requestById.get(keyText(id)),
        (found) => found.id === id,
      );
    },

    async requestOfUpload(uploadId) {
      return namedRecordOf<BackupRequest>(
        'request',
        requestByUpload.get(keyText(uploadId)),
        (found) => found.uploadId === uploadId,
      );
    },

    async hasLease(chainId, now) {
      return lease.get(keyText(chainId), now) !== undefined;
    },

    async findUnknownBlobs(blobIds) {
      return blobIds.filter((blobId) => accounted.get(blobId, blobId) === undefined);
    },
  };
}
