// What the document of a backup says: what neither the columns of its row nor its chain say already, by place and not by name.
// The checksum is over all that the row says of the record, so that a column that has changed is noticed by whoever reads it.

import type { BackupMetadata, BackupRecord, ChangeCounts } from '../../core/records/model.ts';
import type { Chain } from './chain-links.ts';
import { type DocRow, damagedRow, keyText, nameOf, recordOf, sumOf } from './schema.ts';

/** What is read of a row of `backup`, as SQL, by whoever needs no chain. */
export const ROW_COLUMNS =
  'doc, sum, id, resource_id, sequence, type, created_at, expires_at, own_blob, version';

/** What a row says of its record beside the document. */
interface Columns {
  id: string;
  resource_id: string;
  sequence: number;
  type: string;
  created_at: number;
  expires_at: number | null;
  own_blob: string;
  version: number;
}

export type PlainRow = DocRow & Columns;

type Counts = [additions: number, changes: number, deletions: number, moves: number];
type Metadata = [
  version: string,
  source: string,
  retentionDays: number,
  tags?: BackupMetadata['tags'],
  customFields?: BackupMetadata['customFields'],
];
type Doc = [
  chainLength: number,
  compressedSize: number,
  tookMs: number,
  resourceType: string,
  metadata: Metadata,
  counts?: Counts | 0,
  /** Whatever else there is, and what is not as it follows from the rest; null for what would follow and is not there. */
  others?: Members,
];

const METADATA_MEMBERS = ['version', 'source', 'tags', 'retentionDays', 'customFields'];
const COUNTS = ['additions', 'changes', 'deletions', 'moves'];

function hasOnly(value: object, names: readonly string[]): boolean {
  return Object.keys(value).every((name) => names.includes(name));
}

type Members = Record<string, unknown>;

/** What follows from a chain, unless the record says otherwise. */
function following({ chain, chainId, key }: Chain): Partial<BackupRecord> {
  const own = chain.at(-1);
  const follows: Partial<BackupRecord> = { status: 'completed' };
  if (own !== undefined) {
    follows.size = own.size;
    follows.checksum = own.checksum;
    follows.encrypted = own.encrypted;
  }
  if (chain.length > 1) follows.baseBackupId = chain.at(-2)!.backupId;
  if (chainId !== undefined) follows.chainId = chainId;
  if (key !== undefined) follows.key = key;
  return follows;
}

/** What there is besides what follows, and null for each of these that is not there; undefined if there is neither. */
function beyond(others: Members, follows: Members): Members | undefined {
  const more: Members = {};
  for (const name in others) if (others[name] !== follows[name]) more[name] = others[name];
  for (const name in follows) if (others[name] === undefined) more[name] = null;
  return Object.values(more).some((value) => value !== undefined) ? more : undefined;
}

/** The values of `doc` and `sum` in the row of a record, whose chain is kept with the record's key. */
export function backupDoc(record: BackupRecord, ownBlob: string): [doc: string, sum: number] {
  const { id, resourceId, sequence, type, createdAt, expiresAt, version, ...unsaid } = record;
  const {
    chain,
    compressedSize,
    completedAt,
    resourceType,
    metadata,
    changes,
    chainId,
    key: _key,
    ...others
  } = unsaid;
  const told: Members = others;
  told.chainId = chainId;
  // What a later release may say besides has no place yet.
  if (!hasOnly(metadata, METADATA_MEMBERS)) told.metadata = metadata;
  if (changes !== undefined && !hasOnly(changes, COUNTS)) told.changes = changes;
  const more = beyond(told, following({ chain, chainId }) as Members);
  const written: Doc = [
    chain.length,
    compressedSize,
    completedAt - createdAt,
    resourceType,
    metadataPlaces(metadata),
  ];
  if (changes !== undefined) {
    written.push([changes.additions, changes.changes, changes.deletions, changes.moves]);
  } else if (more !== undefined) written.push(0);
  if (more !== undefined) written.push(more);
  const doc = JSON.stringify(written);
  const columns: Columns = {
    id: keyText(id),
    resource_id: keyText(resourceId),
    sequence,
    type,
    created_at: createdAt,
    expires_at: expiresAt ?? null,
    own_blob: ownBlob,
    version,
  };
  return [doc, sumOfRow({ doc, ...columns })];
}

/** Whether a document is of this form; those of before are objects. */
export function isShort({ doc }: DocRow): boolean {
  return doc.startsWith('[');
}

/** What a row says without its chain. Throws PortError `integrity` if it is not what was written. */
export function placeOf(row: PlainRow): Pick<BackupRecord, 'id' | 'createdAt' | 'deletedReason'> {
  if (!isShort(row)) return recordOf<BackupRecord>('backup', row);
  const [, , , , , , others = {}] = shortDocOf(row);
  const { deletedReason } = others as Partial<BackupRecord>;
  const place = { id: nameOf(row.id), createdAt: row.created_at };
  return deletedReason === undefined ? place : { ...place, deletedReason };
}

/** The length of the chain, and what makes the record of a row once the chain is there. Throws as `placeOf`. */
export function unchainedOf(row: PlainRow): { length: number; on(chained: Chain): BackupRecord } {
  const doc = shortDocOf(row);
  return { length: doc[0], on: (chained) => recordOn(row, doc, chained) };
}

function recordOn(row: PlainRow, doc: Doc, chained: Chain): BackupRecord {
  const [, compressedSize, tookMs, resourceType, metadata, counts = 0, others] = doc;
  const { baseBackupId, key, ...follows } = following(chained);
  const record = {
    id: nameOf(row.id),
    resourceId: nameOf(row.resource_id),
    resourceType,
    type: row.type,
    sequence: row.sequence,
    ...follows,
    compressedSize,
    metadata: metadataOf(metadata),
    createdAt: row.created_at,
    completedAt: row.created_at + tookMs,
    chain: chained.chain,
    version: row.version,
  } as BackupRecord;
  if (baseBackupId !== undefined) record.baseBackupId = baseBackupId;
  if (key !== undefined) record.key = key;
  if (counts !== 0) record.changes = countsOf(counts);
  if (row.expires_at !== null) record.expiresAt = row.expires_at;
  return others === undefined ? record : withOthers(record, others);
}

function withOthers(record: BackupRecord, others: Members): BackupRecord {
  const all: Members = Object.assign(record, others);
  for (const name in others) if (all[name] === null) delete all[name];
  return record;
}

function shortDocOf(row: PlainRow): Doc {
  if (sumOfRow(row) !== row.sum) throw damagedRow('backup');
  return JSON.parse(row.doc) as Doc;
}

function sumOfRow(row: Omit<PlainRow, 'sum'>): number {
  const { doc, id, resource_id, sequence, type, created_at, expires_at, own_blob, version } = row;
  return sumOf(
    `${doc}\n${id}\n${resource_id}\n${sequence}\n${type}\n${created_at}\n${expires_at}\n${own_blob}\n${version}`,
  );
}

function metadataPlaces({ version, source, retentionDays, tags, customFields }: BackupMetadata): Metadata {
  const places: Metadata = [version, source, retentionDays];
  const hasTags = Object.keys(tags).length > 0;
  if (hasTags || customFields !== undefined) places.push(tags);
  if (customFields !== undefined) places.push(customFields);
  return places;
}

function metadataOf([version, source, retentionDays, tags = {}, customFields]: Metadata): BackupMetadata {
  return { version, source, tags, retentionDays, ...(customFields === undefined ? {} : { customFields }) };
}

function countsOf([additions, changes, deletions, moves]: Counts): ChangeCounts {
  return { additions, changes, deletions, moves };
}
