// The trail of a data folder: what accidents do to it, what it proves, and what a rebuild makes of it.

import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { BackupRequest } from '../../lib/core/records/model.ts';
import { createCatalog } from '../../lib/embedded/catalog/catalog.ts';
import { openDatabase } from '../../lib/embedded/catalog/database.ts';
import { createQueue } from '../../lib/embedded/catalog/queue.ts';
import { readConfig } from '../../lib/embedded/config.ts';
import { openHome } from '../../lib/embedded/home.ts';
import { openKeyring } from '../../lib/embedded/keys/keyring.ts';
import { rebuild } from '../../lib/embedded/rebuild/rebuild.ts';
import { createTrail } from '../../lib/embedded/trail/trail.ts';
import { createTrailStore } from '../../lib/embedded/trail/trail-store.ts';
import { silentLogger } from '../../lib/log.ts';
import { createManualClock } from '../../lib/memory/clock.ts';
import { systemRandom } from '../../lib/random.ts';
import { createRandom } from '../e2e/random.ts';
import { ACCIDENTS, blobFiles } from './torture/folder.ts';
import { type Clocks, crashImage, newRoot, type Opened, openStore } from './torture/store.ts';

const { root, remove } = newRoot();
afterAll(remove);

let made = 0;
const newFolder = (): string => join(root, `data-${++made}`);
const clocks: Clocks = { wall: Date.UTC(2026, 10, 1), monotonic: 0 };
const open = (folder: string) => openStore(folder, clocks);

const create = async (store: Opened, data: unknown, type = 'full') => {
  clocks.wall += 1000;
  const { text } = await store.call('POST', '/backups', JSON.stringify({ resourceId: 'r', type, data }));
  return (JSON.parse(text) as { id: string }).id;
};
const hold = (store: Opened, id: string) => store.call('PATCH', `/backups/${id}`, '{"legalHold":true}');
const listed = async (store: Opened) => (await store.call('GET', '/backups')).text;
const segments = (folder: string) => readdirSync(join(folder, 'trail')).filter((name) => /^\d+$/.test(name));
const loseCatalog = (folder: string) => ACCIDENTS['catalog removed']!(folder, createRandom(1), {});
const sql = (folder: string, text: string): void => {
  const native = new DatabaseSync(join(folder, 'catalog.sqlite'));
  native.exec(text);
  native.close();
};

/** A folder with a held and a deleted backup, stopped. */
async function filled(): Promise<string> {
  const folder = newFolder();
  const store = await open(folder);
  await hold(store, await create(store, 1));
  const gone = await create(store, 2);
  await create(store, 3);
  await store.call('DELETE', `/backups/${gone}`);
  await store.close();
  return folder;
}

describe('the trail of a data folder', () => {
  test('is written once: a start and a stop without anything between add nothing', async () => {
    const folder = await filled();
    const before = segments(folder);
    await (await open(folder)).close();
    expect(segments(folder)).toEqual(before);
  });

  test('written by several at once is written once, and no proof of anything', async () => {
    const folder = newFolder();
    const config = { ...readConfig({ BACKUP_DATA_DIR: folder }), clock: createManualClock(clocks.wall) };
    const home = await openHome(config, silentLogger);
    for (let n = 0; n < 3; n++) {
      await home.service.putPolicy('r', { keepLast: n + 1 }, { actor: 'a' });
      await Promise.all([home.run('trail'), home.run('trail'), home.run('trail')]);
    }
    expect(await home.service.checkHealth()).toMatchObject({ status: 'healthy' });
    await home.close();
    expect(segments(folder)).toHaveLength(3);
  });

  test('goes on where a crash left a segment without its mark', async () => {
    const folder = await filled();
    const store = await open(folder);
    await create(store, 4);
    const killed = crashImage(folder, root);
    await store.close();
    // The segment that the stop has written, as if the process had died right behind it.
    const last = segments(folder).at(-1)!;
    cpSync(join(folder, 'trail', last), join(killed, 'trail', last));
    const again = await open(killed);
    await again.close();
    expect(segments(killed)).toEqual(segments(folder));
    loseCatalog(killed);
    expect(await rebuild(killed, { isDryRun: true })).toMatchObject({
      live: 3,
      fromBlobsAlone: [],
      trail: { damaged: [], missing: [] },
    });
  });

  test('proves that a catalog is older, by a single segment', async () => {
    const folder = await filled();
    const store = await open(folder);
    const earlier = crashImage(folder, root);
    await create(store, 4);
    await store.close();
    // All but the number of commits, which a loss of power can take, says that this is the newest catalog.
    const last = segments(folder).at(-1)!;
    expect(segments(earlier)).not.toContain(last);
    cpSync(join(folder, 'trail', last), join(earlier, 'trail', last));
    await expect(open(earlier)).rejects.toMatchObject({ reason: 'rolled_back' });
  });

  test('that is gone is begun anew, with all that it held', async () => {
    const folder = await filled();
    rmSync(join(folder, 'trail'), { recursive: true });
    const store = await open(folder);
    const before = await listed(store);
    await store.close();
    loseCatalog(folder);
    expect(await rebuild(folder, { isDryRun: false })).toMatchObject({ live: 2, hidden: 1, held: 1 });
    const rebuilt = await open(folder);
    expect(await listed(rebuilt)).toBe(before);
    await rebuilt.close();
  });

  test("of another store, and segments in each other's place, are not believed", async () => {
    const [folder, other] = [await filled(), await filled()];
    const [first] = segments(folder);
    cpSync(join(other, 'trail', first!), join(folder, 'trail', first!));
    loseCatalog(folder);
    const report = await rebuild(folder, { isDryRun: true });
    expect(report.trail.damaged).toEqual([1]);
    expect(report.live).toBe(3);
  });

  test('a missing segment is told of', async () => {
    const folder = await filled();
    for (let n = 0; n < 2; n++) {
      const store = await open(folder);
      await create(store, n);
      await store.close();
    }
    rmSync(join(folder, 'trail', segments(folder)[1]!));
    loseCatalog(folder);
    expect((await rebuild(folder, { isDryRun: true })).trail).toMatchObject({ missing: [2] });
  });
});

describe('a rebuild', () => {
  test('takes from the old catalog what the trail did not have yet', async () => {
    const folder = await filled();
    const store = await open(folder);
    await hold(store, await create(store, 4));
    const before = await listed(store);
    const killed = crashImage(folder, root);
    await store.close();
    sql(killed, `UPDATE backup SET doc = replace(doc, '"legalHold":true', '"legalHold":null')`);
    await expect(open(killed).then((o) => o.sweep())).rejects.toMatchObject({ reason: 'catalog_damaged' });
    const report = await rebuild(killed, { isDryRun: false });
    expect(report).toMatchObject({ held: 2, fromBlobsAlone: [] });
    expect(report.trail.fromCatalog).toBeGreaterThan(0);
    const rebuilt = await open(killed);
    expect(await listed(rebuilt)).toBe(before);
    await rebuilt.close();
  });

  test('believes no older catalog', async () => {
    const folder = await filled();
    const earlier = crashImage(folder, root);
    const store = await open(folder);
    const id = await create(store, 4);
    await hold(store, id);
    const before = await listed(store);
    await store.close();
    ACCIDENTS['catalog rolled back']!(folder, createRandom(1), { earlier });
    const report = await rebuild(folder, { isDryRun: false });
    expect(report.trail.fromCatalog).toBeUndefined();
    const rebuilt = await open(folder);
    expect(await listed(rebuilt)).toBe(before);
    await rebuilt.close();
  });

  test('names what lies in the place of a blob and is none', async () => {
    const folder = await filled();
    rmSync(join(folder, 'trail'), { recursive: true });
    loseCatalog(folder);
    const [a, b, c] = blobFiles(folder) as [string, string, string];
    writeFileSync(a, 'no blob');
    const bytes = readFileSync(b);
    renameSync(c, b);
    const { unreadable, misplaced, live } = await rebuild(folder, { isDryRun: true });
    expect(bytes.length).toBeGreaterThan(0);
    expect(unreadable.map(({ reason }) => reason)).toEqual(['It has no readable header.']);
    // One has its own place to go back to; what stood where it lies is gone.
    expect(misplaced).toMatchObject([{ blobId: basename(c), at: basename(b) }]);
    expect(live).toBe(1);
  });

  test('never gives the id of a blob again that lies in the place of another', async () => {
    const folder = await filled();
    rmSync(join(folder, 'trail'), { recursive: true });
    loseCatalog(folder);
    ACCIDENTS['two blobs exchanged']!(folder, createRandom(1), {});
    const { misplaced } = await rebuild(folder, { isDryRun: false });
    const ids = misplaced.map(({ backupId }) => backupId);
    expect(ids).toHaveLength(2);
    const rebuilt = await open(folder);
    expect(ids).not.toContain(await create(rebuilt, 1));
    await rebuilt.close();
  });

  test('with the key of another store is refused, and calls nothing damaged', async () => {
    const [folder, other] = [await filled(), await filled()];
    cpSync(join(other, 'master.key'), join(folder, 'master.key'));
    loseCatalog(folder);
    await expect(rebuild(folder, { isDryRun: false })).rejects.toMatchObject({ reason: 'wrong_key' });
  });

  test('puts back from quarantine what backups need, and a dry run says so and moves nothing', async () => {
    const folder = newFolder();
    const store = await open(folder);
    const rows = Array.from({ length: 300 }, (_, id) => ({ id, at: (id * 7919) % 10_007 }));
    for (let n = 0; n < 3; n++) await create(store, { rows, n }, 'incremental');
    const before = await listed(store);
    await store.close();
    const largest = blobFiles(folder).sort((a, b) => readFileSync(b).length - readFileSync(a).length)[0]!;
    const blobId = largest.slice(-32);
    for (const withTrail of [true, false]) {
      const twin = newFolder();
      cpSync(folder, twin, { recursive: true });
      if (!withTrail) rmSync(join(twin, 'trail'), { recursive: true });
      loseCatalog(twin);
      cpSync(largest, join(twin, 'quarantine', `${blobId}.1000`));
      rmSync(join(twin, largest.slice(folder.length)));
      const dry = await rebuild(twin, { isDryRun: true });
      expect(dry).toMatchObject({ putBack: [blobId], missing: [], live: 3 });
      expect(blobFiles(twin)).toHaveLength(2);
      expect(await rebuild(twin, { isDryRun: false })).toEqual(dry);
      const rebuilt = await open(twin);
      expect(await listed(rebuilt)).toBe(before);
      const { status } = await rebuilt.call('POST', '/backups/backup-3/verify');
      expect(status).toBe(200);
      await rebuilt.close();
    }
  });

  test('mends a damaged mark of the store', async () => {
    const folder = await filled();
    writeFileSync(join(folder, 'trail', 'store'), 'gone');
    await expect(open(folder)).rejects.toMatchObject({ message: expect.stringContaining('npm run rebuild') });
    await rebuild(folder, { isDryRun: false });
    const rebuilt = await open(folder);
    expect(JSON.parse(await listed(rebuilt))).toMatchObject({ count: 2 });
    await rebuilt.close();
  });

  test('takes the notices with it that it mends, and keeps the others', async () => {
    const folder = await filled();
    const database = openDatabase(folder);
    const notice = { severity: 'critical', detail: 'It says so.', since: 1, version: 1 } as const;
    await createCatalog(database).commit([
      { kind: 'notice.put', record: { ...notice, id: 'rollback', code: 'rollback' }, expect: 0 },
      { kind: 'notice.put', record: { ...notice, id: 'clock', code: 'clock' }, expect: 0 },
    ]);
    database.close();
    await rebuild(folder, { isDryRun: false });
    const store = await open(folder);
    const { notices } = JSON.parse((await store.call('GET', '/health')).text) as {
      notices: { id: string }[];
    };
    expect(notices.map(({ id }) => id)).toEqual(['clock']);
    await store.close();
  });

  test('keeps accepted work, and queues it again', async () => {
    const folder = newFolder();
    const database = openDatabase(folder);
    const keyring = await openKeyring({ dataDir: folder, mayCreate: true, random: systemRandom });
    const clock = createManualClock();
    const storeId = database.statement<{ id: string }>('SELECT id FROM store').get()!.id;
    const trail = createTrail(
      database,
      { store: createTrailStore(folder), keyring, clock, random: systemRandom, storeId },
      silentLogger,
    );
    const request: BackupRequest = {
      id: 'backup-9',
      resourceId: 'r',
      resourceType: 'generic',
      requestedType: 'full',
      metadata: { version: '1.0', source: 'api', tags: {}, retentionDays: 30 },
      encrypt: true,
      uploadId: 'ab'.repeat(16),
      status: 'pending',
      progress: 0,
      actor: 'a',
      sequence: 7,
      createdAt: 1,
      leaseUntil: 2,
      version: 1,
    };
    await createCatalog(database).commit([{ kind: 'request.insert', record: request }]);
    await trail.write();
    database.close();
    loseCatalog(folder);
    await rebuild(folder, { isDryRun: false });
    const again = openDatabase(folder);
    const catalog = createCatalog(again);
    expect(await catalog.getRequest('backup-9')).toEqual(request);
    expect(await catalog.getHead('r')).toMatchObject({ sequence: 7 });
    // A rebuild passes over ids that somebody may hold.
    expect(await catalog.allocateId('backup')).toBe('backup-100010');
    const [delivery] = await createQueue(again, { now: () => Number.MAX_SAFE_INTEGER }, systemRandom).receive(
      1,
    );
    expect(delivery?.job).toEqual({ kind: 'backup', id: 'backup-9' });
    again.close();
  });

  test('broken off before its last step leaves the old catalog, and is begun anew', async () => {
    const folder = await filled();
    const [before] = [readFileSync(join(folder, 'catalog.sqlite'))];
    cpSync(join(folder, 'catalog.sqlite'), join(folder, 'rebuilt', 'catalog.sqlite'));
    await (await open(folder)).close();
    expect(before.length).toBeGreaterThan(0);
    await rebuild(folder, { isDryRun: false });
    expect(readdirSync(folder)).not.toContain('rebuilt');
    const store = await open(folder);
    expect(JSON.parse(await listed(store))).toMatchObject({ count: 2 });
    await store.close();
  });
});
