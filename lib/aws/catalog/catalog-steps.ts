// What each change of a commit writes: items of one transaction, each with its own condition.

import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { ownBlob } from '../../core/records/chain.ts';
import type { BackupRecord, BackupRequest } from '../../core/records/model.ts';
import type { Change } from '../../ports/change.ts';
import { PortError } from '../../ports/errors.ts';
import {
  askedItem,
  backupItems,
  documentItem,
  eventItem,
  garbageItem,
  headItem,
  INDEXED,
  idempotencyItem,
  operationItems,
  requestItem,
  uploadItem,
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
  ownBlobKey,
  part,
  policyKey,
  sequenceKey,
  snapshotKey,
  sortedBy,
} from './catalog-keys.ts';
import { replacedRecordOf } from './chain-links.ts';
import { document, type Item, item, keyOf, textOf, versionOf, whole } from './item.ts';
import { type Known, leftLinkAttributes } from './stored-chain.ts';
import { attributesOf, type Condition, expressionOf, updateOf } from './table-client.ts';
import { type Together, togetherOf } from './together.ts';

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

/** Prepares the changes of one commit on a table, all together. `stamp` gives events their order. */
export function createPreparer(
  TableName: string,
  stamp: () => string,
  read: Known,
): (changes: readonly Change[]) => Step[] {
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
  /** Sets and removes attributes, and leaves all others as they are. */
  const change = (
    key: Key,
    set: Item,
    removed: readonly string[],
    condition?: Condition,
  ): TransactWriteItem => ({
    Update: { TableName, Key: attributesOf(key), ...updateOf(set, removed, condition) },
  });
  const putVersioned = (key: Key, record: { version: number }, expect: number): TransactWriteItem[] => [
    put(document(key, record, record.version), expect === 0 ? NOT_THERE : versionIs(expect)),
  ];

  const updateBackup = (record: BackupRecord, expect: number, together: Together, known: Known): Writes => {
    const { resourceId, sequence } = record;
    const pointer = together.pointerOf(record);
    return {
      before: backupKey(record.id),
      writes(before) {
        const replaced = replacedAt(before, expect, 'backup.update', record);
        const isAlone = before!.alone !== undefined;
        const next = backupItems(record, known, isAlone);
        // What a release of before has written stands in its own form, all of it.
        const isOfBefore = before!.packed === undefined;
        const old = backupItems(replaced, known, isAlone);
        const isOn =
          pointer === 'added' || (pointer === 'kept' && isOfBefore && replaced.deletedAt === undefined);
        // Before, it was told by a place what nobody has looked at yet: that goes with the next change.
        const isTold = !isOfBefore && textOf(before!, 'gsi1pk') !== textOf(old.record, 'gsi1pk');
        const writes = [put(next.record, versionIs(expect))];
        const { place, link } = next;
        if (isOfBefore) {
          writes.push(
            put(withPointer(next.sequence!, isOn), isFree(record)),
            remove(snapshotKey(resourceId, sequence)),
          );
        } else if (
          next.sequence !== undefined &&
          (pointer !== 'kept' || isTold || !isSame(old.sequence!, next.sequence))
        ) {
          const { pk: _pk, sk: _sk, ...set } = withPointer(next.sequence, isOn);
          const had = [...Object.keys(old.sequence!), ...(isTold ? ['gsi1pk', 'gsi1sk'] : [])];
          const gone = [...new Set(had)].filter((name) => !(name in next.sequence!));
          if (pointer === 'removed') gone.push('snap');
          writes.push(change(keyOf(next.sequence), set, gone, isFree(record)));
        }
        if (isOfBefore || isTold || !isSame(old.place, place)) writes.push(put(place));
        if (!isSame(keyOf(old.place), keyOf(place))) writes.push(remove(keyOf(old.place)));
        const isOther = ownBlob(replaced).blobId !== ownBlob(record).blobId;
        if (link !== undefined && (isOfBefore || isOther)) writes.push(put(link));
        if (isOther) {
          // Chains of hidden backups may still go through its old blob.
          if (old.link === undefined)
            writes.push(put(item(ownBlobKey(ownBlob(replaced).blobId), leftLinkAttributes(before!))));
          else writes.push(isOfBefore ? remove(keyOf(old.link)) : change(keyOf(old.link), {}, ['id']));
        }
        return writes;
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

  const preparers = (together: Together, known: Known): Preparers => ({
    'backup.insert': ({ record }) => {
      const isAlone = together.isAlone(record);
      const { record: stored, sequence, link, place } = backupItems(record, known, isAlone);
      const isPointed = together.pointerOf(record) === 'added';
      return [
        put(stored, NOT_THERE),
        ...(sequence === undefined ? [] : [put(withPointer(sequence, isPointed), isFree(record))]),
        ...(link === undefined ? [] : [put(link)]),
        put(place, isAlone ? isFree(record) : undefined),
      ];
    },
    'backup.update': ({ record, expect }) => updateBackup(record, expect, together, known),
    'backup.remove': ({ id, expect }) => ({
      before: backupKey(id),
      writes(before) {
        const record = replacedAt(before, expect, 'backup.remove');
        const isAlone = before!.alone !== undefined;
        const { sequence, link, place } = backupItems(record, known, isAlone);
        const others = [sequence, link, place].filter((item) => item !== undefined);
        return [
          remove(backupKey(id), versionIs(expect)),
          ...others.map((item) => remove(keyOf(item))),
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
    'head.put': ({ head, expect }) => [
      put(headItem(head, known), expect === 0 ? NOT_THERE : versionIs(expect)),
    ],
    // One of a backup that is written with it stands at that one's sequence. Older pointers than are shown stay until their
    // backups go: removing them would cost each backup a read.
    'snapshot.add': ({ pointer }) => {
      const { resourceId, sequence } = pointer;
      if (together.isWithBackup(resourceId, sequence)) return [];
      return [put(item(snapshotKey(resourceId, sequence), { doc: { S: JSON.stringify(pointer) } }))];
    },
    'snapshot.remove': ({ resourceId, sequence }) => {
      if (together.isWithBackup(resourceId, sequence)) return [];
      const key = sequenceKey(resourceId, sequence);
      return {
        before: key,
        writes: (before) => [
          remove(snapshotKey(resourceId, sequence)),
          ...(before?.snap === undefined || together.removedIds.has(textOf(before, 'id'))
            ? []
            : [change(key, {}, ['snap'])]),
        ],
      };
    },
    'idempotency.insert': ({ record, now, replaces }) => [
      put(idempotencyItem(record), {
        expression: 'attribute_not_exists(pk) OR expiresAt <= :now OR doc = :replaced',
        values: { ':now': whole(now), ':replaced': { S: JSON.stringify(replaces ?? null) } },
      }),
    ],
    'garbage.put': ({ entry }) => [put(garbageItem(entry))],
    // With a blob that is nobody's own any more its link goes. One that waited as the own of a backup goes with that.
    'garbage.remove': ({ blobId }) => ({
      before: ownBlobKey(blobId),
      writes: (before) => [
        remove(garbageKey(blobId)),
        ...(before === undefined || before.id !== undefined
          ? []
          : [remove(ownBlobKey(blobId), { expression: 'attribute_not_exists(id)' })]),
      ],
    }),
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
    'event.append': ({ event }) => [put(eventItem(together.kept(event), stamp()), NOT_THERE)],
  });

  return (changes) => {
    const together = togetherOf(changes);
    const known: Known = {
      tellerOf: (ref) => together.ownBlobs.get(ref.blobId) ?? read.tellerOf(ref),
      keyTextOf: read.keyTextOf,
    };
    const prepare = preparers(together, known);
    const stepOf = <K extends Change['kind']>(one: ChangeOf<K>): Step => {
      const kind: K = one.kind as K;
      const prepared = (prepare[kind] as Preparers[K])(one);
      return Array.isArray(prepared) ? { kind, writes: () => prepared } : { kind, ...prepared };
    };
    return changes.map(stepOf);
  };
}

/** A sequence is taken by one backup for good, even if that one is now a tombstone. */
function isFree({ id }: BackupRecord): Condition {
  return { expression: 'attribute_not_exists(pk) OR id = :id', values: { ':id': { S: id } } };
}

function withPointer(sequence: Item, isOn: boolean): Item {
  return isOn ? { ...sequence, snap: { BOOL: true } } : sequence;
}

function isSame(one: object, other: object): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/**
 * The record that is to be replaced, if it has the version expected. The transaction holds it to that version again, and
 * ids are never given twice, so what was read is what is replaced.
 */
function replacedAt(
  before: Item | undefined,
  expect: number,
  change: Change['kind'],
  next?: BackupRecord,
): BackupRecord {
  if (before === undefined || versionOf(before) !== expect) throw conflict(change);
  return replacedRecordOf(before, next);
}

function versionIs(expect: number): Condition {
  return { expression: 'version = :expect', values: { ':expect': whole(expect) } };
}

export function conflict(change: Change['kind'], cause?: unknown): PortError {
  return new PortError('conflict', `the condition of ${change} does not hold`, { change, cause });
}
