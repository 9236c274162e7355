// What is the table's own business: lost answers, other writers, names too long for a key, cursors.

import { randomBytes, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetItemCommand, PutItemCommand, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createCatalog } from '../../lib/aws/catalog/catalog.ts';
import { documentItem } from '../../lib/aws/catalog/catalog-items.ts';
import { sizeOfItem, UNIT_BYTES } from '../../lib/aws/catalog/item-size.ts';
import type { DocumentRecord } from '../../lib/core/records/document.ts';
import type { AuditEvent, BackupRecord } from '../../lib/core/records/model.ts';
import { createManualClock } from '../../lib/memory/clock.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import type { Change } from '../../lib/ports/change.ts';
import { systemRandom } from '../../lib/random.ts';
import {
  answer,
  appended,
  backup,
  document,
  drain,
  event,
  garbage,
  head,
  hexId,
  inserted,
  operation,
  pointer,
  T0,
} from '../contract/samples.ts';
import { type Attempt, type AttemptPlan, lostAnswer, withAttempts } from './attempts.ts';
import { named } from './named.ts';
import { createClients, destroyClients, makeTable } from './resources.ts';

const clients = createClients();
const { dynamoDb } = clients;
let tableName: string;
let catalog: Catalog;

beforeAll(async () => {
  tableName = await makeTable(dynamoDb);
});
beforeEach(() => {
  catalog = createCatalog({ random: systemRandom, dynamoDb, tableName, clock: { now: Date.now } });
});
afterAll(() => destroyClients(clients));

const headOf = (resourceId: string): Change => ({ kind: 'head.put', head: head({ resourceId }), expect: 0 });

function cancelled(...codes: string[]): Error {
  const CancellationReasons = codes.map((Code) => ({ Code }));
  return new TransactionCanceledException({ $metadata: {}, message: 'cancelled', CancellationReasons });
}

async function commitWith(plan: AttemptPlan, changes: Change[]): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  const before = (attempt: Attempt) => {
    attempts.push(attempt);
    plan.before?.(attempt);
  };
  await withAttempts(dynamoDb, { ...plan, before }, () => catalog.commit(changes));
  return attempts;
}

describe('a commit', () => {
  test('whose answer was lost is sent again and counts once', async () => {
    const item = event({ resourceId: 'lost' });
    const attempts = await commitWith(
      {
        after({ index }) {
          if (index === 0) throw lostAnswer();
        },
      },
      [headOf('lost'), appended(item)],
    );
    expect(attempts).toHaveLength(2);
    expect((await catalog.getHead('lost'))?.version).toBe(1);
    expect((await catalog.listEvents({ resourceId: 'lost', limit: 10 })).items).toEqual([item]);
  });

  test('in the way of another transaction is tried again, under one token', async () => {
    const attempts = await commitWith(
      {
        before({ index }) {
          if (index < 2) throw cancelled('TransactionConflict', 'None');
        },
      },
      [headOf('busy'), appended(event())],
    );
    expect(attempts).toHaveLength(3);
    const tokens = attempts.map(({ input }) => (input as { ClientRequestToken: string }).ClientRequestToken);
    expect(new Set(tokens).size).toBe(1);
    expect(await catalog.getHead('busy')).toBeDefined();
  });

  // The two others are what a table that is provisioned says of itself, and of an index.
  test.each(['TransactionConflict', 'ProvisionedThroughputExceeded', 'ThrottlingError'])(
    'that never gets through is unavailable: %s',
    async (code) => {
      const always: AttemptPlan = {
        before() {
          throw cancelled('None', code);
        },
      };
      const changes = [headOf(`jammed by ${code}`), appended(event())];
      await expect(commitWith(always, changes)).rejects.toMatchObject({ code: 'unavailable' });
    },
  );

  test('names the change whose condition failed, whatever else was in the way', async () => {
    const mixed: AttemptPlan = {
      before() {
        throw cancelled('TransactionConflict', 'ConditionalCheckFailed', 'None');
      },
    };
    const changes: Change[] = [
      headOf('mixed'),
      { kind: 'idempotency.insert', record: answer(), now: T0 },
      appended(event()),
    ];
    await expect(commitWith(mixed, changes)).rejects.toMatchObject({
      code: 'conflict',
      change: 'idempotency.insert',
    });
  });

  test('of more items than a transaction holds is refused', async () => {
    const many = Array.from({ length: 30 }, () => inserted(backup()));
    await expect(catalog.commit(many)).rejects.toThrow(RangeError);
  });

  test('of one full backup is six items', async () => {
    const record = backup({ resourceId: 'items', expiresAt: T0 });
    const [attempt] = await commitWith({}, [
      inserted(record),
      headOf('items'),
      { kind: 'snapshot.add', pointer: pointer({ resourceId: 'items', backupId: record.id }) },
      appended(event({ resourceId: 'items' })),
      { kind: 'idempotency.insert', record: answer({ key: 'items' }), now: T0 },
    ]);
    expect((attempt!.input as { TransactItems: unknown[] }).TransactItems).toHaveLength(6);
  });
});

describe.each([
  ['with links', (record: BackupRecord) => record],
  ['named after their backups', named],
])('chains of blobs %s', (how, called) => {
  const limit = 10;
  const blobIdsOf = async (id: string) => (await catalog.getBackup(id))?.chain.map(({ blobId }) => blobId);

  /** Of so many backups, each on the one before; read before it is built on, as the service does. */
  async function grown(name: string, length: number): Promise<BackupRecord[]> {
    const records: BackupRecord[] = [];
    const resourceId = `${name} ${how}`;
    for (let sequence = 1; sequence <= length; sequence++) {
      const base = records.at(-1) && (await catalog.getBackup(records.at(-1)!.id));
      const { chain, ...own } = called(backup({ resourceId, sequence, createdAt: T0 + sequence }));
      const sha256 = randomBytes(32).toString('hex');
      const record = { ...own, chain: [...(base?.chain ?? []), { ...chain[0]!, sha256, checksum: sha256 }] };
      await catalog.commit([inserted(record)]);
      records.push(record);
    }
    return records;
  }

  test('are the same in one item and behind links, whatever their length', async () => {
    for (const record of await grown('grown', 33)) expect(await catalog.getBackup(record.id)).toEqual(record);
    const all = await drain((page) => catalog.listBackups({ ...page, resourceId: `grown ${how}` }), 7);
    expect(all.map(({ chain }) => chain.length)).toEqual(Array.from({ length: 33 }, (_, i) => 33 - i));
  });

  test("outlive a link that is nobody's own any more, until its blob goes", async () => {
    const [, , third] = await grown('rebased', 33);
    const last = (await catalog.listBackups({ resourceId: `rebased ${how}`, limit: 1 })).items[0]!;
    const old = (await catalog.getBackup(third!.id))!;
    const replaced = old.chain.at(-1)!;
    const fresh = { ...replaced, blobId: hexId(), kind: 'state' as const };
    const entry = garbage({ blobId: replaced.blobId, resourceId: 'rebased', reason: 'replaced' });
    await catalog.commit([
      { kind: 'backup.update', record: { ...old, chain: [fresh], version: 2 }, expect: 1 },
      { kind: 'garbage.put', entry },
    ]);
    expect(await catalog.getBackup(last.id)).toEqual(last);
    expect(await blobIdsOf(third!.id)).toEqual([fresh.blobId]);
    expect(await catalog.findUnknownBlobs([replaced.blobId, fresh.blobId])).toEqual([]);
    await catalog.commit([{ kind: 'garbage.remove', blobId: replaced.blobId }]);
    expect(await catalog.findUnknownBlobs([replaced.blobId])).toEqual([replaced.blobId]);
    // What is live and needs it is damaged; a tombstone can be read, to be removed.
    await expect(catalog.getBackup(last.id)).rejects.toMatchObject({ code: 'integrity' });
    const hidden = { ...last, deletedAt: T0, version: 2 };
    await catalog.commit([{ kind: 'backup.update', record: hidden, expect: 1 }]);
    expect(await blobIdsOf(last.id)).toEqual(last.chain.map(({ blobId }) => blobId));
    await catalog.commit([{ kind: 'backup.remove', id: last.id, expect: 2 }]);
    expect(await catalog.getBackup(last.id)).toBeUndefined();
  });

  test('keep the link of a backup that was hidden and comes back', async () => {
    const records = await grown('back', 33);
    const sixth = (await catalog.getBackup(records[5]!.id))!;
    const { blobId } = sixth.chain.at(-1)!;
    const entry = garbage({ blobId, resourceId: 'back', backupId: sixth.id });
    await catalog.commit([
      { kind: 'backup.update', record: { ...sixth, deletedAt: T0, version: 2 }, expect: 1 },
      { kind: 'garbage.put', entry },
    ]);
    await catalog.commit([
      { kind: 'backup.update', record: { ...sixth, version: 3 }, expect: 2 },
      { kind: 'garbage.remove', blobId },
    ]);
    expect(await catalog.getBackup(records.at(-1)!.id)).toEqual(records.at(-1));
    expect(await catalog.getBackup(sixth.id)).toEqual({ ...sixth, version: 3 });
  });

  test('of a record that says more than fits into a unit stand behind their links', async () => {
    const tags = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`tag ${i}`, randomUUID()]));
    const record = called(
      backup({
        resourceId: `large ${how}`,
        metadata: { version: '1', source: 's', tags, retentionDays: 0 },
      }),
    );
    await catalog.commit([
      inserted(record),
      {
        kind: 'head.put',
        head: head({ resourceId: `large ${how}`, latest: record, latestFull: record }),
        expect: 0,
      },
    ]);
    expect(await catalog.getBackup(record.id)).toEqual(record);
    expect((await catalog.listHeads({ prefix: `large ${how}`, limit })).items[0]?.latest).toEqual(record);
  });
});

test('records fit into a unit at the end of a chain whose backups are days apart', async () => {
  const hash = () => randomBytes(32).toString('hex');
  const key = {
    keyId: 'arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555',
    keyVersion: 'kms',
    wrapped: randomBytes(168).toString('base64'),
  };
  let last: BackupRecord | undefined;
  const sizes: number[] = [];
  for (let sequence = 1; sequence <= 33; sequence++) {
    const createdAt = T0 + sequence * 86_400_000;
    const plain = backup({
      ...{ resourceId: 'apps/checkout', sequence, createdAt, completedAt: createdAt + 60, key, size: 48_213 },
      ...(last === undefined
        ? {}
        : { type: 'incremental', chainId: last.chainId, baseBackupId: last.id, expiresAt: createdAt * 2 }),
      metadata: { version: '1.0', source: 'api', tags: { team: 'shop' }, retentionDays: 30 },
    });
    const made = named(plain);
    const checksum = hash();
    const own = { ...made.chain[0]!, sha256: hash(), checksum, size: 48_213, bytes: 1493 };
    const base = last && (await catalog.getBackup(last.id));
    last = { ...made, checksum, chain: [...(base?.chain ?? []), own] };
    await catalog.commit([inserted(last)]);
    const Key = { pk: { S: `BACKUP#=${last.id}` }, sk: { S: '-' } };
    const { Item } = await dynamoDb.send(
      new GetItemCommand({ TableName: tableName, Key, ConsistentRead: true }),
    );
    sizes.push(sizeOfItem(Item!));
  }
  expect(await catalog.getBackup(last!.id)).toEqual(last);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(UNIT_BYTES);
});

describe('names', () => {
  test.each([
    ['characters of three bytes', '漢'.repeat(256)],
    ['characters of six', '\u0001'.repeat(256)],
    ['more than any key holds', 'x'.repeat(5000)],
  ])('of %s have records and lists of their own', async (_, name) => {
    const other = `${name.slice(0, -1)}y`;
    const record = backup({ resourceId: name });
    const work = operation({ targetResourceId: name, chainId: name });
    await catalog.commit([
      inserted(record),
      headOf(name),
      { kind: 'idempotency.insert', record: answer({ key: name }), now: T0 },
      { kind: 'operation.insert', record: work },
      appended(event({ resourceId: name, id: `event-${name}` })),
    ]);
    const limit = 5;
    expect((await catalog.listBackups({ resourceId: name, limit })).items).toEqual([record]);
    expect((await catalog.listOperations({ targetResourceId: name, limit })).items).toEqual([work]);
    expect(await catalog.hasLease(name, T0)).toBe(true);
    expect((await catalog.getIdempotency(name, T0))?.key).toBe(name);
    expect((await catalog.listBackups({ resourceId: other, limit })).items).toEqual([]);
    expect(await catalog.getHead(other)).toBeUndefined();
    expect(await catalog.hasLease(other, T0)).toBe(false);
    await catalog.commit([
      { kind: 'operation.update', record: { ...work, status: 'failed', version: 2 }, expect: 1 },
    ]);
    expect(await catalog.hasLease(name, T0)).toBe(false);
  });
});

describe('cursors', () => {
  async function cursorOf(resourceId: string): Promise<string> {
    for (const sequence of [1, 2]) await catalog.commit([inserted(backup({ resourceId, sequence }))]);
    const { cursor } = await catalog.listBackups({ resourceId, limit: 1 });
    return cursor!;
  }

  test('open in any process on the same table', async () => {
    const cursor = await cursorOf('shared');
    const elsewhere = createCatalog({ random: systemRandom, dynamoDb, tableName, clock: { now: Date.now } });
    expect((await elsewhere.listBackups({ resourceId: 'shared', limit: 5, cursor })).items).toHaveLength(1);
  });

  test('open neither on another list nor with any byte changed', async () => {
    const cursor = await cursorOf('mine');
    const refused = { code: 'not_found' };
    const limit = 5;
    const others = [
      catalog.listBackups({ resourceId: 'yours', limit, cursor }),
      catalog.listBackups({ resourceId: 'mine', type: 'full', limit, cursor }),
      catalog.listBackups({ limit, cursor }),
      catalog.resourceHistory({ resourceId: 'mine', fromSequence: 1, limit, cursor }),
    ];
    for (const other of others) await expect(other).rejects.toMatchObject(refused);
    const bytes = Buffer.from(cursor, 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const forged = Buffer.from(bytes);
      forged[at]! ^= 1;
      const listed = catalog.listBackups({ resourceId: 'mine', limit, cursor: forged.toString('base64url') });
      await expect(listed).rejects.toMatchObject(refused);
    }
  });

  test('of another table do not open', async () => {
    const other = createCatalog({
      random: systemRandom,
      dynamoDb,
      tableName: await makeTable(dynamoDb),
      clock: { now: Date.now },
    });
    const cursor = await cursorOf('tables');
    await expect(other.listBackups({ resourceId: 'tables', limit: 5, cursor })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  test('begin with one key, however many processes ask for the first one', async () => {
    const fresh = await makeTable(dynamoDb);
    const processes = Array.from({ length: 10 }, () =>
      createCatalog({ random: systemRandom, dynamoDb, tableName: fresh, clock: { now: Date.now } }),
    );
    await processes[0]!.commit([1, 2].map((sequence) => inserted(backup({ resourceId: 'r', sequence }))));
    const request = { resourceId: 'r', limit: 1 };
    const pages = await Promise.all(processes.map((one) => one.listBackups(request)));
    expect(new Set(pages.map(({ cursor }) => cursor)).size).toBe(1);
  });
});

describe('lists', () => {
  test('merge their shards in order, in pages of any size', async () => {
    const fresh = createCatalog({
      random: systemRandom,
      dynamoDb,
      tableName: await makeTable(dynamoDb),
      clock: { now: Date.now },
    });
    const records = Array.from({ length: 60 }, (_, i) => backup({ createdAt: T0 + ((i * 37) % 60) }));
    for (let at = 0; at < records.length; at += 15)
      await fresh.commit(records.slice(at, at + 15).map(inserted));
    const newestFirst = records.toSorted((a, b) => b.createdAt - a.createdAt);
    for (const limit of [1, 7, 50, 59, 60, 1000]) {
      expect(await drain((page) => fresh.listBackups(page), limit)).toEqual(newestFirst);
    }
  });

  test('tell what nobody has looked at yet by its time, and all else by when that was', async () => {
    const tableName = await makeTable(dynamoDb);
    const fresh = createCatalog({ random: systemRandom, dynamoDb, tableName, clock: { now: Date.now } });
    const MINUTE = 60_000;
    const types = ['full', 'incremental', 'differential'] as const;
    const unseen = Array.from({ length: 12 }, (_, i) =>
      backup({ createdAt: T0 + i * MINUTE, completedAt: T0 + i * MINUTE + 100, type: types[i % 3]! }),
    );
    // By upload, brought along, and looked at.
    const late = backup({ createdAt: T0, completedAt: T0 + 30 * MINUTE });
    const imported = backup({ createdAt: T0 - 1e9, importedAt: T0, completedAt: T0 + 31 * MINUTE });
    const seen = backup({ createdAt: T0, completedAt: T0, verifiedAt: T0 + 32 * MINUTE });
    const damaged = backup({ createdAt: T0, completedAt: T0, damagedAt: T0 + 33 * MINUTE });
    const all = [...unseen, late, imported, seen, damaged];
    for (const record of all) await fresh.commit([inserted(record)]);
    const proven = async (limit = 5, before = T0 * 2) =>
      (await drain((page) => fresh.leastProven({ ...page, before }), limit)).map(({ id }) => id);
    const idsOf = (records: BackupRecord[]) => records.map(({ id }) => id);
    expect(await proven()).toEqual(idsOf(all));
    expect(await proven(100, T0 + 2 * MINUTE)).toEqual(idsOf(unseen.slice(0, 2)));
    const listed = await drain((page) => fresh.listBackups(page), 3);
    expect(idsOf(listed).sort()).toEqual(idsOf(all).sort());
    expect(listed.map(({ createdAt }) => createdAt)).toEqual(
      all.map(({ createdAt }) => createdAt).sort((a, b) => b - a),
    );
    const fulls = await drain((page) => fresh.listBackups({ ...page, type: 'full' }), 3);
    expect(idsOf(fulls).sort()).toEqual(idsOf(all.filter(({ type }) => type === 'full')).sort());
    expect([await fresh.hasLive(all.length), await fresh.hasLive(all.length + 1)]).toEqual([true, false]);
    const looked = { ...unseen[0]!, verifiedAt: T0 + 40 * MINUTE, version: 2 };
    const hidden = { ...unseen[1]!, deletedAt: T0 + 40 * MINUTE, version: 2 };
    await fresh.commit([looked, hidden].map((record) => ({ kind: 'backup.update', record, expect: 1 })));
    expect(await proven()).toEqual(idsOf([...all.slice(2), looked]));
    const back = { ...unseen[1]!, version: 3 };
    await fresh.commit([{ kind: 'backup.update', record: back, expect: 2 }]);
    expect(await proven()).toEqual(idsOf([back, ...all.slice(2), looked]));
  });

  test('find few among many of another type', async () => {
    const records = Array.from({ length: 250 }, (_, i) =>
      backup({
        resourceId: 'rare',
        sequence: i + 1,
        createdAt: T0 + i,
        type: i % 120 === 3 ? 'full' : 'incremental',
      }),
    );
    for (let at = 0; at < records.length; at += 20)
      await catalog.commit(records.slice(at, at + 20).map(inserted));
    const { items } = await catalog.listBackups({ resourceId: 'rare', type: 'full', limit: 2 });
    expect(items.map(({ sequence }) => sequence)).toEqual([244, 124]);
  });
});

test('events keep their order while the clock goes back', async () => {
  const clock = createManualClock();
  const timed = createCatalog({
    random: systemRandom,
    dynamoDb,
    tableName: await makeTable(dynamoDb),
    clock,
  });
  const events = Array.from({ length: 6 }, () => event());
  for (const item of events) {
    await timed.commit([appended(item)]);
    clock.advance(-1000);
  }
  expect(await timed.pendingEvents(10)).toEqual(events);
});

test('events wait for the trail and for the sink apart, in whatever order they are marked', async () => {
  const limit = 100;
  const clock = createManualClock();
  const trailed = createCatalog({
    random: systemRandom,
    dynamoDb,
    tableName: await makeTable(dynamoDb),
    clock,
  });
  const pendingIds = async () => (await trailed.pendingEvents(limit)).map(({ id }) => id);
  const events = [event(), event(), event()];
  const [one, two, three] = events as [AuditEvent, AuditEvent, AuditEvent];
  const [a, b, c] = events.map(({ id }) => id);
  const untrailedIds = async (count = limit) => (await trailed.untrailedEvents(count)).map(({ id }) => id);
  const trailedIds = async (until = clock.now()) =>
    (await trailed.trailedEvents(limit, until)).map(({ id }) => id);
  await trailed.commit(events.map(appended));
  expect(await trailed.untrailedEvents(limit)).toEqual(events);
  expect(await trailedIds()).toEqual([]);
  expect(await untrailedIds(2)).toEqual([a, b]);
  await trailed.markPublished([one]);
  expect(await untrailedIds()).toEqual([a, b, c]);
  await trailed.markTrailed([one, two], { segment: 1, sha256: 'a'.repeat(64) });
  expect(await untrailedIds()).toEqual([c]);
  expect(await pendingIds()).toEqual([b, c]);
  expect(await trailedIds()).toEqual([b]);
  expect(await trailedIds(clock.now() - 1)).toEqual([]);
  await trailed.markPublished([two, three]);
  await trailed.markTrailed([one, three, event({ id: 'unknown' })], { segment: 2, sha256: 'b'.repeat(64) });
  expect(await untrailedIds()).toEqual([]);
  expect(await pendingIds()).toEqual([]);
  expect((await trailed.listEvents({ limit })).items).toHaveLength(3);
});

test('an event is found by what a segment says of it, among others of its time and resource', async () => {
  const found = createCatalog({
    random: systemRandom,
    dynamoDb,
    tableName: await makeTable(dynamoDb),
    clock: createManualClock(),
  });
  const ids = ['b', 'a#=b', 'a', '=b', ...Array.from({ length: 30 }, (_, i) => `other ${i}`)];
  await found.commit(ids.map((id) => appended(event({ id, resourceId: 'one#time', at: T0 }))));
  await found.commit([appended(event({ id: 'whole', resourceId: '', at: T0 }))]);
  const isThere = (id: string, resourceId = 'one#time', at = T0) => found.hasEvent({ id, resourceId, at });
  for (const id of ids) expect([id, await isThere(id)]).toEqual([id, true]);
  expect(await isThere('whole', '')).toBe(true);
  expect(await isThere('c')).toBe(false);
  expect(await isThere('b', 'one')).toBe(false);
  expect(await isThere('b', 'one#time', T0 + 1)).toBe(false);
  const told = { id: 'b', resourceId: 'one#time', at: T0 };
  await found.markRelayed([told], { segment: 1, sha256: 'a'.repeat(64) });
  expect((await found.untrailedEvents(100)).map(({ id }) => id)).toEqual([...ids.slice(1), 'whole']);
});

test('the last segment that was marked is known, and only moves on', async () => {
  const trailed = createCatalog({
    random: systemRandom,
    dynamoDb,
    tableName: await makeTable(dynamoDb),
    clock: createManualClock(),
  });
  const mark = (segment: number) => ({ segment, sha256: String(segment).repeat(64) });
  expect(await trailed.lastSegment()).toBeUndefined();
  for (const segment of [1, 2, 3, 2]) await trailed.markTrailed([], mark(segment));
  expect(await trailed.lastSegment()).toEqual(mark(3));
});

test('ids sort by their time', async () => {
  const clock = createManualClock();
  const timed = createCatalog({ random: systemRandom, dynamoDb, tableName, clock });
  const first = await timed.allocateId('backup');
  clock.advance(1);
  const second = await timed.allocateId('backup');
  expect(first).toMatch(/^backup-[0-9a-v]{26}$/);
  expect(second > first).toBe(true);
});

test('nothing scans, but what makes a table anew', () => {
  const folder = join(process.cwd(), 'lib', 'aws');
  const scanning = readdirSync(folder, { encoding: 'utf8', recursive: true })
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => /ScanCommand/.test(readFileSync(join(folder, file), 'utf8')));
  expect(scanning).toEqual([join('catalog', 'catalog-load.ts')]);
});

describe('documents that stood together before they were spread', () => {
  /** As a table of before has it. */
  async function put(record: DocumentRecord): Promise<void> {
    const { pk: _spread, gsi1pk: _due, gsi2pk: _group, gsi2sk: _id, ...item } = documentItem(record);
    const due = record.dueAt === undefined ? {} : { gsi1pk: { S: `DOCDUE#${record.collection}` } };
    const Item = { ...item, pk: { S: `DOC#${record.collection}` }, ...due };
    await dynamoDb.send(new PutItemCommand({ TableName: tableName, Item }));
  }
  const former = (id: string): DocumentRecord =>
    document({ collection: 'delivery', id: `ops/d/${id}`, body: id, dueAt: T0 });

  test('are found, are due, are replaced and removed as if nothing had been; and move with that', async () => {
    for (const id of ['1', '2', '3']) await put(former(id));
    await catalog.commit([{ kind: 'document.put', record: former('4'), expect: 0 }]);
    const list = async () => {
      const all = await drain(
        (page) => catalog.listDocuments({ ...page, collection: 'delivery', prefix: 'ops/d/' }),
        2,
      );
      return all.map(({ body }) => body);
    };
    const due = async () => {
      const all = await drain(
        (page) => catalog.dueDocuments({ ...page, collection: 'delivery', before: T0 }),
        2,
      );
      return all.map(({ body }) => body).sort();
    };
    expect(await list()).toEqual(['1', '2', '3', '4']);
    expect(await due()).toEqual(['1', '2', '3', '4']);
    expect(await catalog.getDocument('delivery', 'ops/d/2')).toEqual(former('2'));

    // One commit, of one that moves, one that has moved, one that goes.
    const next = (id: string, version: number): Change => ({
      kind: 'document.put',
      record: { ...former(id), body: `${id}!`, version },
      expect: version - 1,
    });
    const gone: Change = { kind: 'document.remove', collection: 'delivery', id: 'ops/d/3', expect: 1 };
    await catalog.commit([next('1', 2), next('4', 2), gone]);
    expect(await list()).toEqual(['1!', '2', '4!']);
    expect(await due()).toEqual(['1!', '2', '4!']);
    await catalog.commit([next('1', 3)]);
    expect(await list()).toEqual(['1!', '2', '4!']);

    // By their versions, as all others.
    for (const change of [next('1', 3), next('2', 3), gone])
      await expect(catalog.commit([change])).rejects.toMatchObject({ code: 'conflict', change: change.kind });
    expect(await list()).toEqual(['1!', '2', '4!']);
  });
});
