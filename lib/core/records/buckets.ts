// A history in a few buckets: sums of all that is in each, never samples. Pure.

import type { LiveEntry } from './live-entry.ts';

/** What happened in a stretch of time. */
export interface Sums {
  backups: number;
  fulls: number;
  additions: number;
  changes: number;
  deletions: number;
  moves: number;
  /** Backups of which nobody counted what changed: fulls, and those of before it was counted. */
  uncounted: number;
  /** Bytes of the sealed blobs that were added. */
  bytes: number;
  /** Under a legal hold; damaged. */
  held: number;
  damaged: number;
}

export interface Bucket extends Sums {
  /** Epoch milliseconds, both included. */
  from: number;
  to: number;
  /** Bytes of the state at its end. */
  size: number;
  first: string;
  last: string;
}

/** Adds one backup after the other, by rising time, and gives the buckets that have any, with the sums of all. */
export interface Buckets {
  add(entry: LiveEntry): void;
  done(): { buckets: Bucket[]; totals: Sums };
}

/** `count` buckets of one width between two times, both included; the last ends with `to`. */
export function createBuckets(from: number, to: number, count: number): Buckets {
  const width = Math.max(1, Math.ceil((to - from + 1) / count));
  const buckets: (Bucket & { sequence: number })[] = [];
  const totals = nothing();
  return {
    add(entry) {
      const start = from + Math.floor((entry.createdAt - from) / width) * width;
      let bucket = buckets.at(-1);
      if (bucket?.from !== start) {
        const ends = { from: start, to: Math.min(to, start + width - 1) };
        bucket = { ...ends, ...nothing(), size: 0, first: entry.backupId, last: entry.backupId, sequence: 0 };
        buckets.push(bucket);
      }
      include(bucket, entry);
      include(totals, entry);
      // Where the clock went back, the later state is the one with the higher sequence.
      if (entry.sequence < bucket.sequence) return;
      Object.assign(bucket, { size: entry.size, last: entry.backupId, sequence: entry.sequence });
    },
    done: () => ({ buckets: buckets.map(({ sequence: _sequence, ...bucket }) => bucket), totals }),
  };
}

function nothing(): Sums {
  return {
    ...{ backups: 0, fulls: 0, additions: 0, changes: 0, deletions: 0, moves: 0 },
    ...{ uncounted: 0, bytes: 0, held: 0, damaged: 0 },
  };
}

function include(sums: Sums, { type, bytes, changes, legalHold, damaged }: LiveEntry): void {
  sums.backups++;
  sums.bytes += bytes;
  if (type === 'full') sums.fulls++;
  if (legalHold) sums.held++;
  if (damaged) sums.damaged++;
  if (changes === undefined) {
    sums.uncounted++;
    return;
  }
  sums.additions += changes.additions;
  sums.changes += changes.changes;
  sums.deletions += changes.deletions;
  sums.moves += changes.moves;
}
