// Brings what was committed into the trail. Each commit leaves a line in the catalog itself; the lines wait there for less
// than a minute, until they are in a segment beside the blobs.

import { LIMITS } from '../core/limits.ts';
import type { BackupRecord, Head } from '../core/model.ts';
import { type TrailChange, trailBackup } from '../service/trail/lines.ts';
import { appendSegment, type TrailDeps } from '../service/trail/write.ts';
import type { Database } from './database.ts';
import { type DocRow, recordOf } from './schema.ts';

const LINES_MAX = 5000;
/** Characters of a segment's lines: far below its bound in bytes, whatever they are. */
const CHARS_MAX = LIMITS.trailSegmentBytesMax / 8;
const ROWS_AT_ONCE = 500;

interface Line {
  row: number;
  line: string;
}

export interface Trail {
  /** Writes all that waits. Throws PortError; what was not written waits on. */
  write(): Promise<void>;
}

/** The trail of an open catalog. */
export function createTrail(database: Database, deps: TrailDeps): Trail {
  const waiting = database.statement<Line>('SELECT row, line FROM outbox ORDER BY row LIMIT ?');
  const last = database.statement<{ row: number | null }>('SELECT MAX(row) AS row FROM outbox');
  const written = database.statement('DELETE FROM outbox WHERE row <= ?');
  const mark = database.statement('UPDATE store SET segment = ?');
  const based = database.statement<{ based: number }>('SELECT based FROM store');
  const markBased = database.statement('UPDATE store SET based = 1');

  /** What stood in a catalog before there was a trail: later segments only hold what has changed. */
  async function writeBase(): Promise<void> {
    const upTo = last.get()?.row ?? 0;
    for (const lines of segmentsOf(baseLines(database))) {
      const number = await appendSegment(deps, lines);
      await database.write(() => mark.run(number));
    }
    await database.write(() => {
      written.run(upTo);
      markBased.run();
    });
  }

  return {
    async write() {
      if (based.get()?.based !== 1) await writeBase();
      for (;;) {
        const rows = waiting.all(LINES_MAX);
        const [first] = segmentsOf(rows.values());
        if (first === undefined) return;
        const number = await appendSegment(
          deps,
          first.map(({ line }) => line),
        );
        await database.write(() => {
          written.run(first.at(-1)!.row);
          mark.run(number);
        });
      }
    },
  };
}

/** In groups that fit into a segment each. */
function* segmentsOf<L extends string | Line>(lines: Iterable<L>): Generator<L[]> {
  let group: L[] = [];
  let chars = 0;
  for (const line of lines) {
    group.push(line);
    chars += typeof line === 'string' ? line.length : line.line.length;
    if (group.length < LINES_MAX && chars < CHARS_MAX) continue;
    yield group;
    group = [];
    chars = 0;
  }
  if (group.length > 0) yield group;
}

/** Every record, as if it had just been committed. */
function* baseLines(database: Database): Generator<string> {
  const line = (change: TrailChange): string => JSON.stringify([change]);
  for (const head of recordsOf<Head>(database, 'head')) {
    const { latest: _latest, latestFull: _latestFull, ...rest } = head;
    yield line({ kind: 'head.put', head: rest });
  }
  for (const record of recordsOf<BackupRecord>(database, 'backup')) {
    yield line({ kind: 'backup.put', record: trailBackup(record) });
  }
  const others = {
    policy: 'policy.put',
    request: 'request.insert',
    garbage: 'garbage.put',
    operation: 'operation.insert',
    idempotency: 'idempotency.insert',
    notice: 'notice.put',
    event: 'event.append',
  } as const;
  for (const [table, kind] of Object.entries(others)) {
    for (const record of recordsOf<unknown>(database, table)) {
      const member = kind === 'garbage.put' ? 'entry' : kind === 'event.append' ? 'event' : 'record';
      yield line({ kind, [member]: record, expect: 0, now: 0 } as unknown as TrailChange);
    }
  }
}

function* recordsOf<T>(database: Database, table: string): Generator<T> {
  const read = database.statement<DocRow & { position: number }>(
    `SELECT rowid AS position, doc, sum FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT ${ROWS_AT_ONCE}`,
  );
  for (let rows = read.all(0); rows.length > 0; rows = read.all(rows.at(-1)!.position)) {
    for (const row of rows) yield recordOf<T>(table, row);
  }
}
