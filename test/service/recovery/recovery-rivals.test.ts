// What a rebuild does where one id or one place was given twice: after a catalog was put back to an earlier day and written
// on, which is when a rebuild is needed. It never fails, takes one of each, and names the other.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { FoundBlob } from '../../../lib/core/blob/found.ts';
import type { BackupRecord } from '../../../lib/core/records/model.ts';
import { trailBackup } from '../../../lib/ports/trail-lines.ts';
import { rebuildRecords } from '../../../lib/service/recovery/catalog.ts';
import { createReplay } from '../../../lib/service/recovery/replay.ts';
import { blob, delta } from './found-blobs.ts';

type Trail = ReturnType<typeof createReplay>;

/** The record that was committed with a blob. */
function recordOf(found: FoundBlob, before: FoundBlob[] = []): BackupRecord {
  const [record] = rebuildRecords([...before, found], createReplay()).backups.filter(
    ({ chain }) => chain.at(-1)!.blobId === found.header.blobId,
  );
  return record!;
}

function commit(trail: Trail, found: FoundBlob, over: Partial<BackupRecord> = {}, before: FoundBlob[] = []) {
  const record = { ...recordOf(found, before), ...over };
  trail.take([{ kind: 'backup.put', record: trailBackup(record) }]);
}

const idsOf = (records: { id: string }[]) => records.map(({ id }) => id);

describe('two backups of one number that were both committed', () => {
  test('do not stop a rebuild: the later one stands, the other is named', () => {
    const [earlier, later] = [blob({ backupId: 'backup-4' }), blob({ backupId: 'backup-9' })];
    const trail = createReplay();
    commit(trail, earlier);
    commit(trail, later);
    const { backups, heads, notTaken, uncertain } = rebuildRecords([earlier, later], trail);
    expect(idsOf(backups)).toEqual(['backup-9']);
    expect(heads).toMatchObject([{ sequence: 1, latest: { id: 'backup-9' } }]);
    expect(uncertain).toEqual([]);
    expect(notTaken).toMatchObject([
      {
        backupId: 'backup-4',
        blobId: earlier.header.blobId,
        isWhole: true,
        wasCommitted: true,
        taken: { backupId: 'backup-9', sequence: 1 },
      },
    ]);
  });

  test('the one that others build on stands, even if it is the earlier one', () => {
    const [earlier, later] = [blob({ backupId: 'backup-4' }), blob({ backupId: 'backup-9' })];
    const next = delta(earlier, { backupId: 'backup-5' });
    const trail = createReplay();
    commit(trail, earlier);
    commit(trail, next, {}, [earlier]);
    commit(trail, later);
    const { backups, notTaken } = rebuildRecords([earlier, later, next], trail);
    expect(idsOf(backups)).toEqual(['backup-4', 'backup-5']);
    expect(notTaken).toMatchObject([{ backupId: 'backup-9' }]);
  });

  test('the one that can be restored stands, and of a deleted one nothing is said', () => {
    const [whole, damaged] = [blob({ backupId: 'backup-4' }), blob({ backupId: 'backup-9' }, 'changed')];
    const trail = createReplay();
    commit(trail, whole);
    commit(trail, damaged);
    expect(rebuildRecords([whole, damaged], trail)).toMatchObject({
      backups: [{ id: 'backup-4' }],
      notTaken: [{ backupId: 'backup-9', isWhole: false, wasCommitted: true }],
    });
    const other = createReplay();
    commit(other, whole);
    commit(other, { ...damaged, header: damaged.header }, { deletedAt: 5 });
    expect(rebuildRecords([whole], other)).toMatchObject({ backups: [{ id: 'backup-4' }], notTaken: [] });
  });
});

describe('an id that was given twice', () => {
  test('in the trail is that of the later backup; the other is named', () => {
    const first = blob({ backupId: 'backup-4', sequence: 7 });
    const second = blob({ backupId: 'backup-4', resourceId: 's', sequence: 2 });
    const trail = createReplay();
    commit(trail, first, { version: 3 });
    commit(trail, second);
    const { backups, notTaken } = rebuildRecords([first, second], trail);
    expect(backups).toMatchObject([{ id: 'backup-4', resourceId: 's', sequence: 2 }]);
    expect(notTaken).toMatchObject([{ backupId: 'backup-4', resourceId: 'r', wasCommitted: true }]);
  });

  test('once it had been removed is a live backup again', () => {
    const [first, second] = [blob({ backupId: 'backup-4' }), blob({ backupId: 'backup-4' })];
    const trail = createReplay();
    commit(trail, first);
    trail.take([{ kind: 'backup.remove', id: 'backup-4', expect: 1 }]);
    commit(trail, second);
    expect(rebuildRecords([second], trail)).toMatchObject({
      backups: [{ id: 'backup-4', checksum: second.header.checksum }],
      notTaken: [],
    });
  });

  test('in blobs alone, at two places, is taken once; the other is named', () => {
    const first = blob({ backupId: 'backup-4', sequence: 7, createdAt: 1 });
    const second = blob({ backupId: 'backup-4', resourceId: 's', sequence: 2, createdAt: 9 });
    const { backups, uncertain } = rebuildRecords([first, second], createReplay());
    expect(backups).toMatchObject([{ id: 'backup-4', resourceId: 's' }]);
    expect(uncertain).toMatchObject([{ others: [{ blobId: first.header.blobId }] }]);
  });

  test('by the trail and by a blob that it does not know: the blob is named', () => {
    const known = blob({ backupId: 'backup-4' });
    const stranger = blob({ backupId: 'backup-4', sequence: 2 });
    const next = delta(stranger, { backupId: 'backup-5' });
    const trail = createReplay();
    commit(trail, known);
    const { backups, notTaken } = rebuildRecords([known, stranger, next], trail);
    expect(idsOf(backups)).toEqual(['backup-4', 'backup-5']);
    // The next one's chain goes through it, so that it is kept and read all the same.
    expect(backups[1]!.chain.map(({ blobId }) => blobId)).toContain(stranger.header.blobId);
    expect(notTaken).toMatchObject([{ backupId: 'backup-4', sequence: 2, wasCommitted: true }]);
  });
});

test('a rival that only its blob tells of is named, and where nothing builds on it, as what a crash may have left', () => {
  const [known, rival] = [blob({ backupId: 'backup-4' }), blob({ backupId: 'backup-5' })];
  const trail = createReplay();
  commit(trail, known);
  expect(rebuildRecords([known, rival], trail)).toMatchObject({
    backups: [{ id: 'backup-4' }],
    notTaken: [{ backupId: 'backup-5', wasCommitted: false, taken: { backupId: 'backup-4' } }],
  });
});

test('whatever blobs and trail say: no id and no place twice, and every whole blob is accounted for', () => {
  const one = fc.record({
    backupId: fc.constantFrom('backup-1', 'backup-2', 'backup-3'),
    resourceId: fc.constantFrom('r', 's'),
    sequence: fc.integer({ min: 1, max: 3 }),
    createdAt: fc.integer({ min: 1, max: 3 }),
    checksum: fc.constantFrom('a'.repeat(64), 'b'.repeat(64), 'c'.repeat(64)),
    isDelta: fc.boolean(),
    isDamaged: fc.boolean(),
    isHere: fc.boolean(),
    fate: fc.constantFrom('unknown', 'committed', 'committed', 'deleted', 'removed'),
  });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 9 }), (histories) => {
      const trail = createReplay();
      const blobs: FoundBlob[] = [];
      for (const { isDelta, isDamaged, isHere, fate, ...over } of histories) {
        const damage = isDamaged ? 'changed' : undefined;
        const base = blobs.at(-1);
        const found =
          isDelta && base !== undefined ? delta(base, over, damage) : blob({ ...over, chainId: 'c' }, damage);
        if (isHere) blobs.push(found);
        if (fate === 'unknown') continue;
        commit(trail, found, fate === 'deleted' ? { deletedAt: 9 } : {});
        if (fate === 'removed') trail.take([{ kind: 'backup.remove', id: over.backupId, expect: 1 }]);
      }
      const { backups, notTaken, uncertain } = rebuildRecords(blobs, trail);
      expect(new Set(idsOf(backups)).size).toBe(backups.length);
      const places = backups.map(({ resourceId, sequence }) => `${resourceId} ${sequence}`);
      expect(new Set(places).size).toBe(backups.length);
      const accounted = new Set([
        ...backups.map(({ id, checksum }) => `${id} ${checksum}`),
        ...notTaken.map(({ backupId, checksum }) => `${backupId} ${checksum}`),
        ...[...trail.removed.values()].map((record) => `${record?.id} ${record?.checksum}`),
        ...[...trail.displaced.values()].map(({ id, checksum }) => `${id} ${checksum}`),
      ]);
      const named = new Set(uncertain.flatMap(({ others }) => others.map(({ blobId }) => blobId)));
      for (const { header, damage } of blobs) {
        if (damage !== undefined || named.has(header.blobId)) continue;
        expect(accounted).toContain(`${header.backupId} ${header.checksum}`);
      }
    }),
    { numRuns: 500 },
  );
});
