// Proves the catalog row by row: every record against its checksum, and every column that is searched by against its record.
// A column that says something else would keep a backup out of a list, or out of what is needed.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { ownBlob } from '../core/chain.ts';
import type {
  AuditEvent,
  BackupRecord,
  BackupRequest,
  ExpiryState,
  GarbageEntry,
  Head,
  IdempotencyRecord,
  Notice,
  OperationRecord,
  PolicyRecord,
  SnapshotPointer,
} from '../core/model.ts';
import { lookedAt } from '../core/proof-time.ts';
import type { Logger } from '../log.ts';
import { PortError } from '../ports.ts';
import type { Database } from './database.ts';
import { isFinished } from './operation-status.ts';
import { type DocRow, damagedRow, keyText, recordOf } from './schema.ts';

/** Rows proven before others get their turn: some milliseconds. */
const ROWS_AT_ONCE = 100;

type Columns = Record<string, string | number | null>;

interface TablePlan {
  table: string;
  /** What a row must hold beside the record. */
  columns: (record: never) => Columns;
  /** The columns of the primary key, in order, where the table has no row numbers. */
  key?: readonly string[];
}

const flag = (holds: boolean): number => (holds ? 1 : 0);
const plan = <T>(table: string, columns: (record: T) => Columns, key?: readonly string[]): TablePlan => ({
  table,
  columns: columns as TablePlan['columns'],
  ...(key === undefined ? {} : { key }),
});

const PLANS: readonly TablePlan[] = [
  plan<BackupRecord>('backup', (record) => ({
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
  })),
  plan<Head>('head', ({ resourceId, version }) => ({ resource_id: keyText(resourceId), version })),
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
    finished: flag(isFinished(record.status)),
    version: record.version,
  })),
  plan<BackupRequest>('request', (record) => ({
    id: keyText(record.id),
    resource_id: keyText(record.resourceId),
    sequence: record.sequence ?? null,
    status: record.deletedAt === undefined ? record.status : 'deleted',
    created_at: record.createdAt,
    finished: flag(isFinished(record.status)),
    version: record.version,
  })),
  plan<PolicyRecord>('policy', ({ resourceId, version }) => ({ resource_id: keyText(resourceId), version })),
  plan<AuditEvent>('event', ({ id, resourceId }) => ({ id: keyText(id), resource_id: keyText(resourceId) })),
  plan<ExpiryState>('expiry', ({ version }) => ({ one: 1, version })),
  plan<Notice>('notice', ({ id, since, version }) => ({ id: keyText(id), since, version })),
];

/**
 * Reads every row, in slices, so that others have their turn. Throws PortError `integrity` at the first one that is not
 * what was written; ends early once `isStopping`.
 *
 * @returns how many rows hold
 */
export async function proveRows(database: Database, isStopping: () => boolean): Promise<number> {
  let proven = 0;
  for (const { table, columns, key = ['rowid'] } of PLANS) {
    const order = key.join(', ');
    const read = (after: string) =>
      database.statement<DocRow & Columns & { position: number }>(
        `SELECT ${key[0] === 'rowid' ? 'rowid AS position, ' : ''}* FROM ${table} ${after} ORDER BY ${order} LIMIT ${ROWS_AT_ONCE}`,
      );
    const first = read('');
    const next = read(`WHERE (${order}) > (${key.map(() => '?').join(', ')})`);
    for (let rows = first.all(); rows.length > 0; ) {
      for (const row of rows) demandRow(table, row, columns);
      proven += rows.length;
      await nextTurn();
      if (isStopping()) return proven;
      const last = rows.at(-1)!;
      rows = next.all(...key.map((column) => (column === 'rowid' ? last.position : last[column]!)));
    }
  }
  return proven;
}

function demandRow(table: string, row: DocRow & Columns, columns: TablePlan['columns']): void {
  const expected = columns(recordOf(table, row) as never);
  for (const [column, value] of Object.entries(expected)) {
    if (row[column] !== value) throw damagedRow(table);
  }
}

/**
 * Proves the catalog, row by row. Before that was done once since the start, nothing is removed on the catalog's word;
 * from a damaged row on nothing is written any more.
 */
export function createCatalogProof(database: Database, log: Logger, isStopping: () => boolean) {
  let running: Promise<void> | undefined;
  let isProven = false;

  async function prove(): Promise<void> {
    try {
      const rows = await proveRows(database, isStopping);
      if (isStopping()) return;
      isProven = true;
      log.info('catalog proven', { rows });
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
    /** Whether it is proven; false only if the service stops before that. Throws what proving throws. */
    async demand(): Promise<boolean> {
      if (!isProven) await run();
      return isProven;
    },
  };
}
