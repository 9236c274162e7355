// All that a catalog holds, as the trail has it: what a trail begins with whose catalog is older than it.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { type DocumentRecord, isLasting } from '../../core/records/document.ts';
import type {
  BackupRequest,
  GarbageEntry,
  IdempotencyRecord,
  Notice,
  OperationRecord,
  ResourceHead,
} from '../../core/records/model.ts';
import type { ExpiryState, PolicyRecord } from '../../core/records/retention-records.ts';
import type { IdKind } from '../../ports/catalog.ts';
import { type TrailChange, trailBackup, trailHead } from '../../ports/trail-lines.ts';
import { type ChainOf, createChainLinks } from '../catalog/chain-links.ts';
import { BACKUP_COLUMNS, type BackupRow, backupOf } from '../catalog/chained-rows.ts';
import type { Database } from '../catalog/database.ts';
import { EVENT_COLUMNS, type EventRow, eventOf } from '../catalog/event-row.ts';
import { type DocRow, nameOf, recordOf } from '../catalog/schema.ts';

/** Rows read before others get their turn: some milliseconds. */
const ROWS_AT_ONCE = 200;

type Row = DocRow & { position: number };

interface TableReader {
  table: string;
  /** What is read of a row, as SQL. */
  columns: string;
  changeOf(row: Row, chainOf: ChainOf): TrailChange | undefined;
}

const reader = <T>(table: string, changeOf: (record: T) => TrailChange | undefined): TableReader => ({
  table,
  columns: 'doc, sum',
  changeOf: (row) => changeOf(recordOf<T>(table, row)),
});

const TABLES: readonly TableReader[] = [
  reader<ResourceHead>('head', (head) => ({ kind: 'head.put', head: trailHead(head) })),
  {
    table: 'backup',
    columns: BACKUP_COLUMNS,
    changeOf: (row, chainOf) => ({
      kind: 'backup.put',
      record: trailBackup(backupOf(row as Row & BackupRow, chainOf)),
    }),
  },
  reader<PolicyRecord>('policy', (record) => ({ kind: 'policy.put', record, expect: 0 })),
  reader<BackupRequest>('request', (record) => ({ kind: 'request.insert', record })),
  reader<GarbageEntry>('garbage', (entry) => ({ kind: 'garbage.put', entry })),
  reader<OperationRecord>('operation', (record) => ({ kind: 'operation.insert', record })),
  reader<IdempotencyRecord>('idempotency', (record) => ({ kind: 'idempotency.insert', record, now: 0 })),
  reader<ExpiryState>('expiry', (record) => ({ kind: 'expiry.put', record, expect: 0 })),
  reader<Notice>('notice', (record) => ({ kind: 'notice.put', record, expect: 0 })),
  reader<DocumentRecord>('document', (record) =>
    isLasting(record.collection) ? { kind: 'document.put', record, expect: 0 } : undefined,
  ),
  {
    table: 'event',
    columns: EVENT_COLUMNS,
    changeOf: (row) => ({ kind: 'event.append', event: eventOf(row as Row & EventRow) }),
  },
];

/**
 * A line for every record, in slices, so that others have their turn. What is committed meanwhile may or may not be in them.
 * Throws PortError `integrity` for a row that is not what was written.
 */
export async function* baseLines(database: Database): AsyncGenerator<string> {
  for await (const change of baseChanges(database)) yield JSON.stringify([change]);
}

async function* baseChanges(database: Database): AsyncGenerator<TrailChange> {
  const links = createChainLinks(database);
  for (const { table, columns, changeOf } of TABLES) {
    const next = database.statement<Row>(
      `SELECT rowid AS position, ${columns} FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT ${ROWS_AT_ONCE}`,
    );
    for (let rows = next.all(0); rows.length > 0; rows = next.all(rows.at(-1)!.position)) {
      // What is read while others commit is not remembered: numbers of links may be given again.
      const chainOf = links.reader();
      yield* rows.map((row) => changeOf(row, chainOf)).filter((change) => change !== undefined);
      await nextTurn();
    }
  }
  yield* gapsIn(database);
  const counters = database.statement<{ kind: string; value: number }>('SELECT kind, value FROM counter');
  for (const { kind, value } of counters.all()) {
    if (isIdKind(kind)) yield { kind: 'counter.raise', of: kind, value };
  }
}

async function* gapsIn(database: Database): AsyncGenerator<TrailChange> {
  const next = database.statement<{ resource_id: string; sequence: number; created_at: number }>(
    `SELECT resource_id, sequence, created_at FROM gap WHERE (resource_id, sequence) > (?, ?)
     ORDER BY resource_id, sequence LIMIT ${ROWS_AT_ONCE}`,
  );
  for (let rows = next.all('', 0); rows.length > 0; ) {
    for (const { resource_id, sequence, created_at } of rows) {
      yield { kind: 'gap.put', resourceId: nameOf(resource_id), sequence, createdAt: created_at };
    }
    await nextTurn();
    const last = rows.at(-1)!;
    rows = next.all(last.resource_id, last.sequence);
  }
}

function isIdKind(kind: string): kind is IdKind {
  return kind === 'backup' || kind === 'restore';
}
