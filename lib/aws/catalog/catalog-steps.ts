// What each change of a commit writes: items of one transaction, each with its own condition.

import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { BackupRecord, BackupRequest } from '../../core/records/model.ts';
import type { Change } from '../../ports/change.ts';
import { PortError } from '../../ports/errors.ts';
import {
  askedItem,
  backupItems,
  document,
  documentItem,
  eventItem,
  garbageItem,
  headItem,
  INDEXED,
  type Item,
  idempotencyItem,
  item,
  keyOf,
  operationItems,
  recordOf,
  requestItem,
  textOf,
  uploadItem,
  versionOf,
  whole,
} from './catalog-items.ts';
import {
  backupKey,
  documentKey,
  EXPIRY_KEY,
  formerDocumentKey,
  gapKey,
  garbageKey,
  type Key,
  leaseKey,
  noticeKey,
  part,
  policyKey,
  SEQUENCE_PREFIX,
  snapshotKey,
  sortedBy,
} from './catalog-keys.ts';
import { addressOf, attributesOf, type Condition, expressionOf } from './table-client.ts';

type ChangeOf<K extends Change['kind']> = Extract<Change, { kind: K }>;

/** A change, serialised: it no longer looks at what the caller has given. */
export interface Step {
  kind: Change['kind'];
  /** An item that must be read to know what to write; what it was is a condition of the write. */
  before?: Key;
  /** Where its record stood in tables of before: read, as `before`, where a commit was refused. */
  former?: Key;
  /** Throws PortError `conflict` if what was read already tells that the condition does not hold. */
  writes(before?: Item): TransactWriteItem[];
}

type Writes = Omit<Step, 'kind'> | TransactWriteItem[];
type Preparers = { [K in Change['kind']]: (change: ChangeOf<K>) => Writes };

const NOT_THERE: Condition = { expression: 'attribute_not_exists(pk)' };

/** Prepares the changes of one commit on a table. `stamp` gives events their order. */
export function createPreparer(TableName: string, stamp: () => string): (change: Change) => Step {
  const put = (item: Item, condition?: Condition): TransactWriteItem => ({
    Put: { TableName, Item: item, ...(condition === undefined ? {} : expressionOf(condition)) },
  });
  const remove = (key: Key, condition?: Condition): TransactWriteItem => ({
    Delete: {
      TableName,
      Key: attributesOf(key),
      ...(condition === undefined ? {} : expressionOf(condition)),
    },
  });
  const putVersioned = (key: Key, record: { version: number }, expect: number): TransactWriteItem[] => [
    put(document(key, record, record.version), expect === 0 ? NOT_THERE : versionIs(expect)),
  ];

  /** A sequence is taken by one backup for good, even if that one is now a tombstone. */
  const putBeside = (item: Item): TransactWriteItem =>
    textOf(item, 'sk').startsWith(SEQUENCE_PREFIX)
      ? put(item, { expression: 'attribute_not_exists(pk) OR id = :id', values: { ':id': item.id! } })
      : put(item);

  const updateBackup = (record: BackupRecord, expect: number): Writes => {
    const next = backupItems(record);
    return {
      before: backupKey(record.id),
      writes(before) {
        const old = backupItems(recordAt<BackupRecord>(before, expect, 'backup.update'));
        const staying = new Set(next.others.map((item) => addressOf(keyOf(item))));
        const written = new Set(old.others.map((item) => JSON.stringify(item)));
        return [
          put(next.record, versionIs(expect)),
          ...next.others.filter((item) => !written.has(JSON.stringify(item))).map(putBeside),
          ...old.others
            .map(keyOf)
            .filter((key) => !staying.has(addressOf(key)))
            .map((key) => remove(key)),
        ];
      },
    };
  };

  const updateOperation = ({ record, expect }: ChangeOf<'operation.update'>): TransactWriteItem[] => {
    const { record: operation, lease } = operationItems(record);
    return [
      put(operation, {
        // The lease stands under the chain: if that could change, the old one would stay for ever.
        expression: 'version = :expect AND chain = :chain',
        values: { ':expect': whole(expect), ':chain': { S: part(record.chainId) } },
      }),
      lease === undefined ? remove(leaseKey(record.chainId, record.id)) : put(lease),
    ];
  };

  const noteAsked = (request: BackupRequest): TransactWriteItem[] => {
    const note = askedItem(request);
    if (note === undefined) return [];
    return [request.status === 'completed' ? remove(keyOf(note)) : put(note)];
  };

  const preparers: Preparers = {
    'backup.insert': ({ record }) => {
      const { record: backup, others } = backupItems(record);
      return [put(backup, NOT_THERE), ...others.map(putBeside)];
    },
    'backup.update': ({ record, expect }) => updateBackup(record, expect),
    'backup.remove': ({ id, expect }) => ({
      before: backupKey(id),
      writes(before) {
        const record = recordAt<BackupRecord>(before, expect, 'backup.remove');
        return [
          remove(backupKey(id), versionIs(expect)),
          ...backupItems(record).others.map((item) => remove(keyOf(item))),
          put(item(gapKey(record.resourceId, record.createdAt, record.sequence), {})),
        ];
      },
    }),
    // The record stays as it is: only where the index has it moves.
    'expiry.place': ({ id, at, expect }) => [
      {
        Update: {
          TableName,
          Key: attributesOf(backupKey(id)),
          UpdateExpression: 'SET gsi3sk = :place',
          ...expressionOf({
            expression: 'version = :expect AND begins_with(gsi3pk, :expiring)',
            values: {
              ':expect': whole(expect),
              ':expiring': { S: `${INDEXED.expiring}#` },
              ':place': { S: sortedBy(at, id) },
            },
          }),
        },
      },
    ],
    'head.put': ({ head, expect }) => [put(headItem(head), expect === 0 ? NOT_THERE : versionIs(expect))],
    // Older pointers than are shown stay until their backups go: removing them would cost each backup a read.
    'snapshot.add': ({ pointer }) => {
      const { resourceId, sequence } = pointer;
      return [put(item(snapshotKey(resourceId, sequence), { doc: { S: JSON.stringify(pointer) } }))];
    },
    'snapshot.remove': ({ resourceId, sequence }) => [remove(snapshotKey(resourceId, sequence))],
    'idempotency.insert': ({ record, now, replaces }) => [
      put(idempotencyItem(record), {
        expression: 'attribute_not_exists(pk) OR expiresAt <= :now OR doc = :replaced',
        values: { ':now': whole(now), ':replaced': { S: JSON.stringify(replaces ?? null) } },
      }),
    ],
    'garbage.put': ({ entry }) => [put(garbageItem(entry))],
    'garbage.remove': ({ blobId }) => [remove(garbageKey(blobId))],
    'operation.insert': ({ record }) => {
      const { record: operation, lease } = operationItems(record);
      return [put(operation, NOT_THERE), ...(lease === undefined ? [] : [put(lease)])];
    },
    'operation.update': updateOperation,
    'request.insert': ({ record }) => [
      put(requestItem(record), NOT_THERE),
      put(uploadItem(record), {
        expression: 'attribute_not_exists(pk) OR failed = :true',
        values: { ':true': { BOOL: true } },
      }),
      ...noteAsked(record),
    ],
    'request.update': ({ record, expect }) => [
      put(requestItem(record), versionIs(expect)),
      // Deleting one that failed long ago must not take the upload from whoever has it now.
      ...(record.status === 'failed' && record.deletedAt === undefined ? [put(uploadItem(record))] : []),
      ...noteAsked(record),
    ],
    'policy.put': ({ record, expect }) => putVersioned(policyKey(record.resourceId), record, expect),
    'policy.remove': ({ resourceId, expect }) => [remove(policyKey(resourceId), versionIs(expect))],
    'expiry.put': ({ record, expect }) => putVersioned(EXPIRY_KEY, record, expect),
    'notice.put': ({ record, expect }) => putVersioned(noticeKey(record.id), record, expect),
    'notice.remove': ({ id, expect }) => [remove(noticeKey(id), versionIs(expect))],
    'document.put'({ record, expect }) {
      const former = expect === 0 ? undefined : formerDocumentKey(record.collection, record.id);
      const stays = put(documentItem(record), expect === 0 ? NOT_THERE : versionIs(expect));
      if (former === undefined) return [stays];
      const moves = [put(documentItem(record), NOT_THERE), remove(former, versionIs(expect))];
      return { former, writes: (before) => (before === undefined ? [stays] : moves) };
    },
    'document.remove'({ collection, id, expect }) {
      const former = formerDocumentKey(collection, id);
      const stays = remove(documentKey(collection, id), versionIs(expect));
      if (former === undefined) return [stays];
      return {
        former,
        writes: (before) => [before === undefined ? stays : remove(former, versionIs(expect))],
      };
    },
    'job.send': () => {
      throw new RangeError('the jobs of this home have a store of their own');
    },
    'event.append': ({ event }) => [put(eventItem(event, stamp()), NOT_THERE)],
  };

  return <K extends Change['kind']>(change: ChangeOf<K>): Step => {
    const kind: K = change.kind as K;
    const prepared = (preparers[kind] as Preparers[K])(change);
    return Array.isArray(prepared) ? { kind, writes: () => prepared } : { kind, ...prepared };
  };
}

/**
 * The record that is to be replaced, if it has the version expected. The transaction holds it to that version again, and
 * ids are never given twice, so what was read is what is replaced.
 */
function recordAt<T>(before: Item | undefined, expect: number, change: Change['kind']): T {
  if (before === undefined || versionOf(before) !== expect) throw conflict(change);
  return recordOf<T>(before);
}

function versionIs(expect: number): Condition {
  return { expression: 'version = :expect', values: { ':expect': whole(expect) } };
}

export function conflict(change: Change['kind'], cause?: unknown): PortError {
  return new PortError('conflict', `the condition of ${change} does not hold`, { change, cause });
}
