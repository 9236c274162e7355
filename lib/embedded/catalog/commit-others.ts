// How all else is committed: what expiry waits for, notices, documents, and what follows from backups.

import type { Preparers } from './commit-step.ts';
import type { Database } from './database.ts';
import { EVENT_COLUMNS, eventValues } from './event-row.ts';
import { INSERT_JOB } from './queue.ts';
import { docOf, keyText } from './schema.ts';

export function expiryPreparers(database: Database) {
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

export function noticePreparers(database: Database) {
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

export function documentPreparers(database: Database) {
  const insert = database.statement(
    `INSERT INTO document (due_at, expires_at, of_group, version, doc, sum, collection, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
  );
  const update = database.statement(
    `UPDATE document SET due_at = ?, expires_at = ?, of_group = ?, version = ?, doc = ?, sum = ?
     WHERE collection = ? AND id = ? AND version = ?`,
  );
  const remove = database.statement('DELETE FROM document WHERE collection = ? AND id = ? AND version = ?');
  return {
    'document.put': ({ record, expect }) => {
      const { dueAt = null, expiresAt = null, group, version, collection, id } = record;
      const ofGroup = group === undefined ? null : keyText(group);
      const values = [dueAt, expiresAt, ofGroup, version, ...docOf(record), collection, keyText(id)];
      return () => (expect === 0 ? insert.run(...values) : update.run(...values, expect));
    },
    'document.remove': ({ collection, id, expect }) => {
      const key = keyText(id);
      return () => remove.run(collection, key, expect);
    },
  } satisfies Partial<Preparers>;
}

/** What follows from backups: answers remembered, bytes to sweep, events. */
export function trailPreparers(database: Database) {
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
    `INSERT INTO event (${EVENT_COLUMNS}, published) VALUES (?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING`,
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
      const values = eventValues(event);
      return () => appendEvent.run(...values);
    },
  } satisfies Partial<Preparers>;
}
