// Fills a table with records that are put together elsewhere, many at a time and without conditions: for a table that nobody else writes.

import {
  BatchWriteItemCommand,
  type DynamoDBClient,
  ScanCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { forEachAtOnce } from '../../core/at-once.ts';
import type { AuditEvent, Notice, SegmentMark } from '../../core/records/model.ts';
import type { Change } from '../../ports/change.ts';
import { PortError } from '../../ports/errors.ts';
import { backOff, call } from '../calls/call.ts';
import { batchesOf } from '../calls/parallel.ts';
import { eventItem, INDEXED } from './catalog-items.ts';
import { gapKey, type Key, noticeKey, SEGMENT_KEY, shardedPartition, uploadKey } from './catalog-keys.ts';
import { createPreparer } from './catalog-steps.ts';
import { document, type Item, item, keyOf, textOf, whole } from './item.ts';
import { sizeOfItem, UNIT_BYTES } from './item-size.ts';
import { addressOf, attributesOf, createTableClient } from './table-client.ts';

/** Of BatchWriteItem. */
const BATCH_ITEMS_MAX = 25;
const BATCHES_AT_ONCE = 8;
const BATCH_ATTEMPTS_MAX = 12;
const SCAN_ITEMS = 1000;

/** Where what is no record stands: a stack that has just been deployed leaves it by itself. */
const NO_RECORDS = ['CHECK', 'UPKEEP', 'SECRET#', 'EXPIRY', 'NOTICES', 'EVENT#', 'TRAIL', 'REBUILD'];
const REBUILD_KEY: Key = { pk: 'REBUILD', sk: '-' };

/** How far filling a table has come: nothing is written yet, or some of it may be. */
export type Stage = 'reading' | 'writing';

export interface CatalogLoad {
  /** Undefined if none was begun, or it has ended. */
  stage(): Promise<Stage | undefined>;
  /** Whether anything is there but what a new stack leaves by itself. It may look at all of the table. */
  hasRecords(): Promise<boolean>;
  /** Removes all records, so that nothing is left of what is not written anew. */
  removeRecords(): Promise<void>;
  /** From now on, until `end`, every process refuses to write: `notice` is what it says. */
  begin(notice: Notice): Promise<void>;
  beginWriting(): Promise<void>;
  /** The trail is known as far as that, and the notice is gone. */
  end(mark: SegmentMark | undefined, noticeId: string): Promise<void>;
  /** Resolves with how many items that were. A thing that is written again is as it was. */
  write(loaded: Iterable<Loaded>): Promise<number>;
}

/** What a table is filled with. */
export type Loaded =
  | { kind: 'change'; change: Change }
  /** `stamp`: its place among all; a recent one is published once more. */
  | { kind: 'event'; event: AuditEvent; stamp: string; isRecent: boolean }
  | { kind: 'gap'; resourceId: string; createdAt: number; sequence: number };

/** `onWritten` and `onRead` hear of the units that are charged. */
export function createCatalogLoad(
  dynamoDb: DynamoDBClient,
  name: string,
  { onWritten, onRead }: { onWritten(units: number): void; onRead(units: number): void },
): CatalogLoad {
  const table = createTableClient(dynamoDb, name);
  // Links are written with the records whose own blobs they are of; which others will be there is not known.
  const prepare = createPreparer(name, () => '', { tellerOf: () => undefined, keyTextOf: () => undefined });

  function* itemsOf(loaded: Loaded): Generator<Item> {
    if (loaded.kind === 'gap') {
      yield item(gapKey(loaded.resourceId, loaded.createdAt, loaded.sequence), {});
      return;
    }
    if (loaded.kind === 'event') {
      const { gsi3pk: _fresh, ...written } = eventItem(loaded.event, loaded.stamp);
      const { gsi3sk: _place, ...published } = written;
      const waiting = { S: shardedPartition(INDEXED.pending, loaded.event.id) };
      yield loaded.isRecent ? { ...written, gsi3pk: waiting } : published;
      return;
    }
    const { change } = loaded;
    for (const { Put } of prepare(withPointer(change)).flatMap((step) => step.writes())) {
      if (Put?.Item === undefined) continue;
      // One that failed gives its upload back: nothing is to stand in the way of whoever has it now.
      const isGivenBack = change.kind === 'request.insert' && change.record.status === 'failed';
      if (isGivenBack && textOf(Put.Item, 'pk') === uploadKey(change.record.uploadId).pk) continue;
      yield Put.Item;
    }
  }

  async function send(requests: WriteRequest[]): Promise<void> {
    let left = requests;
    for (let n = 0; left.length > 0; n += 1) {
      if (n === BATCH_ATTEMPTS_MAX) throw new PortError('unavailable', 'the table is throttled');
      if (n > 0) await backOff(n, 50, 10_000);
      const answer = await call('the table cannot be written', (options) =>
        dynamoDb.send(new BatchWriteItemCommand({ RequestItems: { [name]: left } }), options),
      );
      left = answer.UnprocessedItems?.[name] ?? [];
    }
    for (const { PutRequest, DeleteRequest } of requests) {
      if (PutRequest?.Item !== undefined) onWritten(unitsOf(PutRequest.Item));
      if (DeleteRequest !== undefined) onWritten(1);
    }
  }

  /** All keys of the table, page by page. */
  async function* keys(): AsyncGenerator<Key[]> {
    let start: Item | undefined;
    do {
      const page = await call('the table cannot be read', (options) =>
        dynamoDb.send(
          new ScanCommand({
            TableName: name,
            Limit: SCAN_ITEMS,
            ConsistentRead: true,
            ProjectionExpression: 'pk, sk',
            ReturnConsumedCapacity: 'TOTAL',
            ...(start === undefined ? {} : { ExclusiveStartKey: start }),
          }),
          options,
        ),
      );
      onRead(page.ConsumedCapacity?.CapacityUnits ?? 0);
      yield (page.Items ?? []).map(keyOf);
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
  }

  const putStage = (stage: Stage) => table.put(item(REBUILD_KEY, { stage: { S: stage } }));

  return {
    async stage() {
      const found = await table.get(REBUILD_KEY);
      return found && (textOf(found, 'stage') as Stage);
    },

    async hasRecords() {
      for await (const page of keys()) if (page.some(isRecord)) return true;
      return false;
    },

    async removeRecords() {
      for await (const page of keys()) {
        const going = page.filter((key) => isRecord(key) || key.pk.startsWith('EVENT#'));
        const batches = batchesOf(going, BATCH_ITEMS_MAX);
        await forEachAtOnce(batches, BATCHES_AT_ONCE, (batch) =>
          send(batch.map((key) => ({ DeleteRequest: { Key: attributesOf(key) } }))),
        );
      }
    },

    async begin(notice) {
      await table.put(document(noticeKey(notice.id), notice, notice.version));
      await putStage('reading');
      onWritten(2);
    },

    async beginWriting() {
      await putStage('writing');
      onWritten(1);
    },

    async end(mark, noticeId) {
      if (mark !== undefined) {
        const { segment, sha256 } = mark;
        await table.put(item(SEGMENT_KEY, { trailSegment: whole(segment), trailHash: { S: sha256 } }));
      }
      const there = { expression: 'attribute_exists(pk)' };
      await table.delete(noticeKey(noticeId), there);
      await table.delete(REBUILD_KEY, there);
      onWritten(3);
    },

    async write(loaded) {
      let items = 0;
      const batches = batched(loaded, itemsOf);
      await forEachAtOnce(batches, BATCHES_AT_ONCE, async (batch) => {
        items += batch.length;
        await send(batch.map((Item) => ({ PutRequest: { Item } })));
      });
      return items;
    },
  };
}

/** A live backup has its pointer. */
function withPointer(change: Change): Change[] {
  if (change.kind === 'snapshot.add') return [];
  if (change.kind !== 'backup.insert' || change.record.deletedAt !== undefined) return [change];
  const { id: backupId, resourceId, createdAt, sequence } = change.record;
  return [change, { kind: 'snapshot.add', pointer: { resourceId, createdAt, sequence, backupId } }];
}

function isRecord({ pk }: Key): boolean {
  return !NO_RECORDS.some((word) => (word.endsWith('#') ? pk.startsWith(word) : pk === word));
}

/** No two of one batch under one key: that is refused. */
function* batched(loaded: Iterable<Loaded>, itemsOf: (one: Loaded) => Iterable<Item>): Generator<Item[]> {
  let batch = new Map<string, Item>();
  for (const one of loaded) {
    for (const made of itemsOf(one)) {
      batch.set(addressOf(keyOf(made)), made);
      if (batch.size < BATCH_ITEMS_MAX) continue;
      yield [...batch.values()];
      batch = new Map();
    }
  }
  if (batch.size > 0) yield [...batch.values()];
}

/** As DynamoDB charges a write: by what the item weighs, and one more for each index that it stands in. */
function unitsOf(written: Item): number {
  const indexes = Object.keys(written).filter((name) => /^gsi\dpk$/.test(name)).length;
  return Math.ceil(sizeOfItem(written) / UNIT_BYTES) + indexes;
}
