import { describe, expect, test } from '@jest/globals';
import type { BackupRecord } from '../../lib/core/records/model.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import {
  answer,
  backup,
  drain,
  event,
  garbage,
  head,
  inserted,
  LONE_SURROGATES,
  membersOf,
  notice,
  ODD_STRINGS,
  operation,
  ownMembers,
  pointer,
  policy,
  T0,
} from './samples.ts';

/** As JSON writes it. */
const keyOf = (id: string): Buffer => Buffer.from(JSON.stringify(id).slice(1, -1));

export function recordTests(catalog: () => Catalog): void {
  describe('records', () => {
    test('what is not there is undefined', async () => {
      expect(await catalog().getBackup('backup-1')).toBeUndefined();
      expect(await catalog().getHead('r')).toBeUndefined();
      expect(await catalog().getPolicy('r')).toBeUndefined();
      expect(await catalog().getOperation('restore-1')).toBeUndefined();
      expect(await catalog().getRequest('backup-1')).toBeUndefined();
      expect(await catalog().getIdempotency('k', T0)).toBeUndefined();
      expect(await catalog().findSnapshot('r', T0)).toEqual({});
    });

    test('a backup comes back member for member, with every optional one', async () => {
      const record = fullRecord();
      await catalog().commit([inserted(record)]);
      expect(membersOf(await catalog().getBackup(record.id))).toBe(membersOf(record));
    });

    test('tags and custom fields survive whatever they are called', async () => {
      const texts = [...ODD_STRINGS, ...LONE_SURROGATES];
      const record = backup({
        metadata: {
          version: '1',
          source: 's',
          tags: ownMembers(texts.map((text) => [text, `${text}!`])),
          retentionDays: 0,
          customFields: ownMembers<unknown>([
            ['__proto__', { polluted: true }],
            ['deep', [null, 1e300, -0.5, { b: 1, a: [] }, '']],
          ]),
        },
      });
      await catalog().commit([inserted(record)]);
      const read = await catalog().getBackup(record.id);
      expect(membersOf(read)).toBe(membersOf(record));
      expect(Object.keys(read!.metadata.tags)).toContain('__proto__');
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    });

    test('there is one state of expiry, which moves on by its version', async () => {
      expect(await catalog().getExpiryState()).toBeUndefined();
      const put = (seenAt: number, expect: number) =>
        catalog().commit([
          { kind: 'expiry.put', record: { seenAt, waits: [], version: expect + 1 }, expect },
        ]);
      await put(T0, 0);
      await put(T0 + 1, 1);
      const lost = { code: 'conflict', change: 'expiry.put' };
      for (const expected of [0, 1, 5]) await expect(put(T0 + 9, expected)).rejects.toMatchObject(lost);
      expect(await catalog().getExpiryState()).toEqual({ seenAt: T0 + 1, waits: [], version: 2 });
    });

    const names = [...ODD_STRINGS, ...LONE_SURROGATES];
    test('names that look alike are told apart', async () => {
      for (const resourceId of names) {
        await catalog().commit([
          inserted(backup({ resourceId, metadata: { ...backup().metadata, source: resourceId } })),
          { kind: 'head.put', head: head({ resourceId }), expect: 0 },
          { kind: 'policy.put', record: policy({ resourceId }), expect: 0 },
          { kind: 'snapshot.add', pointer: pointer({ resourceId }) },
          { kind: 'garbage.put', entry: garbage({ resourceId }) },
          { kind: 'event.append', event: event({ resourceId }) },
          {
            kind: 'operation.insert',
            record: operation({ targetResourceId: resourceId, chainId: resourceId }),
          },
          { kind: 'idempotency.insert', record: answer({ key: resourceId }), now: T0 },
        ]);
      }
      for (const resourceId of names) {
        const limit = 5;
        const lists = [
          (await catalog().listBackups({ resourceId, limit })).items,
          (await catalog().listBackups({ resourceId, type: 'full', limit })).items,
          (await catalog().resourceHistory({ resourceId, fromSequence: 1, limit })).items,
          (await catalog().resourceGarbage({ resourceId, limit })).items,
          (await catalog().listEvents({ resourceId, limit })).items,
        ];
        for (const items of lists) {
          expect(items.map((item) => item.resourceId)).toEqual([resourceId]);
        }
        const { items: operations } = await catalog().listOperations({ targetResourceId: resourceId, limit });
        expect(operations.map((item) => item.targetResourceId)).toEqual([resourceId]);
        expect((await catalog().getHead(resourceId))?.resourceId).toBe(resourceId);
        expect((await catalog().getPolicy(resourceId))?.resourceId).toBe(resourceId);
        expect((await catalog().findSnapshot(resourceId, T0)).found?.resourceId).toBe(resourceId);
        expect((await catalog().getIdempotency(resourceId, T0))?.key).toBe(resourceId);
        expect(await catalog().hasLease(resourceId, T0)).toBe(true);
      }
      expect(await catalog().getHead('\ufffd')).toBeUndefined();
    });

    test('what is handed out is not what is stored', async () => {
      const record = backup({ resourceId: 'r', expiresAt: T0 });
      await catalog().commit([
        inserted(record),
        { kind: 'head.put', head: head({ resourceId: 'r', latest: record }), expect: 0 },
        { kind: 'snapshot.add', pointer: pointer() },
        { kind: 'event.append', event: event({ detail: { a: 1 } }) },
      ]);
      const limit = 5;
      const readAll = async () => [
        await catalog().getBackup(record.id),
        await catalog().getHead('r'),
        await catalog().findSnapshot('r', T0),
        (await catalog().listBackups({ limit })).items,
        (await catalog().resourceHistory({ resourceId: 'r', fromSequence: 1, limit })).items,
        (await catalog().expiring({ before: T0, limit })).items,
        await catalog().pendingEvents(limit),
        (await catalog().listEvents({ limit })).items,
      ];
      const before = JSON.stringify(await readAll());
      for (const value of await readAll()) {
        scribble(value);
      }
      expect(JSON.stringify(await readAll())).toBe(before);
    });

    test('a backup is replaced as a whole', async () => {
      const record = fullRecord();
      await catalog().commit([inserted(record)]);
      const { legalHold, lockedUntil, expiresAt, ...rest } = record;
      const next = { ...rest, version: 2 };
      await catalog().commit([{ kind: 'backup.update', record: next, expect: 1 }]);
      expect(await catalog().getBackup(record.id)).toEqual(next);
      expect((await catalog().expiring({ before: T0 * 2, limit: 5 })).items).toEqual([]);
    });

    test('heads are listed by their ids, in pages, and by what the ids begin with', async () => {
      const ids = ['b', 'a/2', 'a', 'a/10', 'a%', 'ä', 'a"', '\u{1f600}', '__proto__', 'a/\u{10ffff}x'];
      for (const resourceId of ids) {
        await catalog().commit([{ kind: 'head.put', head: head({ resourceId }), expect: 0 }]);
      }
      const listed = async (prefix?: string) =>
        (
          await drain(
            (page) => catalog().listHeads({ ...page, ...(prefix === undefined ? {} : { prefix }) }),
            3,
          )
        ).map(({ resourceId }) => resourceId);
      const inOrder = [...ids].sort((a, b) => Buffer.compare(keyOf(a), keyOf(b)));
      expect(await listed()).toEqual(inOrder);
      expect(await listed('a/')).toEqual(['a/10', 'a/2', 'a/\u{10ffff}x']);
      expect(await listed('a')).toEqual(inOrder.filter((id) => id.startsWith('a')));
      expect(await listed('a"')).toEqual(['a"']);
      expect(await listed('nothing')).toEqual([]);
      const next = head({ resourceId: 'b', sequence: 2, version: 2 });
      await catalog().commit([{ kind: 'head.put', head: next, expect: 1 }]);
      expect((await catalog().listHeads({ limit: 1, prefix: 'b' })).items).toEqual([next]);
      await expect(catalog().listHeads({ limit: 1, cursor: 'x' })).rejects.toMatchObject({
        code: 'not_found',
      });
    });

    test('a notice is put, replaced, removed, and put again from nothing', async () => {
      const record = notice({ id: 'clock', resourceId: 'r', backupId: 'backup-1' });
      const next = { ...record, severity: 'critical' as const, version: 2 };
      await catalog().commit([{ kind: 'notice.put', record, expect: 0 }]);
      await catalog().commit([{ kind: 'notice.put', record: next, expect: 1 }]);
      expect(await catalog().getNotice('clock')).toEqual(next);
      await expect(
        catalog().commit([{ kind: 'notice.remove', id: 'clock', expect: 1 }]),
      ).rejects.toMatchObject({ code: 'conflict', change: 'notice.remove' });
      await catalog().commit([{ kind: 'notice.remove', id: 'clock', expect: 2 }]);
      expect(await catalog().getNotice('clock')).toBeUndefined();
      expect(await catalog().listNotices(10)).toEqual([]);
      await catalog().commit([{ kind: 'notice.put', record, expect: 0 }]);
      expect(await catalog().getNotice('clock')).toEqual(record);
    });

    test('notices are listed, the longest standing first, up to the limit', async () => {
      const records = [30, 10, 20].map((ms) => notice({ since: T0 + ms }));
      for (const record of records) await catalog().commit([{ kind: 'notice.put', record, expect: 0 }]);
      expect(await catalog().listNotices(10)).toEqual([records[1], records[2], records[0]]);
      expect(await catalog().listNotices(2)).toEqual([records[1], records[2]]);
    });

    test('a policy is put, replaced, removed, and put again from nothing', async () => {
      const record = policy({ resourceId: 'r' });
      const next = { ...record, policy: { keepDaily: 7 }, version: 2 };
      await catalog().commit([{ kind: 'policy.put', record, expect: 0 }]);
      await catalog().commit([{ kind: 'policy.put', record: next, expect: 1 }]);
      expect(await catalog().getPolicy('r')).toEqual(next);
      await catalog().commit([{ kind: 'policy.remove', resourceId: 'r', expect: 2 }]);
      expect(await catalog().getPolicy('r')).toBeUndefined();
      await catalog().commit([{ kind: 'policy.put', record, expect: 0 }]);
      expect(await catalog().getPolicy('r')).toEqual(record);
    });

    test('a removed backup frees its sequence', async () => {
      const record = backup({ resourceId: 'r', sequence: 3 });
      await catalog().commit([inserted(record)]);
      await catalog().commit([{ kind: 'backup.remove', id: record.id, expect: 1 }]);
      expect(await catalog().getBackup(record.id)).toBeUndefined();
      await catalog().commit([inserted(backup({ resourceId: 'r', sequence: 3 }))]);
    });
  });
}

function fullRecord(): BackupRecord {
  return backup({
    type: 'incremental',
    requestedType: 'differential',
    baseBackupId: 'backup-1',
    size: Number.MAX_SAFE_INTEGER,
    changes: { additions: 1, changes: 2, deletions: 3, moves: 4 },
    expiresAt: T0 + 1,
    legalHold: true,
    lockedUntil: T0 + 2,
  });
}

/** Overwrites every member of an object, however deep. */
function scribble(value: unknown): void {
  if (value instanceof Object) {
    for (const [name, member] of Object.entries(value)) {
      scribble(member);
      (value as Record<string, unknown>)[name] = 'scribbled';
    }
  }
}
