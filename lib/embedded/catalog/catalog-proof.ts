// Proves the catalog row by row: every record against its checksum, and every column that is searched by against its record.
// A column that says something else would keep a backup out of a list, or out of what is needed.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { ownBlob } from '../../core/records/chain.ts';
import type { DocumentRecord } from '../../core/records/document.ts';
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
} from '../../core/records/model.ts';
import { lookedAt } from '../../core/records/proof-time.ts';
import type { ExpiryState, PolicyRecord } from '../../core/records/retention-records.ts';
import { isFinished } from '../../core/records/status.ts';
import type { Logger } from '../../log.ts';
import { PortError } from '../../ports/errors.ts';
import { type ChainOf, createChainLinks } from './chain-links.ts';
import { backupOf, headOf } from './chained-rows.ts';
import type { Database } from './database.ts';
import { eventOf } from './event-row.ts';
import { createLiveProof } from './live-entries.ts';
import { type DocRow, damagedRow, keyText, recordOf } from './schema.ts';

/** Rows proven before others get their turn: some milliseconds. */
const ROWS_AT_ONCE = 100;

type Value = string | number | null;
type Columns = Record<string, Value>;

/** Of each column its value, or those that it may have. */
type Expected = Record<string, Value | readonly Value[]>;

interface TablePlan {
  table: string;
  /** What a row must hold beside the record. */
  columns: (record: never) => Expected;
  /** The record in a row, where its document alone is not. */
  read?: (row: never, chainOf: ChainOf) => unknown;
  /** The columns of the primary key, in order, where the table has no row numbers. */
  key?: readonly string[];
}

const flag = (holds: boolean): number => (holds ? 1 : 0);
const plan = <T>(
  table: string,
  columns: (record: T) => Expected,
  key?: readonly string[],
  read?: TablePlan['read'],
): TablePlan => ({
  table,
  columns: columns as TablePlan['columns'],
  ...(read === undefined ? {} : { read }),
  ...(key === undefined ? {} : { key }),
});

const scheduleIn = (body: unknown): string | null =>
  (body as { scheduleId?: string } | null)?.scheduleId ?? null;

const PLANS: readonly TablePlan[] = [
  plan<BackupRecord>(
    'backup',
    (record) => ({
      id: keyText(record.id),
      resource_id: keyText(record.resourceId),
      sequence: record.sequence,
      type: record.type,
      created_at: record.createdAt,
      expires_at: record.expiresAt ?? null,
      live: flag(record.deletedAt === undefined),
      own_blob: ownBlob(record).blobId,
      looked_at: lookedAt(record),
      version: record.version,
    }),
    undefined,
    backupOf,
  ),
  plan<ResourceHead>(
    'head',
    ({ resourceId, version, latest, latestFull, isUndecided }) => ({
      resource_id: keyText(resourceId),
      version,
      undecided: flag(isUndecided === true),
      // What stands there leads to the chain, or has been refused by now.
      ...(latest === undefined ? { latest: null } : {}),
      ...(latestFull === undefined ? { latest_full: null } : {}),
    }),
    undefined,
    headOf,
  ),
  plan<SnapshotPointer>(
    'snapshot',
    ({ resourceId, createdAt, sequence }) => ({
      resource_id: keyText(resourceId),
      created_at: createdAt,
      sequence,
    }),
    ['resource_id', 'created_at', 'sequence'],
  ),
  plan<IdempotencyRecord>('idempotency', ({ key, expiresAt }) => ({
    key: keyText(key),
    expires_at: expiresAt,
  })),
  plan<GarbageEntry>('garbage', ({ blobId, resourceId, sequence, dueAt }) => ({
    blob_id: keyText(blobId),
    resource_id: keyText(resourceId),
    sequence,
    due_at: dueAt,
  })),
  plan<OperationRecord>('operation', (record) => ({
    id: keyText(record.id),
    target_resource_id: keyText(record.targetResourceId),
    chain_id: keyText(record.chainId),
    created_at: record.createdAt,
    lease_until: record.leaseUntil,
    finished: flag(isFinished(record)),
    version: record.version,
  })),
  plan<BackupRequest>('request', (record) => ({
    id: keyText(record.id),
    resource_id: keyText(record.resourceId),
    sequence: record.sequence ?? null,
    status: record.deletedAt === undefined ? record.status : 'deleted',
    // Empty in a failed one, and in those of a release that had no such column.
    upload_id: record.status === 'failed' ? null : [keyText(record.uploadId), null],
    created_at: record.createdAt,
    finished: flag(isFinished(record)),
    version: record.version,
  })),
  plan<PolicyRecord>('policy', ({ resourceId, version }) => ({ resource_id: keyText(resourceId), version })),
  plan<AuditEvent>(
    'event',
    ({ id, resourceId, at, action }) => ({ id: keyText(id), resource_id: keyText(resourceId), at, action }),
    undefined,
    eventOf,
  ),
  plan<ExpiryState>('expiry', ({ version }) => ({ one: 1, version })),
  plan<DocumentRecord>('document', ({ collection, id, group, dueAt, expiresAt, version, body }) => ({
    collection,
    id: keyText(id),
    // Of those of a release that knew of no groups it follows from what they are.
    of_group: group === undefined ? [null, scheduleIn(body)] : keyText(group),
    due_at: dueAt ?? null,
    expires_at: expiresAt ?? null,
    version,
  })),
  plan<Notice>('notice', ({ id, since, version }) => ({ id: keyText(id), since, version })),
];

/**
 * Reads every row, in slices, so that others have their turn. Throws PortError `integrity` at the first one that is not
 * what was written; ends early once `isStopping`.
 *
 * @returns how many rows hold
 */
async function proveRows(database: Database, isStopping: () => boolean): Promise<number> {
  let proven = 0;
  const live = createLiveProof(database);
  const links = createChainLinks(database);
  for (const { table, columns, key = ['rowid'], read: recordIn = withoutChains(table) } of PLANS) {
    const order = key.join(', ');
    const read = (after: string) =>
      database.statement<DocRow & Columns & { position: number }>(
        `SELECT ${key[0] === 'rowid' ? 'rowid AS position, ' : ''}* FROM ${table} ${after} ORDER BY ${order} LIMIT ${ROWS_AT_ONCE}`,
      );
    const first = read('');
    const next = read(`WHERE (${order}) > (${key.map(() => '?').join(', ')})`);
    for (let rows = first.all(); rows.length > 0; ) {
      const chainOf = links.reader();
      for (const row of rows) {
        const record = recordIn(row as never, chainOf);
        demandColumns(table, row, columns(record as never));
        if (table === 'backup') live.demand(record as BackupRecord);
      }
      proven += rows.length;
      await nextTurn();
      if (isStopping()) return proven;
      const last = rows.at(-1)!;
      rows = next.all(...key.map((column) => (column === 'rowid' ? last.position : last[column]!)));
    }
  }
  live.demandNoOthers();
  return proven;
}

const withoutChains =
  (table: string) =>
  (row: DocRow): unknown =>
    recordOf(table, row);

function demandColumns(table: string, row: Columns, expected: Expected): void {
  for (const [column, value] of Object.entries(expected)) {
    const values = Array.isArray(value) ? value : [value];
    if (!values.includes(row[column]!)) throw damagedRow(table);
  }
}

/** A proof holds so many times as long as it took: before each sweep of a small catalog, and for 2 % of the time of a large one. */
const HOLDS_FOR_EACH_MS = 50;

/**
 * Proves the catalog, row by row. Unless that has just been done, nothing is hidden or removed on the catalog's word; from a
 * damaged row on nothing is written any more.
 */
export function createCatalogProof(
  database: Database,
  log: Logger,
  isStopping: () => boolean,
  now: () => number = () => performance.now(),
) {
  let running: Promise<void> | undefined;
  /** By a clock that nobody sets. */
  let holdsUntil: number | undefined;

  async function prove(): Promise<void> {
    const from = now();
    try {
      const rows = await proveRows(database, isStopping);
      if (isStopping()) return;
      if (holdsUntil === undefined) log.info('catalog proven', { rows });
      holdsUntil = now() + (now() - from) * HOLDS_FOR_EACH_MS;
    } catch (error) {
      if (error instanceof PortError && error.code === 'integrity') database.distrust(error);
      throw error;
    } finally {
      running = undefined;
    }
  }

  const run = (): Promise<void> => {
    running ??= prove();
    return running;
  };
  return {
    run,
    /** Whether it has just been proven; false only if the service stops before that. Throws what proving throws. */
    async demand(): Promise<boolean> {
      if (holdsUntil !== undefined && now() < holdsUntil) return true;
      await run();
      return !isStopping();
    },
  };
}
