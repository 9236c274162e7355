// How each change of a commit is carried out on the memory catalog.

import { LIMITS } from '../core/records/limits.ts';
import type { SnapshotPointer } from '../core/records/model.ts';
import type { IdKind } from '../ports/catalog.ts';
import type { Change } from '../ports/change.ts';
import { checkChanges } from '../ports/checks.ts';
import { PortError } from '../ports/errors.ts';
import { type CatalogState, createJournal, documentKey, type Journal, sequenceKey } from './catalog-state.ts';
import { copy } from './copy.ts';
import type { Entry } from './page.ts';

type ChangeOf<K extends Change['kind']> = Extract<Change, { kind: K }>;
type Appliers = {
  [K in Change['kind']]: (state: CatalogState, journal: Journal, change: ChangeOf<K>) => void;
};

/** Carries out all changes or, if one throws, none. Keeps copies. Throws as `Catalog.commit` does. */
export function applyChanges(state: CatalogState, changes: readonly Change[]): void {
  checkChanges(changes);
  const journal = createJournal();
  try {
    for (const change of copy(changes)) {
      apply(state, journal, change);
    }
  } catch (error) {
    journal.rollBack();
    throw error;
  }
}

function apply<K extends Change['kind']>(state: CatalogState, journal: Journal, change: ChangeOf<K>): void {
  (APPLIERS[change.kind as K] as Appliers[K])(state, journal, change);
}

const APPLIERS: Appliers = {
  'backup.insert'(state, journal, { kind, record }) {
    const sequence = sequenceKey(record.resourceId, record.sequence);
    demand(!state.backups.has(record.id) && !state.sequences.has(sequence), kind);
    journal.set(state.backups, record.id, newEntry(state, record));
    journal.set(state.sequences, sequence, record.id);
    raiseAllocated(state, 'backup', record.id);
  },

  'backup.update'(state, journal, { kind, record, expect }) {
    const entry = state.backups.get(record.id);
    demand(entry?.record.version === expect, kind);
    journal.set(state.backups, record.id, { row: entry!.row, record });
    journal.delete(state.places, record.id);
  },

  'backup.remove'(state, journal, { kind, id, expect }) {
    const entry = state.backups.get(id);
    demand(entry?.record.version === expect, kind);
    const { resourceId, sequence, createdAt } = entry!.record;
    journal.delete(state.backups, id);
    journal.delete(state.places, id);
    journal.delete(state.sequences, sequenceKey(resourceId, sequence));
    journal.set(state.gaps, sequenceKey(resourceId, sequence), { resourceId, sequence, createdAt });
  },

  'head.put'(state, journal, { kind, head, expect }) {
    demand((state.heads.get(head.resourceId)?.version ?? 0) === expect, kind);
    journal.set(state.heads, head.resourceId, head);
  },

  'snapshot.add'(state, journal, { pointer }) {
    const others = withoutPointer(state, pointer.resourceId, pointer.sequence);
    const pointers = [...others, pointer].sort(byTime).slice(-LIMITS.snapshotsMax);
    journal.set(state.snapshots, pointer.resourceId, pointers);
  },

  'snapshot.remove'(state, journal, { resourceId, sequence }) {
    journal.set(state.snapshots, resourceId, withoutPointer(state, resourceId, sequence));
  },

  'idempotency.insert'(state, journal, { kind, record, now, replaces }) {
    const taken = state.idempotency.get(record.key);
    const isFree = taken === undefined || taken.expiresAt <= now;
    demand(isFree || JSON.stringify(taken) === JSON.stringify(replaces), kind);
    journal.set(state.idempotency, record.key, record);
  },

  'garbage.put'(state, journal, { entry }) {
    const row = state.garbage.get(entry.blobId)?.row;
    journal.set(
      state.garbage,
      entry.blobId,
      row === undefined ? newEntry(state, entry) : { row, record: entry },
    );
  },

  'garbage.remove'(state, journal, { blobId }) {
    journal.delete(state.garbage, blobId);
  },

  'operation.insert'(state, journal, { kind, record }) {
    demand(!state.operations.has(record.id), kind);
    journal.set(state.operations, record.id, newEntry(state, record));
    raiseAllocated(state, 'restore', record.id);
  },

  'operation.update'(state, journal, { kind, record, expect }) {
    const entry = state.operations.get(record.id);
    demand(entry?.record.version === expect, kind);
    journal.set(state.operations, record.id, { row: entry!.row, record });
  },

  'request.insert'(state, journal, { kind, record }) {
    const isTaken = [...state.requests.values()].some(
      ({ record: other }) => other.uploadId === record.uploadId && other.status !== 'failed',
    );
    demand(!state.requests.has(record.id) && !isTaken, kind);
    journal.set(state.requests, record.id, newEntry(state, record));
    raiseAllocated(state, 'backup', record.id);
  },

  'request.update'(state, journal, { kind, record, expect }) {
    const entry = state.requests.get(record.id);
    demand(entry?.record.version === expect, kind);
    journal.set(state.requests, record.id, { row: entry!.row, record });
  },

  'policy.put'(state, journal, { kind, record, expect }) {
    demand((state.policies.get(record.resourceId)?.version ?? 0) === expect, kind);
    journal.set(state.policies, record.resourceId, record);
  },

  'policy.remove'(state, journal, { kind, resourceId, expect }) {
    demand(state.policies.get(resourceId)?.version === expect, kind);
    journal.delete(state.policies, resourceId);
  },

  'expiry.place'(state, journal, { kind, id, at, expect }) {
    const record = state.backups.get(id)?.record;
    const isListed = record?.deletedAt === undefined && record?.expiresAt !== undefined;
    demand(isListed && record.version === expect, kind);
    journal.set(state.places, id, at);
  },

  'expiry.put'(state, journal, { kind, record, expect }) {
    demand((state.expiry.get('')?.version ?? 0) === expect, kind);
    journal.set(state.expiry, '', record);
  },

  'notice.put'(state, journal, { kind, record, expect }) {
    demand((state.notices.get(record.id)?.version ?? 0) === expect, kind);
    journal.set(state.notices, record.id, record);
  },

  'notice.remove'(state, journal, { kind, id, expect }) {
    demand(state.notices.get(id)?.version === expect, kind);
    journal.delete(state.notices, id);
  },

  'document.put'(state, journal, { kind, record, expect }) {
    const key = documentKey(record.collection, record.id);
    const entry = state.documents.get(key);
    demand((entry?.record.version ?? 0) === expect, kind);
    journal.set(
      state.documents,
      key,
      entry === undefined ? newEntry(state, record) : { row: entry.row, record },
    );
  },

  'document.remove'(state, journal, { kind, collection, id, expect }) {
    const key = documentKey(collection, id);
    demand(state.documents.get(key)?.record.version === expect, kind);
    journal.delete(state.documents, key);
  },

  'job.send'() {
    throw new RangeError('the jobs of this home have a store of their own');
  },

  'event.append'(state, journal, { kind, event }) {
    demand(!state.events.has(event.id), kind);
    journal.set(state.events, event.id, newEntry(state, { event, published: false }));
  },
};

function demand(holds: boolean, change: Change['kind']): void {
  if (!holds) {
    throw new PortError('conflict', `the condition of ${change} does not hold`, { change });
  }
}

function newEntry<T>(state: CatalogState, record: T): Entry<T> {
  state.rows += 1;
  return { row: state.rows, record };
}

function withoutPointer(state: CatalogState, resourceId: string, sequence: number): SnapshotPointer[] {
  return (state.snapshots.get(resourceId) ?? []).filter((pointer) => pointer.sequence !== sequence);
}

function byTime(a: SnapshotPointer, b: SnapshotPointer): number {
  return a.createdAt - b.createdAt || a.sequence - b.sequence;
}

/** An id that came from elsewhere (a rebuilt catalog) must not be given again. Not undone: a gap is harmless. */
function raiseAllocated(state: CatalogState, kind: IdKind, id: string): void {
  const digits = /^(?:backup|restore)-([1-9]\d*)$/.exec(id)?.[1];
  const number = Number(digits ?? 0);
  if (id.startsWith(kind) && Number.isSafeInteger(number) && number > (state.allocated.get(kind) ?? 0)) {
    state.allocated.set(kind, number);
  }
}
