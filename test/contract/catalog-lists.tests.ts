import { describe, expect, test } from '@jest/globals';
import type { BackupRecord } from '../../lib/core/records/model.ts';
import type { BackupQuery, Catalog } from '../../lib/ports/catalog.ts';
import type { Change } from '../../lib/ports/change.ts';
import type { Page, PageRequest } from '../../lib/ports/pages.ts';
import {
  appended,
  backup,
  drain,
  event,
  garbage,
  inserted,
  operation,
  T0,
  UNREADABLE_CURSORS,
} from './samples.ts';

interface Item {
  /** What tells it from the others of its list. */
  name: string;
  /** What the list is sorted by. */
  at: number;
}

/** One paginated list of the port, seen alike by the tests below. */
interface ListUnderTest {
  name: string;
  direction: 'rising' | 'falling';
  /** Adds an item with this sort key. Gives its name. */
  add(catalog: Catalog, at: number, n: number): Promise<string>;
  remove?(catalog: Catalog, name: string): Promise<void>;
  list(catalog: Catalog, request: PageRequest): Promise<Page<Item>>;
  /** No two items may have one key (a sequence), or the key is not the caller's to choose. */
  distinctKeys?: boolean;
}

const commitOne = (catalog: Catalog, change: Change) => catalog.commit([change]);

async function mapped<T>(page: Promise<Page<T>>, toItem: (item: T) => Item): Promise<Page<Item>> {
  const { items, ...rest } = await page;
  return { ...rest, items: items.map(toItem) };
}

const removeBackup = (catalog: Catalog, id: string) =>
  commitOne(catalog, { kind: 'backup.remove', id, expect: 1 });

/** Which of the two lists of backups, and what a backup needs to stand there. */
const STANDS_IN = {
  listBackups: {},
  listHidden: { deletedAt: 2 * T0, deletedReason: 'deleted' },
} as const;
type BackupList = keyof typeof STANDS_IN;

/** Of one resource: by sequence, whatever the times. */
function resourceBackupList(
  name: string,
  type?: BackupRecord['type'],
  read: BackupList = 'listBackups',
): ListUnderTest {
  const fields = { resourceId: 'r', ...(type === undefined ? {} : { type }) };
  return {
    name,
    direction: 'falling',
    distinctKeys: true,
    async add(catalog, at, n) {
      const record = backup({ ...fields, ...STANDS_IN[read], sequence: at, createdAt: T0 - n });
      await commitOne(catalog, inserted(record));
      return record.id;
    },
    remove: removeBackup,
    list: (catalog, request) =>
      mapped(catalog[read]({ ...request, ...fields }), ({ id, sequence }) => ({
        name: id,
        at: sequence,
      })),
  };
}

function backupList(
  name: string,
  fields: Partial<BackupRecord>,
  filter: BackupQuery,
  read: BackupList = 'listBackups',
): ListUnderTest {
  return {
    name,
    direction: 'falling',
    async add(catalog, at, n) {
      const record = backup({ ...fields, ...STANDS_IN[read], createdAt: at, sequence: n });
      await commitOne(catalog, inserted(record));
      return record.id;
    },
    remove: removeBackup,
    list: (catalog, request) =>
      mapped(catalog[read]({ ...request, ...filter }), ({ id, createdAt }) => ({
        name: id,
        at: createdAt,
      })),
  };
}

function operationList(name: string, filter: { targetResourceId?: string }): ListUnderTest {
  return {
    name,
    direction: 'falling',
    async add(catalog, at) {
      const record = operation({ createdAt: at, targetResourceId: 't' });
      await commitOne(catalog, { kind: 'operation.insert', record });
      return record.id;
    },
    list: (catalog, request) =>
      mapped(catalog.listOperations({ ...request, ...filter }), ({ id, createdAt }) => ({
        name: id,
        at: createdAt,
      })),
  };
}

async function addGarbage(catalog: Catalog, fields: Parameters<typeof garbage>[0]): Promise<string> {
  const entry = garbage({ resourceId: 'r', ...fields });
  await commitOne(catalog, { kind: 'garbage.put', entry });
  return entry.blobId;
}

const OF_R = { resourceId: 'r' };
const OF_TYPE = { type: 'differential' } as const;
const EVER = { from: 0, to: 3 * T0 };

const removeGarbage = (catalog: Catalog, blobId: string) =>
  commitOne(catalog, { kind: 'garbage.remove', blobId });

const LISTS: ListUnderTest[] = [
  backupList('listBackups', {}, {}),
  resourceBackupList('listBackups of a resource'),
  backupList('listBackups of a type', { type: 'differential' }, { type: 'differential' }),
  resourceBackupList('listBackups of a resource and type', 'incremental'),
  backupList('listHidden', {}, {}, 'listHidden'),
  resourceBackupList('listHidden of a resource', undefined, 'listHidden'),
  backupList('listHidden of a type', { type: 'differential' }, { type: 'differential' }, 'listHidden'),
  resourceBackupList('listHidden of a resource and type', 'incremental', 'listHidden'),
  backupList('listBackups of a time', {}, EVER),
  backupList('listBackups of a resource and a time', OF_R, { ...OF_R, ...EVER }),
  backupList('listBackups of a type and a time', OF_TYPE, { ...OF_TYPE, ...EVER }),
  backupList(
    'listBackups of a resource, a type and a time',
    { ...OF_R, ...OF_TYPE },
    { ...OF_R, ...OF_TYPE, ...EVER },
  ),
  backupList('listHidden of a time', {}, EVER, 'listHidden'),
  backupList('listHidden of a resource and a time', OF_R, { ...OF_R, ...EVER }, 'listHidden'),
  {
    name: 'resourceHistory',
    direction: 'rising',
    distinctKeys: true,
    async add(catalog, at) {
      const record = backup({ resourceId: 'r', sequence: at });
      await commitOne(catalog, inserted(record));
      return record.id;
    },
    remove: removeBackup,
    list: (catalog, request) =>
      mapped(catalog.resourceHistory({ ...request, resourceId: 'r', fromSequence: 1 }), (record) => ({
        name: record.id,
        at: record.sequence,
      })),
  },
  {
    name: 'expiring',
    direction: 'rising',
    async add(catalog, at) {
      const record = backup({ expiresAt: at });
      await commitOne(catalog, inserted(record));
      return record.id;
    },
    remove: removeBackup,
    list: (catalog, request) =>
      mapped(catalog.expiring({ ...request, before: T0 * 2 }), ({ record, at }) => ({ name: record.id, at })),
  },
  {
    name: 'expiring from other places than their expiry',
    direction: 'rising',
    async add(catalog, at) {
      const record = backup({ expiresAt: 1 });
      await commitOne(catalog, inserted(record));
      await commitOne(catalog, { kind: 'expiry.place', id: record.id, at, expect: 1 });
      return record.id;
    },
    remove: removeBackup,
    list: (catalog, request) =>
      mapped(catalog.expiring({ ...request, before: T0 * 2 }), ({ record, at }) => ({ name: record.id, at })),
  },
  {
    name: 'leastProven',
    direction: 'rising',
    async add(catalog, at) {
      const record = backup({ verifiedAt: at, completedAt: 0 });
      await commitOne(catalog, inserted(record));
      return record.id;
    },
    remove: removeBackup,
    list: (catalog, request) =>
      mapped(catalog.leastProven({ ...request, before: T0 * 2 }), ({ id, verifiedAt }) => ({
        name: id,
        at: verifiedAt!,
      })),
  },
  operationList('listOperations', {}),
  operationList('listOperations of a target', { targetResourceId: 't' }),
  {
    name: 'dueGarbage',
    direction: 'rising',
    add: (catalog, at) => addGarbage(catalog, { dueAt: at }),
    remove: removeGarbage,
    list: (catalog, request) =>
      mapped(catalog.dueGarbage({ ...request, before: T0 * 2 }), ({ blobId, dueAt }) => ({
        name: blobId,
        at: dueAt,
      })),
  },
  {
    name: 'resourceGarbage',
    direction: 'rising',
    add: (catalog, at) => addGarbage(catalog, { sequence: at, dueAt: 2 * T0 }),
    remove: removeGarbage,
    list: (catalog, request) =>
      mapped(catalog.resourceGarbage({ ...request, resourceId: 'r' }), ({ blobId, sequence }) => ({
        name: blobId,
        at: sequence,
      })),
  },
];

export function listTests(catalog: () => Catalog): void {
  test.each(['listBackups', 'listHidden'] as const)(
    '%s of a time includes both ends, and nothing else',
    async (read) => {
      const at = [0, 1, 2, 3, 4].map((ms) => T0 + ms);
      for (const resourceId of ['r', 's']) {
        for (const [n, createdAt] of at.entries()) {
          // Ids and times in different orders: it is the times that count.
          const record = backup({
            resourceId,
            ...STANDS_IN[read],
            createdAt,
            sequence: 10 - n,
            type: 'full',
          });
          await commitOne(catalog(), inserted(record));
        }
      }
      const timesOf = async (query: BackupQuery) =>
        (await catalog()[read]({ ...query, limit: 100 })).items.map(({ createdAt }) => createdAt - T0);
      for (const more of [{}, { type: 'full' }] as const) {
        const one = { resourceId: 'r', ...more };
        expect(await timesOf({ ...one, from: T0 + 1, to: T0 + 3 })).toEqual([3, 2, 1]);
        expect(await timesOf({ ...one, from: T0 + 3 })).toEqual([4, 3]);
        expect(await timesOf({ ...one, to: T0 + 1 })).toEqual([1, 0]);
        expect(await timesOf({ ...one, from: T0 + 5 })).toEqual([]);
        expect(await timesOf({ ...more, from: T0 + 1, to: T0 + 2 })).toEqual([2, 2, 1, 1]);
        expect(await timesOf({ ...one, from: T0 + 3, to: T0 + 1 })).toEqual([]);
      }
      expect(await timesOf({ resourceId: 'r', type: 'incremental', from: T0 })).toEqual([]);
    },
  );

  const names = (items: Item[]) => items.map(({ name }) => name);

  describe.each(LISTS)('$name', (under) => {
    const list = (request: PageRequest) => under.list(catalog(), request);
    const sign = under.direction === 'rising' ? 1 : -1;

    /** Adds items with these sort keys; gives them in the order of the list, equal keys aside. */
    async function addAll(keys: number[]): Promise<Item[]> {
      const items: Item[] = [];
      for (const [i, at] of keys.entries()) {
        items.push({ name: await under.add(catalog(), at, i + 1), at });
      }
      return items.sort((a, b) => sign * (a.at - b.at));
    }

    test('is empty at first', async () => {
      expect(await list({ limit: 10 })).toEqual({ items: [] });
    });

    test(`gives everything once, ${under.direction}, in pages of any size`, async () => {
      const items = await addAll([5, 3, 9, 1, 7, 2, 8].map((offset) => T0 + offset));
      for (const limit of [1, 2, 3, 7, 8, 1000]) {
        expect(names(await drain(list, limit))).toEqual(names(items));
      }
    });

    test('has no cursor on the last page, even a full one', async () => {
      await addAll([1, 2, 3, 4]);
      const first = await list({ limit: 2 });
      expect(first.items).toHaveLength(2);
      const second = await list({ limit: 2, cursor: first.cursor! });
      expect(second.items).toHaveLength(2);
      expect(second.cursor).toBeUndefined();
    });

    test('is not confused by what is added before or behind the reader', async () => {
      const keys = [10, 20, 30, 40, 50, 60];
      const items = await addAll(sign > 0 ? keys : keys.toReversed());
      const read = await drain(list, 2, async (pages) => {
        if (pages === 1) {
          await under.add(catalog(), sign > 0 ? 5 : 65, 100);
        }
      });
      expect(names(read)).toEqual(names(items));
      expect(await drain(list, 2)).toHaveLength(7);
    });

    const { remove } = under;
    if (remove !== undefined) {
      test('is not confused by what is removed, not even the last one read', async () => {
        const keys = [10, 20, 30, 40, 50, 60];
        const items = await addAll(sign > 0 ? keys : keys.toReversed());
        const read = await drain(list, 2, async (pages) => {
          if (pages === 1) {
            for (const item of items.slice(0, 3)) {
              await remove(catalog(), item.name);
            }
          }
        });
        expect(names(read)).toEqual(names([items[0]!, items[1]!, items[3]!, items[4]!, items[5]!]));
      });
    }

    if (!under.distinctKeys) {
      test('keeps equal keys in one order, across pages', async () => {
        const same = T0 + 1;
        const items = await addAll([same, same, same, T0 + 2, same, same, T0]);
        const whole = names(await drain(list, 100));
        expect(whole.toSorted()).toEqual(names(items).toSorted());
        for (const limit of [1, 2, 3, 4]) {
          expect(names(await drain(list, limit))).toEqual(whole);
        }
        // More of the same while somebody reads: nothing is repeated, and nothing that was there is skipped.
        const read = await drain(list, 2, async (pages) => {
          if (pages < 4) {
            await under.add(catalog(), same, 50 + pages);
          }
        });
        expect(new Set(names(read)).size).toBe(read.length);
        expect(names(read)).toEqual(expect.arrayContaining(whole));
      });
    }

    test('throws not_found for a cursor that it did not give', async () => {
      await addAll([1, 2, 3]);
      const { cursor } = await list({ limit: 1 });
      const cut = [cursor!.slice(0, -1), cursor!.slice(1), `${cursor}AAAA`, `${cursor}=`, ` ${cursor}`];
      for (const unreadable of [...UNREADABLE_CURSORS, ...cut]) {
        await expect(list({ limit: 1, cursor: unreadable })).rejects.toMatchObject({ code: 'not_found' });
      }
    });

    test('throws not_found for a cursor of another list', async () => {
      await addAll([1, 2, 3]);
      await catalog().commit([1, 2].map(() => appended(event())));
      const { cursor } = await catalog().listEvents({ limit: 1 });
      await expect(list({ limit: 1, cursor: cursor! })).rejects.toMatchObject({ code: 'not_found' });
    });

    test('refuses a page of no size', async () => {
      for (const limit of [0, -1, 1.5, Number.NaN, 1001]) {
        await expect(list({ limit })).rejects.toThrow(RangeError);
      }
    });
  });
}
