import { describe, expect, test } from '@jest/globals';
import type { BackupRecord } from '../../lib/core/records/model.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import {
  appended,
  backup,
  drain,
  event,
  garbage,
  head,
  inserted,
  operation,
  request,
  T0,
  UNREADABLE_CURSORS,
} from './samples.ts';

export function membershipTests(catalog: () => Catalog): void {
  describe('tombstones', () => {
    const limit = 10;
    const expiring = async (before: number) =>
      (await catalog().expiring({ before, limit })).items.map(({ record }) => record);
    const readers: [string, () => Promise<BackupRecord[]>][] = [
      ['listBackups', async () => (await catalog().listBackups({ limit })).items],
      ['of the resource', async () => (await catalog().listBackups({ limit, resourceId: 'r' })).items],
      ['of the type', async () => (await catalog().listBackups({ limit, type: 'full' })).items],
      ['of both', async () => (await catalog().listBackups({ limit, resourceId: 'r', type: 'full' })).items],
      [
        'resourceHistory',
        async () => (await catalog().resourceHistory({ limit, resourceId: 'r', fromSequence: 1 })).items,
      ],
      ['leastProven', async () => (await catalog().leastProven({ limit, before: T0 * 2 })).items],
      ['expiring', () => expiring(T0 * 2)],
    ];

    test.each(readers)('leave %s, and only they', async (_, read) => {
      const [first, second] = [1, 2].map((sequence) =>
        backup({ resourceId: 'r', sequence, expiresAt: T0 + sequence }),
      );
      await catalog().commit([inserted(first!), inserted(second!)]);
      expect(await read()).toHaveLength(2);
      const tombstone = { ...first!, deletedAt: T0, deletedReason: 'deleted' as const, version: 2 };
      await catalog().commit([{ kind: 'backup.update', record: tombstone, expect: 1 }]);
      expect(await read()).toEqual([second]);
      expect(await catalog().getBackup(first!.id)).toEqual(tombstone);
      // Its sequence stays taken.
      await expect(
        catalog().commit([inserted(backup({ resourceId: 'r', sequence: 1 }))]),
      ).rejects.toMatchObject({ code: 'conflict', change: 'backup.insert' });
    });
  });

  describe('what belongs in a list', () => {
    const limit = 10;

    test('listHidden has tombstones and no other, by resource and type; undeleted they leave it', async () => {
      const records = (['full', 'incremental'] as const).flatMap((type, i) =>
        ['r', 's'].map((resourceId, j) =>
          backup({ resourceId, type, sequence: i + 1, createdAt: T0 + 10 * i + j }),
        ),
      );
      await catalog().commit(records.map(inserted));
      const read = async (filter: { resourceId?: string; type?: BackupRecord['type'] }) =>
        (await catalog().listHidden({ limit, ...filter })).items;
      expect(await read({})).toEqual([]);
      const hidden = records
        .slice(0, 3)
        .map((record) => ({ ...record, deletedAt: T0, deletedReason: 'deleted' as const, version: 2 }));
      for (const record of hidden) await catalog().commit([{ kind: 'backup.update', record, expect: 1 }]);
      const [fullR, fullS, incrementalR] = hidden;
      expect(await read({})).toEqual([incrementalR, fullS, fullR]);
      expect(await read({ resourceId: 'r' })).toEqual([incrementalR, fullR]);
      expect(await read({ type: 'full' })).toEqual([fullS, fullR]);
      expect(await read({ resourceId: 's', type: 'incremental' })).toEqual([]);
      const { deletedAt: _at, deletedReason: _reason, ...undeleted } = { ...fullR!, version: 3 };
      await catalog().commit([{ kind: 'backup.update', record: undeleted, expect: 2 }]);
      expect(await read({})).toEqual([incrementalR, fullS]);
      expect((await catalog().listBackups({ limit })).items).toContainEqual(undeleted);
      await catalog().commit([{ kind: 'backup.remove', id: fullS!.id, expect: 2 }]);
      expect(await read({})).toEqual([incrementalR]);
    });

    test('hasLive counts live backups of all resources, tombstones not among them', async () => {
      const has = (...counts: number[]) => Promise.all(counts.map((count) => catalog().hasLive(count)));
      expect(await has(1, 2)).toEqual([false, false]);
      const [first, second, third] = ['r', 'r', 's'].map((resourceId, i) =>
        backup({ resourceId, sequence: i + 1 }),
      );
      await catalog().commit([first!, second!, third!].map(inserted));
      expect(await has(1, 3, 4)).toEqual([true, true, false]);
      const tombstone = { ...second!, deletedAt: T0, deletedReason: 'deleted' as const, version: 2 };
      await catalog().commit([{ kind: 'backup.update', record: tombstone, expect: 1 }]);
      expect(await has(2, 3)).toEqual([true, false]);
    });

    test('listBackups filters by resource and type', async () => {
      const records = (['full', 'incremental'] as const).flatMap((type, i) =>
        ['r', 's'].map((resourceId, j) =>
          backup({ resourceId, type, sequence: i + 1, createdAt: T0 + 10 * i + j }),
        ),
      );
      await catalog().commit(records.map(inserted));
      const [fullR, fullS, incrementalR, incrementalS] = records;
      const read = async (filter: { resourceId?: string; type?: BackupRecord['type'] }) =>
        (await catalog().listBackups({ limit, ...filter })).items;
      expect(await read({})).toEqual([incrementalS, incrementalR, fullS, fullR]);
      expect(await read({ resourceId: 'r' })).toEqual([incrementalR, fullR]);
      expect(await read({ type: 'full' })).toEqual([fullS, fullR]);
      expect(await read({ resourceId: 's', type: 'incremental' })).toEqual([incrementalS]);
      expect(await read({ resourceId: 's', type: 'differential' })).toEqual([]);
      expect(await read({ resourceId: 'nobody' })).toEqual([]);
    });

    test('resourceHistory begins at the sequence asked for', async () => {
      const records = [1, 2, 3].map((sequence) => backup({ resourceId: 'r', sequence }));
      await catalog().commit([...records, backup({ resourceId: 's', sequence: 2 })].map(inserted));
      const read = async (fromSequence: number) =>
        (await catalog().resourceHistory({ resourceId: 'r', fromSequence, limit })).items;
      expect(await read(1)).toEqual(records);
      expect(await read(2)).toEqual(records.slice(1));
      expect(await read(4)).toEqual([]);
    });

    test('expiring takes what expires at the instant or before, and nothing that never does', async () => {
      const [at, after, never] = [
        backup({ expiresAt: T0 }),
        backup({ expiresAt: T0 + 1 }),
        backup({ metadata: { version: '1', source: 's', tags: {}, retentionDays: 0 } }),
      ];
      await catalog().commit([at, after, never].map((record) => inserted(record!)));
      const read = async (before: number) => (await catalog().expiring({ before, limit })).items;
      expect(await read(T0 - 1)).toEqual([]);
      expect(await read(T0)).toEqual([{ record: at, at: T0 }]);
      expect((await read(T0 * 2)).map(({ record }) => record)).toEqual([at, after]);
      // It follows the record: a longer retention moves it.
      const moved = { ...at!, expiresAt: T0 + 5, version: 2 };
      await catalog().commit([{ kind: 'backup.update', record: moved, expect: 1 }]);
      expect((await read(T0 * 2)).map(({ record }) => record)).toEqual([after, moved]);
    });

    test('a place moves a backup among what expires and changes nothing of it; each change of the record takes it back', async () => {
      const [first, second] = [backup({ expiresAt: T0 }), backup({ expiresAt: T0 + 1 })];
      await catalog().commit([first, second].map((record) => inserted(record!)));
      const read = async (before: number) =>
        (await catalog().expiring({ before, limit })).items.map(({ record, at }) => [record.id, at]);
      await catalog().commit([{ kind: 'expiry.place', id: first!.id, at: T0 + 9, expect: 1 }]);
      expect(await read(T0 + 8)).toEqual([[second!.id, T0 + 1]]);
      expect(await read(T0 + 9)).toEqual([
        [second!.id, T0 + 1],
        [first!.id, T0 + 9],
      ]);
      expect(await catalog().getBackup(first!.id)).toEqual(first);
      // Again, of the same version; then the record changes, whatever it was that did.
      await catalog().commit([{ kind: 'expiry.place', id: first!.id, at: T0 + 5, expect: 1 }]);
      expect(await read(T0 + 8)).toContainEqual([first!.id, T0 + 5]);
      const held = { ...first!, legalHold: true, version: 2 };
      await catalog().commit([{ kind: 'backup.update', record: held, expect: 1 }]);
      expect(await read(T0)).toEqual([[first!.id, T0]]);
    });

    test.each([
      ['has changed since', { expiresAt: T0 }, 2],
      ['is a tombstone', { expiresAt: T0, deletedAt: T0 }, 1],
      ['never expires', {}, 1],
    ] as const)('one that %s is given no place', async (_, fields, expect1) => {
      const record = backup(fields);
      await catalog().commit([inserted(record)]);
      const move = { kind: 'expiry.place', id: record.id, at: T0 + 9, expect: expect1 } as const;
      await expect(catalog().commit([move])).rejects.toMatchObject({
        code: 'conflict',
        change: 'expiry.place',
      });
      await expect(catalog().commit([{ ...move, id: 'backup-none' }])).rejects.toMatchObject({
        code: 'conflict',
      });
      expect(await catalog().getBackup(record.id)).toEqual(record);
    });

    test('undecidedHeads has the heads that say so, until they no longer do', async () => {
      const [one, other] = [head({ resourceId: 'r', isUndecided: true }), head({ resourceId: 's' })];
      await catalog().commit([one, other].map((each) => ({ kind: 'head.put', head: each!, expect: 0 })));
      const read = async () => (await catalog().undecidedHeads({ limit })).items;
      expect(await read()).toEqual([one]);
      const { isUndecided: _is, ...decided } = { ...one!, version: 2 };
      await catalog().commit([
        { kind: 'head.put', head: decided, expect: 1 },
        { kind: 'head.put', head: { ...other!, isUndecided: true, version: 2 }, expect: 1 },
      ]);
      expect((await read()).map(({ resourceId }) => resourceId)).toEqual(['s']);
    });

    test('leastProven takes what nobody has looked at since, live ones only, the longest ago first', async () => {
      const never = backup({ createdAt: T0, completedAt: T0 + 3 });
      const proven = backup({ createdAt: T0, completedAt: T0, verifiedAt: T0 + 2 });
      const damaged = backup({ createdAt: T0, completedAt: T0, verifiedAt: T0 + 1, damagedAt: T0 + 4 });
      const hidden = backup({ createdAt: T0, completedAt: T0, deletedAt: T0 + 1 });
      await catalog().commit([never, proven, damaged, hidden].map(inserted));
      const read = async (before: number) => (await catalog().leastProven({ before, limit })).items;
      expect(await read(T0 + 1)).toEqual([]);
      expect(await read(T0 + 3)).toEqual([proven, never]);
      expect(await read(T0 * 2)).toEqual([proven, never, damaged]);
      // It follows the record: a proof moves it to the end.
      const again = { ...proven, verifiedAt: T0 + 9, version: 2 };
      await catalog().commit([{ kind: 'backup.update', record: again, expect: 1 }]);
      expect(await read(T0 * 2)).toEqual([never, damaged, again]);
      const gone = { ...never, deletedAt: T0 + 9, version: 2 };
      await catalog().commit([{ kind: 'backup.update', record: gone, expect: 1 }]);
      expect(await read(T0 * 2)).toEqual([damaged, again]);
    });

    test('dueGarbage takes what is due at the instant or before; an entry put again is replaced', async () => {
      const [due, later] = [garbage({ dueAt: T0 }), garbage({ dueAt: T0 + 1 })];
      await catalog().commit([due, later].map((entry) => ({ kind: 'garbage.put', entry: entry! })));
      const read = async (before: number) => (await catalog().dueGarbage({ before, limit })).items;
      expect(await read(T0 - 1)).toEqual([]);
      expect(await read(T0)).toEqual([due]);
      const put = { ...due!, dueAt: T0 + 2, resourceId: 's', reason: 'replaced' as const };
      await catalog().commit([{ kind: 'garbage.put', entry: put }]);
      expect(await read(T0 + 2)).toEqual([later, put]);
      expect((await catalog().resourceGarbage({ resourceId: 'r', limit })).items).toEqual([later]);
      for (let i = 0; i < 2; i += 1) {
        await catalog().commit([{ kind: 'garbage.remove', blobId: put.blobId }]);
      }
      expect(await read(T0 + 2)).toEqual([later]);
    });

    test('unfinishedOperations gives those that have not ended, in pages', async () => {
      const statuses = ['queued', 'completed', 'in_progress', 'failed', 'validating'] as const;
      const records = statuses.map((status, i) => operation({ status, createdAt: T0 + i }));
      await catalog().commit(records.map((record) => ({ kind: 'operation.insert', record })));
      const read = async () =>
        (await drain((page) => catalog().unfinishedOperations(page), 2)).map(({ status }) => status).sort();
      expect(await read()).toEqual(['in_progress', 'queued', 'validating']);
      const ended = { ...records[0]!, status: 'failed' as const, version: 2 };
      await catalog().commit([{ kind: 'operation.update', record: ended, expect: 1 }]);
      expect(await read()).toEqual(['in_progress', 'validating']);
    });

    test('unfinishedRequests gives those that have not ended, in pages', async () => {
      const statuses = ['pending', 'completed', 'in_progress', 'failed', 'pending'] as const;
      const records = statuses.map((status, i) => request({ status, createdAt: T0 + i }));
      await catalog().commit(records.map((record) => ({ kind: 'request.insert', record })));
      const read = async () =>
        (await drain((page) => catalog().unfinishedRequests(page), 2)).map(({ id }) => id);
      expect((await read()).sort()).toEqual([records[0]!.id, records[2]!.id, records[4]!.id].sort());
      const ended = { ...records[0]!, status: 'completed' as const, version: 2 };
      await catalog().commit([{ kind: 'request.update', record: ended, expect: 1 }]);
      expect((await read()).sort()).toEqual([records[2]!.id, records[4]!.id].sort());
    });

    test('listOperations filters by target and follows updates', async () => {
      const [mine, other] = [operation({ targetResourceId: 't' }), operation({ targetResourceId: 'u' })];
      await catalog().commit([mine, other].map((record) => ({ kind: 'operation.insert', record: record! })));
      const next = { ...mine!, status: 'completed' as const, progress: 100, version: 2 };
      await catalog().commit([{ kind: 'operation.update', record: next, expect: 1 }]);
      const read = async (targetResourceId: string) =>
        (await catalog().listOperations({ targetResourceId, limit })).items;
      expect(await read('t')).toEqual([next]);
      expect(await read('u')).toEqual([other]);
      expect(await read('v')).toEqual([]);
    });
  });

  describe('events', () => {
    const limit = 100;
    const pendingIds = async (count = limit) => (await catalog().pendingEvents(count)).map(({ id }) => id);

    test('wait in commit order, and within a commit in the order given', async () => {
      // Neither their times nor their ids are in order: only the commits are.
      const events = [9, 3, 7, 1, 8].map((n) => event({ id: `event-order-${n}`, at: T0 - n }));
      await catalog().commit(events.slice(0, 3).map(appended));
      await catalog().commit(events.slice(3).map(appended));
      expect(await catalog().pendingEvents(limit)).toEqual(events);
      expect(await catalog().pendingEvents(2)).toEqual(events.slice(0, 2));
    });

    test('of one commit keep their order when many commit at once', async () => {
      const commits = Array.from({ length: 20 }, () => [event(), event()]);
      await Promise.all(commits.map((events) => catalog().commit(events.map(appended))));
      const order = await pendingIds();
      expect(order).toHaveLength(40);
      for (const [first, second] of commits) {
        expect(order.indexOf(second!.id)).toBeGreaterThan(order.indexOf(first!.id));
      }
    });

    test('are pending until marked as published; marking again, or unknown ones, is no error', async () => {
      const events = [event(), event(), event()];
      const ids = events.map(({ id }) => id);
      await catalog().commit(events.map(appended));
      await catalog().markPublished([events[1]!]);
      expect(await pendingIds()).toEqual([ids[0], ids[2]]);
      await catalog().markPublished([events[0]!, events[1]!, event({ id: 'unknown' })]);
      await catalog().markPublished([]);
      expect(await pendingIds()).toEqual([ids[2]]);
      expect((await catalog().listEvents({ limit })).items).toHaveLength(3);
    });

    test('of one resource, or all, are listed newest first, in pages', async () => {
      const events = Array.from({ length: 9 }, (_, i) => event({ resourceId: i % 3 === 0 ? 's' : 'r' }));
      for (const item of events) {
        await catalog().commit([appended(item)]);
      }
      const newestFirst = events.toReversed();
      for (const size of [1, 2, 9, 10]) {
        expect(await drain((page) => catalog().listEvents(page), size)).toEqual(newestFirst);
        expect(await drain((page) => catalog().listEvents({ ...page, resourceId: 's' }), size)).toEqual(
          newestFirst.filter(({ resourceId }) => resourceId === 's'),
        );
      }
    });

    test('added while somebody reads do not disturb the pages', async () => {
      const events = Array.from({ length: 6 }, () => event());
      await catalog().commit(events.map(appended));
      const read = await drain(
        (page) => catalog().listEvents(page),
        2,
        () => catalog().commit([appended(event())]),
      );
      expect(read).toEqual(events.toReversed());
    });

    test('and what is unfinished are not listed from a cursor that these lists did not give', async () => {
      for (const cursor of UNREADABLE_CURSORS) {
        const page = { limit, cursor };
        for (const read of ['listEvents', 'unfinishedOperations', 'unfinishedRequests'] as const) {
          await expect(catalog()[read](page)).rejects.toMatchObject({ code: 'not_found' });
        }
      }
    });
  });
}
