// The catalog is lost after a random history, and made anew: every answer of the API is what it was.

import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { rebuild } from '../../lib/embedded/rebuild/rebuild.ts';
import { createRandom, type Random } from '../e2e/random.ts';
import { ACCIDENTS, blobFiles } from './torture/folder.ts';
import { type Clocks, crashImage, newRoot, type Opened, openStore } from './torture/store.ts';

const { root, remove } = newRoot();
afterAll(remove);

let made = 0;
const newFolder = (): string => join(root, `data-${++made}`);
const clocks: Clocks = { wall: Date.UTC(2026, 10, 1), monotonic: 0 };
const HOUR = 3_600_000;
const ENV = { BACKUP_GRACE_SECONDS: '86400', BACKUP_EXPIRY_HOLD_SECONDS: '0' };
/** A sweep by a timer would hide what has expired while the answers are compared. */
const open = (folder: string) => openStore(folder, clocks, { env: ENV, isDriven: true });

const pass = (ms: number): void => {
  clocks.wall += ms;
  clocks.monotonic += ms;
};

/** A history of everything that can be done to backups. */
async function live(store: Opened, random: Random, steps: number): Promise<void> {
  const ids: string[] = [];
  let rows = Array.from({ length: 30 }, (_, id) => ({ id, v: 0 }));
  // One came with a past of its own, unless it has a history here already.
  for (const [year, type] of [
    [2023, 'full'],
    [2024, 'incremental'],
  ] as const) {
    const asOf = `${year}-01-01T00:00:00Z`;
    const body = JSON.stringify({ resourceId: 'a', type, asOf, data: [year, ...rows] });
    expect([201, 409]).toContain((await store.call('POST', '/backups', body)).status);
  }
  for (let n = 0; n < steps; n++) {
    pass(random.int(4 * HOUR));
    const resourceId = random.pick(['a', 'b', 'ünï/c']);
    const id = ids.length > 0 ? random.pick(ids) : '';
    const path = `/backups/${id}`;
    rows = rows.map((row) => (random.chance(0.1) ? { ...row, v: n } : row));
    const choice = random.int(14);
    if (choice < 8) {
      const type = random.pick(['full', 'incremental', 'incremental', 'differential']);
      const metadata = { retentionDays: random.pick([0, 1, 1, 30]), tags: { n: String(n) } };
      const encrypt = random.chance(0.9);
      const body = JSON.stringify({ resourceId, type, metadata, encrypt, data: rows });
      const { status, text } = await store.call('POST', '/backups', body);
      expect(status).toBe(201);
      ids.push((JSON.parse(text) as { id: string }).id);
    } else if (choice === 8) await store.call('DELETE', path);
    else if (choice === 9) {
      await store.call('DELETE', path);
      if (random.chance(0.5)) await store.call('POST', `${path}/undelete`);
    } else if (choice === 10)
      await store.call('PATCH', path, JSON.stringify({ legalHold: random.chance(0.5) }));
    else if (choice === 11) {
      const lockedUntil = new Date(clocks.wall + random.int(48) * HOUR).toISOString();
      await store.call('PATCH', path, JSON.stringify({ lockedUntil }));
    } else if (choice === 12) {
      const policy = JSON.stringify({ keepLast: 1 + random.int(3), keepDaily: 2 });
      if (random.chance(0.7))
        await store.call('PUT', `/retention/policies/${encodeURIComponent(resourceId)}`, policy);
      else await store.call('DELETE', `/retention/policies/${encodeURIComponent(resourceId)}`);
      const settings = random.chance(0.7) ? '{"identity":{"/rows":["a","b"]}}' : '{}';
      await store.call('PUT', `/resources/${encodeURIComponent(resourceId)}/settings`, settings);
    } else {
      await store.call('POST', '/restore', JSON.stringify({ backupId: id, targetResourceId: 't' }));
      await store.sweep();
    }
  }
}

/** What the API says of everything. */
async function answers(store: Opened): Promise<string[]> {
  const paths = [
    '/backups?limit=1000',
    '/backups?deleted=true&limit=1000',
    '/restore/operations?limit=1000',
    '/retention/plan',
    ...['a', 'b', 'ünï/c'].flatMap((id) => [
      `/backups?limit=1000&resourceId=${encodeURIComponent(id)}`,
      `/backups?type=full&resourceId=${encodeURIComponent(id)}`,
      `/retention/plan?limit=1000&resourceId=${encodeURIComponent(id)}`,
      `/retention/policies/${encodeURIComponent(id)}`,
      `/resources/${encodeURIComponent(id)}/settings`,
    ]),
  ];
  const all: string[] = [];
  const keep = ({ status, text }: { status: number; text: string }, what: string) =>
    all.push(`${what} ${status} ${text}`);
  for (const path of paths) keep(await store.call('GET', path), path);
  const { text } = await store.call('GET', '/backups?limit=1000');
  const listed = (JSON.parse(text) as { backups: { id: string }[] }).backups.map(({ id }) => id);
  for (let n = 1; n <= 80; n++) keep(await store.call('GET', `/backups/backup-${n}`), `backup-${n}`);
  for (const id of listed) {
    keep(await store.call('POST', `/backups/${id}/verify`), `verify ${id}`);
    keep(await store.call('GET', `/backups/${id}/delta`), `delta ${id}`);
  }
  return all;
}

/** Restores leave operations behind, so they are asked for last, and only what they give is compared. */
async function states(store: Opened): Promise<string[]> {
  const { text } = await store.call('GET', '/backups?limit=1000');
  const given: string[] = [];
  for (const { id, resourceId, createdAt } of (
    JSON.parse(text) as { backups: { id: string; resourceId: string; createdAt: string }[] }
  ).backups) {
    const byId = await store.call(
      'POST',
      '/restore',
      JSON.stringify({ backupId: id, targetResourceId: 't' }),
    );
    const body = JSON.stringify({ resourceId, timestamp: createdAt });
    const byTime = await store.call('POST', '/restore/point-in-time', body);
    given.push(`${id} ${byId.status} ${byId.text.slice(byId.text.indexOf('"data"'))}`);
    given.push(`${createdAt} ${byTime.status} ${byTime.text.slice(byTime.text.indexOf('"data"'))}`);
  }
  return given;
}

describe('a catalog that is lost', () => {
  test.each([1, 2, 3, 4, 5, 6])('after the random history %i, is as it was once rebuilt', async (seed) => {
    const random = createRandom(seed);
    const folder = newFolder();
    const store = await open(folder);
    await live(store, random, 60);
    const before = await answers(store);
    await store.close();
    const twin = crashImage(folder, root);
    const kept = await open(twin);
    const statesBefore = await states(kept);
    await kept.close();
    ACCIDENTS['catalog removed']!(folder, random, {});
    const dry = await rebuild(folder, { isDryRun: true });
    expect(existsSync(join(folder, 'catalog.sqlite'))).toBe(false);
    expect(await rebuild(folder, { isDryRun: false })).toEqual(dry);
    expect(dry).toMatchObject({ damaged: [], missing: [], fromBlobsAlone: [], uncertain: [] });
    const rebuilt = await open(folder);
    expect(await answers(rebuilt)).toEqual(before);
    expect(await states(rebuilt)).toEqual(statesBefore);
    // It goes on: no id and no sequence is given again, and what was due still goes.
    const { text } = await rebuilt.call(
      'POST',
      '/backups',
      '{"resourceId":"a","type":"incremental","data":[1]}',
    );
    const { id } = JSON.parse(text) as { id: string };
    expect(before.some((answer) => answer.includes(`"${id}"`))).toBe(false);
    await rebuilt.sweep();
    await rebuilt.findOrphans();
    expect((await rebuilt.call('GET', '/health')).text).toBe('{"status":"healthy"}');
    await rebuilt.close();
  });

  test('is rebuilt twice, and from a copy that was rolled back, to the same', async () => {
    const random = createRandom(77);
    const folder = newFolder();
    const store = await open(folder);
    await live(store, random, 20);
    await store.close();
    const earlier = newFolder();
    cpSync(folder, earlier, { recursive: true });
    const later = await open(folder);
    await live(later, random, 30);
    const before = await answers(later);
    await later.close();
    ACCIDENTS['catalog rolled back']!(folder, random, { earlier });
    await rebuild(folder, { isDryRun: false });
    await rebuild(folder, { isDryRun: false });
    const rebuilt = await open(folder);
    expect(await answers(rebuilt)).toEqual(before);
    await rebuilt.close();
    expect(readdirSync(folder).filter((name) => /^catalog\.lost-.*\.sqlite$/.test(name))).toHaveLength(2);
  });

  test('without any trail gives every backup back from its blobs', async () => {
    const folder = newFolder();
    const store = await open(folder);
    const texts: string[] = [];
    for (let n = 0; n < 8; n++) {
      pass(1000);
      const body = JSON.stringify({
        resourceId: 'r',
        type: n % 3 === 0 ? 'full' : 'incremental',
        data: { n },
      });
      texts.push((await store.call('POST', '/backups', body)).text);
    }
    const list = (await store.call('GET', '/backups')).text;
    await store.close();
    rmSync(join(folder, 'trail'), { recursive: true });
    ACCIDENTS['catalog removed']!(folder, createRandom(1), {});
    const report = await rebuild(folder, { isDryRun: false });
    expect(report).toMatchObject({ live: 8, trail: { segments: 0 }, damaged: [] });
    expect(report.fromBlobsAlone).toHaveLength(8);
    const rebuilt = await open(folder);
    expect((await rebuilt.call('GET', '/backups')).text).toBe(list);
    expect(await states(rebuilt)).toHaveLength(16);
    await rebuilt.close();
  });

  test('with a bit flipped in the id of the store has its trail all the same', async () => {
    const folder = newFolder();
    const store = await open(folder);
    await store.call('POST', '/backups', '{"resourceId":"r","data":1}');
    await store.call('POST', '/backups', '{"resourceId":"r","data":2}');
    await store.call('DELETE', '/backups/backup-1');
    await store.close();
    const path = join(folder, 'trail', 'store');
    const id = readFileSync(path, 'utf8');
    writeFileSync(path, (id.startsWith('0') ? '1' : '0') + id.slice(1));
    await expect(open(folder)).rejects.toMatchObject({ reason: 'foreign_catalog' });
    const report = await rebuild(folder, { isDryRun: false });
    expect(report).toMatchObject({ live: 1, hidden: 1, trail: { damaged: [] } });
    await (await open(folder)).close();
    expect(readFileSync(path, 'utf8')).toBe(id);
  });

  test('tells the true one of two blobs of one sequence', async () => {
    const folder = newFolder();
    const store = await open(folder);
    await store.call('POST', '/backups', '{"resourceId":"r","data":1}');
    const twin = crashImage(folder, root);
    await store.call('POST', '/backups', '{"resourceId":"r","data":2}');
    await store.close();
    // Another history of the same store went its own way: its second backup is a rival, and was never one here.
    const other = await open(twin);
    await other.call('POST', '/backups', '{"resourceId":"r","data":"rival"}');
    await other.close();
    const ours = new Set(blobFiles(folder).map((path) => path.slice(folder.length)));
    for (const path of blobFiles(twin)) {
      const name = path.slice(twin.length);
      if (!ours.has(name)) cpSync(path, join(folder, name));
    }
    ACCIDENTS['catalog removed']!(folder, createRandom(1), {});
    const report = await rebuild(folder, { isDryRun: false });
    expect(report).toMatchObject({ live: 2, uncertain: [] });
    const rebuilt = await open(folder);
    expect((await states(rebuilt)).filter((line) => line.includes('rival'))).toEqual([]);
    await rebuilt.close();
  });

  test('with a damaged blob is rebuilt, and the report names it and what needs it', async () => {
    const folder = newFolder();
    const store = await open(folder);
    for (let n = 0; n < 3; n++) {
      const body = JSON.stringify({
        resourceId: 'r',
        type: 'incremental',
        data: { n, rows: Array.from({ length: 600 }, (_, id) => ({ id, at: (id * 7919) % 10_007 })) },
      });
      await store.call('POST', '/backups', body);
    }
    await store.close();
    const largest = blobFiles(folder).sort((a, b) => readFileSync(b).length - readFileSync(a).length)[0]!;
    const bytes = readFileSync(largest);
    bytes[bytes.length - 40]! ^= 1;
    writeFileSync(largest, bytes);
    ACCIDENTS['catalog removed']!(folder, createRandom(1), {});
    const report = await rebuild(folder, { isDryRun: false });
    expect(report.damaged).toMatchObject([
      { backupId: 'backup-1', neededBy: ['backup-1', 'backup-2', 'backup-3'] },
    ]);
    const rebuilt = await open(folder);
    for (const id of ['backup-1', 'backup-2', 'backup-3']) {
      const { status } = await rebuilt.call(
        'POST',
        '/restore',
        JSON.stringify({ backupId: id, targetResourceId: 't' }),
      );
      expect(status).toBe(409);
    }
    await rebuilt.close();
  });

  test('is not rebuilt while a service owns the folder, nor without the key', async () => {
    const folder = newFolder();
    const store = await open(folder);
    await store.call('POST', '/backups', '{"resourceId":"r","data":1}');
    await expect(rebuild(folder, { isDryRun: true })).rejects.toMatchObject({ code: 'unavailable' });
    await store.close();
    rmSync(join(folder, 'master.key'));
    await expect(rebuild(folder, { isDryRun: false })).rejects.toMatchObject({ code: 'denied' });
    expect(existsSync(join(folder, 'master.key'))).toBe(false);
    await expect(rebuild(newFolder(), { isDryRun: false })).rejects.toMatchObject({ code: 'not_found' });
  });
});
