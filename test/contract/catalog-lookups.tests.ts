import { describe, expect, test } from '@jest/globals';
import { LIMITS } from '../../lib/core/records/limits.ts';
import type { BackupRecord } from '../../lib/core/records/model.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import { answer, backup, drain, garbage, inserted, operation, pointer, request, T0 } from './samples.ts';

export function lookupTests(catalog: () => Catalog): void {
  const addPointers = async (resourceId: string, from: number, to: number) => {
    for (let sequence = from; sequence <= to; sequence += 1) {
      const added = pointer({ resourceId, sequence, createdAt: T0 + sequence });
      await catalog().commit([{ kind: 'snapshot.add', pointer: added }]);
    }
  };

  describe('idempotency', () => {
    const insert = (fields: Partial<ReturnType<typeof answer>>, now: number) =>
      catalog().commit([{ kind: 'idempotency.insert', record: answer({ key: 'k', ...fields }), now }]);

    test('an answer is remembered until it expires', async () => {
      await insert({ expiresAt: T0 + 10, response: 'first' }, T0);
      expect((await catalog().getIdempotency('k', T0 + 9))?.response).toBe('first');
      expect(await catalog().getIdempotency('k', T0 + 10)).toBeUndefined();
    });

    test('an expired one is replaced, from the very millisecond on', async () => {
      await insert({ expiresAt: T0 + 10, response: 'first' }, T0);
      await insert({ expiresAt: T0 + 50, response: 'second' }, T0 + 10);
      expect((await catalog().getIdempotency('k', T0 + 10))?.response).toBe('second');
    });

    test('one that is named makes room before its time, if it still stands', async () => {
      const first = answer({ key: 'k', expiresAt: T0 + 10 });
      const [second, third] = [1, 2].map(() => answer({ key: 'k', expiresAt: T0 + 10 }));
      const put = (record: typeof first, replaces: typeof first) =>
        catalog().commit([{ kind: 'idempotency.insert', record, now: T0, replaces }]);
      await insert(first, T0);
      await put(second!, first);
      expect(await catalog().getIdempotency('k', T0)).toEqual(second);
      await expect(put(third!, first)).rejects.toMatchObject({
        code: 'conflict',
        change: 'idempotency.insert',
      });
    });

    test('purge forgets what has expired, and only that', async () => {
      await insert({ key: 'old', expiresAt: T0 + 10 }, T0);
      await insert({ key: 'new', expiresAt: T0 + 11 }, T0);
      await catalog().purge({ now: T0 + 10, operationsBefore: 0 });
      expect(await catalog().getIdempotency('old', T0)).toBeUndefined();
      expect(await catalog().getIdempotency('new', T0)).toBeDefined();
    });
  });

  describe('snapshots', () => {
    test('finds the newest at or before the instant, and the earliest', async () => {
      await addPointers('r', 10, 12);
      const at = async (ms: number) => {
        const { found, earliest } = await catalog().findSnapshot('r', T0 + ms);
        return [found?.sequence, earliest?.sequence];
      };
      expect(await at(9)).toEqual([undefined, 10]);
      expect(await at(10)).toEqual([10, 10]);
      expect(await at(11)).toEqual([11, 10]);
      expect(await at(1e12)).toEqual([12, 10]);
    });

    test('gives the pointer whole', async () => {
      const added = pointer({ resourceId: 'r', sequence: 5, createdAt: T0, backupId: 'backup-77' });
      await catalog().commit([{ kind: 'snapshot.add', pointer: added }]);
      expect(await catalog().findSnapshot('r', T0)).toEqual({ found: added, earliest: added });
    });

    test('knows each resource for itself', async () => {
      await addPointers('r', 1, 2);
      await addPointers('s', 5, 5);
      expect((await catalog().findSnapshot('s', T0 + 100)).earliest?.sequence).toBe(5);
      expect((await catalog().findSnapshot('r', T0 + 100)).found?.sequence).toBe(2);
    });

    test('a removed pointer is passed over; removing it again is no error', async () => {
      await addPointers('r', 1, 3);
      for (let i = 0; i < 2; i += 1) {
        await catalog().commit([{ kind: 'snapshot.remove', resourceId: 'r', sequence: 2 }]);
      }
      expect((await catalog().findSnapshot('r', T0 + 2)).found?.sequence).toBe(1);
      await catalog().commit([{ kind: 'snapshot.remove', resourceId: 'r', sequence: 1 }]);
      expect(await catalog().findSnapshot('r', T0 + 2)).toMatchObject({ earliest: { sequence: 3 } });
      expect((await catalog().findSnapshot('r', T0 + 2)).found).toBeUndefined();
    });

    test(`shows the newest ${LIMITS.snapshotsMax} and no older one`, async () => {
      const { snapshotsMax } = LIMITS;
      await addPointers('r', 1, snapshotsMax);
      await addPointers('s', 1, 1);
      expect((await catalog().findSnapshot('r', T0 + 1)).found?.sequence).toBe(1);
      await addPointers('r', snapshotsMax + 1, snapshotsMax + 1);
      const { found, earliest } = await catalog().findSnapshot('r', T0 + 1);
      expect([found, earliest?.sequence]).toEqual([undefined, 2]);
      expect((await catalog().findSnapshot('r', T0 + 2)).found?.sequence).toBe(2);
      expect((await catalog().findSnapshot('r', T0 + 1e6)).found?.sequence).toBe(snapshotsMax + 1);
      expect((await catalog().findSnapshot('s', T0 + 1)).found?.sequence).toBe(1);
    });
  });

  describe('operations', () => {
    test('hold a lease on their chain until it runs out or they end', async () => {
      const record = operation({ chainId: 'c', leaseUntil: T0 + 10 });
      await catalog().commit([{ kind: 'operation.insert', record }]);
      expect(await catalog().hasLease('c', T0 + 9)).toBe(true);
      expect(await catalog().hasLease('c', T0 + 10)).toBe(false);
      expect(await catalog().hasLease('other', T0)).toBe(false);
      const statuses = ['in_progress', 'validating', 'completed'] as const;
      for (const [i, status] of statuses.entries()) {
        const next = { ...record, status, leaseUntil: T0 + 20, version: i + 2 };
        await catalog().commit([{ kind: 'operation.update', record: next, expect: i + 1 }]);
        expect(await catalog().getOperation(record.id)).toEqual(next);
        expect(await catalog().hasLease('c', T0 + 19)).toBe(status !== 'completed');
      }
    });

    test('one lease of several is enough', async () => {
      for (const [leaseUntil, status] of [
        [T0 + 5, 'queued'],
        [T0 + 50, 'in_progress'],
        [T0 + 500, 'failed'],
      ] as const) {
        const record = operation({ chainId: 'c', leaseUntil, status });
        await catalog().commit([{ kind: 'operation.insert', record }]);
      }
      expect(await catalog().hasLease('c', T0 + 49)).toBe(true);
      expect(await catalog().hasLease('c', T0 + 50)).toBe(false);
    });

    test('purge forgets finished ones from before the instant, and only those', async () => {
      const kept = [
        operation({ status: 'completed', createdAt: T0 }),
        operation({ status: 'queued', createdAt: T0 - 1 }),
        operation({ status: 'in_progress', createdAt: T0 - 1 }),
        operation({ status: 'validating', createdAt: T0 - 1 }),
      ];
      const gone = (['completed', 'failed'] as const).map((status) =>
        operation({ status, createdAt: T0 - 1 }),
      );
      await catalog().commit([...kept, ...gone].map((record) => ({ kind: 'operation.insert', record })));
      await catalog().purge({ now: 0, operationsBefore: T0 });
      const found = async (records: { id: string }[]) =>
        Promise.all(records.map(async ({ id }) => (await catalog().getOperation(id)) !== undefined));
      expect(await found(kept)).toEqual([true, true, true, true]);
      expect(await found(gone)).toEqual([false, false]);
    });
  });

  describe('requests', () => {
    test('follow their updates to the end', async () => {
      const record = request();
      const ended = {
        ...record,
        status: 'failed' as const,
        progress: 40,
        failure: { code: 'malformed_json', detail: 'at byte 7' },
        version: 2,
      };
      await catalog().commit([{ kind: 'request.insert', record }]);
      expect(await catalog().getRequest(record.id)).toEqual(record);
      await catalog().commit([{ kind: 'request.update', record: ended, expect: 1 }]);
      expect(await catalog().getRequest(record.id)).toEqual(ended);
    });

    test('stand beside the backup of the same id, and neither is the other', async () => {
      const record = request();
      await catalog().commit([{ kind: 'request.insert', record }]);
      expect(await catalog().getBackup(record.id)).toBeUndefined();
      const made = backup({ id: record.id });
      await catalog().commit([inserted(made)]);
      expect(await catalog().getBackup(record.id)).toEqual(made);
      expect(await catalog().getRequest(record.id)).toEqual(record);
    });

    test('purge forgets finished ones from before the instant, and only those', async () => {
      const kept = [
        request({ status: 'completed', createdAt: T0 }),
        request({ status: 'pending', createdAt: T0 - 1 }),
        request({ status: 'in_progress', createdAt: T0 - 1 }),
      ];
      const gone = (['completed', 'failed'] as const).map((status) => request({ status, createdAt: T0 - 1 }));
      await catalog().commit([...kept, ...gone].map((record) => ({ kind: 'request.insert', record })));
      await catalog().purge({ now: 0, operationsBefore: T0 });
      for (const record of kept) {
        expect(await catalog().getRequest(record.id)).toEqual(record);
      }
      for (const { id } of gone) {
        expect(await catalog().getRequest(id)).toBeUndefined();
      }
    });
  });

  describe('requests and their uploads', () => {
    const put = (record: ReturnType<typeof request>) =>
      catalog().commit([{ kind: 'request.insert', record }]);
    const move = (record: ReturnType<typeof request>, expect: number) =>
      catalog().commit([{ kind: 'request.update', record: { ...record, version: expect + 1 }, expect }]);

    test('an upload belongs to one request, until that fails', async () => {
      const [first, second] = [1, 2].map(() => request({ uploadId: 'u' }));
      expect(await catalog().requestOfUpload('u')).toBeUndefined();
      await put(first!);
      expect(await catalog().requestOfUpload('u')).toEqual(first);
      await expect(put(second!)).rejects.toMatchObject({ code: 'conflict', change: 'request.insert' });
      await move({ ...first!, status: 'in_progress' }, 1);
      await move({ ...first!, status: 'pending' }, 2);
      await expect(put(second!)).rejects.toMatchObject({ code: 'conflict' });
      await move({ ...first!, status: 'failed' }, 3);
      expect(await catalog().requestOfUpload('u')).toBeUndefined();
      await put(second!);
      await move({ ...first!, status: 'failed', deletedAt: T0 }, 4);
      expect((await catalog().requestOfUpload('u'))?.id).toBe(second!.id);
      await move({ ...second!, status: 'completed' }, 1);
      expect((await catalog().requestOfUpload('u'))?.id).toBe(second!.id);
    });

    test('are listed by status, newest first, of one resource or of all, without those that were deleted', async () => {
      const [a, b, c] = [3, 1, 2].map((ms) => request({ resourceId: 'r', createdAt: T0 + ms }));
      const other = request({ resourceId: 's', createdAt: T0 + 9 });
      for (const record of [a!, b!, c!, other]) await put(record);
      const listed = async (status: 'pending' | 'failed', resourceId?: string) =>
        (
          await drain(
            (page) => catalog().listRequests({ ...page, status, ...(resourceId && { resourceId }) }),
            2,
          )
        ).map(({ id }) => id);
      expect(await listed('pending')).toEqual([other.id, a!.id, c!.id, b!.id]);
      expect(await listed('pending', 'r')).toEqual([a!.id, c!.id, b!.id]);
      for (const record of [a!, b!]) await move({ ...record, status: 'failed' }, 1);
      await move({ ...a!, status: 'failed', deletedAt: T0 }, 2);
      expect(await listed('failed')).toEqual([b!.id]);
      expect(await listed('failed', 's')).toEqual([]);
      expect(await listed('pending', 'r')).toEqual([c!.id]);
    });
  });

  describe('findUnknownBlobs', () => {
    const blobOf = (record: BackupRecord) => record.chain.at(-1)!.blobId;
    const unknownOf = async (blobIds: string[]) => (await catalog().findUnknownBlobs(blobIds)).sort();

    test('gives those that no record has as its own and no garbage entry names', async () => {
      const base = backup();
      const own = backup().chain[0]!;
      // A blob further up the chain belongs to the backup that made it, not to the ones that read it.
      const child = backup({ chain: [...base.chain, own] });
      const entry = garbage();
      await catalog().commit([inserted(child), { kind: 'garbage.put', entry }]);
      const [stranger, other] = [garbage().blobId, garbage().blobId];
      const asked = [stranger, blobOf(child), entry.blobId, blobOf(base), other];
      expect(await unknownOf(asked)).toEqual([stranger, blobOf(base), other].sort());
      await catalog().commit([inserted(base)]);
      expect(await unknownOf(asked)).toEqual([stranger, other].sort());
      expect(await unknownOf([])).toEqual([]);
    });

    test('follows what becomes of the backup', async () => {
      const record = backup();
      const [first, second] = [blobOf(record), garbage().blobId];
      await catalog().commit([inserted(record)]);
      const tombstone = { ...record, deletedAt: T0, version: 2 };
      await catalog().commit([{ kind: 'backup.update', record: tombstone, expect: 1 }]);
      expect(await unknownOf([first, second])).toEqual([second]);
      // Rebased: another blob is its own now, and the old one waits as garbage.
      const rebased = { ...tombstone, chain: [{ ...record.chain[0]!, blobId: second }], version: 3 };
      const entry = garbage({ blobId: first });
      await catalog().commit([
        { kind: 'backup.update', record: rebased, expect: 2 },
        { kind: 'garbage.put', entry },
      ]);
      expect(await unknownOf([first, second])).toEqual([]);
      await catalog().commit([{ kind: 'garbage.remove', blobId: first }]);
      expect(await unknownOf([first, second])).toEqual([first]);
      await catalog().commit([{ kind: 'backup.remove', id: record.id, expect: 3 }]);
      expect(await unknownOf([first, second])).toEqual([first, second].sort());
    });

    test(`takes ${LIMITS.listPageMax} at once`, async () => {
      const record = backup();
      await catalog().commit([inserted(record)]);
      const strangers = Array.from({ length: LIMITS.listPageMax - 1 }, () => garbage().blobId);
      expect(await unknownOf([...strangers, blobOf(record)])).toEqual(strangers.toSorted());
    });
  });

  test('check resolves, and leaves nothing to see', async () => {
    await catalog().check();
    expect(await catalog().pendingEvents(5)).toEqual([]);
  });
}
