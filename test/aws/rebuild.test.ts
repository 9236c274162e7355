// A table that is lost, made anew from the bucket: what it then holds, what is restored from it, and what happens when the rebuild is
// broken off anywhere.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { blobKey } from '../../lib/aws/blobs/blob-store.ts';
import { type RebuildOptions, rebuildTable } from '../../lib/aws/rebuild/rebuild.ts';
import { DAY_MS } from '../../lib/core/records/limits.ts';
import type { BackupRecord } from '../../lib/core/records/model.ts';
import { createManualClock } from '../../lib/memory/clock.ts';
import { findOrphans } from '../../lib/service/retention/orphans.ts';
import { sweep } from '../../lib/service/retention/sweep.ts';
import { inputOf, textOf } from '../service/world.ts';
import { processOn, type Stores } from './process-on.ts';
import { createClients, destroyClients, makeBucket, makeKey, makeTable } from './resources.ts';

const clients = createClients();
const caller = { actor: 'tester' };
const folders: string[] = [];
const clock = createManualClock(Date.now());

afterAll(() => destroyClients(clients));
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const workFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'backup-rebuild-'));
  folders.push(folder);
  return folder;
};

const optionsFor = ({ bucket, tableName, keyArn }: Stores, more: Partial<RebuildOptions> = {}) => ({
  ...{ bucket, table: tableName, keyArn, formerKeyArns: [], formerBuckets: [], workFolder: workFolder() },
  ...{ isDryRun: false, isProvingAll: false, isReplacing: false, auditDays: 0, now: clock.now() },
  ...more,
});

/** Clients of its own each time: what counts calls is put into them. */
async function rebuilt(stores: Stores, more: Partial<RebuildOptions> = {}) {
  const own = createClients();
  try {
    return await rebuildTable(own, optionsFor(stores, more));
  } finally {
    destroyClients(own);
  }
}

const RESTORE = { targetResourceId: 'restored', createdBy: 'tester', validate: true, async: false };
const NAME = 'table\u2028with a line of its own';

/** A store with what there can be in one, and what each live backup gives back. */
async function filledStore() {
  const bucket = await makeBucket(clients.s3);
  const keyArn = await makeKey(clients.kms);
  const stores: Stores = { bucket, keyArn, tableName: await makeTable(clients.dynamoDb) };
  const own = processOn(clients, stores, clock);
  const { service } = own;
  const states = new Map<string, string>();
  const make = async (resourceId: string, n: number, more = {}): Promise<BackupRecord> => {
    const state = `{"n":${n},"rows":[${Array.from({ length: 40 }, (_, i) => `{"id":${i},"v":"${'x'.repeat(20)}"}`)}]}`;
    const { backup } = await service.createBackup({ ...inputOf(resourceId, state), ...more }, {
      ...caller,
      idempotencyKey: `${resourceId}-${n}`,
    } as never);
    clock.advance(1000);
    states.set(backup.id, state);
    return backup;
  };
  const gone = (id: string) => states.delete(id);
  for (const resourceId of ['a', 'b/"c"', NAME]) {
    await make(resourceId, 1);
    for (let n = 2; n < 6; n++) await make(resourceId, n, { type: 'incremental' });
    await make(resourceId, 6, { type: 'differential' });
  }
  const held = await make('a', 7);
  await service.protectBackup(held.id, { legalHold: true }, caller);
  await service.putPolicy('a', { keepLast: 3 } as never, caller);
  const [deleted] = (await service.listBackups({ resourceId: 'b/"c"', limit: 3 })).items.slice(1);
  await service.deleteBackup(deleted!.id, caller);
  gone(deleted!.id);
  const removed = await make('short', 1);
  await make('short', 2);
  await service.deleteBackup(removed.id, caller);
  gone(removed.id);
  clock.advance(2 * DAY_MS);
  await sweep(own.deps);
  expect(await own.catalog.getBackup(removed.id)).toBeUndefined();
  await service.restore({ ...RESTORE, backupId: held.id }, caller);
  await own.writeTrail();
  return { ...own, stores, states, make, held };
}

const seeded = filledStore();

describe('a table that is made anew', () => {
  let filled: Awaited<typeof seeded>;
  let late: BackupRecord;

  beforeAll(async () => {
    filled = await seeded;
    // What the trail has no word of: the table is lost before it is written.
    late = await filled.make('late', 1);
  }, 120_000);

  async function anew(): Promise<Stores> {
    return { ...filled.stores, tableName: await makeTable(clients.dynamoDb) };
  }

  async function itemsOf(table: string): Promise<string[]> {
    const items: string[] = [];
    let start: Record<string, never> | undefined;
    do {
      const page = await clients.dynamoDb.send(
        new ScanCommand({ TableName: table, ...(start && { ExclusiveStartKey: start }) }),
      );
      items.push(...(page.Items ?? []).map((one) => JSON.stringify(Object.entries(one).sort())));
      start = page.LastEvaluatedKey as typeof start;
    } while (start !== undefined);
    return items.filter((one) => !one.includes('"SECRET#cursor"')).sort();
  }

  test('holds every record as it was, restores everything, and goes on', async () => {
    const stores = await anew();
    const report = await rebuilt(stores);
    expect(report).toMatchObject({
      live: filled.states.size,
      policies: 1,
      held: 1,
      unreadable: [],
      trail: { damaged: [], missing: [] },
      findings: { damaged: 0, missing: 0, from_blobs_alone: 1, uncertain: 0, not_taken: 0 },
    });
    expect(report.examples).toEqual([{ kind: 'from_blobs_alone', backupId: late.id }]);
    // A request a blob, and the whole of the one that nothing else tells of.
    expect(report.calls.GetObject).toBe(report.blobs + report.trail.segments + 1);
    expect(report.dollars).toBeGreaterThan(0);

    const next = processOn(clients, stores, clock);
    for (const id of filled.states.keys()) {
      const [before, after] = await Promise.all([filled.catalog.getBackup(id), next.catalog.getBackup(id)]);
      expect(after).toEqual(id === late.id ? { ...before, completedAt: expect.any(Number) } : before);
    }
    for (const resourceId of ['a', 'b/"c"', NAME, 'short', 'late']) {
      const heads = await Promise.all([filled.catalog.getHead(resourceId), next.catalog.getHead(resourceId)]);
      expect(heads[1]).toEqual({ ...heads[0], version: 1 });
      const [past, now] = await Promise.all(
        [filled.catalog, next.catalog].map((one) => one.stateAt(resourceId, clock.now())),
      );
      expect(now).toEqual(past);
      const lists = await Promise.all(
        [filled, next].map(({ service }) => service.listHidden({ resourceId, limit: 100 })),
      );
      expect(lists[1]).toEqual(lists[0]);
      const garbage = await Promise.all(
        [filled, next].map(({ catalog }) => catalog.resourceGarbage({ resourceId, limit: 100 })),
      );
      expect(garbage[1]).toEqual(garbage[0]);
    }
    expect(await next.service.getPolicy('a')).toMatchObject({ policy: { keepLast: 3 } });
    const [operations] = (await next.service.listOperations({ limit: 10 })).items;
    expect(operations).toMatchObject({ backupId: filled.held.id, status: 'completed' });
    const events = (await next.service.listEvents({ limit: 1000 })).items;
    const known = (await filled.service.listEvents({ limit: 1000 })).items;
    const strip = (all: typeof events) => all.map(({ id, action, at }) => ({ id, action, at }));
    expect(strip(events)).toEqual(strip(known.filter(({ backupId }) => backupId !== late.id)));

    for (const [backupId, state] of filled.states) {
      expect(textOf(await next.service.restore({ ...RESTORE, backupId }, caller))).toBe(state);
    }
    for (const resourceId of ['a', NAME, 'late']) {
      const input = { ...inputOf(resourceId, '{"n":"next"}'), type: 'incremental' as const };
      const { backup } = await next.service.createBackup(input, caller);
      expect(textOf(await next.service.restore({ ...RESTORE, backupId: backup.id }, caller))).toBe(
        '{"n":"next"}',
      );
    }
    await next.writeTrail();
    expect(await next.deps.proofOfRollback?.()).toBeUndefined();
    expect(await findOrphans(next.deps)).toMatchObject({ setAside: 0 });
    await expect(sweep(next.deps)).resolves.toMatchObject({ finished: true });
  }, 180_000);

  test('is the same, wherever its rebuild was broken off', async () => {
    const clean = await anew();
    await rebuilt(clean);
    const torn = await anew();
    const folder = workFolder();
    let tries = 0;
    for (let calls = 3; ; calls = Math.ceil(calls * 1.6)) {
      tries++;
      const own = createClients();
      let left = calls;
      for (const client of [own.s3, own.dynamoDb, own.kms] as { middlewareStack: { add: Add } }[]) {
        client.middlewareStack.add(
          (next) => (args) => {
            if (left-- > 0) return next(args);
            throw Object.assign(new Error('broken off'), { name: 'BrokenOff' });
          },
          { step: 'initialize' },
        );
      }
      const done = await rebuildTable(own, optionsFor(torn, { workFolder: folder })).catch(() => undefined);
      destroyClients(own);
      if (done !== undefined) {
        expect(done.live).toBe(filled.states.size + 3);
        break;
      }
      if (calls > 5000) throw new Error('it never ends');
    }
    expect(tries).toBeGreaterThan(4);
    expect(await itemsOf(torn.tableName)).toEqual(await itemsOf(clean.tableName));
    expect(existsSync(join(folder, 'parts'))).toBe(false);
  }, 180_000);

  test('refuses writes until it is whole, and a table that has records', async () => {
    const stores = await anew();
    const own = createClients();
    let seen: unknown;
    own.dynamoDb.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === 'BatchWriteItemCommand' && seen === undefined) {
            seen = await processOn(clients, stores, clock)
              .create(1)
              .catch((error: unknown) => error);
          }
          return next(args);
        },
      { step: 'initialize' },
    );
    await rebuildTable(own, optionsFor(stores));
    destroyClients(own);
    expect(seen).toMatchObject({ code: 'store_untrusted' });
    await processOn(clients, stores, clock).create(2);
    await expect(rebuilt(stores)).rejects.toMatchObject({ code: 'exists' });

    // Told so: what was there goes, what is in blobs and trail comes.
    await processOn(clients, stores, clock).service.putPolicy('mine', { keepLast: 1 } as never, caller);
    await rebuilt(stores, { isReplacing: true });
    const { catalog } = processOn(clients, stores, clock);
    expect(await catalog.getPolicy('mine')).toBeUndefined();
    expect(await catalog.getPolicy('a')).toBeDefined();
  }, 120_000);

  test('tells of what is damaged, missing or no blob, and of a key that is not the one', async () => {
    const { s3 } = clients;
    const bucket = await makeBucket(s3);
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: filled.stores.bucket }));
    for (const { Key = '' } of Contents) {
      await s3.send(
        new CopyObjectCommand({ Bucket: bucket, Key, CopySource: `${filled.stores.bucket}/${Key}` }),
      );
    }
    const stores = { ...(await anew()), bucket };
    const [first] = (await filled.service.listBackups({ resourceId: 'a', limit: 1 })).items;
    const lost = first!.chain.at(-1)!.blobId;
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: blobKey(lost) }));
    const lateBlob = late.chain.at(-1)!.blobId;
    const found = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: blobKey(lateBlob) }));
    const bytes = Buffer.from(await found.Body!.transformToByteArray());
    bytes[bytes.length - 40]! ^= 1;
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: blobKey(lateBlob), Body: bytes }));
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: blobKey('0'.repeat(32)), Body: 'no blob' }));

    // Of a bucket of another name the trail opens only where its former name is said.
    const formerBuckets = [filled.stores.bucket];
    const report = await rebuilt(stores, { isDryRun: true, formerBuckets });
    expect(report.unreadable).toEqual([{ blobId: '0'.repeat(32), reason: expect.any(String) }]);
    expect(report.findings).toMatchObject({ damaged: 1, missing: 1 });
    expect(report.examples).toContainEqual(
      expect.objectContaining({ kind: 'missing', blobId: lost, neededBy: [first!.id] }),
    );
    expect(report.trail).toMatchObject({ damaged: [] });
    expect((await rebuilt(stores, { isDryRun: true })).trail.damaged).toHaveLength(report.trail.segments);
    expect(await itemsOf(stores.tableName)).toEqual([]);
    const keyArn = await makeKey(clients.kms);
    await expect(rebuilt({ ...stores, keyArn }, { formerBuckets })).rejects.toMatchObject({ code: 'denied' });
    expect(await itemsOf(stores.tableName)).toEqual([]);
  }, 120_000);
});

type Add = (
  middleware: (
    next: (args: unknown) => Promise<unknown>,
    context: { commandName?: string },
  ) => (args: unknown) => Promise<unknown>,
  options: { step: 'initialize' },
) => void;
