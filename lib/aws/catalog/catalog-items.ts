// Records as items of the table: the record itself as JSON text, exact to the last digit, and beside it only what keys
// and conditions need.

import { ownBlob, wayOf } from '../../core/records/chain.ts';
import type { DocumentRecord } from '../../core/records/document.ts';
import { isNamedAfter } from '../../core/records/ids.ts';
import { liveEntryOf } from '../../core/records/live-entry.ts';
import type {
  AuditEvent,
  BackupRecord,
  BackupRequest,
  BackupType,
  GarbageEntry,
  IdempotencyRecord,
  OperationRecord,
  ResourceHead,
  Way,
} from '../../core/records/model.ts';
import { lookedAt } from '../../core/records/proof-time.ts';
import { isFinished } from '../../core/records/status.ts';
import {
  askedKey,
  backupKey,
  documentKey,
  duePartition,
  eventKey,
  garbageKey,
  headKey,
  hiddenKey,
  idempotencyKey,
  leaseKey,
  liveKey,
  operationKey,
  ownBlobKey,
  part,
  partPartition,
  requestKey,
  sequenceKey,
  shardedPartition,
  sortedBy,
  uploadKey,
} from './catalog-keys.ts';
import { eventPlace } from './event-places.ts';
import { document, type Item, indexed, item, textOf, whole } from './item.ts';
import { sizeOfItem, UNIT_BYTES } from './item-size.ts';
import { packed } from './packed.ts';
import { chainedAttributes, headAttributes, type Known, linkAttributes } from './stored-chain.ts';

/** Longer than any upload lies there. */
const UPLOAD_SECONDS = 30 * 86_400;

export const BACKUP_TYPES = ['full', 'incremental', 'differential'] as const satisfies readonly BackupType[];

/** The partitions of the indexes; the sharded ones have their shard behind the word. */
export const INDEXED = {
  heads: 'HEADS',
  live: (type: BackupType) => `LIVE#${type}`,
  /** Live ones, too: whose bytes nobody has looked at since they were made. */
  unseen: (type: BackupType) => `UNSEEN#${type}`,
  hidden: (type: BackupType) => `HIDDEN#${type}`,
  /** Of records of before: by type they stood in the second index. */
  liveBefore: 'LIVE',
  hiddenBefore: 'HIDDEN',
  liveTypeBefore: (type: BackupType) => `TYPE#${type}`,
  hiddenTypeBefore: (type: BackupType) => `HIDDENTYPE#${type}`,
  expiring: 'EXP',
  undecided: 'UNDECIDED',
  proofs: 'PROOF',
  operations: 'OPS',
  target: (resourceId: string) => `TGT#${part(resourceId)}`,
  unfinishedOperations: 'UNF',
  unfinishedRequests: 'REQUNF',
  finishedRequests: 'REQFIN',
  requests: (status: string) => `REQS#${status}`,
  requestsOf: (resourceId: string, status: string) => `REQR#${status}#${part(resourceId)}`,
  garbageOf: (resourceId: string) => `GARB#${part(resourceId)}`,
  due: 'DUE',
  events: 'EVTS',
  /** Of events of before. */
  eventsOfBefore: (resourceId: string) => `EVR#${part(resourceId)}`,
  /** Events that wait for both the trail and the sink, for the trail alone, for the sink alone. */
  fresh: 'NEW',
  untrailed: 'TRAIL',
  pending: 'PEND',
  answers: 'ANSWERS',
  groupOf: (collection: string, group: string) => `DOCGRP#${collection}#${part(group)}`,
  expiringDocuments: 'DOCEXP',
} as const;

/** The record itself, and what it is found by: what of that stays as it is need not be written again. */
export interface BackupItems {
  record: Item;
  /** By sequence, tombstones included; none of one that stands by time alone. */
  sequence?: Item;
  /** What accounts for its own blob, and says for all chains through it what it is; none of one that is named after it. */
  link?: Item;
  /** By time, as a live one or as a tombstone. */
  place: Item;
}

export function backupItems(record: BackupRecord, known: Known, isAlone: boolean): BackupItems {
  const { id, resourceId, sequence, createdAt, type, expiresAt, version } = record;
  const live = record.deletedAt === undefined;
  const isUnseen = live && isUnseenYet(record);
  const word = live ? (isUnseen ? INDEXED.unseen(type) : INDEXED.live(type)) : INDEXED.hidden(type);
  const own = ownBlob(record).blobId;
  const stored = item(backupKey(id), {
    version: whole(version),
    ...(isAlone ? ALONE : {}),
    ...indexed('gsi1', shardedPartition(word, id), sortedBy(createdAt, id)),
    ...(live && expiresAt !== undefined
      ? indexed('gsi3', partPartition(INDEXED.expiring, resourceId), sortedBy(expiresAt, id))
      : {}),
  });
  // The first index of the record itself is taken. While nobody has looked, it tells that as well.
  const proof =
    live && !isUnseen
      ? indexed('gsi1', shardedPartition(INDEXED.proofs, id), sortedBy(lookedAt(record), id))
      : {};
  const more = isAlone ? { ...ALONE, ...proof } : {};
  const sequenced = item(sequenceKey(resourceId, sequence), {
    id: { S: id },
    live: { BOOL: live },
    type: { S: type },
    at: whole(createdAt),
    ...proof,
  });
  return {
    record: { ...stored, ...chainedAttributes(record, known, stored) },
    ...(isAlone ? {} : { sequence: sequenced }),
    ...(isNamedAfter(own, id)
      ? {}
      : { link: item(ownBlobKey(own), { id: { S: id }, ...linkAttributes(record) }) }),
    place: live ? placeItem(record, more) : hiddenItem(record, more),
  };
}

/** What takes longer from its acceptance to its end, as an upload may, or is of another time, as what is imported is. */
const UNSEEN_APART_MS_MAX = 60_000;

/** Whether its place by time says as well when its bytes were last looked at: as it was made. */
function isUnseenYet({ createdAt, completedAt, verifiedAt, damagedAt }: BackupRecord): boolean {
  const apartMs = completedAt - createdAt;
  return (
    verifiedAt === undefined && damagedAt === undefined && apartMs >= 0 && apartMs <= UNSEEN_APART_MS_MAX
  );
}

/** Says of a record, and of its place, that it stands by time alone. */
const ALONE: Item = { alone: { BOOL: true } };

/** Where a live backup stands in the order of times. It tells the way to the state as long as that fits into one write unit. */
function placeItem(record: BackupRecord, more: Item): Item {
  const { id, resourceId, type, createdAt, sequence } = record;
  const place = item(liveKey(resourceId, createdAt, sequence), {
    ...{ id: { S: id }, type: { S: type } },
    entry: { S: JSON.stringify(liveEntryOf(record)) },
    ...more,
  });
  const way = wayAttributes(wayOf(record));
  return sizeOfItem(place) + sizeOfItem(way) > UNIT_BYTES ? place : { ...place, ...way };
}

function hiddenItem(
  { id, resourceId, type, createdAt, sequence, deletedReason = 'deleted' }: BackupRecord,
  more: Item,
): Item {
  return item(hiddenKey(resourceId, createdAt, sequence), {
    ...{ id: { S: id }, type: { S: type }, reason: { S: deletedReason } },
    ...more,
  });
}

/** As few bytes as they take: they fit for most of a chain. */
function wayAttributes({ chainId, blobIds, bytes, key }: Way): Item {
  return {
    chain: { S: chainId },
    blobs: { B: Buffer.from(blobIds.join(''), 'hex') },
    bytes: whole(bytes),
    ...(key === undefined
      ? {}
      : {
          keyId: { S: key.keyId },
          keyVersion: { S: key.keyVersion },
          wrapped: { B: Buffer.from(key.wrapped, 'base64') },
        }),
  };
}

/** The way that a live place tells of; those of before tell of none. */
export function wayIn(place: Item): Way | undefined {
  const { blobs, wrapped } = place;
  if (blobs?.B === undefined) return undefined;
  const ids = Buffer.from(blobs.B).toString('hex');
  const key = {
    keyId: textOf(place, 'keyId'),
    keyVersion: textOf(place, 'keyVersion'),
    wrapped: Buffer.from(wrapped?.B ?? []).toString('base64'),
  };
  return {
    chainId: textOf(place, 'chain'),
    blobIds: ids.match(/.{32}/g) ?? [],
    bytes: Number(place.bytes?.N),
    ...(wrapped === undefined ? {} : { key }),
  };
}

export interface OperationItems {
  record: Item;
  /** Absent once the operation is final. */
  lease?: Item;
}

export function operationItems(record: OperationRecord): OperationItems {
  const { id, createdAt, targetResourceId, chainId, leaseUntil } = record;
  const finished = isFinished(record);
  const at = sortedBy(createdAt, id);
  const operation = document(operationKey(id), record, record.version, {
    chain: { S: part(chainId) },
    ...indexed('gsi1', shardedPartition(INDEXED.operations, id), at),
    ...indexed('gsi2', INDEXED.target(targetResourceId), at),
    ...(finished ? {} : indexed('gsi3', shardedPartition(INDEXED.unfinishedOperations, id), at)),
  });
  return finished
    ? { record: operation }
    : { record: operation, lease: item(leaseKey(chainId, id), { until: whole(leaseUntil) }) };
}

/** Where a resource's history tells of a request that has not become a backup. */
export function askedItem({ id, resourceId, createdAt, sequence, status }: BackupRequest): Item | undefined {
  if (sequence === undefined) return undefined;
  return item(askedKey(resourceId, createdAt, sequence), { id: { S: id }, status: { S: status } });
}

/** Which request has the upload, for as long as an upload may be there; a failed one gives it back. */
export function uploadItem({ id, uploadId, status, createdAt }: BackupRequest): Item {
  return item(uploadKey(uploadId), {
    id: { S: id },
    failed: { BOOL: status === 'failed' },
    ttl: whole(Math.ceil(createdAt / 1000) + UPLOAD_SECONDS),
  });
}

export function requestItem(request: BackupRequest): Item {
  const { id, createdAt, resourceId, status } = request;
  const word = isFinished(request) ? INDEXED.finishedRequests : INDEXED.unfinishedRequests;
  const at = sortedBy(createdAt, id);
  return document(requestKey(id), request, request.version, {
    ...(request.deletedAt === undefined
      ? {
          ...indexed('gsi1', shardedPartition(INDEXED.requests(status), id), at),
          ...indexed('gsi2', INDEXED.requestsOf(resourceId, status), at),
        }
      : {}),
    ...indexed('gsi3', shardedPartition(word, id), at),
  });
}

export function idempotencyItem(record: IdempotencyRecord): Item {
  const { key, expiresAt } = record;
  return item(idempotencyKey(key), {
    doc: { S: JSON.stringify(record) },
    expiresAt: whole(expiresAt),
    ttl: whole(Math.ceil(expiresAt / 1000)),
    ...indexed('gsi3', shardedPartition(INDEXED.answers, key), sortedBy(expiresAt, key)),
  });
}

export function documentItem(record: DocumentRecord): Item {
  const { collection, id, group, dueAt, expiresAt, version } = record;
  return document(documentKey(collection, id), record, version, {
    ...(dueAt === undefined ? {} : indexed('gsi1', duePartition(collection, id), sortedBy(dueAt, id))),
    ...(group === undefined ? {} : indexed('gsi2', INDEXED.groupOf(collection, group), part(id))),
    ...(expiresAt === undefined
      ? {}
      : {
          expiresAt: whole(expiresAt),
          ttl: whole(Math.ceil(expiresAt / 1000)),
          ...indexed(
            'gsi3',
            shardedPartition(INDEXED.expiringDocuments, id),
            `${sortedBy(expiresAt, id)}#${collection}`,
          ),
        }),
  });
}

export function garbageItem(entry: GarbageEntry): Item {
  const { blobId, resourceId, sequence, dueAt } = entry;
  return item(garbageKey(blobId), {
    doc: { S: JSON.stringify(entry) },
    ...indexed('gsi2', INDEXED.garbageOf(resourceId), sortedBy(sequence, blobId)),
    ...indexed('gsi3', partPartition(INDEXED.due, resourceId), sortedBy(dueAt, blobId)),
  });
}

/** `stamp` gives the event its place among all others in the order of commits. */
export function eventItem(event: AuditEvent, stamp: string): Item {
  const { id, resourceId } = event;
  const place = eventPlace(event, stamp);
  return item(eventKey(resourceId, place), {
    packed: packed(event),
    ...indexed('gsi1', shardedPartition(INDEXED.events, id), place),
    ...indexed('gsi3', shardedPartition(INDEXED.fresh, id), `${stamp}#${part(id)}`),
  });
}

/** Listed by id. Heads of before are listed from their next change on. */
export function headItem(head: ResourceHead, known: Known): Item {
  const { resourceId, version, isUndecided } = head;
  const stored = item(headKey(resourceId), {
    version: whole(version),
    ...indexed('gsi1', shardedPartition(INDEXED.heads, resourceId), part(resourceId)),
    ...(isUndecided ? indexed('gsi3', partPartition(INDEXED.undecided, resourceId), part(resourceId)) : {}),
  });
  return { ...stored, ...headAttributes(head, known, stored) };
}
