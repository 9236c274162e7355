// Brings what was committed into the trail. Each commit leaves a line in the catalog itself; the lines wait there for less
// than a minute, until they are in a segment beside the blobs.

import { LIMITS } from '../../core/records/limits.ts';
import type { SegmentMark } from '../../core/records/model.ts';
import { segmentHash } from '../../core/trail/segment.ts';
import type { Logger } from '../../log.ts';
import { PortError } from '../../ports/errors.ts';
import { appendSegment, readSegment, type TrailDeps } from '../../service/trail/write.ts';
import type { Database } from '../catalog/database.ts';
import { damagedRow, sumOf } from '../catalog/schema.ts';
import { baseLines } from './trail-base.ts';

const LINES_MAX = 2000;
/** Characters of a segment's lines: far below its bound in bytes, whatever they are. */
const CHARS_MAX = LIMITS.trailSegmentBytesMax / 8;

interface Line {
  row: number;
  line: string;
  sum: number;
}

export interface Trail {
  /**
   * Looks at what a crash may have left between a segment and its mark. Throws PortError `integrity`, reason `rolled_back`, if
   * the trail tells of commits that the catalog does not know.
   */
  settle(): Promise<void>;
  /** Writes all that waits, if anything does. Throws PortError; what was not written waits on. */
  write(): Promise<void>;
}

/** The trail of an open catalog. */
export function createTrail(database: Database, deps: TrailDeps, log: Logger): Trail {
  const rowsWaiting = database.statement<Line>('SELECT row, line, sum FROM outbox ORDER BY row LIMIT ?');
  const last = database.statement<{ row: number | null }>('SELECT MAX(row) AS row FROM outbox');
  const written = database.statement('DELETE FROM outbox WHERE row <= ?');
  const setMark = database.statement('UPDATE store SET segment = ?');
  const stored = database.statement<{ segment: number; based: number }>('SELECT segment, based FROM store');
  const setBased = database.statement('UPDATE store SET based = ?');
  /** With its hash, which the catalog does not keep. */
  let mark: SegmentMark | undefined;

  /** The first lines that wait, in order. Throws PortError `integrity` for one that is not what was written. */
  function waiting(limit: number): Line[] {
    const rows = rowsWaiting.all(limit);
    if (rows.every(({ line, sum }) => sumOf(line) === sum)) return rows;
    const error = damagedRow('outbox');
    database.distrust(error);
    throw error;
  }

  /** The last segment; undefined before the first one, without a hash if it is gone. */
  async function lastMark(): Promise<SegmentMark | undefined> {
    const { segment } = stored.get()!;
    if (segment === 0) return undefined;
    if (mark?.segment === segment) return mark;
    try {
      return { segment, sha256: segmentHash(await deps.store.read(segment)) };
    } catch (error) {
      if (!(error instanceof PortError && error.code === 'not_found')) throw error;
      return { segment, sha256: '' };
    }
  }

  /** Marks a segment, and takes what is in it out of what waits, up to a row. */
  async function moveTo(next: SegmentMark, row: number): Promise<void> {
    await database.write(() => {
      written.run(row);
      setMark.run(next.segment);
    });
    mark = next;
  }

  /** Behind what an attempt that was broken off has left: of that nothing counts but its last segment. */
  async function appendBase(lines: string[]): Promise<void> {
    for (;;) {
      const before = await lastMark();
      try {
        await moveTo(await appendSegment(deps, before, lines), 0);
        return;
      } catch (error) {
        if (!(error instanceof PortError && error.code === 'exists')) throw error;
        await moveTo((await readSegment(deps, (before?.segment ?? 0) + 1)).mark, 0);
      }
    }
  }

  /** What stood in a catalog before there was a trail, or no longer stands in one: later segments only hold what has changed. */
  async function writeBase(): Promise<void> {
    const upTo = last.get()?.row ?? 0;
    for await (const lines of segmentsOf(baseLines(database))) await appendBase(lines);
    await database.write(() => {
      written.run(upTo);
      setBased.run(1);
    });
  }

  /** Whether the segment behind the last one that was marked is ours: then its lines are the first of those that wait. */
  async function adopt(number: number): Promise<void> {
    const { mark: found, lines } = await readSegment(deps, number);
    // What it held is still to be written: into the next one.
    if (lines === undefined) {
      log.error('a segment of the trail is damaged', { segment: number });
      return moveTo(found, 0);
    }
    const rows = waiting(lines.length);
    if (rows.length < lines.length || lines.some((line, i) => rows[i]!.line !== line)) {
      const message =
        'catalog.sqlite is older than its own trail, which tells of commits that are missing from it';
      throw new PortError('integrity', message, { reason: 'rolled_back' });
    }
    await moveTo(found, rows.at(-1)?.row ?? 0);
  }

  async function settle(): Promise<void> {
    const { segment, based } = stored.get()!;
    const [next] = await deps.store.list(segment);
    if (next !== undefined && based === 1) await adopt(next);
    // A trail that was lost does not hold what it once held.
    if (based === 1 && segment > 0 && next === undefined && (await lastMark())?.sha256 === '') {
      log.error('the trail is gone: all that it held is written anew', { segment });
      await database.write(() => setBased.run(0));
    }
  }

  async function writeAll(): Promise<void> {
    if (stored.get()!.based !== 1) await writeBase();
    for (;;) {
      const [first] = await firstOf(segmentsOf(waiting(LINES_MAX)));
      if (first === undefined) return;
      const before = await lastMark();
      try {
        const lines = first.map(({ line }) => line);
        await moveTo(await appendSegment(deps, before, lines), first.at(-1)!.row);
      } catch (error) {
        if (!(error instanceof PortError && error.code === 'exists')) throw error;
        await adopt((before?.segment ?? 0) + 1).catch((reason: unknown) => {
          if (reason instanceof PortError && reason.reason === 'rolled_back') database.distrust(reason);
          throw reason;
        });
      }
    }
  }

  /** One after the other: who finds a number taken must know that it was not taken by another of these. */
  let running: Promise<void> = Promise.resolve();
  return {
    settle,
    write() {
      const next = running.then(writeAll);
      running = next.catch(() => undefined);
      return next;
    },
  };
}

/** In groups that fit into a segment each. */
async function* segmentsOf<L extends string | Line>(
  lines: Iterable<L> | AsyncIterable<L>,
): AsyncGenerator<L[]> {
  let group: L[] = [];
  let chars = 0;
  for await (const line of lines) {
    group.push(line);
    chars += typeof line === 'string' ? line.length : line.line.length;
    if (group.length < LINES_MAX && chars < CHARS_MAX) continue;
    yield group;
    group = [];
    chars = 0;
  }
  if (group.length > 0) yield group;
}

async function firstOf<T>(source: AsyncGenerator<T>): Promise<T[]> {
  for await (const item of source) return [item];
  return [];
}
