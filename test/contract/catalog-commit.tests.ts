import { describe, expect, test } from '@jest/globals';
import type { Catalog } from '../../lib/ports/catalog.ts';
import { CHANGES_MAX, type Change } from '../../lib/ports/change.ts';
import {
  answer,
  appended,
  backup,
  event,
  garbage,
  head,
  inserted,
  membersOf,
  operation,
  pointer,
  policy,
  request,
  T0,
} from './samples.ts';

/** A change whose condition does not hold, and what must stand before. */
interface Refused {
  why: string;
  before: Change[];
  change: Change;
}

function refusedChanges(): Refused[] {
  const kept = backup({ resourceId: 'r', sequence: 7 });
  const keptHead = head({ resourceId: 'r' });
  const keptPolicy = policy({ resourceId: 'r' });
  const keptOperation = operation();
  const keptAnswer = answer();
  const keptRequest = request();
  const insertRequest: Change = { kind: 'request.insert', record: keptRequest };
  const insertKept = inserted(kept);
  const putHead: Change = { kind: 'head.put', head: keptHead, expect: 0 };
  const putPolicy: Change = { kind: 'policy.put', record: keptPolicy, expect: 0 };
  const insertOperation: Change = { kind: 'operation.insert', record: keptOperation };
  const insertAnswer: Change = { kind: 'idempotency.insert', record: keptAnswer, now: T0 };
  return [
    { why: 'its id is taken', before: [insertKept], change: inserted(backup({ id: kept.id })) },
    {
      why: 'its sequence is taken',
      before: [insertKept],
      change: inserted(backup({ resourceId: 'r', sequence: 7 })),
    },
    {
      why: 'there is no such backup',
      before: [],
      change: { kind: 'backup.update', record: { ...kept, version: 2 }, expect: 1 },
    },
    {
      why: 'the backup has another version',
      before: [insertKept],
      change: { kind: 'backup.update', record: { ...kept, version: 3 }, expect: 2 },
    },
    {
      why: 'there is no such backup',
      before: [],
      change: { kind: 'backup.remove', id: kept.id, expect: 1 },
    },
    {
      why: 'the backup has another version',
      before: [insertKept],
      change: { kind: 'backup.remove', id: kept.id, expect: 2 },
    },
    { why: 'there is a head', before: [putHead], change: { ...putHead } },
    {
      why: 'there is no head',
      before: [],
      change: { kind: 'head.put', head: { ...keptHead, version: 2 }, expect: 1 },
    },
    {
      why: 'the head has another version',
      before: [putHead],
      change: { kind: 'head.put', head: { ...keptHead, version: 3 }, expect: 2 },
    },
    { why: 'the key is taken', before: [insertAnswer], change: { ...insertAnswer } },
    {
      why: 'the key is taken for one more millisecond',
      before: [insertAnswer],
      change: { ...insertAnswer, now: keptAnswer.expiresAt - 1 },
    },
    { why: 'its id is taken', before: [insertOperation], change: { ...insertOperation } },
    {
      why: 'there is no such operation',
      before: [],
      change: { kind: 'operation.update', record: { ...keptOperation, version: 2 }, expect: 1 },
    },
    {
      why: 'the operation has another version',
      before: [insertOperation],
      change: { kind: 'operation.update', record: { ...keptOperation, version: 3 }, expect: 2 },
    },
    { why: 'its id is taken', before: [insertRequest], change: { ...insertRequest } },
    {
      why: 'there is no such request',
      before: [],
      change: { kind: 'request.update', record: { ...keptRequest, version: 2 }, expect: 1 },
    },
    {
      why: 'the request has another version',
      before: [insertRequest],
      change: { kind: 'request.update', record: { ...keptRequest, version: 3 }, expect: 2 },
    },
    { why: 'there is a policy', before: [putPolicy], change: { ...putPolicy } },
    {
      why: 'the policy has another version',
      before: [putPolicy],
      change: { kind: 'policy.put', record: { ...keptPolicy, version: 3 }, expect: 2 },
    },
    {
      why: 'there is no policy',
      before: [],
      change: { kind: 'policy.remove', resourceId: 'r', expect: 1 },
    },
    {
      why: 'the policy has another version',
      before: [putPolicy],
      change: { kind: 'policy.remove', resourceId: 'r', expect: 2 },
    },
  ];
}

/** One change of every kind that adds something, about a resource nobody else knows. */
function companions(): Change[] {
  return [
    inserted(backup({ id: 'backup-900', resourceId: 'other' })),
    { kind: 'head.put', head: head({ resourceId: 'other' }), expect: 0 },
    { kind: 'snapshot.add', pointer: pointer({ resourceId: 'other' }) },
    { kind: 'idempotency.insert', record: answer({ key: 'other' }), now: T0 },
    { kind: 'garbage.put', entry: garbage({ resourceId: 'other' }) },
    { kind: 'operation.insert', record: operation({ id: 'restore-900000', targetResourceId: 'other' }) },
    { kind: 'request.insert', record: request({ id: 'backup-901' }) },
    { kind: 'policy.put', record: policy({ resourceId: 'other' }), expect: 0 },
    appended(event({ resourceId: 'other' })),
  ];
}

/** Which of the companions are there. */
async function companionsFound(catalog: Catalog): Promise<boolean[]> {
  const limit = 10;
  return [
    (await catalog.getBackup('backup-900')) !== undefined,
    (await catalog.getHead('other')) !== undefined,
    (await catalog.findSnapshot('other', T0)).found !== undefined,
    (await catalog.getIdempotency('other', T0)) !== undefined,
    (await catalog.resourceGarbage({ resourceId: 'other', limit })).items.length > 0,
    (await catalog.getOperation('restore-900000')) !== undefined,
    (await catalog.getRequest('backup-901')) !== undefined,
    (await catalog.getPolicy('other')) !== undefined,
    (await catalog.listEvents({ resourceId: 'other', limit })).items.length > 0,
  ];
}

export function commitTests(catalog: () => Catalog): void {
  describe('commit', () => {
    test('writes everything', async () => {
      await catalog().commit(companions());
      expect(await companionsFound(catalog())).toEqual(Array(9).fill(true));
    });

    test('of nothing is nothing', async () => {
      await catalog().commit([]);
    });

    for (const [i, { why, change }] of refusedChanges().entries()) {
      test.each(['first', 'last'])(`conflicts when ${change.kind} comes %s and ${why}`, async (place) => {
        const refused = refusedChanges()[i]!;
        await catalog().commit(refused.before);
        const changes =
          place === 'first' ? [refused.change, ...companions()] : [...companions(), refused.change];
        await expect(catalog().commit(changes)).rejects.toMatchObject({
          name: 'PortError',
          code: 'conflict',
          change: change.kind,
        });
        expect(await companionsFound(catalog())).toEqual(Array(9).fill(false));
        // Nothing is left that would be in the way of the next attempt.
        await catalog().commit(companions());
        expect(await companionsFound(catalog())).toEqual(Array(9).fill(true));
      });
    }

    test('leaves what it failed to replace or remove as it was', async () => {
      const kept = backup({ resourceId: 'r' });
      const entry = garbage({ resourceId: 'r' });
      const keptHead = head({ resourceId: 'r' });
      await catalog().commit([
        inserted(kept),
        { kind: 'garbage.put', entry },
        { kind: 'head.put', head: keptHead, expect: 0 },
        { kind: 'snapshot.add', pointer: pointer({ backupId: kept.id }) },
      ]);
      await expect(
        catalog().commit([
          { kind: 'backup.remove', id: kept.id, expect: 1 },
          { kind: 'garbage.remove', blobId: entry.blobId },
          { kind: 'snapshot.remove', resourceId: 'r', sequence: 1 },
          { kind: 'head.put', head: { ...keptHead, sequence: 2, version: 2 }, expect: 1 },
          { kind: 'policy.remove', resourceId: 'r', expect: 1 },
        ]),
      ).rejects.toMatchObject({ code: 'conflict', change: 'policy.remove' });
      expect(await catalog().getBackup(kept.id)).toEqual(kept);
      expect(await catalog().getHead('r')).toEqual(keptHead);
      expect((await catalog().resourceGarbage({ resourceId: 'r', limit: 5 })).items).toEqual([entry]);
      expect((await catalog().findSnapshot('r', T0)).found?.backupId).toBe(kept.id);
    });

    test(`takes ${CHANGES_MAX} changes and refuses one more`, async () => {
      const many = (count: number) => Array.from({ length: count }, () => appended(event()));
      await expect(catalog().commit(many(CHANGES_MAX + 1))).rejects.toThrow(RangeError);
      expect(await catalog().pendingEvents(200)).toEqual([]);
      await catalog().commit(many(CHANGES_MAX));
      expect(await catalog().pendingEvents(200)).toHaveLength(CHANGES_MAX);
    });

    test('refuses two changes of one record, which not every home could carry out', async () => {
      const record = backup({ resourceId: 'r' });
      const pairs: [Change, Change][] = [
        [inserted(record), { kind: 'backup.update', record: { ...record, version: 2 }, expect: 1 }],
        [inserted(record), inserted(backup({ resourceId: 'r' }))],
        [
          { kind: 'garbage.put', entry: garbage({ blobId: 'a'.repeat(32) }) },
          { kind: 'garbage.remove', blobId: 'a'.repeat(32) },
        ],
        [
          { kind: 'snapshot.add', pointer: pointer() },
          { kind: 'snapshot.remove', resourceId: 'r', sequence: 1 },
        ],
      ];
      for (const pair of pairs) {
        await expect(catalog().commit(pair)).rejects.toThrow(RangeError);
      }
      expect(await catalog().getBackup(record.id)).toBeUndefined();
    });

    test('refuses a lock that is not moved on by one', async () => {
      const record = backup();
      await catalog().commit([inserted(record)]);
      const update = { kind: 'backup.update', record, expect: 1 } as const;
      await expect(catalog().commit([update])).rejects.toThrow(RangeError);
      const put = { kind: 'head.put', head: head({ version: 2 }), expect: 0 } as const;
      await expect(catalog().commit([put])).rejects.toThrow(RangeError);
    });

    test('takes what it was given when it was called, whatever the caller does next', async () => {
      const record = backup({ metadata: { version: '1', source: 's', tags: { a: 'b' }, retentionDays: 1 } });
      const before = membersOf(record);
      const changes = [inserted(record)];
      const done = catalog().commit(changes);
      record.size = 99;
      record.metadata.tags.a = 'changed';
      changes.push(appended(event()));
      await done;
      expect(membersOf(await catalog().getBackup(record.id))).toBe(before);
      expect(await catalog().pendingEvents(10)).toEqual([]);
    });
  });
}
