// Rows of backups, heads and events say nothing twice, and give back all that they were given; what a release before wrote is
// read as it is, and a column or a document that is not what was written is noticed by whoever reads it.

import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { baseRefOf } from '../../../lib/core/records/chain.ts';
import type { AuditEvent, BackupRecord, BlobRef } from '../../../lib/core/records/model.ts';
import { createCatalog } from '../../../lib/embedded/catalog/catalog.ts';
import { type Database, openDatabase } from '../../../lib/embedded/catalog/database.ts';
import { docOf, MIGRATIONS, sumOf } from '../../../lib/embedded/catalog/schema.ts';
import { lookAtStore } from '../../../lib/embedded/start/start-look.ts';
import type { Catalog } from '../../../lib/ports/catalog.ts';
import { systemRandom } from '../../../lib/random.ts';
import { noOpBytes } from '../../bench/no-op.ts';
import { createDataDirs } from '../../contract/data-dirs.ts';
import { appended, backup, event, head, inserted, membersOf, ODD_STRINGS } from '../../contract/samples.ts';

const dataDirs = createDataDirs();
afterAll(dataDirs.removeAll);

let folder: string;
let database: Database;
let catalog: Catalog;
beforeEach(() => {
  folder = dataDirs.make();
  database = openDatabase(folder);
  catalog = createCatalog(database);
});
afterEach(() => database.close());

const DAMAGED = { code: 'integrity', reason: 'catalog_damaged' };
const name = fc.oneof(fc.constantFrom(...ODD_STRINGS), fc.string({ minLength: 1 }));
const number = fc.nat();
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const ref = fc.record({
  blobId: fc.uuid(),
  kind: fc.constantFrom('state', 'delta'),
  backupId: name,
  sequence: number,
  bytes: number,
  // Of few values, so that some say what the one before has said.
  sha256: fc.constantFrom('aa', 'bb'),
  encrypted: fc.boolean(),
  checksum: fc.constantFrom('cc', 'dd'),
  size: fc.constantFrom(1, 2),
}) satisfies fc.Arbitrary<BlobRef>;

const anyRecord: fc.Arbitrary<BackupRecord> = fc
  .record({
    fields: fc.record({
      resourceType: name,
      type: fc.constantFrom('full', 'incremental', 'differential'),
      requestedType: optional(fc.constantFrom('full', 'incremental', 'differential')),
      size: fc.constantFrom(1, 2),
      checksum: fc.constantFrom('cc', 'dd'),
      compressedSize: number,
      encrypted: fc.boolean(),
      baseBackupId: optional(name),
      chainId: name,
      key: optional(fc.record({ keyId: name, keyVersion: name, wrapped: name })),
      changes: optional(fc.record({ additions: number, changes: number, deletions: number, moves: number })),
      metadata: fc.record({
        version: name,
        source: name,
        tags: fc.dictionary(name, name),
        retentionDays: number,
        customFields: optional(fc.dictionary(name, fc.jsonValue())),
      }),
      completedAt: fc.integer(),
      verifiedAt: optional(number),
      damagedAt: optional(number),
      expiresAt: optional(number),
      legalHold: optional(fc.boolean()),
      deletedAt: optional(number),
      deletedReason: optional(fc.constantFrom('deleted', 'expired')),
      unchangedUntil: optional(number),
      version: fc.integer({ min: 1 }),
    }),
    chain: fc.array(ref, { minLength: 1, maxLength: 4 }),
  })
  .map(({ fields, chain }) => {
    const record = plain<BackupRecord>({ ...backup(), ...fields, chain });
    // The last blob of a chain is its backup's own.
    record.chain.at(-1)!.backupId = record.id;
    return record;
  });

/** Without members that are not there. */
function plain<T>(record: object): T {
  return JSON.parse(JSON.stringify(record)) as T;
}

test('whatever a record says comes back: by name, in lists, and what a head says of it', async () => {
  await fc.assert(
    fc.asyncProperty(anyRecord, async (record) => {
      await catalog.commit([
        inserted(record),
        {
          kind: 'head.put',
          head: head({ resourceId: record.resourceId, latest: baseRefOf(record) }),
          expect: 0,
        },
      ]);
      const { id, resourceId } = record;
      expect(membersOf(await catalog.getBackup(id))).toBe(membersOf(record));
      const list = record.deletedAt === undefined ? catalog.listBackups : catalog.listHidden;
      const { items } = await list({ resourceId, type: record.type, limit: 5 });
      expect(items.map(membersOf)).toEqual([membersOf(record)]);
      expect((await catalog.getHead(resourceId))?.latest).toEqual(baseRefOf(record));
    }),
    { numRuns: 300 },
  );
});

test('whatever an event says comes back, in order', async () => {
  const anyEvent = fc
    .record({
      actor: name,
      address: optional(name),
      resourceId: fc.oneof(fc.constant(''), name),
      backupId: optional(name),
      operationId: optional(name),
      detail: optional(
        fc.oneof(
          fc.dictionary(name, fc.oneof(name, number, fc.boolean())),
          fc.record({ type: name, sequence: number, size: number, compressedSize: number }),
        ),
      ),
    })
    .map((fields) => plain<AuditEvent>({ ...event(), ...fields }));
  const written: AuditEvent[] = [];
  await fc.assert(
    fc.asyncProperty(anyEvent, async (one) => {
      written.push(one);
      await catalog.commit([appended(one)]);
    }),
    { numRuns: 200 },
  );
  const listed = await catalog.pendingEvents(1000);
  expect(listed.map(membersOf)).toEqual(written.map(membersOf));
});

describe('what a row says, changed', () => {
  const columns = [
    'id',
    'resource_id',
    'sequence',
    'type',
    'created_at',
    'expires_at',
    'own_blob',
    'version',
  ];
  const changed = (column: string) =>
    `CASE typeof(${column}) WHEN 'integer' THEN ${column} + 1 WHEN 'null' THEN 1
       ELSE substr(${column}, 1, length(${column}) - 1) || char(unicode(substr(${column}, -1)) + 1) END`;

  test.each([...columns, 'doc'])('%s of a backup: it is not believed', async (column) => {
    const record = backup({ legalHold: true });
    await catalog.commit([inserted(record)]);
    await database.write(() => database.statement(`UPDATE backup SET ${column} = ${changed(column)}`).run());
    await expect(catalog.listBackups({ limit: 5 })).rejects.toMatchObject(DAMAGED);
  });

  test.each(['id', 'resource_id', 'at', 'action', 'doc'])(
    '%s of an event: it is not believed',
    async (column) => {
      await catalog.commit([appended(event())]);
      await database.write(() => database.statement(`UPDATE event SET ${column} = ${changed(column)}`).run());
      await expect(catalog.pendingEvents(5)).rejects.toMatchObject(DAMAGED);
    },
  );
});

/** As the release before wrote them: all but the chain in the document, and of each link all. */
async function writeAsBefore(records: readonly BackupRecord[]): Promise<void> {
  await database.write(() => {
    database.statement('DELETE FROM link').run();
    const link = database.statement('INSERT INTO link (id, before, ref, sum) VALUES (?, ?, ?, ?)');
    const old = database.statement('UPDATE backup SET doc = ?, sum = ?, link = ? WHERE id = ?');
    for (const [i, { blobId, ...ref }] of records.at(-1)!.chain.entries()) {
      const { kind, backupId, sequence, bytes, sha256, encrypted, checksum, size } = ref;
      const said = JSON.stringify([
        blobId,
        kind,
        backupId,
        sequence,
        bytes,
        sha256,
        encrypted,
        checksum,
        size,
      ]);
      link.run(i + 1, i, said, sumOf(`${i} ${said}`));
    }
    for (const record of records) {
      const { length } = record.chain;
      old.run(...docOf({ ...record, chain: length }), length, record.id);
    }
    const latest = { ...baseRefOf(records.at(-1)!), chain: records.length };
    const found = database.statement<{ doc: string }>('SELECT doc FROM head').get()!;
    database
      .statement('UPDATE head SET doc = ?, sum = ?, latest = ?')
      .run(...docOf({ ...JSON.parse(found.doc), latest }), records.length);
    const events = database.statement<{ row: number }>('SELECT row FROM event').all();
    const put = database.statement('UPDATE event SET doc = ?, sum = ? WHERE row = ?');
    for (const [i, { row }] of events.entries()) put.run(...docOf(told[i]), row);
    database.statement(`PRAGMA user_version = ${MIGRATIONS.length}`).get();
  });
}

const told = [event({ resourceId: 'r' }), event({ resourceId: 'r', detail: { size: 1 } })];

test('what the release before wrote is read as it is, goes on, and is written anew with what changes it', async () => {
  const first = backup({ resourceId: 'r', sequence: 1 });
  const second = backup({ resourceId: 'r', sequence: 2, chainId: first.chainId });
  second.chain = [...first.chain, { ...second.chain[0]!, kind: 'delta' }];
  const resource = head({ resourceId: 'r', sequence: 2, latest: baseRefOf(second) });
  await catalog.commit([
    { kind: 'head.put', head: resource, expect: 0 },
    ...[first, second].map(inserted),
    ...told.map(appended),
  ]);
  await writeAsBefore([first, second]);
  expect(await catalog.getBackup(first.id)).toEqual(first);
  expect((await catalog.listBackups({ resourceId: 'r', limit: 5 })).items).toEqual([second, first]);
  expect(await catalog.getHead('r')).toEqual(resource);
  expect(await catalog.pendingEvents(5)).toEqual(told);

  const third = backup({ resourceId: 'r', sequence: 3, chainId: first.chainId });
  third.chain = [...second.chain, { ...third.chain[0]!, kind: 'delta' }];
  const next = { ...resource, sequence: 3, latest: baseRefOf(third), version: 2 };
  const held = { ...second, legalHold: true, version: 2 };
  await catalog.commit([
    { kind: 'head.put', head: next, expect: 1 },
    inserted(third),
    { kind: 'backup.update', record: held, expect: 1 },
  ]);
  expect((await catalog.listBackups({ resourceId: 'r', limit: 5 })).items).toEqual([third, held, first]);
  expect(await catalog.getHead('r')).toEqual(next);
  const isObject = database.statement<{ id: string; old: 0 | 1 }>(
    `SELECT id, substr(doc, 1, 1) = '{' AS old FROM backup ORDER BY sequence`,
  );
  expect(isObject.all().map(({ old }) => old)).toEqual([1, 0, 0]);

  for (const one of [first, held, third]) {
    await catalog.commit([{ kind: 'backup.remove', id: one.id, expect: one.version }]);
  }
  const { latest: _latest, ...alone } = next;
  await catalog.commit([{ kind: 'head.put', head: { ...alone, version: 3 }, expect: 2 }]);
  expect(database.statement<{ n: number }>('SELECT count(*) AS n FROM link').get()!.n).toBe(0);
});

test('a release that would misread the rows refuses the catalog', async () => {
  database.statement(`PRAGMA user_version = ${MIGRATIONS.length + 1}`).get();
  database.close();
  await expect(lookAtStore(folder, systemRandom)).rejects.toMatchObject({ code: 'denied' });
  expect(() => openDatabase(folder)).toThrow(expect.objectContaining({ code: 'denied' }));
  database = openDatabase(dataDirs.make());
});

test('an incremental that changes nothing takes at most 1 KB of the catalog', async () => {
  expect(await noOpBytes(dataDirs.make())).toBeLessThanOrEqual(1024);
});
