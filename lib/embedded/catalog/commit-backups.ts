// How backups are committed, and what there is one of for each resource; both have chains.

import { ownBlob } from '../../core/records/chain.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { BackupRecord, ResourceHead } from '../../core/records/model.ts';
import { lookedAt } from '../../core/records/proof-time.ts';
import type { PolicyRecord } from '../../core/records/retention-records.ts';
import { backupDoc } from './backup-doc.ts';
import { createChainLinks } from './chain-links.ts';
import { headDoc } from './chained-rows.ts';
import { type Allocated, createCounter, type Preparers, type Step } from './commit-step.ts';
import type { Database } from './database.ts';
import { createLiveWriter } from './live-entries.ts';
import { docOf, keyText } from './schema.ts';

export function backupPreparers(database: Database, allocated: Allocated) {
  const count = createCounter(database, allocated);
  const live = createLiveWriter(database);
  const insert = database.statement(
    `INSERT INTO backup (resource_id, sequence, type, created_at, expires_at, live, own_blob, looked_at,
       version, doc, sum, id, link, place) VALUES (?, ?, ?, ?, ?5, ?, ?, ?, ?, ?, ?, ?, ?, ?5) ON CONFLICT DO NOTHING`,
  );
  const update = database.statement(
    `UPDATE backup SET resource_id = ?1, sequence = ?2, type = ?3, created_at = ?4, expires_at = ?5, live = ?6,
       own_blob = ?7, looked_at = ?8, version = ?9, doc = ?10, sum = ?11, link = ?13, place = ?5 WHERE id = ?12 AND version = ?14`,
  );
  const move = database.statement(
    'UPDATE backup SET place = ? WHERE id = ? AND version = ? AND live = 1 AND expires_at IS NOT NULL',
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
    ...backupDoc(record, ownBlob(record).blobId),
    keyText(record.id),
  ];
  return {
    'backup.insert': ({ record }) => {
      const { id } = record;
      const values = columns(record);
      const putLive = live.put(record);
      const putChain = links.put(record);
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
      const putChain = links.put(record);
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
    'expiry.place': ({ id, at, expect }) => {
      const key = keyText(id);
      return () => move.run(at, key, expect);
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

/** What there is one of for each resource, or a window of: head, policy, snapshot pointers. */
export function resourcePreparers(database: Database) {
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
    `INSERT INTO head (latest, latest_full, version, undecided, doc, sum, resource_id) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
  );
  const update = database.statement(
    `UPDATE head SET latest = ?, latest_full = ?, version = ?, undecided = ?, doc = ?, sum = ? WHERE resource_id = ? AND version = ?`,
  );
  const linksOf = database.statement<Record<'latest' | 'latest_full', number | null>>(
    'SELECT latest, latest_full FROM head WHERE resource_id = ?',
  );
  const links = createChainLinks(database);
  return (head: ResourceHead, expect: number): Step => {
    const { resourceId, version, latest, latestFull, isUndecided } = head;
    const key = keyText(resourceId);
    const values = [version, isUndecided ? 1 : 0, ...headDoc(head), key];
    const [putLatest, putFull] = [latest, latestFull].map((base) => base && links.put(base));
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
