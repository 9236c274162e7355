// What is counted of live backups: each with its numbers, and all of a resource together, whatever becomes of them.

import { expect, test } from '@jest/globals';
import { liveEntryOf } from '../../lib/core/records/live-entry.ts';
import type { BackupRecord } from '../../lib/core/records/model.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import { backup, drain, inserted, T0 } from './samples.ts';

export function liveEntriesTests(catalog: () => Catalog): void {
  const entries = (limit: number, range: { from?: number; to?: number } = {}) =>
    drain((page) => catalog().liveEntries({ ...page, ...range, resourceId: 'r' }), limit);

  async function insert(count: number): Promise<BackupRecord[]> {
    const records = Array.from({ length: count }, (_, n) =>
      backup({
        resourceId: 'r',
        sequence: n + 1,
        // Pairs have one time, and the clock goes back once.
        createdAt: T0 + (n < 4 ? Math.floor(n / 2) * 10 : (n - 4) * 10 + 5),
        ...(n % 2 === 0 ? {} : { changes: { additions: n, changes: 0, deletions: 2, moves: 1 } }),
        ...(n === 2 ? { legalHold: true, lockedUntil: T0 + 99 } : {}),
      }),
    );
    for (const record of records) await catalog().commit([inserted(record)]);
    return records;
  }

  const inTime = (records: BackupRecord[]) =>
    records.map(liveEntryOf).sort((a, b) => a.createdAt - b.createdAt || a.sequence - b.sequence);

  test('live entries come by time, then by sequence, in pages of any size', async () => {
    const records = await insert(7);
    await catalog().commit([inserted(backup({ resourceId: 'other', sequence: 1 }))]);
    for (const limit of [1, 2, 3, 100]) expect(await entries(limit)).toEqual(inTime(records));
    expect(await entries(2, { from: T0 + 5, to: T0 + 15 })).toEqual(
      inTime(records).filter(({ createdAt }) => createdAt >= T0 + 5 && createdAt <= T0 + 15),
    );
    expect(await entries(2, { from: T0 + 1000 })).toEqual([]);
  });

  test('live entries and their tally follow every change of a record', async () => {
    expect(await catalog().tally('r')).toEqual({ live: 0, bytes: 0, damaged: 0, held: 0 });
    const [first, second, third, fourth] = (await insert(4)) as [
      BackupRecord,
      BackupRecord,
      BackupRecord,
      BackupRecord,
    ];
    const bytes = (records: BackupRecord[]) => inTime(records).reduce((sum, entry) => sum + entry.bytes, 0);
    expect(await catalog().tally('r')).toEqual({
      live: 4,
      bytes: bytes([first, second, third, fourth]),
      damaged: 0,
      held: 1,
      oldestAt: T0,
      newestAt: T0 + 10,
    });
    const update = async (record: BackupRecord, change: Partial<BackupRecord>): Promise<BackupRecord> => {
      const next = { ...record, ...change, version: record.version + 1 };
      await catalog().commit([{ kind: 'backup.update', record: next, expect: record.version }]);
      return next;
    };
    const damaged = await update(first, { damagedAt: T0 + 5 });
    const hidden = await update(second, { deletedAt: T0 + 50, deletedReason: 'deleted' });
    const held = await update(fourth, { legalHold: true });
    await catalog().commit([{ kind: 'backup.remove', id: third.id, expect: third.version }]);
    expect(await entries(10)).toEqual(inTime([damaged, held]));
    expect(await catalog().tally('r')).toEqual({
      live: 2,
      bytes: bytes([damaged, held]),
      damaged: 1,
      held: 1,
      oldestAt: T0,
      newestAt: T0 + 10,
    });
    // What is put back is as it was, and a change that conflicts counts nothing.
    const { deletedAt: _at, deletedReason: _why, ...live } = hidden;
    const back = { ...live, version: hidden.version + 1 };
    await catalog().commit([{ kind: 'backup.update', record: back, expect: hidden.version }]);
    await expect(
      catalog().commit([{ kind: 'backup.update', record: { ...back, deletedAt: 1, version: 2 }, expect: 1 }]),
    ).rejects.toMatchObject({ code: 'conflict' });
    expect(await entries(10)).toEqual(inTime([damaged, back, held]));
  });
}
