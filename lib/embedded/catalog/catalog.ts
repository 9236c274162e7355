// The catalog in SQLite. Reads are single indexed statements on the one connection, between group commits: they see
// every commit that has resolved and none that has not.

import type { BlobHeader } from '../../core/blob/header.ts';
import type {
  AuditEvent,
  BackupRecord,
  BackupRequest,
  ExpiryState,
  IdempotencyRecord,
  Notice,
  OperationRecord,
  PolicyRecord,
  ResourceHead,
  SnapshotPointer,
} from '../../core/records/model.ts';
import type { Catalog } from '../../ports/catalog.ts';
import { checkChanges, checkLimit } from '../../ports/checks.ts';
import { trailLine } from '../../ports/trail-lines.ts';
import type { Room } from '../disk/room.ts';
import { createCatalogWriter } from './catalog-commit.ts';
import { createCatalogLists } from './catalog-lists.ts';
import type { Database } from './database.ts';
import { createHeadList } from './head-list.ts';
import { createIdAllocator } from './id-allocator.ts';
import { createLiveReads } from './live-entries.ts';
import { roomUseOf } from './room-use.ts';
import { type DocRow, keyText, namedRecordOf, recordOf, sumOf } from './schema.ts';
import { createStateAt } from './state-at.ts';
import type { Statement } from './statements.ts';

/** Rows that one transaction of a purge removes: others get their turn in between. */
const PURGE_ROWS = 500;

/**
 * The catalog of an open database; it has no state but the database's and the ids it has given. None that stands in one of
 * these blobs is given again.
 */
export function createCatalog(
  database: Database,
  room?: Room,
  unnamed: readonly Pick<BlobHeader, 'backupId'>[] = [],
): Catalog {
  const ids = createIdAllocator(database);
  for (const { backupId } of unnamed) ids.avoid(backupId);
  const writer = createCatalogWriter(database, ids.highest);
  const lists = createCatalogLists(database);

  const stateAt = createStateAt(database);

  const backupById = database.statement<DocRow>('SELECT doc, sum FROM backup WHERE id = ?');
  const headOf = database.statement<DocRow>('SELECT doc, sum FROM head WHERE resource_id = ?');
  const policyOf = database.statement<DocRow>('SELECT doc, sum FROM policy WHERE resource_id = ?');
  const expiryState = database.statement<DocRow>('SELECT doc, sum FROM expiry WHERE one = 1');
  const liveFrom = database.statement<{ found: 1 }>(
    'SELECT 1 AS found FROM backup WHERE live = 1 AND created_at > ? ORDER BY created_at LIMIT 1 OFFSET ?',
  );
  const noticeById = database.statement<DocRow>('SELECT doc, sum FROM notice WHERE id = ?');
  const notices = database.statement<DocRow>(
    'SELECT doc, sum FROM notice WHERE since >= 0 ORDER BY since, id LIMIT ?',
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
  const { liveEntries, tally } = createLiveReads(database);
  const newestBelow = database.statement<DocRow>(
    `SELECT doc, sum FROM backup WHERE resource_id = ? AND sequence < ? AND live = 1
     ORDER BY sequence DESC LIMIT 1`,
  );
  const newestBelowOfType = database.statement<DocRow>(
    `SELECT doc, sum FROM backup WHERE resource_id = ? AND type = ? AND sequence < ? AND live = 1
     ORDER BY sequence DESC LIMIT 1`,
  );
  const requestById = database.statement<DocRow>('SELECT doc, sum FROM request WHERE id = ?');
  const requestByUpload = database.statement<DocRow>('SELECT doc, sum FROM request WHERE upload_id = ?');
  const lease = database.statement<{ held: 1 }>(
    'SELECT 1 AS held FROM operation WHERE chain_id = ? AND finished = 0 AND lease_until > ? LIMIT 1',
  );
  const pending = database.statement<DocRow>(
    'SELECT doc, sum FROM event WHERE published = 0 ORDER BY row LIMIT ?',
  );
  const publish = database.statement('UPDATE event SET published = 1 WHERE id = ?');
  const purgeIdempotency = database.statement(
    `DELETE FROM idempotency WHERE rowid IN
       (SELECT rowid FROM idempotency WHERE expires_at <= ? LIMIT ${PURGE_ROWS})`,
  );
  const purgeOperations = database.statement(
    `DELETE FROM operation WHERE row IN
       (SELECT row FROM operation WHERE finished = 1 AND created_at < ? LIMIT ${PURGE_ROWS})`,
  );
  /** The last one stays: it tells when the clock was last believed. */
  const purgeEvents = database.statement(
    `DELETE FROM event WHERE row IN
       (SELECT row FROM event WHERE at < ? AND published = 1 AND row < (SELECT MAX(row) FROM event)
        LIMIT ${PURGE_ROWS})`,
  );
  const accounted = database.statement<{ known: 1 }>(
    `SELECT 1 AS known WHERE EXISTS (SELECT 1 FROM backup WHERE own_blob = ?)
       OR EXISTS (SELECT 1 FROM garbage WHERE blob_id = ?)`,
  );
  const leaveGaps = database.statement(
    `INSERT INTO gap (resource_id, sequence, created_at)
     SELECT resource_id, sequence, created_at FROM request
     WHERE finished = 1 AND created_at < ? AND status <> 'completed' AND sequence IS NOT NULL ON CONFLICT DO NOTHING`,
  );
  const purgeRequests = database.statement(
    `DELETE FROM request WHERE row IN
       (SELECT row FROM request WHERE finished = 1 AND created_at < ? LIMIT ${PURGE_ROWS})`,
  );
  const toTrail = database.statement('INSERT INTO outbox (line, sum) VALUES (?, ?)');
  const touch = database.statement(
    `INSERT INTO counter (kind, value) VALUES ('check', 1) ON CONFLICT (kind) DO UPDATE SET value = value + 1`,
  );

  async function purgeAll(statement: Statement<Record<string, never>>, before: number): Promise<void> {
    let rows: number;
    do {
      rows = await database.write(() => statement.run(before));
    } while (rows === PURGE_ROWS);
  }

  const headRecord = (resourceId: string): ResourceHead | undefined =>
    namedRecordOf<ResourceHead>(
      'head',
      headOf.get(keyText(resourceId)),
      (found) => found.resourceId === resourceId,
    );

  return {
    capabilities: { countedIds: true },

    ...lists,

    async allocateId(kind) {
      return ids.allocate(kind);
    },

    async commit(changes) {
      checkChanges(changes);
      // Serialised now, because the caller may go on with its records before the group is written.
      const steps = changes.map(writer.prepare);
      const line = trailLine(changes);
      const use = roomUseOf(changes);
      if (use === 'takes') room?.demandRoom();
      await database.write(() => {
        for (const step of steps) {
          step();
        }
        if (line !== undefined) toTrail.run(line, sumOf(line));
      }, use === 'makes');
    },

    async getBackup(id) {
      return namedRecordOf<BackupRecord>('backup', backupById.get(keyText(id)), (found) => found.id === id);
    },

    async getHead(resourceId) {
      return headRecord(resourceId);
    },

    listHeads: async (request) => listHeads(request),
    liveEntries: async (request) => liveEntries(request),
    tally: async (resourceId) => tally(resourceId),

    async newestBefore(resourceId, sequence, type) {
      const key = keyText(resourceId);
      return namedRecordOf<BackupRecord>(
        'backup',
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

    async pendingEvents(limit) {
      checkLimit(limit);
      return pending.all(limit).map((row) => recordOf<AuditEvent>('event', row));
    },

    async markPublished(eventIds) {
      if (eventIds.length > 0) {
        const keys = eventIds.map(keyText);
        await database.write(() => {
          for (const key of keys) {
            publish.run(key);
          }
        });
      }
    },

    async purge({ now, operationsBefore, eventsBefore }) {
      await purgeAll(purgeIdempotency, now);
      await purgeAll(purgeOperations, operationsBefore);
      await database.write(() => leaveGaps.run(operationsBefore));
      await purgeAll(purgeRequests, operationsBefore);
      if (eventsBefore !== undefined) await purgeAll(purgeEvents, eventsBefore);
    },

    async check() {
      const fault = database.fault();
      if (fault !== undefined) throw fault;
      // A write and not only a read: a full or read-only disk shows itself nowhere else.
      await database.write(() => touch.run());
    },
  };
}
