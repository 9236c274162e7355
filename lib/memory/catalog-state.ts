// What the memory catalog holds, and how a commit changes it so that it can be undone.

import type { DocumentRecord } from '../core/records/document.ts';
import type {
  AuditEvent,
  BackupRecord,
  BackupRequest,
  GarbageEntry,
  IdempotencyRecord,
  Notice,
  OperationRecord,
  ResourceHead,
  SnapshotPointer,
} from '../core/records/model.ts';
import type { ExpiryState, PolicyRecord } from '../core/records/retention-records.ts';
import type { IdKind } from '../ports/catalog.ts';
import type { Entry } from './page.ts';

export interface StoredEvent {
  event: AuditEvent;
  published: boolean;
}

export interface Gap {
  resourceId: string;
  sequence: number;
  createdAt: number;
}

export interface CatalogState {
  backups: Map<string, Entry<BackupRecord>>;
  /** Where those stand among what expires that were moved from there where their expiresAt is. */
  places: Map<string, number>;
  /** Which backup has a sequence of a resource; keys by `sequenceKey`. */
  sequences: Map<string, string>;
  /** What became of no backup, or of one that was removed: its time, by `sequenceKey`. */
  gaps: Map<string, Gap>;
  heads: Map<string, ResourceHead>;
  /** By resource: at most `snapshotsMax` pointers, oldest first. The arrays are never changed in place. */
  snapshots: Map<string, readonly SnapshotPointer[]>;
  idempotency: Map<string, IdempotencyRecord>;
  garbage: Map<string, Entry<GarbageEntry>>;
  operations: Map<string, Entry<OperationRecord>>;
  requests: Map<string, Entry<BackupRequest>>;
  policies: Map<string, PolicyRecord>;
  notices: Map<string, Notice>;
  /** At most one, under the empty name. */
  expiry: Map<string, ExpiryState>;
  /** By `documentKey`. */
  documents: Map<string, Entry<DocumentRecord>>;
  events: Map<string, Entry<StoredEvent>>;
  /** The highest number given in an id of each kind. */
  allocated: Map<IdKind, number>;
  /** How many rows were ever numbered. */
  rows: number;
}

export function createState(): CatalogState {
  return {
    backups: new Map(),
    places: new Map(),
    sequences: new Map(),
    gaps: new Map(),
    heads: new Map(),
    snapshots: new Map(),
    idempotency: new Map(),
    garbage: new Map(),
    operations: new Map(),
    requests: new Map(),
    policies: new Map(),
    notices: new Map(),
    expiry: new Map(),
    documents: new Map(),
    events: new Map(),
    allocated: new Map(),
    rows: 0,
  };
}

export function sequenceKey(resourceId: string, sequence: number): string {
  return JSON.stringify([resourceId, sequence]);
}

export function documentKey(collection: string, id: string): string {
  return JSON.stringify([collection, id]);
}

/** Changes maps, and can put everything back as it was. */
export interface Journal {
  set<K, V>(map: Map<K, V>, key: K, value: V): void;
  delete<K, V>(map: Map<K, V>, key: K): void;
  rollBack(): void;
}

export function createJournal(): Journal {
  const undo: (() => void)[] = [];

  function remember<K, V>(map: Map<K, V>, key: K): void {
    const before = map.get(key);
    undo.push(before === undefined ? () => map.delete(key) : () => map.set(key, before));
  }

  return {
    set(map, key, value) {
      remember(map, key);
      map.set(key, value);
    },
    delete(map, key) {
      remember(map, key);
      map.delete(key);
    },
    rollBack() {
      for (const step of undo.reverse()) {
        step();
      }
    },
  };
}
