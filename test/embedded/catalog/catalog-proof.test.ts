// Columns beside the records decide what is found, and with it what is hidden and removed: one that is changed is noticed.

import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { baseRefOf } from '../../../lib/core/records/chain.ts';
import { createCatalog } from '../../../lib/embedded/catalog/catalog.ts';
import { createCatalogProof } from '../../../lib/embedded/catalog/catalog-proof.ts';
import { type Database, openDatabase } from '../../../lib/embedded/catalog/database.ts';
import { demandingHeads, distrusting } from '../../../lib/embedded/catalog/distrusting.ts';
import { MIGRATIONS } from '../../../lib/embedded/catalog/schema.ts';
import { silentLogger } from '../../../lib/log.ts';
import { createDataDirs } from '../../contract/data-dirs.ts';
import {
  answer,
  appended,
  backup,
  document,
  event,
  garbage,
  head,
  inserted,
  notice,
  operation,
  pointer,
  policy,
  request,
  T0,
} from '../../contract/samples.ts';

const dataDirs = createDataDirs();
afterAll(dataDirs.removeAll);

/** What no record says, and why nobody is harmed. */
const WITHOUT_A_RECORD = new Set([
  // Where a row was inserted: it settles the order of equals.
  'row',
  // Whether it has been sent on: at worst it is sent again, or is in the log alone.
  'event.published',
  // Where a sweep has put what is kept: one that is too late lasts until the record is next written, as each proof of its bytes does.
  'backup.place',
]);
/** Work to be done, which is found again by what asked for it; and how work went, which the next run says anew. */
const TABLES_OF_WORK = new Set(['job', 'counter', 'outbox', 'store', 'gap', 'upkeep']);

let database: Database;

beforeEach(async () => {
  database = openDatabase(dataDirs.make());
  const catalog = createCatalog(database);
  const record = backup();
  const { resourceId } = record;
  const latest = baseRefOf(record);
  await catalog.commit([
    inserted(record),
    { kind: 'head.put', head: head({ resourceId, latest }), expect: 0 },
    { kind: 'snapshot.add', pointer: pointer({ resourceId }) },
    { kind: 'garbage.put', entry: garbage() },
    { kind: 'operation.insert', record: operation() },
    { kind: 'request.insert', record: request() },
    { kind: 'policy.put', record: policy({ resourceId, version: 1 }), expect: 0 },
    { kind: 'idempotency.insert', record: answer(), now: 0 },
    { kind: 'notice.put', record: notice({ version: 1 }), expect: 0 },
    { kind: 'document.put', record: document({ dueAt: T0, expiresAt: T0 }), expect: 0 },
    { kind: 'expiry.put', record: { seenAt: 1, waits: [], version: 1 }, expect: 0 },
    appended(event()),
  ]);
});
afterEach(() => database.close());

/** A second passes between two looks at the clock, so that a proof holds for 50 of them. */
function createProof() {
  let seconds = 0;
  const proof = createCatalogProof(
    database,
    silentLogger,
    () => false,
    () => ++seconds * 1000,
  );
  const passHour = (): void => {
    seconds += 3600;
  };
  return { ...proof, passHour };
}

const DAMAGED = { code: 'integrity', reason: 'catalog_damaged' };

/** Every column of every index, as the schema of today has them. */
function searchedColumns(): [table: string, column: string][] {
  const opened = openDatabase(dataDirs.make());
  const tables = MIGRATIONS.flatMap((sql) =>
    [...sql.matchAll(/CREATE TABLE (\w+)/g)].map(([, name]) => name!),
  );
  const found = tables
    .filter((table) => !TABLES_OF_WORK.has(table))
    .flatMap((table) => {
      const columns = opened
        .statement<{ name: string }>(
          `SELECT DISTINCT info.name FROM pragma_index_list('${table}') AS list, pragma_index_info(list.name) AS info
           WHERE info.name IS NOT NULL`,
        )
        .all()
        .map(({ name }) => name);
      // What only tells which rows a partial index has.
      const filters = MIGRATIONS.flatMap((sql) => [
        ...sql.matchAll(new RegExp(`ON ${table} \\([^)]*\\)\\s+WHERE ([^;]+);`, 'g')),
      ]).flatMap(([, where]) => [...where!.matchAll(/(\w+) (?:=|<>|IS)/g)].map(([, name]) => name!));
      return [...new Set([...columns, ...filters])].map((column): [string, string] => [table, column]);
    })
    .filter(([table, column]) => ![column, `${table}.${column}`].some((one) => WITHOUT_A_RECORD.has(one)));
  opened.close();
  return found;
}

/** One bit, as near as SQL comes to it. */
async function flip(table: string, column: string): Promise<void> {
  const changed = `CASE typeof(${column}) WHEN 'integer' THEN ${column} + 1 WHEN 'null' THEN 1
    ELSE char(unicode(${column}) + 1) || substr(${column}, 2) END`;
  // `live` and `finished` are 0 or 1.
  const value = ['live', 'finished'].includes(column) ? `1 - ${column}` : changed;
  const rows = await database.write(() =>
    database.statement(`UPDATE ${table} SET ${column} = ${value}`).run(),
  );
  expect(rows).toBeGreaterThan(0);
}

describe('a column that is searched by', () => {
  const columns = searchedColumns();

  test('is one of more than a few', () => {
    expect(columns.length).toBeGreaterThan(25);
    expect(columns).toContainEqual(['backup', 'live']);
    expect(columns).toContainEqual(['request', 'upload_id']);
  });

  test.each(columns)(
    '%s.%s, changed after the start: no sweep believes the catalog',
    async (table, column) => {
      const proof = createProof();
      expect(await proof.demand()).toBe(true);
      await flip(table, column);
      proof.passHour();
      await expect(proof.demand()).rejects.toMatchObject(DAMAGED);
      expect(database.fault()).toMatchObject(DAMAGED);
    },
  );
});

test('a proof of a moment ago is enough: a large catalog is not read for every sweep', async () => {
  const proof = createProof();
  await proof.demand();
  await flip('backup', 'live');
  expect(await proof.demand()).toBe(true);
  proof.passHour();
  await expect(proof.demand()).rejects.toMatchObject(DAMAGED);
});

test('a history without its head is damage, and no new beginning', async () => {
  const catalog = distrusting(demandingHeads(createCatalog(database), database), database);
  const { resource_id: resourceId } = database
    .statement<{ resource_id: string }>('SELECT resource_id FROM backup')
    .get()!;
  await flip('head', 'resource_id');
  await expect(catalog.getHead(resourceId)).rejects.toMatchObject(DAMAGED);
  expect(await catalog.getHead('never seen')).toBeUndefined();
});
