// From blobs and trail to records: which of several blobs counts, what a damaged one may say, what is taken from quarantine.

import { describe, expect, test } from '@jest/globals';
import type { FoundBlob } from '../../../lib/core/blob/found.ts';
import type { BlobHeader } from '../../../lib/core/blob/header.ts';
import { trailBackup } from '../../../lib/ports/trail-lines.ts';
import { rebuildRecords } from '../../../lib/service/recovery/catalog.ts';
import { neededFromQuarantine } from '../../../lib/service/recovery/from-quarantine.ts';
import { createReplay } from '../../../lib/service/recovery/replay.ts';
import { blob, delta } from './found-blobs.ts';

const rebuilt = (blobs: FoundBlob[], trail = createReplay()) => rebuildRecords(blobs, trail);
const chainsOf = (blobs: FoundBlob[], trail = createReplay()) =>
  Object.fromEntries(
    rebuilt(blobs, trail).backups.map(({ id, chain }) => [id, chain.map(({ blobId }) => blobId)]),
  );

describe('without a trail', () => {
  test('a chain goes back over what each delta names', () => {
    const full = blob({});
    const one = delta(full);
    const last = delta(one);
    const { backups, heads } = rebuilt([last, one, full]);
    expect(backups.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(backups[2]!.chain).toEqual([full.ref, one.ref, last.ref]);
    expect(heads).toMatchObject([{ resourceId: 'r', sequence: 3, latest: { id: last.header.backupId } }]);
    expect(heads[0]!.latestFull?.id).toBe(full.header.backupId);
  });

  test('where a rebase has replaced what a delta names, what completes the same state does as well', () => {
    const full = blob({});
    const before = delta(full);
    const after = blob({ ...identity(before), kind: 'state' });
    const last = delta(before);
    const { [last.header.backupId]: chain } = chainsOf([last, after]);
    expect(chain).toEqual([after.header.blobId, last.header.blobId]);
  });

  test('an attempt that lost its race does not count: its id came again with a later number', () => {
    const winner = blob({ backupId: 'backup-a', sequence: 1 });
    const lost = blob({ backupId: 'backup-b', sequence: 1 });
    const again = blob({ backupId: 'backup-b', sequence: 2, checksum: lost.header.checksum });
    const { backups, uncertain } = rebuilt([lost, winner, again]);
    expect(backups.map(({ id, sequence }) => [id, sequence])).toEqual([
      ['backup-a', 1],
      ['backup-b', 2],
    ]);
    expect(uncertain).toEqual([]);
  });

  test('of two of one number the one counts that later ones build on', () => {
    const [rival, base] = [blob({ backupId: 'backup-x' }), blob({ backupId: 'backup-y' })];
    const next = delta(base);
    const { backups, uncertain } = rebuilt([rival, base, next]);
    expect(backups.map(({ id }) => id)).toEqual(['backup-y', next.header.backupId]);
    expect(uncertain).toEqual([]);
  });

  test('two states under one id and number, of which nothing tells the true one, are both named', () => {
    const one = blob({ backupId: 'backup-7', sequence: 3 });
    const other = blob({ backupId: 'backup-7', sequence: 3 });
    const { backups, uncertain } = rebuilt([one, other]);
    expect(backups).toHaveLength(1);
    expect(uncertain).toMatchObject([{ resourceId: 'r', sequence: 3, kept: { blobId: one.header.blobId } }]);
    expect(uncertain[0]!.others).toEqual([{ backupId: 'backup-7', blobId: other.header.blobId }]);
  });

  test('a rebase that left both blobs is no doubt', () => {
    const full = blob({});
    const before = delta(full);
    const after = blob({ ...identity(before), kind: 'state' });
    expect(rebuilt([full, before, after])).toMatchObject({ uncertain: [] });
  });
});

describe('a damaged blob', () => {
  test('does not speak where a sound one of its backup does', () => {
    const sound = blob({ backupId: 'backup-1', sequence: 1 });
    const lie = blob({ backupId: 'backup-1', sequence: 9 }, 'changed');
    expect(rebuilt([lie, sound]).backups).toMatchObject([{ id: 'backup-1', sequence: 1 }]);
  });

  test('is still told of, and moves the head no further than can be believed', () => {
    const sound = blob({ sequence: 4 });
    const lie = blob({ sequence: Number.MAX_SAFE_INTEGER }, 'changed');
    const { backups, heads } = rebuilt([sound, lie]);
    expect(backups.map(({ id }) => id)).toContain(lie.header.backupId);
    expect(heads[0]!.sequence).toBe(1004);
  });

  test('is gone around where a sound one gives the same state', () => {
    const full = blob({});
    const broken = delta(full, {}, 'changed');
    const whole = blob({ ...identity(broken), kind: 'state' });
    const last = delta(broken);
    const { [last.header.backupId]: chain } = chainsOf([full, broken, whole, last]);
    expect(chain).toEqual([whole.header.blobId, last.header.blobId]);
  });

  test('of a chain that the trail has is gone around as well', () => {
    const full = blob({});
    const broken = delta(full, {}, 'changed');
    const whole = blob({ ...identity(broken), kind: 'state' });
    const trail = createReplay();
    const { backups } = rebuilt([full, { header: broken.header, ref: broken.ref }]);
    trail.take(backups.map((record) => ({ kind: 'backup.put', record: trailBackup(record) })));
    const { [broken.header.backupId]: chain } = chainsOf([full, broken, whole], trail);
    expect(chain).toEqual([whole.header.blobId]);
  });
});

describe('the trail', () => {
  const record = (blobs: FoundBlob[]) => rebuilt(blobs).backups;

  test('says what was removed: its blob, if it is still there, does not bring it back', () => {
    const full = blob({});
    const [only] = record([full]);
    const trail = createReplay();
    trail.take([{ kind: 'backup.put', record: trailBackup(only!) }]);
    trail.take([{ kind: 'backup.remove', id: only!.id, expect: 1 }]);
    const { backups, heads } = rebuilt([full], trail);
    expect(backups).toEqual([]);
    expect(heads).toMatchObject([{ sequence: 1 }]);
  });

  test('replayed twice, or out of order, gives the same', () => {
    const [only] = record([blob({})]);
    const lines = [1, 2, 3].map((version) => ({
      kind: 'backup.put' as const,
      record: trailBackup({ ...only!, legalHold: version === 3, version }),
    }));
    const trail = createReplay();
    trail.take(lines);
    trail.take(lines.toReversed());
    expect(trail.backups.get(only!.id)).toMatchObject({ version: 3, legalHold: true });
  });
});

describe('quarantine', () => {
  const asideOf = (...blobs: FoundBlob[]) => new Map(blobs.map((found) => [found.header.blobId, found]));
  const idsOf = (blobs: FoundBlob[]) => blobs.map(({ header }) => header.blobId);

  test('gives back what a backup is built on, and what that is built on', () => {
    const full = blob({});
    const one = delta(full);
    const last = delta(one);
    const stranger = blob({});
    const needed = neededFromQuarantine(asideOf(full, one, stranger), [last], createReplay());
    expect(idsOf(needed).sort()).toEqual(idsOf([full, one]).sort());
  });

  test('gives back what the trail names', () => {
    const full = blob({});
    const trail = createReplay();
    trail.take(rebuilt([full]).backups.map((r) => ({ kind: 'backup.put', record: trailBackup(r) })));
    expect(idsOf(neededFromQuarantine(asideOf(full), [], trail))).toEqual(idsOf([full]));
  });

  test('keeps what nothing needs', () => {
    const full = blob({});
    expect(neededFromQuarantine(asideOf(blob({})), [full, delta(full)], createReplay())).toEqual([]);
  });
});

/** What two blobs of one backup have in common. */
function identity({ header }: FoundBlob): Partial<BlobHeader> {
  const { backupId, sequence, checksum, chainId, type } = header;
  return { backupId, sequence, checksum, chainId, type };
}
