// Room that is kept for making room: who gets it, who does not, and that it comes back.

import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openBlobStore } from '../../lib/embedded/blobs/blob-store.ts';
import { createCatalog } from '../../lib/embedded/catalog/catalog.ts';
import { type Database, openDatabase } from '../../lib/embedded/catalog/database.ts';
import { roomUseOf } from '../../lib/embedded/catalog/room-use.ts';
import { createRoom, type Room } from '../../lib/embedded/disk/room.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import type { Change } from '../../lib/ports/change.ts';
import { PortError } from '../../lib/ports/errors.ts';
import { createDataDirs } from './data-dirs.ts';
import { appended, backup, event, head, hexId, inserted, outcomes } from './samples.ts';

const dataDirs = createDataDirs();
afterAll(dataDirs.removeAll);

describe('the reserve', () => {
  let dataDir: string;
  let path: string;
  let room: Room;
  beforeEach(() => {
    dataDir = dataDirs.make();
    mkdirSync(dataDir);
    path = join(dataDir, 'reserve');
    room = createRoom(dataDir);
  });

  test('is written, not only promised, and for nobody but its owner', async () => {
    await room.make();
    const { size, blocks, mode } = statSync(path);
    expect(size).toBeGreaterThanOrEqual(1024 * 1024);
    expect(blocks * 512).toBeGreaterThanOrEqual(size);
    expect(mode & 0o777).toBe(0o600);
    const bytes = readFileSync(path);
    expect(new Set(bytes.subarray(0, 1000)).size).toBeGreaterThan(100);
    // It is not written again each time.
    const { mtimeMs } = statSync(path);
    await room.make();
    expect(statSync(path).mtimeMs).toBe(mtimeMs);
  });

  test('given up there is none to give, until it is made again; one that was cut is made whole', async () => {
    expect(room.give()).toBe(false);
    await room.make();
    expect(room.give()).toBe(true);
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
    expect(room.give()).toBe(false);
    writeFileSync(path, 'x');
    await room.make();
    expect(statSync(path).size).toBeGreaterThan(1);
    room.demandRoom();
    rmSync(path);
  });
});

test('each commit takes room, makes room, or does neither', () => {
  const record = backup();
  const deleted = { kind: 'backup.update', record: { ...record, version: 2 }, expect: 1 } as const;
  const uses: [Change[], string][] = [
    [
      [
        inserted(record),
        { kind: 'head.put', head: head({ resourceId: record.resourceId }), expect: 0 },
        appended(event()),
      ],
      'takes',
    ],
    [[deleted, appended(event())], 'makes'],
    [[{ kind: 'garbage.remove', blobId: hexId() }, appended(event())], 'makes'],
    [[{ kind: 'policy.remove', resourceId: 'r', expect: 1 }, appended(event())], 'makes'],
    // What was found out about a record, without anybody having asked for it.
    [[deleted], 'neither'],
    [[appended(event())], 'neither'],
  ];
  for (const [changes, use] of uses) expect([changes, roomUseOf(changes)]).toEqual([changes, use]);
});

describe('on a full disk', () => {
  let database: Database;
  let catalog: Catalog;
  let given: number;
  let isRefusing: boolean;

  /** As many pages as there are now, and the reserve's once it is given up. */
  const limit = (more: number): void => {
    const { page_count: pages } = database.statement<{ page_count: number }>('PRAGMA page_count').get()!;
    database.statement(`PRAGMA max_page_count = ${pages + more}`).get();
  };
  const room: Room = {
    isReadOnly: false,
    give() {
      given++;
      limit(1000);
      return given === 1;
    },
    demandRoom() {
      if (isRefusing) throw new PortError('unavailable', 'full', { reason: 'disk_full' });
    },
    async make() {},
  };
  const long = 'x'.repeat(300_000);

  beforeEach(async () => {
    given = 0;
    isRefusing = false;
    database = openDatabase(dataDirs.make(), room);
    catalog = createCatalog(database, room);
    await catalog.commit([inserted(backup({ id: 'backup-1', resourceId: 'r' }))]);
    limit(1);
  });

  const remove = async (): Promise<Change[]> => {
    const record = (await catalog.getBackup('backup-1'))!;
    const hidden = { ...record, resourceType: long, deletedAt: 5, version: record.version + 1 };
    return [{ kind: 'backup.update', record: hidden, expect: record.version }, appended(event())];
  };
  const create = (id: string): Change[] => [inserted(backup({ id, resourceType: long })), appended(event())];

  test('a delete gets the reserve, and stands once', async () => {
    await catalog.commit(await remove());
    expect(given).toBe(1);
    expect(await catalog.getBackup('backup-1')).toMatchObject({ deletedAt: 5, version: 2 });
    expect(await catalog.pendingEvents(10)).toHaveLength(1);
    database.close();
  });

  test('a create gets nothing of it, not even beside a delete', async () => {
    const changes = await remove();
    const failed = outcomes([catalog.commit(create('backup-2'))]);
    expect(await failed).toEqual(['unavailable']);
    expect(given).toBe(0);
    expect(await outcomes([catalog.commit(create('backup-2')), catalog.commit(changes)])).toEqual([
      'unavailable',
      'ok',
    ]);
    expect(await catalog.getBackup('backup-2')).toBeUndefined();
    isRefusing = true;
    await expect(catalog.commit(create('backup-3'))).rejects.toMatchObject({ reason: 'disk_full' });
    database.close();
  });

  test('the reason is said', async () => {
    await expect(catalog.commit(create('backup-2'))).rejects.toMatchObject({
      code: 'unavailable',
      reason: 'disk_full',
    });
    database.close();
  });
});

test('while it is given up, no blob is stored and the health check says why', async () => {
  const full = new PortError('unavailable', 'full', { reason: 'disk_full' });
  const room: Room = {
    isReadOnly: false,
    give: () => false,
    demandRoom() {
      throw full;
    },
    async make() {},
  };
  const store = openBlobStore(dataDirs.make(), Date.now, room);
  await expect(store.put(hexId(), [Buffer.from('x')])).rejects.toBe(full);
  await expect(store.check()).rejects.toBe(full);
});
