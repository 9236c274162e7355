// Where each record stands in the table. A key is a fixed word and encoded parts, so no two records share one, whatever
// their names contain; numbers are padded, so that the order of the keys is theirs.

import { createHash } from 'node:crypto';
import type { Collection } from '../../core/records/document.ts';
import { AWS_BOUNDS } from '../names/bounds.ts';

export interface Key {
  pk: string;
  sk: string;
}

/** The sort key of an item that is alone in its partition. */
const ALONE = '-';

/** Write-sharded indexes are spread over so many partitions: one takes 1,000 writes a second. */
export const SHARDS = 8;

/**
 * What retention is to do is spread by resource, so that several sweeps at once have nothing to do with one another. What an earlier release
 * has written stands in the first of these, by its own id.
 */
export const PARTS = AWS_BOUNDS.sweepersMax;

/** A sort key holds 1,024 bytes: so a part always fits, with the words and numbers before it. */
const PART_BYTES_MAX = 900;

/**
 * A name as part of a key. DynamoDB speaks UTF-8, which has no lone surrogates: in the form in which JSON writes a
 * string every name has its own text, and ordinary ones stay as they are. Names too long for a key stand as their hash,
 * under another mark, so that no name can look like the hash of another.
 */
export function part(name: string): string {
  const text = JSON.stringify(name).slice(1, -1);
  return Buffer.byteLength(text) <= PART_BYTES_MAX ? `=${text}` : `~${sha256(text).toString('hex')}`;
}

/** A whole number such that text order is number order. What is beyond the safe ones stands at their end. */
export function padded(value: number): string {
  const bounded = Math.min(Math.max(Math.ceil(value), 0), Number.MAX_SAFE_INTEGER);
  return String(bounded).padStart(16, '0');
}

/** Before every padded number, and behind every one. */
export const FIRST = '0';
export const LAST = ':';

export const backupKey = (id: string): Key => ({ pk: `BACKUP#${part(id)}`, sk: ALONE });
export const idempotencyKey = (key: string): Key => ({ pk: `IDEM#${part(key)}`, sk: ALONE });
export const operationKey = (id: string): Key => ({ pk: `OP#${part(id)}`, sk: ALONE });
export const requestKey = (id: string): Key => ({ pk: `REQ#${part(id)}`, sk: ALONE });
/** Which request has an upload. */
export const uploadKey = (uploadId: string): Key => ({ pk: `UPLOAD#${part(uploadId)}`, sk: ALONE });
/** Events of one resource stand together, each at its place among them. */
export const eventsPartition = (resourceId: string): string => `EVENT#OF#${part(resourceId)}`;
export const eventKey = (resourceId: string, place: string): Key => ({
  pk: eventsPartition(resourceId),
  sk: place,
});
/** Where an event stood before: by itself, and in an index by its resource. */
export const formerEventKey = (id: string): Key => ({ pk: `EVENT#${part(id)}`, sk: ALONE });
/** All notices stand together: there are few, and the health check reads them all. */
export const NOTICES_PARTITION = 'NOTICES';
export const noticeKey = (id: string): Key => ({ pk: NOTICES_PARTITION, sk: part(id) });
/** What grows with all that happens is spread as an index is; the other collections are few, and stand together. */
const SPREAD: ReadonlySet<string> = new Set(['run', 'drill', 'delivery'] satisfies Collection[]);
const togetherPartition = (collection: string): string => `DOC#${collection}`;
/** Read in the order of their ids, strongly consistent. The last one is where documents stood before they were spread. */
export const documentPartitions = (collection: string): string[] => {
  const together = togetherPartition(collection);
  return SPREAD.has(collection) ? [...partitionsOf(together), together] : [together];
};
export const documentKey = (collection: string, id: string): Key => {
  const together = togetherPartition(collection);
  return { pk: SPREAD.has(collection) ? shardedPartition(together, id) : together, sk: part(id) };
};
/** Where it stood before; undefined where that is its place still. What stands there moves with its next change. */
export const formerDocumentKey = (collection: string, id: string): Key | undefined =>
  SPREAD.has(collection) ? { pk: togetherPartition(collection), sk: part(id) } : undefined;
/** The same of what is due. */
export const duePartitions = (collection: string): string[] => {
  const together = `DOCDUE#${collection}`;
  return SPREAD.has(collection) ? [...partitionsOf(together), together] : [together];
};
export const duePartition = (collection: string, id: string): string =>
  SPREAD.has(collection) ? shardedPartition(`DOCDUE#${collection}`, id) : `DOCDUE#${collection}`;
/** How the runs of periodic work went: one item a task. */
export const UPKEEP_PARTITION = 'UPKEEP';
export const CURSOR_SECRET_KEY: Key = { pk: 'SECRET#cursor', sk: ALONE };
/** The last segment of the trail. */
export const SEGMENT_KEY: Key = { pk: 'TRAIL', sk: ALONE };
export const EXPIRY_KEY: Key = { pk: 'EXPIRY', sk: ALONE };
export const CHECK_KEY: Key = { pk: 'CHECK', sk: ALONE };

/** All that belongs to one resource stands in one partition, read strongly consistent. */
export const resourcePartition = (resourceId: string): string => `RES#${part(resourceId)}`;
export const headKey = (resourceId: string): Key => ({ pk: resourcePartition(resourceId), sk: 'HEAD' });
export const policyKey = (resourceId: string): Key => ({ pk: resourcePartition(resourceId), sk: 'POLICY' });

/** By sequence, tombstones included: nobody takes a sequence twice. */
export const SEQUENCE_PREFIX = 'SEQ#';
export const sequenceKey = (resourceId: string, sequence: number): Key => ({
  pk: resourcePartition(resourceId),
  sk: `${SEQUENCE_PREFIX}${padded(sequence)}`,
});

/** By time: live backups, tombstones, requests that have not been completed, and what is left of removed ones. */
export const LIVE_PREFIX = 'LIVE#';
export const HIDDEN_PREFIX = 'HID#';
export const ASKED_PREFIX = 'ASKED#';
export const GAP_PREFIX = 'GAP#';
const byTime =
  (prefix: string) =>
  (resourceId: string, createdAt: number, sequence: number): Key => ({
    pk: resourcePartition(resourceId),
    sk: `${prefix}${padded(createdAt)}#${padded(sequence)}`,
  });
export const liveKey = byTime(LIVE_PREFIX);
export const hiddenKey = byTime(HIDDEN_PREFIX);
export const askedKey = byTime(ASKED_PREFIX);
export const gapKey = byTime(GAP_PREFIX);

/** Time and sequence of a key that begins with `prefix`. */
export function placeOf(prefix: string, sk: string): { createdAt: number; sequence: number } {
  const [createdAt, sequence] = sk.slice(prefix.length).split('#').map(Number);
  return { createdAt: createdAt!, sequence: sequence! };
}

/** By sequence, which is the order of states: so a pointer can be removed without having been read. */
export const SNAPSHOT_PREFIX = 'SNAP#';
export const snapshotKey = (resourceId: string, sequence: number): Key => ({
  pk: resourcePartition(resourceId),
  sk: `${SNAPSHOT_PREFIX}${padded(sequence)}`,
});

/** What accounts for a blob: the backup whose own it is, or that it waits to be removed. */
export const ownBlobKey = (blobId: string): Key => ({ pk: `BLOB#${part(blobId)}`, sk: 'OWN' });
export const garbageKey = (blobId: string): Key => ({ pk: `BLOB#${part(blobId)}`, sk: 'GARB' });

/** Unfinished operations by the chain that they hold. */
export const LEASE_PREFIX = 'OP#';
export const leasePartition = (chainId: string): string => `CHAIN#${part(chainId)}`;
export const leaseKey = (chainId: string, operationId: string): Key => ({
  pk: leasePartition(chainId),
  sk: `${LEASE_PREFIX}${part(operationId)}`,
});

/** Partitions of an index that is spread by the id of what stands in it. */
export const shardedPartition = (word: string, id: string): string => `${word}#${shardOf(id)}`;
export const partitionsOf = (word: string): string[] =>
  Array.from({ length: SHARDS }, (_, shard) => `${word}#${shard}`);

/** The same, spread by resource; all of them, or one. */
export const partPartition = (word: string, resourceId: string): string =>
  `${word}#${shardOf(resourceId, PARTS)}`;
export const partPartitions = (word: string, part?: number): string[] =>
  part === undefined ? Array.from({ length: PARTS }, (_, i) => `${word}#${i}`) : [`${word}#${part}`];

/** Sorted by a number; the id keeps equal numbers in one order. */
export const sortedBy = (value: number, id: string): string => `${padded(value)}#${part(id)}`;

/** The number that a sort key of `sortedBy` begins with. */
export const numberOf = (sort: string): number => Number(sort.slice(0, sort.indexOf('#')));

/** The end of a range of sorted keys whose numbers are at most `value`. */
export const upTo = (value: number): string => padded(Math.floor(value) + 1);

function shardOf(id: string, of = SHARDS): number {
  return sha256(part(id))[0]! % of;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
