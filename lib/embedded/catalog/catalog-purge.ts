// What is forgotten with time, some rows a transaction: others get their turn in between.

import type { Catalog } from '../../ports/catalog.ts';
import type { Database } from './database.ts';
import type { Statement } from './statements.ts';

/** Rows that one transaction of a purge removes. */
const PURGE_ROWS = 500;

/** `Catalog.purge` in SQLite. */
export function createPurge(database: Database): Catalog['purge'] {
  const purgeIdempotency = database.statement(
    `DELETE FROM idempotency WHERE rowid IN
       (SELECT rowid FROM idempotency WHERE expires_at <= ? LIMIT ${PURGE_ROWS})`,
  );
  const purgeDocuments = database.statement(
    `DELETE FROM document WHERE row IN (SELECT row FROM document WHERE expires_at <= ? LIMIT ${PURGE_ROWS})`,
  );
  const purgeOperations = database.statement(
    `DELETE FROM operation WHERE row IN
       (SELECT row FROM operation WHERE finished = 1 AND created_at < ? LIMIT ${PURGE_ROWS})`,
  );
  /** The last one stays: it tells when the clock was last believed. */
  const purgeEvents = database.statement(
    `DELETE FROM event WHERE row IN
       (SELECT row FROM event WHERE at < ? AND published = 1 AND row < (SELECT MAX(row) FROM event)
        LIMIT ${PURGE_ROWS})`,
  );
  const leaveGaps = database.statement(
    `INSERT INTO gap (resource_id, sequence, created_at)
     SELECT resource_id, sequence, created_at FROM request
     WHERE finished = 1 AND created_at < ? AND status <> 'completed' AND sequence IS NOT NULL ON CONFLICT DO NOTHING`,
  );
  const purgeRequests = database.statement(
    `DELETE FROM request WHERE row IN
       (SELECT row FROM request WHERE finished = 1 AND created_at < ? LIMIT ${PURGE_ROWS})`,
  );

  return async ({ now, operationsBefore, eventsBefore, isOver = () => false }) => {
    async function purgeAll(statement: Statement<Record<string, never>>, before: number): Promise<void> {
      let rows = PURGE_ROWS;
      while (rows === PURGE_ROWS && !isOver()) {
        rows = await database.write(() => statement.run(before));
      }
    }
    await purgeAll(purgeIdempotency, now);
    await purgeAll(purgeDocuments, now);
    await purgeAll(purgeOperations, operationsBefore);
    await database.write(() => leaveGaps.run(operationsBefore));
    await purgeAll(purgeRequests, operationsBefore);
    if (eventsBefore !== undefined) await purgeAll(purgeEvents, eventsBefore);
  };
}
