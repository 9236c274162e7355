// Every way in which catalog, blobs, key and marks of a folder may not belong together: refused by name with every byte as
// it was, however often it is tried, so that putting the right file back is all that it takes; or begun anew over nothing.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Notice } from '../../lib/core/records/model.ts';
import { createCatalog } from '../../lib/embedded/catalog/catalog.ts';
import { openDatabase } from '../../lib/embedded/catalog/database.ts';
import { distrusting } from '../../lib/embedded/catalog/distrusting.ts';
import { createQueue } from '../../lib/embedded/catalog/queue.ts';
import { PortError } from '../../lib/ports/errors.ts';
import { systemRandom } from '../../lib/random.ts';
import { contentsOf } from './contents.ts';
import { type Clocks, crashImage, newRoot, type Opened, openStore } from './torture/store.ts';

const { root, remove } = newRoot();
afterAll(remove);

const clocks: Clocks = { wall: Date.UTC(2026, 10, 1), monotonic: 0 };

async function fill(store: Opened, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) {
    clocks.wall += 1000;
    const body = JSON.stringify({ resourceId: n % 2 === 0 ? 'a' : 'b', data: { n, rows: [1, 2, 3] } });
    expect((await store.call('POST', '/backups', body)).status).toBe(201);
  }
}

async function outcomeOf(folder: string): Promise<string> {
  try {
    const store = await openStore(folder, clocks);
    await store.close();
    return 'opened';
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    return error.reason ?? error.code;
  }
}

function removeCatalog(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name.startsWith('catalog.sqlite')) rmSync(join(folder, name));
  }
}

function putCatalog(folder: string, from: string): void {
  removeCatalog(folder);
  for (const name of readdirSync(from)) {
    if (name.startsWith('catalog.sqlite')) cpSync(join(from, name), join(folder, name));
  }
}

const pathsOf = (name: string): string => join(root, name);
const [earlier, now, killed, foreign, unused] = ['earlier', 'now', 'killed', 'foreign', 'unused'].map(
  pathsOf,
) as [string, string, string, string, string];

beforeAll(async () => {
  let store = await openStore(earlier, clocks);
  await fill(store, 0, 6);
  await store.close();
  cpSync(earlier, now, { recursive: true });
  store = await openStore(now, clocks);
  await fill(store, 6, 12);
  cpSync(now, killed, { recursive: true });
  await store.close();
  store = await openStore(foreign, clocks);
  await fill(store, 0, 4);
  await store.close();
  await (await openStore(unused, clocks)).close();
});

const CATALOGS: Record<string, (folder: string) => void> = {
  none: removeCatalog,
  empty: (folder) => {
    removeCatalog(folder);
    writeFileSync(join(folder, 'catalog.sqlite'), '', { mode: 0o600 });
  },
  'new one': (folder) => putCatalog(folder, unused),
  foreign: (folder) => putCatalog(folder, foreign),
  older: (folder) => putCatalog(folder, earlier),
  right: () => {},
};

/** Outcomes with blobs and marks, with blobs, with marks, with neither; `key`: without the key. */
const EXPECTED: Record<string, [string, string, string, string]> = {
  none: ['catalog_lost', 'catalog_lost', 'catalog_lost', 'opened'],
  empty: ['catalog_lost', 'catalog_lost', 'catalog_lost', 'opened'],
  'new one': ['foreign_catalog', 'catalog_lost', 'foreign_catalog', 'opened'],
  foreign: ['foreign_catalog', 'blobs_lost', 'foreign_catalog', 'blobs_lost'],
  older: ['rolled_back', 'rolled_back', 'rolled_back', 'blobs_lost'],
  right: ['opened', 'opened', 'blobs_lost', 'blobs_lost'],
};

describe.each(Object.keys(CATALOGS))('a start with a catalog that is %s', (catalog) => {
  const cases = [true, false].flatMap((blobs) =>
    [true, false].flatMap((marks) => [true, false].map((key) => ({ blobs, marks, key }))),
  );

  test.each(cases)('and blobs $blobs, marks $marks, key $key', async ({ blobs, marks, key }) => {
    const folder = crashImage(now, root);
    CATALOGS[catalog]!(folder);
    if (!blobs) rmSync(join(folder, 'blobs'), { recursive: true });
    if (!marks) rmSync(join(folder, 'trail'), { recursive: true });
    if (!key) rmSync(join(folder, 'master.key'));
    const before = contentsOf(folder);
    const expected = EXPECTED[catalog]![(blobs ? 0 : 2) + (marks ? 0 : 1)]!;
    const isKeyMissed = catalog === 'right' && blobs && !key;
    for (let start = 0; start < 2; start++) {
      expect(await outcomeOf(folder)).toBe(isKeyMissed ? 'denied' : expected);
      if (expected === 'opened' && !isKeyMissed) return;
      expect(contentsOf(folder)).toEqual(before);
    }
    if (expected === 'blobs_lost') return;
    // Whatever was wrong: what is right now is taken, as if nothing had been tried.
    putCatalog(folder, now);
    cpSync(join(now, 'master.key'), join(folder, 'master.key'));
    cpSync(join(now, 'blobs'), join(folder, 'blobs'), { recursive: true });
    expect(await outcomeOf(folder)).toBe('opened');
  });
});

describe('after a kill, a start', () => {
  const LOG = 'catalog.sqlite-wal';

  test.each<[string, string, (folder: string) => void]>([
    ['without the key', 'denied', (folder) => rmSync(join(folder, 'master.key'))],
    [
      'with the key of another store',
      'wrong_key',
      (folder) => cpSync(join(foreign, 'master.key'), join(folder, 'master.key')),
    ],
    [
      'with a byte order mark in the key',
      'integrity',
      (folder) => {
        const path = join(folder, 'master.key');
        writeFileSync(path, `\ufeff${readFileSync(path, 'utf8')}`);
      },
    ],
    [
      'with a bit of the log flipped',
      'rolled_back',
      (folder) => {
        const bytes = readFileSync(join(folder, LOG));
        bytes[bytes.length - 5000]! ^= 1;
        writeFileSync(join(folder, LOG), bytes);
      },
    ],
    [
      'with half of the log',
      'rolled_back',
      (folder) => {
        const bytes = readFileSync(join(folder, LOG));
        writeFileSync(join(folder, LOG), bytes.subarray(0, bytes.length / 2));
      },
    ],
  ])('%s leaves the log as it is, and the right one loses nothing', async (_, reason, harm) => {
    const folder = crashImage(killed, root);
    harm(folder);
    const before = contentsOf(folder);
    for (let start = 0; start < 3; start++) {
      expect(await outcomeOf(folder)).toBe(reason);
      expect(contentsOf(folder)).toEqual(before);
    }
    cpSync(join(killed, LOG), join(folder, LOG));
    cpSync(join(killed, 'master.key'), join(folder, 'master.key'));
    const store = await openStore(folder, clocks);
    const { text } = await store.call('GET', '/backups?limit=100');
    expect(JSON.parse(text).backups).toHaveLength(12);
    await store.close();
  });
});

test('a catalog of the first release that is older than its blobs is not adopted', async () => {
  const folder = crashImage(now, root);
  putCatalog(folder, earlier);
  rmSync(join(folder, 'trail'), { recursive: true });
  const native = new DatabaseSync(join(folder, 'catalog.sqlite'));
  native.exec('DELETE FROM store');
  native.close();
  const before = contentsOf(folder);
  expect(await outcomeOf(folder)).toBe('rolled_back');
  expect(contentsOf(folder)).toEqual(before);
});

test('a start beside a running service takes nothing from it', async () => {
  const folder = join(root, 'owned');
  mkdirSync(folder, { mode: 0o700 });
  const store = await openStore(folder, clocks);
  for (let n = 0; n < 3; n++) {
    expect(await outcomeOf(folder)).toBe('unavailable');
    await fill(store, n, n + 1);
  }
  expect(existsSync(join(folder, 'catalog.sqlite-wal'))).toBe(true);
  expect((await store.call('GET', '/health')).status).toBe(200);
  await store.close();
});
describe('damage that is met while the service runs', () => {
  test('stops all writing, whoever met it', async () => {
    const database = openDatabase(join(root, 'met'));
    const catalog = distrusting(createCatalog(database), database);
    const record: Notice = { id: 'n', code: 'clock', severity: 'warning', detail: 'x', since: 1, version: 1 };
    await catalog.commit([{ kind: 'notice.put', record, expect: 0 }]);
    expect(await catalog.getNotice('n')).toEqual(record);
    expect(database.fault()).toBeUndefined();
    await database.write(() =>
      database.statement(`UPDATE notice SET doc = replace(doc, '"x"', '"y"')`).run(),
    );
    await expect(catalog.getNotice('n')).rejects.toMatchObject({ reason: 'catalog_damaged' });
    expect(database.fault()).toMatchObject({ reason: 'catalog_damaged' });
    await expect(catalog.commit([{ kind: 'notice.remove', id: 'n', expect: 1 }])).rejects.toThrow('damaged');
    database.close();
  });

  test.each(['receive', 'deadLetters'] as const)('in the rows of the queue too (%s)', async (method) => {
    const database = openDatabase(join(root, `met-by-${method}`));
    const queue = distrusting(createQueue(database, { now: () => 1000 }, systemRandom), database);
    await queue.send({ kind: 'backup', id: 'backup-1' });
    const isDead = method === 'deadLetters' ? 1 : 0;
    await database.write(() =>
      database.statement(`UPDATE job SET doc = replace(doc, 'backup-1', 'backup-2'), dead = ${isDead}`).run(),
    );
    const ask = () => (method === 'receive' ? queue.receive(1) : queue.deadLetters());
    await expect(ask()).rejects.toMatchObject({ reason: 'catalog_damaged' });
    expect(database.fault()).toMatchObject({ reason: 'catalog_damaged' });
    await expect(queue.send({ kind: 'backup', id: 'backup-3' })).rejects.toThrow('damaged');
    database.close();
  });

  test('what a caller does wrong is no damage', async () => {
    const database = openDatabase(join(root, 'unmet'));
    const catalog = distrusting(createCatalog(database), database);
    await expect(catalog.commit([{ kind: 'notice.remove', id: 'n', expect: 1 }])).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(database.fault()).toBeUndefined();
    database.close();
  });
});
