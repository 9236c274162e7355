// What is counted of live backups: a narrow table beside the records, written with them.

import { type LiveEntry, liveEntryOf, NOTHING_LIVE, type Tally } from '../../core/records/live-entry.ts';
import type { BackupRecord, BackupType } from '../../core/records/model.ts';
import { decodeCursor, encodeCursor } from '../../ports/checks.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import type { Database } from './database.ts';
import { damagedRow, keyText, nameOf } from './schema.ts';

const LIST = 'live entries';

interface LiveRow {
  created_at: number;
  sequence: number;
  id: string;
  type: BackupType;
  size: number;
  bytes: number;
  additions: number | null;
  changes: number | null;
  deletions: number | null;
  moves: number | null;
  held: number;
  locked_until: number | null;
  damaged: number;
}

export interface LiveWriter {
  /** What is left to do inside the transaction that writes the record. */
  put(record: BackupRecord): () => void;
  /** The same for the record of that id and version, which is about to be removed. */
  remove(id: string, version: number): void;
}

export function createLiveWriter(database: Database): LiveWriter {
  const put = database.statement(
    `INSERT OR REPLACE INTO live (resource_id, created_at, sequence, id, type, size, bytes, additions, changes, deletions, moves,
       held, locked_until, damaged) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const hide = database.statement(
    'DELETE FROM live WHERE resource_id = ? AND created_at = ? AND sequence = ?',
  );
  const remove = database.statement(
    `DELETE FROM live WHERE (resource_id, created_at, sequence) IN
       (SELECT resource_id, created_at, sequence FROM backup WHERE id = ? AND version = ?)`,
  );
  return {
    put(record) {
      const place = [keyText(record.resourceId), record.createdAt, record.sequence];
      if (record.deletedAt !== undefined) return () => hide.run(...place);
      const values = [...place, ...valuesOf(liveEntryOf(record))];
      return () => put.run(...values);
    },
    remove: (id, version) => remove.run(keyText(id), version),
  };
}

/** As the table has them, behind the place. */
function valuesOf({ backupId, type, size, bytes, changes, legalHold, lockedUntil, damaged }: LiveEntry) {
  const counts = [changes?.additions, changes?.changes, changes?.deletions, changes?.moves];
  return [
    ...[keyText(backupId), type, size, bytes, ...counts.map((count) => count ?? null)],
    ...[legalHold ? 1 : 0, lockedUntil ?? null, damaged ? 1 : 0],
  ];
}

/**
 * Whether what is counted is what the records say, as each of them is read: `demand` throws PortError `integrity` for a record whose entry is
 * another, or is there though it is hidden; `demandNoOthers` for an entry without a record.
 */
export function createLiveProof(database: Database): {
  demand(record: BackupRecord): void;
  demandNoOthers(): void;
} {
  const find = database.statement<Record<string, string | number | null>>(
    'SELECT * FROM live WHERE resource_id = ? AND created_at = ? AND sequence = ?',
  );
  const count = database.statement<{ same: number }>(
    'SELECT (SELECT count(*) FROM live) = (SELECT count(*) FROM backup WHERE live = 1) AS same',
  );
  return {
    demand(record) {
      const place = [keyText(record.resourceId), record.createdAt, record.sequence];
      const found = find.get(...place);
      const expected =
        record.deletedAt === undefined ? [...place, ...valuesOf(liveEntryOf(record))] : undefined;
      const values = found === undefined ? undefined : Object.values(found);
      if (JSON.stringify(values) !== JSON.stringify(expected)) throw damagedRow('live');
    },
    demandNoOthers() {
      if (count.get()?.same !== 1) throw damagedRow('live');
    },
  };
}

interface LiveReads {
  /** Throws as `decodeCursor` does. */
  liveEntries(request: PageRequest & { resourceId: string; from?: number; to?: number }): Page<LiveEntry>;
  tally(resourceId: string): Tally;
}

export function createLiveReads(database: Database): LiveReads {
  const entries = database.statement<LiveRow>(
    `SELECT * FROM live WHERE resource_id = ?1 AND created_at BETWEEN ?2 AND ?3 AND (created_at, sequence) > (?4, ?5)
     ORDER BY created_at, sequence LIMIT ?6`,
  );
  const sums = database.statement<Tally & { oldestAt: number | null; newestAt: number | null }>(
    `SELECT count(*) AS live, coalesce(sum(bytes), 0) AS bytes, coalesce(sum(damaged), 0) AS damaged, coalesce(sum(held), 0) AS held,
       min(created_at) AS oldestAt, max(created_at) AS newestAt FROM live WHERE resource_id = ?`,
  );
  return {
    liveEntries(request) {
      const { resourceId, from = Number.MIN_SAFE_INTEGER, to = Number.MAX_SAFE_INTEGER, limit } = request;
      const after = decodeCursor(LIST, ['number', 'number'], request) ?? [Number.MIN_SAFE_INTEGER, 0];
      // One more than asked for tells whether this page is the last.
      const rows = entries.all(keyText(resourceId), from, to, ...after, limit + 1);
      const items = rows.slice(0, limit).map(entryOf);
      const last = items.at(-1);
      return last !== undefined && rows.length > limit
        ? { items, cursor: encodeCursor(LIST, [last.createdAt, last.sequence]) }
        : { items };
    },
    tally(resourceId) {
      const { oldestAt, newestAt, ...found } = sums.get(keyText(resourceId))!;
      if (oldestAt === null || newestAt === null) return NOTHING_LIVE;
      return { ...found, oldestAt, newestAt };
    },
  };
}

function entryOf(row: LiveRow): LiveEntry {
  const { additions, changes, deletions, moves } = row;
  const isCounted = additions !== null && changes !== null && deletions !== null && moves !== null;
  return {
    backupId: nameOf(row.id),
    createdAt: row.created_at,
    sequence: row.sequence,
    type: row.type,
    size: row.size,
    bytes: row.bytes,
    ...(isCounted ? { changes: { additions, changes, deletions, moves } } : {}),
    ...(row.held === 1 ? { legalHold: true } : {}),
    ...(row.locked_until === null ? {} : { lockedUntil: row.locked_until }),
    ...(row.damaged === 1 ? { damaged: true } : {}),
  };
}
