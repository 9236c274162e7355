// How each change of a commit is carried out in SQLite. A condition is part of the statement that writes: no row
// changed means that it does not hold.

import { ownBlob } from '../../core/records/chain.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { BackupRecord, BackupRequest, ResourceHead } from '../../core/records/model.ts';
import { lookedAt } from '../../core/records/proof-time.ts';
import type { PolicyRecord } from '../../core/records/retention-records.ts';
import { isFinished } from '../../core/records/status.ts';
import type { IdKind } from '../../ports/catalog.ts';
import type { Change } from '../../ports/change.ts';
import { PortError } from '../../ports/errors.ts';
import { createChainLinks } from './chain-links.ts';
import { headWithoutChains, withoutChain } from './chained-rows.ts';
import type { Database } from './database.ts';
import { createLiveWriter } from './live-entries.ts';
import { INSERT_JOB } from './queue.ts';
import { docOf, keyText } from './schema.ts';

type ChangeOf<K extends Change['kind']> = Extract<Change, { kind: K }>;
/** What is left to do inside the transaction. Gives how many rows a conditional change has written, or nothing if it has no condition. */
type Step = () => number | undefined;
/** Serialises a change: the step no longer looks at it. */
type Preparers = { [K in Change['kind']]: (change: ChangeOf<K>) => Step };

export interface CatalogWriter {
  /** The step that carries out one change inside a transaction. It throws PortError `conflict`. */
  prepare(change: Change): () => void;
}

/** `allocated` tells the highest number that an id of a kind has been given; it is kept with each inserted record. */
export function createCatalogWriter(
  database: Database,
  allocated: (kind: IdKind, id: string) => number,
): CatalogWriter {
  const preparers: Preparers = {
    ...backupPreparers(database, allocated),
    ...operationPreparers(database, allocated),
    ...requestPreparers(database, allocated),
    ...resourcePreparers(database),
    ...expiryPreparers(database),
    ...noticePreparers(database),
    ...documentPreparers(database),
    ...trailPreparers(database),
  };
  return {
    prepare<K extends Change['kind']>(change: ChangeOf<K>): () => void {
      const kind: K = change.kind as K;
      const step = (preparers[kind] as Preparers[K])(change);
      return () => {
        if (step() === 0) {
          throw new PortError('conflict', `the condition of ${kind} does not hold`, { change: kind });
        }
      };
    },
  };
}

type Allocated = (kind: IdKind, id: string) => number;

/** In the transaction of the record itself: an id that was committed is never given again, and it costs no fsync. */
function createCounter(database: Database, allocated: Allocated): (kind: IdKind, id: string) => void {
  const raise = database.statement(
    `INSERT INTO counter (kind, value) VALUES (?, ?)
     ON CONFLICT (kind) DO UPDATE SET value = excluded.value WHERE excluded.value > counter.value`,
  );
  return (kind, id) => {
    raise.run(kind, allocated(kind, id));
  };
}

function backupPreparers(database: Database, allocated: Allocated) {
  const count = createCounter(database, allocated);
  const live = createLiveWriter(database);
  const insert = database.statement(
    `INSERT INTO backup (resource_id, sequence, type, created_at, expires_at, live, own_blob, looked_at,
       version, doc, sum, id, link) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const update = database.statement(
    `UPDATE backup SET resource_id = ?1, sequence = ?2, type = ?3, created_at = ?4, expires_at = ?5, live = ?6,
       own_blob = ?7, looked_at = ?8, version = ?9, doc = ?10, sum = ?11, link = ?13 WHERE id = ?12 AND version = ?14`,
  );
  const links = createChainLinks(database);
  const linkOf = database.statement<{ link: number | null }>('SELECT link FROM backup WHERE id = ?');
  const remove = database.statement('DELETE FROM backup WHERE id = ? AND version = ?');
  const leaveGap = database.statement(
    `INSERT INTO gap (resource_id, sequence, created_at)
     SELECT resource_id, sequence, created_at FROM backup WHERE id = ? AND version = ? ON CONFLICT DO NOTHING`,
  );
  const columns = (record: BackupRecord) => [
    keyText(record.resourceId),
    record.sequence,
    record.type,
    record.createdAt,
    record.expiresAt ?? null,
    record.deletedAt === undefined ? 1 : 0,
    ownBlob(record).blobId,
    lookedAt(record),
    record.version,
    ...docOf(withoutChain(record)),
    keyText(record.id),
  ];
  return {
    'backup.insert': ({ record }) => {
      const { id } = record;
      const values = columns(record);
      const putLive = live.put(record);
      const putChain = links.put(record.chain);
      return () => {
        const link = putChain();
        const rows = insert.run(...values, link);
        if (rows > 0) {
          count('backup', id);
          putLive();
        }
        return rows;
      };
    },
    'backup.update': ({ record, expect }) => {
      const values = columns(record);
      const putLive = live.put(record);
      const putChain = links.put(record.chain);
      const key = keyText(record.id);
      return () => {
        const before = linkOf.get(key)?.link;
        const link = putChain();
        const rows = update.run(...values, link, expect);
        if (rows > 0) {
          putLive();
          links.release(before);
        }
        return rows;
      };
    },
    'backup.remove': ({ id, expect }) => {
      const key = keyText(id);
      return () => {
        leaveGap.run(key, expect);
        live.remove(id, expect);
        const before = linkOf.get(key)?.link;
        const rows = remove.run(key, expect);
        if (rows > 0) links.release(before);
        return rows;
      };
    },
  } satisfies Partial<Preparers>;
}

function operationPreparers(database: Database, allocated: Allocated) {
  const count = createCounter(database, allocated);
  const insert = database.statement(
    `INSERT INTO operation (target_resource_id, chain_id, created_at, lease_until, finished, version, doc, sum, id)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const update = database.statement(
    `UPDATE operation SET target_resource_id = ?, chain_id = ?, created_at = ?, lease_until = ?, finished = ?,
       version = ?, doc = ?, sum = ? WHERE id = ? AND version = ?`,
  );
  const columns = (record: ChangeOf<'operation.insert'>['record']) => [
    keyText(record.targetResourceId),
    keyText(record.chainId),
    record.createdAt,
    record.leaseUntil,
    isFinished(record) ? 1 : 0,
    record.version,
    ...docOf(record),
    keyText(record.id),
  ];
  return {
    'operation.insert': ({ record }) => {
      const { id } = record;
      const values = columns(record);
      return () => {
        const rows = insert.run(...values);
        if (rows > 0) {
          count('restore', id);
        }
        return rows;
      };
    },
    'operation.update': ({ record, expect }) => {
      const values = columns(record);
      return () => update.run(...values, expect);
    },
  } satisfies Partial<Preparers>;
}

function requestPreparers(database: Database, allocated: Allocated) {
  const count = createCounter(database, allocated);
  const insert = database.statement(
    `INSERT INTO request (resource_id, sequence, status, upload_id, created_at, finished, version, doc, sum, id)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const update = database.statement(
    `UPDATE request SET resource_id = ?, sequence = ?, status = ?, upload_id = ?, created_at = ?, finished = ?,
       version = ?, doc = ?, sum = ? WHERE id = ? AND version = ?`,
  );
  const columns = (record: BackupRequest) => [
    keyText(record.resourceId),
    record.sequence ?? null,
    // Deleted is no status of its own, but such a request is in no list.
    record.deletedAt === undefined ? record.status : 'deleted',
    // A failed one has its upload no longer.
    record.status === 'failed' ? null : keyText(record.uploadId),
    record.createdAt,
    isFinished(record) ? 1 : 0,
    record.version,
    ...docOf(record),
    keyText(record.id),
  ];
  return {
    'request.insert': ({ record }) => {
      const { id } = record;
      const values = columns(record);
      return () => {
        const rows = insert.run(...values);
        // The backup will have this very id.
        if (rows > 0) count('backup', id);
        return rows;
      };
    },
    'request.update': ({ record, expect }) => {
      const values = columns(record);
      return () => update.run(...values, expect);
    },
  } satisfies Partial<Preparers>;
}

/** What there is one of for each resource, or a window of: head, policy, snapshot pointers. */
function resourcePreparers(database: Database) {
  const putHead = createHeadPut(database);
  const putPolicy = createPolicyPut(database);
  const removePolicy = database.statement('DELETE FROM policy WHERE resource_id = ? AND version = ?');
  const removeSnapshot = database.statement('DELETE FROM snapshot WHERE resource_id = ? AND sequence = ?');
  const addSnapshot = database.statement(
    'INSERT INTO snapshot (resource_id, created_at, sequence, doc, sum) VALUES (?, ?, ?, ?, ?)',
  );
  const trimSnapshots = database.statement(
    `DELETE FROM snapshot WHERE resource_id = ?1 AND (created_at, sequence) < (
       SELECT created_at, sequence FROM snapshot WHERE resource_id = ?1
       ORDER BY created_at DESC, sequence DESC LIMIT 1 OFFSET ${LIMITS.snapshotsMax - 1})`,
  );
  return {
    'head.put': ({ head, expect }) => putHead(head, expect),
    'policy.put': ({ record, expect }) => putPolicy(record, expect),
    'policy.remove': ({ resourceId, expect }) => {
      const key = keyText(resourceId);
      return () => removePolicy.run(key, expect);
    },
    'snapshot.add': ({ pointer }) => {
      const { createdAt, sequence } = pointer;
      const key = keyText(pointer.resourceId);
      const written = docOf(pointer);
      return () => {
        removeSnapshot.run(key, sequence);
        addSnapshot.run(key, createdAt, sequence, ...written);
        trimSnapshots.run(key);
        return undefined;
      };
    },
    'snapshot.remove': ({ resourceId, sequence }) => {
      const key = keyText(resourceId);
      return () => {
        removeSnapshot.run(key, sequence);
        return undefined;
      };
    },
  } satisfies Partial<Preparers>;
}

function createPolicyPut(database: Database) {
  const insert = database.statement(
    'INSERT INTO policy (version, doc, sum, resource_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const update = database.statement(
    'UPDATE policy SET version = ?, doc = ?, sum = ? WHERE resource_id = ? AND version = ?',
  );
  return (record: PolicyRecord, expect: number): Step => {
    const values = [record.version, ...docOf(record), keyText(record.resourceId)];
    return () => (expect === 0 ? insert.run(...values) : update.run(...values, expect));
  };
}

function createHeadPut(database: Database) {
  const insert = database.statement(
    `INSERT INTO head (latest, latest_full, version, doc, sum, resource_id) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
  );
  const update = database.statement(
    `UPDATE head SET latest = ?, latest_full = ?, version = ?, doc = ?, sum = ? WHERE resource_id = ? AND version = ?`,
  );
  const linksOf = database.statement<Record<'latest' | 'latest_full', number | null>>(
    'SELECT latest, latest_full FROM head WHERE resource_id = ?',
  );
  const links = createChainLinks(database);
  return (head: ResourceHead, expect: number): Step => {
    const { resourceId, version, latest, latestFull } = head;
    const key = keyText(resourceId);
    const values = [version, ...docOf(headWithoutChains(head)), key];
    const [putLatest, putFull] = [latest, latestFull].map((base) => base && links.put(base.chain));
    return () => {
      const before = linksOf.get(key);
      const chains = [putLatest?.() ?? null, putFull?.() ?? null];
      if (expect === 0) return insert.run(...chains, ...values);
      const rows = update.run(...chains, ...values, expect);
      if (rows > 0) {
        links.release(before?.latest);
        links.release(before?.latest_full);
      }
      return rows;
    };
  };
}

function expiryPreparers(database: Database) {
  const insert = database.statement(
    'INSERT INTO expiry (version, doc, sum, one) VALUES (?, ?, ?, 1) ON CONFLICT DO NOTHING',
  );
  const update = database.statement(
    'UPDATE expiry SET version = ?, doc = ?, sum = ? WHERE one = 1 AND version = ?',
  );
  return {
    'expiry.put': ({ record, expect }) => {
      const values = [record.version, ...docOf(record)];
      return () => (expect === 0 ? insert.run(...values) : update.run(...values, expect));
    },
  } satisfies Partial<Preparers>;
}

function noticePreparers(database: Database) {
  const insert = database.statement(
    'INSERT INTO notice (since, version, doc, sum, id) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const update = database.statement(
    'UPDATE notice SET since = ?, version = ?, doc = ?, sum = ? WHERE id = ? AND version = ?',
  );
  const remove = database.statement('DELETE FROM notice WHERE id = ? AND version = ?');
  return {
    'notice.put': ({ record, expect }) => {
      const values = [record.since, record.version, ...docOf(record), keyText(record.id)];
      return () => (expect === 0 ? insert.run(...values) : update.run(...values, expect));
    },
    'notice.remove': ({ id, expect }) => {
      const key = keyText(id);
      return () => remove.run(key, expect);
    },
  } satisfies Partial<Preparers>;
}

function documentPreparers(database: Database) {
  const insert = database.statement(
    `INSERT INTO document (due_at, expires_at, version, doc, sum, collection, id) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
  );
  const update = database.statement(
    `UPDATE document SET due_at = ?, expires_at = ?, version = ?, doc = ?, sum = ?
     WHERE collection = ? AND id = ? AND version = ?`,
  );
  const remove = database.statement('DELETE FROM document WHERE collection = ? AND id = ? AND version = ?');
  return {
    'document.put': ({ record, expect }) => {
      const { dueAt = null, expiresAt = null, version, collection, id } = record;
      const values = [dueAt, expiresAt, version, ...docOf(record), collection, keyText(id)];
      return () => (expect === 0 ? insert.run(...values) : update.run(...values, expect));
    },
    'document.remove': ({ collection, id, expect }) => {
      const key = keyText(id);
      return () => remove.run(collection, key, expect);
    },
  } satisfies Partial<Preparers>;
}

/** What follows from backups: answers remembered, bytes to sweep, events. */
function trailPreparers(database: Database) {
  const insertIdempotency = database.statement(
    `INSERT INTO idempotency (key, expires_at, doc, sum) VALUES (?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at, doc = excluded.doc, sum = excluded.sum
     WHERE idempotency.expires_at <= ? OR idempotency.doc = ?`,
  );
  const insertJob = database.statement(INSERT_JOB);
  const putGarbage = database.statement(
    `INSERT INTO garbage (blob_id, resource_id, sequence, due_at, doc, sum) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (blob_id) DO UPDATE SET resource_id = excluded.resource_id, sequence = excluded.sequence,
       due_at = excluded.due_at, doc = excluded.doc, sum = excluded.sum`,
  );
  const removeGarbage = database.statement('DELETE FROM garbage WHERE blob_id = ?');
  const appendEvent = database.statement(
    `INSERT INTO event (id, resource_id, at, action, published, doc, sum) VALUES (?, ?, ?, ?, 0, ?, ?)
     ON CONFLICT DO NOTHING`,
  );
  return {
    'idempotency.insert': ({ record, now, replaces }) => {
      const replaced = replaces === undefined ? null : JSON.stringify(replaces);
      const values = [keyText(record.key), record.expiresAt, ...docOf(record), now, replaced];
      return () => insertIdempotency.run(...values);
    },
    'garbage.put': ({ entry }) => {
      const values = [
        keyText(entry.blobId),
        keyText(entry.resourceId),
        entry.sequence,
        entry.dueAt,
        ...docOf(entry),
      ];
      return () => putGarbage.run(...values);
    },
    'garbage.remove': ({ blobId }) => {
      const key = keyText(blobId);
      return () => {
        removeGarbage.run(key);
        return undefined;
      };
    },
    'job.send': ({ job }) => {
      const written = docOf(job);
      // Due at once, whatever the clock says.
      return () => insertJob.run(0, ...written);
    },
    'event.append': ({ event }) => {
      const { id, resourceId, at, action } = event;
      const values = [keyText(id), keyText(resourceId), at, action, ...docOf(event)];
      return () => appendEvent.run(...values);
    },
  } satisfies Partial<Preparers>;
}
