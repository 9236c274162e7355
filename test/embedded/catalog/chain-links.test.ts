// Chains stand in the catalog once, however many records go through them, and none is left when the last of them has gone.

import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { baseRefOf } from '../../../lib/core/records/chain.ts';
import type { BackupRecord, BlobRef } from '../../../lib/core/records/model.ts';
import { createCatalog } from '../../../lib/embedded/catalog/catalog.ts';
import { type Database, openDatabase } from '../../../lib/embedded/catalog/database.ts';
import { docOf } from '../../../lib/embedded/catalog/schema.ts';
import type { Catalog } from '../../../lib/ports/catalog.ts';
import type { Change } from '../../../lib/ports/change.ts';
import { createDataDirs } from '../../contract/data-dirs.ts';
import { backup, drain, head, inserted } from '../../contract/samples.ts';

const dataDirs = createDataDirs();
afterAll(dataDirs.removeAll);

let database: Database;
let catalog: Catalog;
beforeEach(() => {
  database = openDatabase(dataDirs.make());
  catalog = createCatalog(database);
});
afterEach(() => database.close());

const links = (): number => database.statement<{ n: number }>('SELECT count(*) AS n FROM link').get()!.n;

/** A backup on another one, or one that begins a chain. */
function on(before: BackupRecord | undefined, fields: Partial<BackupRecord> = {}): BackupRecord {
  const chainId = before === undefined ? {} : { chainId: before.chainId };
  const record = backup({ resourceId: 'r', sequence: (before?.sequence ?? 0) + 1, ...chainId, ...fields });
  const own: BlobRef = { ...record.chain[0]!, kind: before === undefined ? 'state' : 'delta' };
  return { ...record, chain: [...(before?.chain ?? []), own] };
}

function chainOf(length: number): BackupRecord[] {
  const records: BackupRecord[] = [];
  for (let i = 0; i < length; i++) records.push(on(records.at(-1)));
  return records;
}

const headOn = (latest: BackupRecord, latestFull: BackupRecord, version: number): Change => ({
  kind: 'head.put',
  head: head({ resourceId: 'r', latest: baseRefOf(latest), latestFull: baseRefOf(latestFull), version }),
  expect: version - 1,
});

test('a chain of 33 takes 33 links, and each record has its own chain, by name, in lists and in the head', async () => {
  const records = chainOf(33);
  for (const [i, record] of records.entries()) {
    await catalog.commit([headOn(record, records[0]!, i + 1), inserted(record)]);
  }
  expect(links()).toBe(33);
  for (const record of records) expect(await catalog.getBackup(record.id)).toEqual(record);
  const listed = await drain((page) => catalog.listBackups({ ...page, resourceId: 'r' }), 7);
  expect(listed).toEqual(records.toReversed());
  const found = await catalog.getHead('r');
  expect(found).toMatchObject({
    latest: { chain: records.at(-1)!.chain },
    latestFull: { chain: records[0]!.chain },
  });
  expect((await catalog.listHeads({ limit: 5 })).items).toEqual([found]);
});

test('a record of before, with its chain in it, is read as it is, and written anew with what changes it', async () => {
  const [first, second] = chainOf(2) as [BackupRecord, BackupRecord];
  await catalog.commit([inserted(first), inserted(second)]);
  const old = database.statement('UPDATE backup SET doc = ?, sum = ?, link = NULL WHERE id = ?');
  await database.write(() => {
    for (const record of [first, second]) old.run(...docOf(record), record.id);
    database.statement('DELETE FROM link').run();
  });
  expect(await catalog.getBackup(second.id)).toEqual(second);
  const held = { ...second, legalHold: true, version: 2 };
  await catalog.commit([{ kind: 'backup.update', record: held, expect: 1 }]);
  expect(await catalog.getBackup(second.id)).toEqual(held);
  expect(await catalog.getBackup(first.id)).toEqual(first);
  expect(links()).toBe(2);
});

test.each([
  ['another link', 'UPDATE backup SET link = link - 1 WHERE sequence = 3'],
  ['a longer way', 'UPDATE backup SET link = link + 1 WHERE sequence = 2'],
  ['no link', 'UPDATE backup SET link = NULL WHERE sequence = 3'],
  ['a circle', 'UPDATE link SET before = 3 WHERE id = 1'],
  ['another blob', `UPDATE link SET ref = replace(ref, '"state"', '"delta"') WHERE id = 1`],
  ['a gap', 'DELETE FROM link WHERE id = 2'],
])('%s where a chain was: the record is not believed', async (_what, sql) => {
  const records = chainOf(3);
  await catalog.commit(records.map(inserted));
  await database.write(() => database.statement(sql).run());
  const reads = records.map(({ id }) => catalog.getBackup(id));
  const ended = await Promise.allSettled(reads);
  const refused = ended.filter(({ status }) => status === 'rejected');
  expect(refused.length).toBeGreaterThan(0);
  for (const one of refused) {
    expect(one).toMatchObject({ reason: { code: 'integrity', reason: 'catalog_damaged' } });
  }
  const taken = ended.filter((one) => one.status === 'fulfilled').map(({ value }) => value);
  for (const record of taken) expect(records).toContainEqual(record);
});

const step = fc.record({
  what: fc.constantFrom('insert', 'branch', 'rebase', 'hide', 'remove', 'head'),
  at: fc.nat(20),
});

test('whatever is inserted, rebased, hidden and removed: every chain reads as it was written, no link is left over', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 40 }), async (steps) => {
      const opened = openDatabase(dataDirs.make());
      const tried = createCatalog(opened);
      try {
        const records: BackupRecord[] = [];
        let heads: BackupRecord[] = [];
        let sequence = 0;
        for (const { what, at } of steps) {
          const i = at % Math.max(records.length, 1);
          const record = records[i];
          if (what === 'insert' || record === undefined) {
            const next = { ...on(records.at(-1)), sequence: ++sequence };
            await tried.commit([inserted(next)]);
            records.push(next);
          } else if (what === 'branch') {
            const next = { ...on(record), sequence: ++sequence };
            await tried.commit([inserted(next)]);
            records.push(next);
          } else if (what === 'remove') {
            await tried.commit([{ kind: 'backup.remove', id: record.id, expect: record.version }]);
            records.splice(i, 1);
          } else if (what === 'head') {
            const version = (await tried.getHead('r'))?.version ?? 0;
            heads = [record, records[0]!];
            await tried.commit([headOn(record, records[0]!, version + 1)]);
          } else {
            const own = { ...on(undefined).chain[0]!, backupId: record.id };
            const changed =
              what === 'hide'
                ? { deletedAt: 1 }
                : { chain: at % 2 === 0 ? [own] : [own, record.chain.at(-1)!] };
            const next = { ...record, ...changed, version: record.version + 1 };
            await tried.commit([{ kind: 'backup.update', record: next, expect: record.version }]);
            records[i] = next;
          }
          for (const one of records) expect(await tried.getBackup(one.id)).toEqual(one);
          const held = [...records, ...heads].flatMap(({ chainId, chain }) =>
            chain.map((_, n) => JSON.stringify([chainId, chain.slice(0, n + 1)])),
          );
          expect(opened.statement<{ n: number }>('SELECT count(*) AS n FROM link').get()!.n).toBe(
            new Set(held).size,
          );
        }
      } finally {
        opened.close();
      }
    }),
    { numRuns: 60 },
  );
});
