// What releases of before have written is read, restored, built on, deleted, expired and rebased, and written anew only by what
// touches it.

import { type AttributeValue, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createCatalog } from '../../lib/aws/catalog/catalog.ts';
import type { BackupType } from '../../lib/core/records/model.ts';
import { createMemoryBlobStore } from '../../lib/memory/blob-store.ts';
import { keepingInEvents, readTrailLine } from '../../lib/ports/trail-lines.ts';
import { systemRandom } from '../../lib/random.ts';
import { sweep } from '../../lib/service/retention/sweep.ts';
import { drain } from '../contract/samples.ts';
import { createWorld, DAY, inputOf, START, textOf } from '../service/world.ts';
import { createFollowingKeyring } from './before/keyring.ts';
import { type Before, fill, RELEASES, type Release, readBefore, recordItemIn } from './before/table.ts';
import { createClients, destroyClients, makeTable } from './resources.ts';

const clients = createClients();
const { dynamoDb } = clients;
afterAll(() => destroyClients(clients));

let before: Before;
let made: Before['made'];
let records: Before['records'];
const caller = { actor: 'tester' };
const MINUTE = 60_000;

let tableName: string;
let world: ReturnType<typeof open>;

function open() {
  return createWorld(({ clock }) => ({
    catalog: keepingInEvents(createCatalog({ dynamoDb, tableName, clock, random: systemRandom })),
    keyring: createFollowingKeyring(systemRandom),
    blobs: createMemoryBlobStore(clock),
  }));
}

async function openTableOf(release: Release): Promise<void> {
  before = readBefore(release);
  ({ made, records } = before);
  tableName = await makeTable(dynamoDb);
  world = open();
  await fill(before, dynamoDb, tableName, world.deps.blobs);
  world.clock.advance(before.now - START);
}

type Name = keyof Before['made'];
const live: Name[] = ['f1', 'i2', 'i4', 'd5', 'i6', 'i7', 'g1', 'g2'];
const stateOf = async (backupId: string) =>
  textOf(
    await world.service.restore(
      { backupId, targetResourceId: 'target', createdBy: 'tester', validate: true, async: false },
      caller,
    ),
  );

/** The record as it stands in the table: as it was written before, or anew. */
async function formOf(id: string): Promise<'as it was' | 'anew' | 'otherwise'> {
  const Key = { pk: { S: `BACKUP#=${id}` }, sk: { S: '-' } };
  const { Item } = await dynamoDb.send(new GetItemCommand({ TableName: tableName, Key }));
  if (before.items.some(({ pk }) => pk?.S === Key.pk.S)) {
    const stored = recordItemIn(before, id);
    // Bytes come back in another class.
    if (JSON.stringify(sorted(Item ?? {})) === JSON.stringify(sorted(stored))) return 'as it was';
  }
  return Item?.packed !== undefined && Item.doc === undefined ? 'anew' : 'otherwise';
}

function sorted(item: Record<string, AttributeValue>) {
  const text = ({ B, ...other }: AttributeValue) =>
    B === undefined ? other : Buffer.from(B).toString('hex');
  return Object.entries(item)
    .map(([name, value]) => [name, text(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

async function make(resourceId: string, type: BackupType, state: string): Promise<string> {
  world.clock.advance(MINUTE);
  const { backup } = await world.service.createBackup({ ...inputOf(resourceId, state), type }, caller);
  expect(backup.type).toBe(type);
  return backup.id;
}

describe.each(Object.entries(RELEASES) as [Release, string][])('a table of %s (%s)', (release) => {
  beforeEach(() => openTableOf(release));

  test('is read: records, heads, lists, pointers, and what waits for the trail', async () => {
    const { catalog } = world.deps;
    for (const [name, record] of Object.entries(records)) {
      expect([name, await catalog.getBackup(record.id)]).toEqual([name, record]);
    }
    for (const head of Object.values(before.heads))
      expect(await catalog.getHead(head.resourceId)).toEqual(head);
    const idsOf = (names: readonly Name[]) => names.map((name) => made[name].id).sort();
    const ids = (list: { id: string }[]) => list.map(({ id }) => id).sort();
    const limit = 3;
    expect(ids(await drain((page) => catalog.listBackups(page), limit))).toEqual(idsOf(live));
    const fulls = await drain((page) => catalog.listBackups({ ...page, type: 'full' }), limit);
    expect(ids(fulls)).toEqual(idsOf(['f1', 'g1']));
    // The first release listed no hidden ones; they are found by id for as long as they can be brought back.
    const hidden = idsOf(release === 'f88b999' ? [] : ['i3']);
    expect(ids((await catalog.listHidden({ limit })).items)).toEqual(hidden);
    expect(ids((await catalog.listHidden({ limit, type: 'incremental' })).items)).toEqual(hidden);
    const history = await drain(
      (page) => catalog.resourceHistory({ ...page, resourceId: 'config', fromSequence: 1 }),
      limit,
    );
    expect(history.map(({ sequence }) => sequence)).toEqual([1, 2, 4, 5, 6, 7]);
    const proven = await drain((page) => catalog.leastProven({ ...page, before: before.now }), limit);
    // Of the first release from their next change on.
    expect(ids(proven)).toEqual(idsOf(release === 'f88b999' ? [] : live));
    const expiring = await drain(
      (page) => catalog.expiring({ ...page, before: before.now + 31 * DAY }),
      limit,
    );
    expect(ids(expiring.map(({ record }) => record))).toEqual(
      idsOf(['f1', 'i2', 'i4', 'd5', 'i6', 'i7', 'g2']),
    );
    expect((await catalog.findSnapshot('config', before.now)).found?.backupId).toBe(made.i7.id);
    expect((await catalog.findSnapshot('config', before.now)).earliest?.backupId).toBe(made.f1.id);
    expect(await catalog.findUnknownBlobs(Object.keys(before.blobs))).toEqual([]);
    const events = await catalog.pendingEvents(100);
    expect(events).toHaveLength(before.items.filter(({ pk }) => String(pk?.S).startsWith('EVENT#')).length);
  });

  test('is restored, by id and by instant', async () => {
    for (const name of live) expect([name, await stateOf(made[name].id)]).toEqual([name, made[name].state]);
    const at = records.i4.createdAt;
    const restored = await world.service.restorePointInTime(
      { resourceId: 'config', at, createdBy: 'tester', validate: true, async: false },
      caller,
    );
    expect(restored.operation.exact).toBe(true);
    expect(textOf(restored)).toBe(made.i4.state);
    for (const name of live) expect([name, await formOf(made[name].id)]).toEqual([name, 'as it was']);
  });

  test('is built on: what is new has the new form, and the rest stays', async () => {
    const more: [string, string][] = [];
    for (let n = 0; n < 5; n++) {
      const state = made.i7.state.replace('row 3', `row 3, ${n}`);
      more.push([await make('config', n === 2 ? 'differential' : 'incremental', state), state]);
    }
    for (const [id, state] of more) {
      expect(await formOf(id)).toBe('anew');
      expect(await stateOf(id)).toBe(state);
    }
    const all = await drain((page) => world.deps.catalog.listBackups(page), 4);
    expect(all.map(({ id }) => id).slice(0, 5)).toEqual(more.map(([id]) => id).reverse());
    expect(all).toHaveLength(live.length + more.length);
    for (const name of live) {
      expect([name, await formOf(made[name].id)]).toEqual([name, 'as it was']);
      expect(await stateOf(made[name].id)).toBe(made[name].state);
    }
  });

  test('backups are deleted, and brought back', async () => {
    const { service, deps, clock } = world;
    const { catalog } = deps;
    await service.undeleteBackup(made.i3.id, caller);
    await service.deleteBackup(made.i7.id, caller);
    await service.deleteBackup(made.i2.id, caller);
    expect(await stateOf(made.i3.id)).toBe(made.i3.state);
    await expect(stateOf(made.i7.id)).rejects.toMatchObject({ code: 'backup_not_found' });
    expect((await catalog.getHead('config'))?.latest?.id).toBe(made.i6.id);
    const pointed = async () => (await catalog.findSnapshot('config', before.now)).found?.backupId;
    expect(await pointed()).toBe(made.i6.id);
    const next = await make('config', 'incremental', '{"next":1}');
    expect(await stateOf(next)).toBe('{"next":1}');
    await service.undeleteBackup(made.i7.id, caller);
    expect(await stateOf(made.i7.id)).toBe(made.i7.state);
    const listed = await drain((page) => catalog.listBackups({ ...page, resourceId: 'config' }), 3);
    expect(listed.map(({ sequence }) => sequence)).toEqual([8, 7, 6, 5, 4, 3, 1]);
    const all = await drain((page) => catalog.listBackups({ ...page, type: 'incremental' }), 2);
    expect(all.filter(({ resourceId }) => resourceId === 'config')).toHaveLength(5);
    expect(await pointed()).toBe(made.i7.id);
    // What was written anew is told of once, by its time.
    const proven = (await drain((page) => catalog.leastProven({ ...page, before: clock.now() }), 3)).map(
      ({ id }) => id,
    );
    expect(new Set(proven).size).toBe(proven.length);
    expect(proven).toEqual(expect.arrayContaining([made.i3.id, made.i7.id, next]));
    expect(proven).not.toContain(made.i2.id);
  });

  test('backups expire, those that stay are rebased, and all bytes that nothing needs go', async () => {
    const { service, deps, clock } = world;
    const { catalog } = deps;
    await service.protectBackup(made.i4.id, { legalHold: true }, caller);
    const fresh = await make('config', 'incremental', made.i7.state.replace('row 3', 'row 33'));
    clock.advance(30 * DAY);
    await make('other', 'incremental', '{"late":1}');
    for (let n = 0; n < 6; n++) {
      clock.advance(DAY);
      await sweep(deps);
    }
    expect(await formOf(made.i4.id)).toBe('anew');
    expect(await stateOf(made.i4.id)).toBe(made.i4.state);
    const left = await drain((page) => catalog.listBackups(page), 3);
    // The newest of a resource stays.
    expect(left.map(({ id }) => id)).toEqual(expect.arrayContaining([made.i4.id, made.g1.id, fresh]));
    expect(await stateOf(fresh)).toBe(made.i7.state.replace('row 3', 'row 33'));
    for (const name of ['f1', 'i2', 'i3', 'd5', 'i6', 'i7'] as const) {
      expect([name, await catalog.getBackup(made[name].id)]).toEqual([name, undefined]);
    }
    const needed = left.flatMap(({ chain }) => chain.map(({ blobId }) => blobId));
    const there = await drain(
      (page) => deps.blobs.list({ ...page, writtenBefore: Number.POSITIVE_INFINITY }),
      10,
    );
    expect(there.map(({ blobId }) => blobId).sort()).toEqual([...new Set(needed)].sort());
  });

  test('events of before go into the trail with what their commits left, and so do those of now', async () => {
    const { catalog } = world.deps;
    const source = createCatalog({ dynamoDb, tableName, clock: world.clock, random: systemRandom });
    const fresh = await make('config', 'incremental', '{"told":1}');
    const record = await catalog.getBackup(fresh);
    await world.service.deleteBackup(made.f1.id, caller);
    const told = new Map<string, unknown[]>();
    for (const { action, backupId = '', after = [] } of await source.untrailedEvents(100)) {
      told.set(`${action} ${backupId}`, readTrailLine(JSON.stringify(after)));
    }
    const own = {
      kind: 'backup.put',
      record: expect.objectContaining({ id: fresh, own: record!.chain.at(-1) }),
    };
    expect(told.get(`backup.created ${fresh}`)).toEqual(expect.arrayContaining([own]));
    // By what a segment says of them, and by what was read.
    const all = await source.pendingEvents(100);
    const [first, ...others] = await source.untrailedEvents(100);
    const mark = { segment: 1, sha256: 'a'.repeat(64) };
    expect(await source.hasEvent({ ...first! })).toBe(true);
    await source.markTrailed([{ ...first! }], mark);
    await source.markPublished([{ ...first! }]);
    await source.markRelayed(others, mark);
    expect(await source.untrailedEvents(100)).toEqual([]);
    await source.markPublished(await source.pendingEvents(100));
    expect(await source.pendingEvents(100)).toEqual([]);
    const listed = await drain((page) => source.listEvents({ ...page, resourceId: 'config' }), 4);
    const ofConfig = all.filter(({ resourceId }) => resourceId === 'config');
    expect(listed.map(({ id }) => id)).toEqual(ofConfig.map(({ id }) => id).reverse());
    const of = (id: string) => expect.objectContaining({ record: expect.objectContaining({ id }) });
    // The first release had no trail: what it left waits for the bus alone.
    if (release !== 'f88b999')
      expect(told.get(`backup.created ${made.g2.id}`)).toEqual(expect.arrayContaining([of(made.g2.id)]));
    expect(told.get(`backup.deleted ${made.f1.id}`)).toEqual(expect.arrayContaining([of(made.f1.id)]));
  });
});
