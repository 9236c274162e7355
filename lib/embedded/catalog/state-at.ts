// What a history says of an instant, by a few looks at indexes, however long the history is: by time first, and by
// sequence only among the times that the clock has seen twice.

import type { BackupRequest, ResourceHead, SnapshotPointer, TimeRange } from '../../core/records/model.ts';
import { isInOrder, type MissingState, type StateAt } from '../../core/records/timeline.ts';
import { type PlainRow, placeOf, ROW_COLUMNS } from './backup-doc.ts';
import type { Database } from './database.ts';
import { type DocRow, keyText, recordOf } from './schema.ts';

interface Place {
  sequence: number;
  created_at: number;
}

/** Places of one kind: live backups, tombstones, open requests, gaps. */
interface Places {
  /** The highest sequence among those with a time of at most `at`. */
  newest(key: string, at: number, disorder: TimeRange | undefined): Place | undefined;
}

/** `Catalog.stateAt` in SQLite. `head` is the resource's own. */
export function createStateAt(
  database: Database,
): (resourceId: string, head: ResourceHead | undefined, at: number) => StateAt {
  const places = (table: string, index: string, where: string): Places => {
    const source = `${table} INDEXED BY ${index} WHERE resource_id = ? ${where}`;
    const byTime = database.statement<Place>(
      `SELECT sequence, created_at FROM ${source} AND created_at <= ?
       ORDER BY created_at DESC, sequence DESC LIMIT 1`,
    );
    const bySequence = database.statement<Place>(
      `SELECT MAX(sequence) AS sequence, created_at FROM ${source} AND created_at BETWEEN ? AND ?`,
    );
    return {
      newest(key, at, disorder) {
        const last = byTime.get(key, at);
        if (last === undefined || isInOrder(disorder, last.created_at)) return last;
        return bySequence.get(key, disorder!.from, at);
      },
    };
  };
  const live = places('backup', 'backup_live_time', 'AND live = 1');
  const hidden = places('backup', 'backup_hidden_time', 'AND live = 0');
  const open = places('request', 'request_open_time', "AND status <> 'completed' AND sequence IS NOT NULL");
  const gaps = places('gap', 'gap_time', '');
  const firstAfter = database.statement<Place>(
    `SELECT sequence, created_at FROM backup INDEXED BY backup_live_time
     WHERE resource_id = ? AND live = 1 AND created_at > ? ORDER BY created_at, sequence LIMIT 1`,
  );
  const nextAfter = database.statement<Place>(
    `SELECT sequence, created_at FROM backup WHERE resource_id = ? AND sequence > ? AND live = 1
     ORDER BY sequence LIMIT 1`,
  );
  const backupAt = database.statement<PlainRow>(
    `SELECT ${ROW_COLUMNS} FROM backup WHERE resource_id = ? AND sequence = ?`,
  );
  const requestAt = database.statement<DocRow>(
    `SELECT doc, sum FROM request WHERE resource_id = ? AND sequence = ? AND status <> 'completed'
       AND sequence IS NOT NULL`,
  );
  const gapAt = database.statement<{ known: 1 }>(
    'SELECT 1 AS known FROM gap WHERE resource_id = ? AND sequence = ?',
  );

  function nextOf(key: string, at: number, from: number, disorder: TimeRange | undefined): Place | undefined {
    const next = firstAfter.get(key, at);
    const isNext = next === undefined || (from > 0 && isInOrder(disorder, next.created_at));
    return isNext ? next : nextAfter.get(key, from);
  }

  function pointerTo(resourceId: string, { sequence, created_at }: Place): SnapshotPointer {
    const { id } = placeOf(backupAt.get(keyText(resourceId), sequence)!);
    return { resourceId, createdAt: created_at, sequence, backupId: id };
  }

  function missingOf(
    key: string,
    at: number,
    found: Place | undefined,
    head: ResourceHead | undefined,
  ): MissingState | undefined {
    const disorder = head?.disorder;
    const from = found?.sequence ?? 0;
    const isKnown = (sequence: number): boolean =>
      [backupAt, requestAt, gapAt].some((read) => read.get(key, sequence) !== undefined);
    const [tombstone, request, gap] = [hidden, open, gaps].map((kind) => kind.newest(key, at, disorder));
    const newest = [tombstone, request, gap]
      .filter((place) => place !== undefined)
      .sort((a, b) => b.sequence - a.sequence)[0];
    if (newest === undefined || newest.sequence <= from) {
      const isGone = found !== undefined && found.created_at < at && from < (head?.sequence ?? 0);
      return isGone && !isKnown(from + 1) ? { reason: 'gone' } : undefined;
    }
    if (newest === tombstone) return ofTombstone(backupAt.get(key, newest.sequence)!);
    if (newest === request) return ofRequest(requestAt.get(key, newest.sequence)!);
    return { reason: 'gone', createdAt: newest.created_at };
  }

  return (resourceId, head, at) => {
    const key = keyText(resourceId);
    const found = live.newest(key, at, head?.disorder);
    const next = nextOf(key, at, found?.sequence ?? 0, head?.disorder);
    const earliest = firstAfter.get(key, Number.MIN_SAFE_INTEGER);
    const missing = missingOf(key, at, found, head);
    return {
      ...(found && { found: pointerTo(resourceId, found) }),
      ...(next && { next: pointerTo(resourceId, next) }),
      ...(earliest && { earliest: pointerTo(resourceId, earliest) }),
      ...(missing && { missing }),
    };
  };
}

function ofTombstone(row: PlainRow): MissingState {
  const { id, createdAt, deletedReason = 'deleted' } = placeOf(row);
  return { reason: deletedReason, backupId: id, createdAt };
}

function ofRequest(row: DocRow): MissingState {
  const { id, createdAt, status } = recordOf<BackupRequest>('request', row);
  return { reason: status === 'failed' ? 'failed' : 'pending', backupId: id, createdAt };
}
