// What a commit leaves in the trail: a line of JSON with all of it that the blobs do not say, or say in more bytes. Replayed
// in order, the lines give every record as it last was.

import type { BackupRecord, BlobRef, Head } from '../../core/model.ts';
import type { Change } from '../../ports.ts';

/** A record without the blobs before its own, which are named: each of them was another record's own. */
export type TrailBackup = Omit<BackupRecord, 'chain'> & { own: BlobRef; before: string[] };

type Kept<K extends Change['kind']> = Extract<Change, { kind: K }>;

/** A change as a line holds it. Pointers and what a head builds on follow from the backups. */
export type TrailChange =
  | { kind: 'backup.put'; record: TrailBackup }
  | { kind: 'head.put'; head: Omit<Head, 'latest' | 'latestFull'> }
  | Kept<
      | 'backup.remove'
      | 'idempotency.insert'
      | 'garbage.put'
      | 'garbage.remove'
      | 'operation.insert'
      | 'operation.update'
      | 'request.insert'
      | 'request.update'
      | 'policy.put'
      | 'policy.remove'
      | 'notice.put'
      | 'notice.remove'
      | 'event.append'
    >;

/** The line of a commit; undefined if nothing of it is worth one. */
export function trailLine(changes: readonly Change[]): string | undefined {
  const kept = changes.map(trailChange).filter((change) => change !== undefined);
  return kept.length === 0 ? undefined : JSON.stringify(kept);
}

function trailChange(change: Change): TrailChange | undefined {
  switch (change.kind) {
    case 'snapshot.add':
    case 'snapshot.remove':
    case 'job.send':
      return undefined;
    case 'backup.insert':
    case 'backup.update':
      return { kind: 'backup.put', record: trailBackup(change.record) };
    case 'head.put': {
      const { latest: _latest, latestFull: _latestFull, ...head } = change.head;
      return { kind: 'head.put', head };
    }
    default:
      return change;
  }
}

export function trailBackup({ chain, ...record }: BackupRecord): TrailBackup {
  return { ...record, own: chain.at(-1)!, before: chain.slice(0, -1).map(({ blobId }) => blobId) };
}

/** The changes of a line. Throws SyntaxError if it is none. */
export function readTrailLine(line: string): TrailChange[] {
  return JSON.parse(line) as TrailChange[];
}
