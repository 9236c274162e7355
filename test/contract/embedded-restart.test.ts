// What the embedded home has acknowledged is there after a restart, and what was in progress goes on.

import { statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { LIMITS } from '../../lib/core/records/limits.ts';
import { createCatalog } from '../../lib/embedded/catalog/catalog.ts';
import { openDatabase } from '../../lib/embedded/catalog/database.ts';
import { createQueue } from '../../lib/embedded/catalog/queue.ts';
import { createSystemClock } from '../../lib/embedded/clock.ts';
import { createManualClock } from '../../lib/memory/clock.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import { systemRandom } from '../../lib/random.ts';
import { createDataDirs } from './data-dirs.ts';
import { answer, backup, event, garbage, head, inserted, operation, pointer, policy, T0 } from './samples.ts';

const dataDirs = createDataDirs();
afterAll(dataDirs.removeAll);

/** Opens the catalog of a folder for a while. */
async function within<T>(dataDir: string, work: (catalog: Catalog) => Promise<T>): Promise<T> {
  const database = openDatabase(dataDir);
  try {
    return await work(createCatalog(database));
  } finally {
    database.close();
  }
}

describe('after a restart', () => {
  test('every kind of record is there', async () => {
    const dataDir = dataDirs.make();
    const record = backup({ resourceId: 'r', expiresAt: T0 });
    const records = {
      head: head({ resourceId: 'r' }),
      pointer: pointer(),
      answer: answer({ key: 'k' }),
      garbage: garbage(),
      operation: operation({ chainId: 'c' }),
      policy: policy({ resourceId: 'r' }),
      events: [event(), event()],
    };
    await within(dataDir, (catalog) =>
      catalog.commit([
        inserted(record),
        { kind: 'head.put', head: records.head, expect: 0 },
        { kind: 'snapshot.add', pointer: records.pointer },
        { kind: 'idempotency.insert', record: records.answer, now: T0 },
        { kind: 'garbage.put', entry: records.garbage },
        { kind: 'operation.insert', record: records.operation },
        { kind: 'policy.put', record: records.policy, expect: 0 },
        ...records.events.map((item) => ({ kind: 'event.append' as const, event: item })),
      ]),
    );
    await within(dataDir, async (catalog) => {
      const limit = 10;
      expect(await catalog.getBackup(record.id)).toEqual(record);
      expect((await catalog.listBackups({ limit })).items).toEqual([record]);
      expect((await catalog.expiring({ before: T0, limit })).items).toEqual([{ record, at: T0 }]);
      expect(await catalog.getHead('r')).toEqual(records.head);
      expect((await catalog.findSnapshot('r', T0)).found).toEqual(records.pointer);
      expect(await catalog.getIdempotency('k', T0)).toEqual(records.answer);
      expect((await catalog.dueGarbage({ before: T0, limit })).items).toEqual([records.garbage]);
      expect(await catalog.getOperation(records.operation.id)).toEqual(records.operation);
      expect(await catalog.hasLease('c', T0)).toBe(true);
      expect(await catalog.getPolicy('r')).toEqual(records.policy);
      expect(await catalog.pendingEvents(limit)).toEqual(records.events);
      await catalog.markPublished([records.events[0]!]);
    });
    await within(dataDir, async (catalog) => {
      expect(await catalog.pendingEvents(10)).toEqual([records.events[1]]);
    });
  });

  test('ids go on where they were, even after the record has been removed', async () => {
    const dataDir = dataDirs.make();
    const first = await within(dataDir, async (catalog) => {
      const ids = [await catalog.allocateId('backup'), await catalog.allocateId('backup')];
      // The second is committed first, and then removed for good.
      await catalog.commit([inserted(backup({ id: ids[1]! }))]);
      await catalog.commit([{ kind: 'backup.remove', id: ids[1]!, expect: 1 }]);
      const restore = await catalog.allocateId('restore');
      await catalog.commit([
        { kind: 'operation.insert', record: operation({ id: restore, status: 'completed' }) },
      ]);
      await catalog.purge({ now: T0, operationsBefore: T0 + 1 });
      expect(await catalog.getOperation(restore)).toBeUndefined();
      return [...ids, restore];
    });
    expect(first).toEqual(['backup-1', 'backup-2', 'restore-1']);
    await within(dataDir, async (catalog) => {
      expect(await catalog.allocateId('backup')).toBe('backup-3');
      expect(await catalog.allocateId('restore')).toBe('restore-2');
    });
  });

  test('the id of a commit that conflicted was never used, so it may come again', async () => {
    const dataDir = dataDirs.make();
    await within(dataDir, async (catalog) => {
      await catalog.commit([inserted(backup({ id: await catalog.allocateId('backup'), resourceId: 'r' }))]);
      const second = backup({ id: await catalog.allocateId('backup'), resourceId: 'r' });
      await expect(catalog.commit([inserted(second)])).rejects.toMatchObject({ code: 'conflict' });
    });
    await within(dataDir, async (catalog) => {
      expect(await catalog.allocateId('backup')).toBe('backup-2');
    });
  });

  test('what waits when the catalog is closed is committed first, and nothing is taken afterwards', async () => {
    const dataDir = dataDirs.make();
    const record = backup();
    const database = openDatabase(dataDir);
    const catalog = createCatalog(database);
    const waiting = catalog.commit([inserted(record)]);
    database.close();
    database.close();
    await waiting;
    await expect(catalog.commit([inserted(backup())])).rejects.toMatchObject({ code: 'unavailable' });
    await expect(catalog.getBackup(record.id)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(catalog.check()).rejects.toMatchObject({ code: 'unavailable' });
    await within(dataDir, async (reopened) => {
      expect(await reopened.getBackup(record.id)).toEqual(record);
    });
  });

  test('jobs are there, those in hand come back in time, and dead ones stay dead', async () => {
    const dataDir = dataDirs.make();
    const clock = createManualClock();
    const job = (id: string) => ({ kind: 'restore' as const, id });
    let database = openDatabase(dataDir);
    let queue = createQueue(database, clock, systemRandom);
    await queue.send(job('dead'));
    for (let i = 0; i < LIMITS.jobAttemptsMax; i += 1) {
      const [delivery] = await queue.receive(1);
      await queue.retry(delivery!.receipt, 0);
    }
    await queue.send(job('in hand'));
    const [inHand] = await queue.receive(1);
    await queue.send(job('waiting'));
    database.close();

    database = openDatabase(dataDir);
    queue = createQueue(database, clock, systemRandom);
    expect(await queue.deadLetters()).toEqual([job('dead')]);
    expect((await queue.receive(9)).map((delivery) => delivery.job)).toEqual([job('waiting')]);
    clock.advance(LIMITS.jobVisibilityMs);
    expect(await queue.receive(9)).toEqual([
      expect.objectContaining({ job: job('in hand'), attempt: 2 }),
      expect.objectContaining({ job: job('waiting'), attempt: 2 }),
    ]);
    await queue.ack(inHand!.receipt);
    database.close();
  });
});

describe('the data folder', () => {
  test('is for its owner only', async () => {
    const dataDir = dataDirs.make();
    const database = openDatabase(dataDir);
    await createCatalog(database).commit([inserted(backup())]);
    const modeOf = (...path: string[]) => statSync(join(dataDir, ...path)).mode & 0o777;
    expect(modeOf()).toBe(0o700);
    expect(modeOf('catalog.sqlite')).toBe(0o600);
    expect(modeOf('catalog.sqlite-wal')).toBe(0o600);
    database.close();
  });

  test('holds a damaged catalog: it is not opened, and not replaced', async () => {
    const dataDir = dataDirs.make();
    openDatabase(dataDir).close();
    await writeFile(
      join(dataDir, 'catalog.sqlite'),
      'this is no database, however long one looks at it'.repeat(99),
    );
    expect(() => openDatabase(dataDir)).toThrow(expect.objectContaining({ code: 'integrity' }));
  });

  test('cannot be made under a file', async () => {
    const dataDir = dataDirs.make();
    openDatabase(dataDir).close();
    expect(() => openDatabase(join(dataDir, 'catalog.sqlite'))).toThrow();
  });
});

test('the clock of the machine is the clock of the machine', () => {
  const before = Date.now();
  const now = createSystemClock().now();
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now());
});
