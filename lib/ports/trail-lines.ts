// What a commit leaves in the trail: a line of JSON with all of it that the blobs do not say, or say in more bytes. Replayed
// in order, the lines give every record as it last was.

import { isLasting } from '../core/records/document.ts';
import type { AuditEvent, BackupRecord, BlobRef, ResourceHead } from '../core/records/model.ts';
import type { Catalog, IdKind } from './catalog.ts';
import type { Change } from './change.ts';

/** A record without the blobs before its own, which are named: each of them was another record's own. */
export type TrailBackup = Omit<BackupRecord, 'chain'> & { own: BlobRef; before: string[] };

/** What a head builds on follows from the backups. */
export type TrailHead = Omit<ResourceHead, 'latest' | 'latestFull'>;

type Kept<K extends Change['kind']> = Extract<Change, { kind: K }>;

/** A change as a line holds it. Pointers and what a head builds on follow from the backups. */
export type TrailChange =
  | { kind: 'backup.put'; record: TrailBackup }
  | { kind: 'head.put'; head: TrailHead }
  /** A sequence that no backup has any more; else it follows from what was removed. */
  | { kind: 'gap.put'; resourceId: string; sequence: number; createdAt: number }
  /** The last number given to ids of a kind; else it follows from them. */
  | { kind: 'counter.raise'; of: IdKind; value: number }
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
      | 'expiry.put'
      | 'notice.put'
      | 'notice.remove'
      | 'document.put'
      | 'document.remove'
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
    case 'expiry.place':
    case 'job.send':
      return undefined;
    case 'backup.insert':
    case 'backup.update':
      return { kind: 'backup.put', record: trailBackup(change.record) };
    case 'head.put':
      return { kind: 'head.put', head: trailHead(change.head) };
    case 'document.put':
      return isLasting(change.record.collection) ? change : undefined;
    case 'document.remove':
      return isLasting(change.collection) ? change : undefined;
    case 'expiry.put':
      return change.isMark === true ? undefined : change;
    default:
      return change;
  }
}

/** The line of an event that a commit appended, with what else that commit left behind. */
export function lineOfEvent({ after = [], ...event }: AuditEvent): string {
  return JSON.stringify([...after, { kind: 'event.append', event }]);
}

/** The catalog, with all that a commit leaves behind in the event that it appends: for homes where only events wait. */
export function keepingInEvents<C extends Catalog>(catalog: C): C {
  return { ...catalog, commit: (changes) => catalog.commit(keptInEvent(changes)) };
}

function keptInEvent(changes: Change[]): Change[] {
  const at = changes.findIndex(({ kind }) => kind === 'event.append');
  const change = changes[at];
  if (change?.kind !== 'event.append') return changes;
  const others = changes.toSpliced(at, 1);
  const after = others.map(trailChange).filter((kept) => kept !== undefined);
  return after.length === 0
    ? changes
    : changes.with(at, { kind: 'event.append', event: { ...change.event, after } });
}

export function trailBackup({ chain, ...record }: BackupRecord): TrailBackup {
  return { ...record, own: chain.at(-1)!, before: chain.slice(0, -1).map(({ blobId }) => blobId) };
}

export function trailHead({ latest: _latest, latestFull: _latestFull, ...head }: ResourceHead): TrailHead {
  return head;
}

/** The changes of a line. Throws SyntaxError if it is none. */
export function readTrailLine(line: string): TrailChange[] {
  return JSON.parse(line) as TrailChange[];
}
