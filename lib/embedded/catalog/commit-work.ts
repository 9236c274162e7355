// How work is committed that goes on beyond a call: restores, and backups asked for by upload.

import type { BackupRequest } from '../../core/records/model.ts';
import { isFinished } from '../../core/records/status.ts';
import { type Allocated, type ChangeOf, createCounter, type Preparers } from './commit-step.ts';
import type { Database } from './database.ts';
import { docOf, keyText } from './schema.ts';

export function operationPreparers(database: Database, allocated: Allocated) {
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

export function requestPreparers(database: Database, allocated: Allocated) {
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
