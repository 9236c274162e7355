// Group commit and the plans of the queries: how the embedded catalog keeps its promises cheaply.

import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createCatalog } from '../../lib/embedded/catalog/catalog.ts';
import { type Database, openDatabase } from '../../lib/embedded/catalog/database.ts';
import { createGroupCommit } from '../../lib/embedded/catalog/group-commit.ts';
import { createQueue } from '../../lib/embedded/catalog/queue.ts';
import { createManualClock } from '../../lib/memory/clock.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import { systemRandom } from '../../lib/random.ts';
import { createDataDirs } from './data-dirs.ts';
import { appended, backup, event, inserted, outcomes, T0 } from './samples.ts';

const dataDirs = createDataDirs();
afterAll(dataDirs.removeAll);

describe('group commit', () => {
  let native: DatabaseSync;
  let transactions: number;
  /** The database, counting what it commits. */
  let counting: DatabaseSync;

  beforeEach(() => {
    native = new DatabaseSync(':memory:');
    native.exec('CREATE TABLE parent (id INTEGER PRIMARY KEY)');
    native.exec(
      'CREATE TABLE t (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)',
    );
    transactions = 0;
    counting = new Proxy(native, {
      get(target, name) {
        if (name === 'prepare') {
          return (sql: string) => {
            const statement = target.prepare(sql);
            const count = () => {
              transactions += 1;
              return statement.run();
            };
            return sql === 'COMMIT' ? { run: count } : statement;
          };
        }
        const member = Reflect.get(target, name, target);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  });
  afterEach(() => native.close());

  const insert = (id: number, parent: number | null = null) => {
    native.prepare('INSERT INTO t VALUES (?, ?)').run(id, parent);
    return id;
  };
  const stored = () =>
    native
      .prepare('SELECT id FROM t ORDER BY id')
      .all()
      .map(({ id }) => id);

  test('makes one transaction of all that comes in one turn', async () => {
    const group = createGroupCommit(counting);
    const results = await Promise.all(Array.from({ length: 100 }, (_, i) => group.run(() => insert(i))));
    expect(results).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(stored()).toHaveLength(100);
    expect(transactions).toBe(1);
  });

  test('takes back only the part that fails', async () => {
    const group = createGroupCommit(counting);
    const failure = new Error('on purpose');
    const settled = await Promise.allSettled([
      group.run(() => insert(1)),
      group.run(() => {
        insert(2);
        throw failure;
      }),
      group.run(() => insert(3)),
    ]);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(settled[1]).toMatchObject({ reason: failure });
    expect(stored()).toEqual([1, 3]);
    expect(transactions).toBe(1);
  });

  test('answers nobody before the transaction stands, and all the same way if it does not', async () => {
    const group = createGroupCommit(counting);
    // A parent that is never there: the statement succeeds, the COMMIT does not.
    const parts = [() => insert(1), () => insert(2, 99), () => insert(3)];
    const settled = await Promise.allSettled(parts.map((part) => group.run(part)));
    for (const result of settled) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
      expect((result as PromiseRejectedResult).reason.cause).toBeDefined();
    }
    expect(stored()).toEqual([]);
    expect(native.isTransaction).toBe(false);
    // It goes on as if nothing had been.
    expect(await group.run(() => insert(4))).toBe(4);
    expect(stored()).toEqual([4]);
  });

  test('divides a flood into several transactions, in order', async () => {
    const group = createGroupCommit(counting);
    const order: number[] = [];
    const all = Array.from({ length: 600 }, (_, i) =>
      group.run(() => insert(i)).then((id) => order.push(id)),
    );
    await Promise.all(all);
    expect(transactions).toBe(3);
    expect(order).toEqual(Array.from({ length: 600 }, (_, i) => i));
  });

  test('commits in the next turn what is asked for inside a commit', async () => {
    const group = createGroupCommit(counting);
    let inner: Promise<number> | undefined;
    await group.run(() => {
      inner = group.run(() => insert(2));
      return insert(1);
    });
    await inner;
    expect(stored()).toEqual([1, 2]);
  });
});

describe('the catalog in one burst', () => {
  let database: Database;
  let catalog: Catalog;

  beforeEach(() => {
    database = openDatabase(dataDirs.make());
    catalog = createCatalog(database);
  });
  afterEach(() => database.close());

  test('a conflict hurts nobody else', async () => {
    const taken = backup({ resourceId: 'r' });
    await catalog.commit([inserted(taken)]);
    const records = Array.from({ length: 20 }, () => backup());
    const results = await outcomes(
      records.map((record, i) =>
        catalog.commit(
          i % 5 === 2
            ? [appended(event({ actor: 'loser' })), inserted({ ...record, resourceId: 'r' })]
            : [appended(event({ actor: 'winner' })), inserted(record)],
        ),
      ),
    );
    expect(results).toEqual(records.map((_, i) => (i % 5 === 2 ? 'conflict' : 'ok')));
    const actors = (await catalog.pendingEvents(100)).map(({ actor }) => actor);
    expect(actors).toEqual(Array(16).fill('winner'));
    expect((await catalog.listBackups({ limit: 100 })).items).toHaveLength(17);
  });

  test('a full disk is unavailable, leaves nothing behind, and passes', async () => {
    await catalog.commit([inserted(backup({ id: 'backup-1' }))]);
    const { page_count: pages } = database.statement<{ page_count: number }>('PRAGMA page_count').get()!;
    const setMax = (max: number) => database.statement(`PRAGMA max_page_count = ${max}`).get();
    setMax(pages + 10);
    const large = backup({
      id: 'backup-2',
      metadata: { version: '1', source: 'x'.repeat(1_000_000), tags: {}, retentionDays: 1 },
    });
    await expect(catalog.commit([appended(event()), inserted(large)])).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(await catalog.getBackup('backup-2')).toBeUndefined();
    expect(await catalog.pendingEvents(9)).toEqual([]);
    expect(await catalog.getBackup('backup-1')).toBeDefined();
    setMax(1_000_000);
    await catalog.commit([inserted(large)]);
    expect(await catalog.getBackup('backup-2')).toEqual(large);
  });

  test('a purge of much is done in parts, to the end', async () => {
    const count = 1234;
    for (let at = 0; at < count; at += 90) {
      const size = Math.min(90, count - at);
      await catalog.commit(
        Array.from({ length: size }, (_, i) => ({
          kind: 'idempotency.insert' as const,
          record: { key: `${at + i}`, fingerprint: '', backupId: '', response: '', expiresAt: T0 },
          now: 0,
        })),
      );
    }
    const left = database.statement<{ n: number }>('SELECT count(*) AS n FROM idempotency');
    expect(left.get()).toMatchObject({ n: count });
    await catalog.purge({ now: T0, operationsBefore: 0 });
    expect(left.get()).toMatchObject({ n: 0 });
  });
});

test('every statement finds its rows by an index: nothing scans a table, nothing sorts', () => {
  const database = openDatabase(dataDirs.make());
  const texts = new Set<string>();
  const recording: Database = {
    ...database,
    statement: (sql) => {
      texts.add(sql);
      return database.statement(sql);
    },
  };
  createCatalog(recording);
  createQueue(recording, createManualClock(), systemRandom);
  expect(texts.size).toBeGreaterThan(40);
  const plans = [...texts].map((sql) => {
    const steps = database.statement<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all();
    return { sql, plan: steps.map(({ detail }) => detail).join('\n') };
  });
  expect(plans.filter(({ plan }) => /^SCAN (?!CONSTANT ROW)|TEMP B-TREE/m.test(plan))).toEqual([]);
  // What a row must equal is looked up, not filtered out of what an index for something else gives.
  const filtered = plans.filter(({ sql, plan }) => {
    const [, where = ''] = sql.startsWith('SELECT') ? sql.split(' WHERE ') : [];
    return [...where.matchAll(/(\w+) = \?/g)].some(([, column]) => !plan.includes(`${column}=?`));
  });
  expect(filtered).toEqual([]);
  // A plan does not show the condition of a partial index, only its name.
  const partial: [condition: string, index: RegExp][] = [
    ['live = 1', /backup_(live|expiring|looked|place)|autoindex_backup_2/],
    ['finished = 0', /_(unfinished|lease)/],
    ['finished = 1', /_finished/],
    ['published = 0', /event_pending/],
    ['dead = 0', /job_visible/],
    ['dead = 1 ', /job_dead/],
  ];
  for (const [condition, index] of partial) {
    const concerned = plans.filter(({ sql }) => sql.includes(`WHERE ${condition}`));
    expect(concerned).not.toEqual([]);
    expect(concerned.filter(({ plan }) => !index.test(plan))).toEqual([]);
  }
  // And none is kept up for nothing.
  const indexes = database
    .statement<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
    .all();
  expect(indexes.filter(({ name }) => !plans.some(({ plan }) => plan.includes(name)))).toEqual([]);
  database.close();
});
