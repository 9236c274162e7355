// The tables of the catalog. Each keeps the whole record as JSON in `doc`, its checksum in `sum`, and beside it only what is
// searched or sorted by. `row` numbers the insertions: it settles the order of equal keys, and is part of every index by itself.
//
// SQLite has no checksums of its own: a flipped bit in a record, or in an index that leads to it, would be believed. So
// whatever writes a record writes `...docOf(record)` into `doc` and `sum`, and whatever reads one selects both and has
// them checked by `recordOf`; who asks by a name compares the record's own name with it.

import { crc32 } from 'node:zlib';
import { PortError } from '../../ports/errors.ts';

/** The tables that had documents when these were given their checksums. */
const WITH_DOCUMENTS = [
  ...['backup', 'head', 'snapshot', 'idempotency', 'garbage', 'operation'],
  ...['request', 'policy', 'event', 'job', 'notice'],
];

const addSum = (table: string): string =>
  `ALTER TABLE ${table} ADD COLUMN sum INTEGER NOT NULL DEFAULT 0; UPDATE ${table} SET sum = doc_sum(doc);`;

/** Each entry brings the catalog from the format before it to the next; the last one's number is the format. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE counter (kind TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE backup (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    resource_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    type TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    live INTEGER NOT NULL,
    own_blob TEXT NOT NULL,
    version INTEGER NOT NULL,
    doc TEXT NOT NULL,
    UNIQUE (resource_id, sequence)
  ) STRICT;
  CREATE INDEX backup_live ON backup (created_at) WHERE live = 1;
  CREATE INDEX backup_live_resource ON backup (resource_id, created_at) WHERE live = 1;
  CREATE INDEX backup_live_type ON backup (type, created_at) WHERE live = 1;
  CREATE INDEX backup_live_resource_type ON backup (resource_id, type, created_at) WHERE live = 1;
  CREATE INDEX backup_own_blob ON backup (own_blob);
  CREATE INDEX backup_expiring ON backup (expires_at) WHERE live = 1 AND expires_at IS NOT NULL;

  CREATE TABLE head (resource_id TEXT PRIMARY KEY, version INTEGER NOT NULL, doc TEXT NOT NULL) STRICT;

  CREATE TABLE snapshot (
    resource_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (resource_id, created_at, sequence)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE idempotency (key TEXT PRIMARY KEY, expires_at INTEGER NOT NULL, doc TEXT NOT NULL) STRICT;
  CREATE INDEX idempotency_expiring ON idempotency (expires_at);

  CREATE TABLE garbage (
    row INTEGER PRIMARY KEY,
    blob_id TEXT NOT NULL UNIQUE,
    resource_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    doc TEXT NOT NULL
  ) STRICT;
  CREATE INDEX garbage_due ON garbage (due_at);
  CREATE INDEX garbage_resource ON garbage (resource_id, sequence);

  CREATE TABLE operation (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    target_resource_id TEXT NOT NULL,
    chain_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    finished INTEGER NOT NULL,
    version INTEGER NOT NULL,
    doc TEXT NOT NULL
  ) STRICT;
  CREATE INDEX operation_time ON operation (created_at);
  CREATE INDEX operation_target ON operation (target_resource_id, created_at);
  CREATE INDEX operation_unfinished ON operation (created_at) WHERE finished = 0;
  CREATE INDEX operation_finished ON operation (created_at) WHERE finished = 1;
  CREATE INDEX operation_lease ON operation (chain_id, lease_until) WHERE finished = 0;

  CREATE TABLE request (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    finished INTEGER NOT NULL,
    version INTEGER NOT NULL,
    doc TEXT NOT NULL
  ) STRICT;
  CREATE INDEX request_unfinished ON request (created_at) WHERE finished = 0;
  CREATE INDEX request_finished ON request (created_at) WHERE finished = 1;

  CREATE TABLE policy (resource_id TEXT PRIMARY KEY, version INTEGER NOT NULL, doc TEXT NOT NULL) STRICT;

  CREATE TABLE event (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    resource_id TEXT NOT NULL,
    published INTEGER NOT NULL,
    doc TEXT NOT NULL
  ) STRICT;
  CREATE INDEX event_resource ON event (resource_id);
  CREATE INDEX event_pending ON event (published) WHERE published = 0;

  CREATE TABLE job (
    row INTEGER PRIMARY KEY,
    receipt TEXT UNIQUE,
    attempt INTEGER NOT NULL,
    visible_at INTEGER NOT NULL,
    dead INTEGER NOT NULL,
    doc TEXT NOT NULL
  ) STRICT;
  CREATE INDEX job_visible ON job (visible_at) WHERE dead = 0;
  CREATE INDEX job_dead ON job (dead) WHERE dead = 1;
  `,
  `
  CREATE TABLE notice (id TEXT PRIMARY KEY, since INTEGER NOT NULL, version INTEGER NOT NULL, doc TEXT NOT NULL) STRICT;
  CREATE INDEX notice_since ON notice (since, id);
  `,
  `
  DROP INDEX backup_live_resource;
  CREATE INDEX backup_live_time ON backup (resource_id, created_at, sequence) WHERE live = 1;
  DROP INDEX backup_live_resource_type;
  CREATE INDEX backup_live_resource_type ON backup (resource_id, type, sequence) WHERE live = 1;
  CREATE INDEX backup_hidden_time ON backup (resource_id, created_at, sequence) WHERE live = 0;

  CREATE TABLE gap (
    resource_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (resource_id, sequence)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX gap_time ON gap (resource_id, created_at, sequence);

  ALTER TABLE request ADD COLUMN resource_id TEXT;
  ALTER TABLE request ADD COLUMN sequence INTEGER;
  ALTER TABLE request ADD COLUMN status TEXT;
  UPDATE request SET status = doc ->> '$.status',
    resource_id = substr(doc -> '$.resourceId', 2, length(doc -> '$.resourceId') - 2);
  CREATE INDEX request_open_time ON request (resource_id, created_at, sequence)
    WHERE status <> 'completed' AND sequence IS NOT NULL;
  CREATE INDEX request_open ON request (resource_id, sequence) WHERE status <> 'completed' AND sequence IS NOT NULL;
  `,
  `
  CREATE TABLE store (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    generation INTEGER NOT NULL
  ) STRICT;
  ${WITH_DOCUMENTS.map(addSum).join('\n  ')}
  `,
  `
  ALTER TABLE request ADD COLUMN upload_id TEXT;
  CREATE UNIQUE INDEX request_upload ON request (upload_id) WHERE upload_id IS NOT NULL;
  CREATE INDEX request_status ON request (status, created_at);
  CREATE INDEX request_resource ON request (resource_id, status, created_at);
  `,
  `
  CREATE TABLE outbox (row INTEGER PRIMARY KEY, line TEXT NOT NULL, sum INTEGER NOT NULL) STRICT;
  ALTER TABLE store ADD COLUMN segment INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE store ADD COLUMN based INTEGER NOT NULL DEFAULT 0;
  `,
  `
  CREATE INDEX backup_hidden ON backup (created_at) WHERE live = 0;
  CREATE INDEX backup_hidden_type ON backup (type, created_at) WHERE live = 0;
  CREATE INDEX backup_hidden_resource ON backup (resource_id, sequence) WHERE live = 0;
  CREATE INDEX backup_hidden_resource_type ON backup (resource_id, type, sequence) WHERE live = 0;
  `,
  `
  CREATE TABLE expiry (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    version INTEGER NOT NULL,
    doc TEXT NOT NULL,
    sum INTEGER NOT NULL
  ) STRICT;
  `,
  `
  ALTER TABLE backup ADD COLUMN looked_at INTEGER NOT NULL DEFAULT 0;
  UPDATE backup SET looked_at = doc ->> '$.completedAt';
  CREATE INDEX backup_looked ON backup (looked_at) WHERE live = 1;
  `,
  `
  ALTER TABLE event ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE event ADD COLUMN action TEXT NOT NULL DEFAULT '';
  UPDATE event SET at = doc ->> '$.at', action = doc ->> '$.action';
  DROP INDEX event_resource;
  CREATE INDEX event_resource ON event (resource_id, at);
  CREATE INDEX event_time ON event (at);
  CREATE INDEX event_action ON event (action, at);
  CREATE INDEX event_resource_action ON event (resource_id, action, at);
  `,
  `
  CREATE TABLE upkeep (task TEXT PRIMARY KEY, doc TEXT NOT NULL, sum INTEGER NOT NULL) STRICT;
  `,
  // What is counted of live backups, in the order of time: it is read by the thousand, and the records are a hundred times as long.
  `
  CREATE INDEX backup_live_type_time ON backup (resource_id, type, created_at, sequence) WHERE live = 1;
  CREATE INDEX backup_hidden_type_time ON backup (resource_id, type, created_at, sequence) WHERE live = 0;

  CREATE TABLE live (
    resource_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    size INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    additions INTEGER,
    changes INTEGER,
    deletions INTEGER,
    moves INTEGER,
    held INTEGER NOT NULL,
    locked_until INTEGER,
    damaged INTEGER NOT NULL,
    PRIMARY KEY (resource_id, created_at, sequence)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO live SELECT resource_id, created_at, sequence, id, type, doc ->> '$.size', doc ->> '$.chain[#-1].bytes',
    doc ->> '$.changes.additions', doc ->> '$.changes.changes', doc ->> '$.changes.deletions', doc ->> '$.changes.moves',
    coalesce(doc ->> '$.legalHold', 0) = 1, doc ->> '$.lockedUntil', (doc -> '$.damagedAt') IS NOT NULL
    FROM backup WHERE live = 1;
  `,
  `
  CREATE TABLE document (
    row INTEGER PRIMARY KEY,
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    due_at INTEGER,
    expires_at INTEGER,
    version INTEGER NOT NULL,
    doc TEXT NOT NULL,
    sum INTEGER NOT NULL,
    UNIQUE (collection, id)
  ) STRICT;
  CREATE INDEX document_due ON document (collection, due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX document_expiring ON document (expires_at) WHERE expires_at IS NOT NULL;
  `,
  // A chain stands in the catalog once (see chain-links.ts), and not in each record that goes through it.
  `
  CREATE TABLE link (id INTEGER PRIMARY KEY, before INTEGER NOT NULL, ref TEXT NOT NULL, sum INTEGER NOT NULL) STRICT;
  CREATE INDEX link_before ON link (before, sum);
  ALTER TABLE backup ADD COLUMN link INTEGER;
  CREATE INDEX backup_link ON backup (link) WHERE link IS NOT NULL;
  ALTER TABLE head ADD COLUMN latest INTEGER;
  ALTER TABLE head ADD COLUMN latest_full INTEGER;
  CREATE INDEX head_latest ON head (latest) WHERE latest IS NOT NULL;
  CREATE INDEX head_latest_full ON head (latest_full) WHERE latest_full IS NOT NULL;
  `,
  // What has expired and is kept stands among what expires where it is decided again, not before the rest.
  `
  ALTER TABLE backup ADD COLUMN place INTEGER;
  UPDATE backup SET place = expires_at WHERE live = 1;
  DROP INDEX backup_expiring;
  CREATE INDEX backup_place ON backup (place) WHERE live = 1 AND place IS NOT NULL;
  ALTER TABLE head ADD COLUMN undecided INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX head_undecided ON head (resource_id) WHERE undecided = 1;
  `,
  // Runs and drills are listed by their schedule, those of before too.
  `
  ALTER TABLE document ADD COLUMN of_group TEXT;
  UPDATE document SET of_group = json_extract(doc, '$.body.scheduleId') WHERE collection IN ('run', 'drill');
  CREATE INDEX document_group ON document (collection, of_group, id) WHERE of_group IS NOT NULL;
  `,
  // Nothing is said twice: documents and links that are written from here on (see backup-doc.ts, chain-links.ts, event-row.ts), which a
  // release before would misread, so it refuses; and types in indexes are their first letters.
  `
  DROP INDEX backup_live_type;
  CREATE INDEX backup_live_type ON backup (unicode(type), created_at) WHERE live = 1;
  DROP INDEX backup_live_resource_type;
  CREATE INDEX backup_live_resource_type ON backup (resource_id, unicode(type), sequence) WHERE live = 1;
  DROP INDEX backup_live_type_time;
  CREATE INDEX backup_live_type_time ON backup (resource_id, unicode(type), created_at, sequence) WHERE live = 1;
  DROP INDEX backup_hidden_type;
  CREATE INDEX backup_hidden_type ON backup (unicode(type), created_at) WHERE live = 0;
  DROP INDEX backup_hidden_resource_type;
  CREATE INDEX backup_hidden_resource_type ON backup (resource_id, unicode(type), sequence) WHERE live = 0;
  DROP INDEX backup_hidden_type_time;
  CREATE INDEX backup_hidden_type_time ON backup (resource_id, unicode(type), created_at, sequence) WHERE live = 0;
  `,
];

/** SQL of backups of a type, as the indexes have it: each begins with another letter. */
export const OF_TYPE = 'unicode(type) = unicode(?)';

/**
 * A name as SQLite can keep it. SQLite speaks UTF-8, which has no lone surrogates, and ends some texts at a NUL: in
 * the form in which JSON writes a string every name has its own text, and ordinary ones stay as they are.
 */
export function keyText(name: string): string {
  return JSON.stringify(name).slice(1, -1);
}

/** The name that `keyText` has made this of. */
export function nameOf(key: string): string {
  return key.includes('\\') ? (JSON.parse(`"${key}"`) as string) : key;
}

/** The checksum of a record's text (CRC-32): it is there for accidents, whoever forges a record can forge it too. */
export function sumOf(doc: string): number {
  return crc32(doc);
}

/** A record as its row holds it: the values of `doc` and `sum`. */
export function docOf(record: unknown): [doc: string, sum: number] {
  const doc = JSON.stringify(record);
  return [doc, sumOf(doc)];
}

export interface DocRow {
  doc: string;
  sum: number;
}

/** The record in a row. Throws PortError `integrity` if it is not what was written. */
export function recordOf<T>(table: string, { doc, sum }: DocRow): T {
  if (sumOf(doc) !== sum) throw damagedRow(table);
  return JSON.parse(doc) as T;
}

/** The record in the row that was found under a name. Throws PortError `integrity` as `recordOf`, or if it is another's. */
export function namedRecordOf<T>(
  table: string,
  row: DocRow | undefined,
  isAsked: (record: T) => boolean,
): T | undefined {
  return demandAsked(table, row && recordOf<T>(table, row), isAsked);
}

/** What was found under a name, held to be what was asked for. Throws as `namedRecordOf`. */
export function demandAsked<T>(
  table: string,
  record: T | undefined,
  isAsked: (record: T) => boolean,
): T | undefined {
  if (record !== undefined && !isAsked(record)) throw damagedRow(table);
  return record;
}

/** What stands in the catalog is not what was written there. */
export function damagedRow(table: string): PortError {
  return new PortError('integrity', `the catalog is damaged: a row of ${table} is not what was written`, {
    reason: 'catalog_damaged',
  });
}
