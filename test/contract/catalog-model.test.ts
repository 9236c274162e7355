// The memory and the embedded catalog, written apart, do the same for any series of commits: each is the other's test.

import { afterAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { BackupRecord } from '../../lib/core/records/model.ts';
import { createCatalog } from '../../lib/embedded/catalog/catalog.ts';
import { openDatabase } from '../../lib/embedded/catalog/database.ts';
import { createMemoryCatalog } from '../../lib/memory/catalog.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import type { Change } from '../../lib/ports/change.ts';
import type { Page, PageRequest } from '../../lib/ports/pages.ts';
import { createDataDirs } from './data-dirs.ts';
import {
  answer,
  backup,
  document,
  drain,
  event,
  garbage,
  head,
  notice,
  operation,
  pointer,
  policy,
  request,
  T0,
} from './samples.ts';

const dataDirs = createDataDirs();
afterAll(dataDirs.removeAll);

// So few of each that most changes meet something, and half of the conditions hold.
const resources = ['r', '__proto__'];
const blobs = ['a', 'b', 'c'].map((digit) => digit.repeat(32));
/** What makes each backup this one, which no update changes. The first two are rivals for one sequence. */
const identities: Record<string, Pick<BackupRecord, 'resourceId' | 'sequence'>> = {
  'backup-1': { resourceId: 'r', sequence: 1 },
  'backup-2': { resourceId: 'r', sequence: 1 },
  'backup-3': { resourceId: 'r', sequence: 2 },
  'backup-4': { resourceId: '__proto__', sequence: 2 },
};
const ids = Object.keys(identities);
const times = [T0, T0 + 1, T0 + 2];

const resourceId = fc.constantFrom(...resources);
const id = fc.constantFrom(...ids);
const operationId = fc.constantFrom('restore-1', 'restore-2');
const blobId = fc.constantFrom(...blobs);
const time = fc.constantFrom(...times);
const small = fc.integer({ min: 1, max: 3 });
const expect0 = fc.integer({ min: 0, max: 2 });

const backupFields = fc
  .record({
    id,
    type: fc.constantFrom('full', 'incremental'),
    createdAt: time,
    expiresAt: fc.option(time, { nil: undefined }),
    deletedAt: fc.option(time, { nil: undefined }),
    blobId,
  })
  .map(({ blobId, expiresAt, deletedAt, ...fields }): Partial<BackupRecord> => {
    const { chain } = backup(fields);
    return {
      ...fields,
      ...identities[fields.id]!,
      ...(expiresAt !== undefined && { expiresAt }),
      ...(deletedAt !== undefined && { deletedAt }),
      chain: [{ ...chain[0]!, blobId }],
      chainId: fields.id,
    };
  });

const operationFields = fc.record({
  id: operationId,
  targetResourceId: resourceId,
  chainId: id,
  status: fc.constantFrom('queued', 'validating', 'completed', 'failed'),
  createdAt: time,
  leaseUntil: time,
});

const requestFields = fc
  .record({
    id,
    status: fc.constantFrom('pending', 'completed', 'failed'),
    createdAt: time,
  })
  .map((fields) => ({ ...fields, ...identities[fields.id]!, uploadId: `of ${fields.id}` }));

const documentFields = fc
  .record({
    collection: fc.constantFrom('schedule' as const, 'run' as const),
    id: fc.constantFrom('a', 'ab', '__proto__'),
    dueAt: fc.option(time, { nil: undefined }),
    expiresAt: fc.option(time, { nil: undefined }),
  })
  .map(({ dueAt, expiresAt, ...fields }) => ({
    ...fields,
    ...(dueAt !== undefined && { dueAt }),
    ...(expiresAt !== undefined && { expiresAt }),
  }));

const change: fc.Arbitrary<Change> = fc.oneof(
  backupFields.map((fields): Change => ({ kind: 'backup.insert', record: backup(fields) })),
  fc.tuple(backupFields, small).map(
    ([fields, version]): Change => ({
      kind: 'backup.update',
      record: backup({ ...fields, version: version + 1 }),
      expect: version,
    }),
  ),
  fc.record({ kind: fc.constant('backup.remove' as const), id, expect: small }),
  fc.record({ kind: fc.constant('expiry.place' as const), id, at: time, expect: small }),
  fc.tuple(resourceId, small, expect0, fc.boolean()).map(
    ([name, sequence, version, isUndecided]): Change => ({
      kind: 'head.put',
      head: head({
        resourceId: name,
        sequence,
        version: version + 1,
        ...(isUndecided && { isUndecided }),
      }),
      expect: version,
    }),
  ),
  fc.tuple(resourceId, time, small).map(
    ([name, createdAt, sequence]): Change => ({
      kind: 'snapshot.add',
      pointer: pointer({ resourceId: name, createdAt, sequence }),
    }),
  ),
  fc.record({ kind: fc.constant('snapshot.remove' as const), resourceId, sequence: small }),
  fc.tuple(resourceId, time, time).map(
    ([key, expiresAt, now]): Change => ({
      kind: 'idempotency.insert',
      record: answer({ key, expiresAt }),
      now,
    }),
  ),
  fc.tuple(blobId, resourceId, small, time).map(
    ([blob, name, sequence, dueAt]): Change => ({
      kind: 'garbage.put',
      entry: garbage({ blobId: blob, resourceId: name, sequence, dueAt }),
    }),
  ),
  fc.record({ kind: fc.constant('garbage.remove' as const), blobId }),
  operationFields.map((fields): Change => ({ kind: 'operation.insert', record: operation(fields) })),
  fc.tuple(operationFields, small).map(
    ([fields, version]): Change => ({
      kind: 'operation.update',
      record: operation({ ...fields, version: version + 1 }),
      expect: version,
    }),
  ),
  requestFields.map((fields): Change => ({ kind: 'request.insert', record: request(fields) })),
  fc.tuple(requestFields, small).map(
    ([fields, version]): Change => ({
      kind: 'request.update',
      record: request({ ...fields, version: version + 1 }),
      expect: version,
    }),
  ),
  fc.tuple(resourceId, expect0).map(
    ([name, version]): Change => ({
      kind: 'policy.put',
      record: policy({ resourceId: name, version: version + 1 }),
      expect: version,
    }),
  ),
  fc.record({ kind: fc.constant('policy.remove' as const), resourceId, expect: small }),
  fc.tuple(fc.constantFrom('notice-a', 'notice-b'), expect0).map(
    ([id, version]): Change => ({
      kind: 'notice.put',
      record: notice({ id, version: version + 1 }),
      expect: version,
    }),
  ),
  fc.record({
    kind: fc.constant('notice.remove' as const),
    id: fc.constantFrom('notice-a', 'notice-b'),
    expect: small,
  }),
  fc.tuple(documentFields, expect0).map(
    ([fields, version]): Change => ({
      kind: 'document.put',
      record: document({ ...fields, version: version + 1 }),
      expect: version,
    }),
  ),
  fc
    .tuple(documentFields, small)
    .map(([{ collection, id }, expect]): Change => ({ kind: 'document.remove', collection, id, expect })),
  fc.tuple(resourceId, fc.constantFrom('event-a', 'event-b', 'event-c', 'event-d')).map(
    ([name, eventId]): Change => ({
      kind: 'event.append',
      event: event({ id: eventId, resourceId: name }),
    }),
  ),
);

type Step =
  | { do: 'commit'; changes: Change[] }
  | { do: 'purge'; now: number }
  | { do: 'publish'; eventId: string };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constant('commit' as const), changes: fc.array(change, { maxLength: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('purge' as const), now: time }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      eventId: fc.constantFrom('event-a', 'event-b'),
    }),
  },
);

/** How it ended, as the caller sees it. */
async function outcome(catalog: Catalog, taken: Step): Promise<string> {
  try {
    switch (taken.do) {
      case 'commit':
        await catalog.commit(taken.changes);
        break;
      case 'purge':
        await catalog.purge({ now: taken.now, operationsBefore: taken.now });
        break;
      case 'publish':
        await catalog.markPublished([event({ id: taken.eventId })]);
        break;
    }
    return 'ok';
  } catch (error) {
    const { code, change: failed, name } = error as { code?: string; change?: string; name: string };
    return `${name} ${code} ${failed}`;
  }
}

/** Everything that can be read, as text. */
async function everything(catalog: Catalog): Promise<string> {
  const all = <T>(list: (page: PageRequest) => Promise<Page<T>>) => drain(list, 2);
  const each = <K, T>(keys: readonly K[], read: (key: K) => Promise<T>) => Promise.all(keys.map(read));
  return JSON.stringify(
    {
      backups: await each(ids, (key) => catalog.getBackup(key)),
      live: await all((page) => catalog.listBackups(page)),
      ofType: await all((page) => catalog.listBackups({ ...page, type: 'full' })),
      ofResource: await each(resources, (name) =>
        all((page) => catalog.listBackups({ ...page, resourceId: name })),
      ),
      ofBoth: await all((page) => catalog.listBackups({ ...page, resourceId: 'r', type: 'full' })),
      history: await each(resources, (name) =>
        all((page) => catalog.resourceHistory({ ...page, resourceId: name, fromSequence: 2 })),
      ),
      leastProven: await all((page) => catalog.leastProven({ ...page, before: T0 * 2 })),
      expiring: await all((page) => catalog.expiring({ ...page, before: T0 + 1 })),
      heads: await each(resources, (name) => catalog.getHead(name)),
      policies: await each(resources, (name) => catalog.getPolicy(name)),
      snapshots: await each(resources, (name) => each(times, (at) => catalog.findSnapshot(name, at))),
      before: await each(resources, (name) =>
        each([1, 2, 3], (to) => catalog.newestBefore(name, to, 'full')),
      ),
      answers: await each(resources, (key) => each(times, (at) => catalog.getIdempotency(key, at))),
      due: await all((page) => catalog.dueGarbage({ ...page, before: T0 + 1 })),
      garbage: await each(resources, (name) =>
        all((page) => catalog.resourceGarbage({ ...page, resourceId: name })),
      ),
      undecided: await all((page) => catalog.undecidedHeads(page)),
      listedHeads: await all((page) => catalog.listHeads(page)),
      operations: await all((page) => catalog.listOperations(page)),
      onTarget: await all((page) => catalog.listOperations({ ...page, targetResourceId: 'r' })),
      unfinished: await all((page) => catalog.unfinishedOperations(page)),
      leases: await each(ids, (key) => each(times, (at) => catalog.hasLease(key, at))),
      requests: await each(ids, (key) => catalog.getRequest(key)),
      failed: await all((page) => catalog.listRequests({ ...page, status: 'failed' })),
      ofUploads: await each(ids, (key) => catalog.requestOfUpload(`of ${key}`)),
      unfinishedRequests: await all((page) => catalog.unfinishedRequests(page)),
      unknown: await catalog.findUnknownBlobs(blobs),
      documents: await each([undefined, 'a'], (prefix) =>
        all((page) => catalog.listDocuments({ ...page, collection: 'run', ...(prefix && { prefix }) })),
      ),
      lastFirst: await all((page) =>
        catalog.listDocuments({ ...page, collection: 'schedule', falling: true }),
      ),
      dueDocuments: await all((page) =>
        catalog.dueDocuments({ ...page, collection: 'schedule', before: T0 + 1 }),
      ),
      pending: await catalog.pendingEvents(10),
      events: await all((page) => catalog.listEvents(page)),
      eventsOf: await all((page) => catalog.listEvents({ ...page, resourceId: 'r' })),
    },
    byName,
    1,
  );
}

/** In which order the members of a record stand is nobody's business. */
function byName(_name: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

test('both catalogs answer alike, step by step', async () => {
  let committed = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const database = openDatabase(dataDirs.make());
      try {
        const [memory, embedded] = [createMemoryCatalog(), createCatalog(database)];
        for (const taken of steps) {
          const [one, other] = [await outcome(memory, taken), await outcome(embedded, taken)];
          expect(other).toBe(one);
          committed += one === 'ok' ? 1 : 0;
          expect(await everything(embedded)).toBe(await everything(memory));
        }
        expect(await embedded.allocateId('backup')).toMatch(/^backup-[1-5]$/);
      } finally {
        database.close();
      }
    }),
    { numRuns: 60 },
  );
  // Otherwise the two would only have agreed in refusing.
  expect(committed).toBeGreaterThan(120);
});
