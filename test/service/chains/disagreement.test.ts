// What a blob has to say before its backup is hidden by expiry or its bytes are removed, case by case. An owner's own DELETE
// asks no blob.

import { describe, expect, test } from '@jest/globals';
import { ownBlob } from '../../../lib/core/records/chain.ts';
import { LIMITS } from '../../../lib/core/records/limits.ts';
import type { BackupRecord, GarbageEntry } from '../../../lib/core/records/model.ts';
import { faultyBlobStore } from '../../../lib/decorators/faulty.ts';
import { pruneResource } from '../../../lib/service/retention/prune.ts';
import { sweep } from '../../../lib/service/retention/sweep.ts';
import { checkHealth } from '../../../lib/service/upkeep/health.ts';
import { createWorld, DAY, OPTIONS, type World } from '../world.ts';

/** What comes to lie in a blob's place, from the whole blob; undefined takes it away. */
type Damage = (bytes: Buffer) => Buffer | undefined;

const MISSING: Damage = () => undefined;
/** The magic, the format, the length of the header: nothing of it can be told. */
const UNREADABLE: readonly [string, Damage][] = [
  ['empty', () => Buffer.alloc(0)],
  ['other bytes', (bytes) => Buffer.alloc(bytes.length, 7)],
  ['cut within the magic', (bytes) => bytes.subarray(0, 3)],
  ['cut within the header', (bytes) => bytes.subarray(0, 60)],
  [
    'its header no JSON',
    (bytes) => Buffer.concat([bytes.subarray(0, 12), Buffer.from('!'), bytes.subarray(13)]),
  ],
];
const WHOLE: Damage = (bytes) => bytes;
/** Says what it is, though it restores nothing any more. */
const CUT: Damage = (bytes) => bytes.subarray(0, bytes.length - 8);

async function bytesOf(world: World, blobId: string): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(await world.plain.blobs.get(blobId)));
}

async function damage(world: World, record: BackupRecord, change: Damage): Promise<void> {
  const { blobId } = ownBlob(record);
  const bytes = change(await bytesOf(world, blobId));
  await world.plain.blobs.delete(blobId);
  if (bytes !== undefined) await world.plain.blobs.put(blobId, [bytes]);
}

/** Two backups, the first of which expires. */
async function expiring(): Promise<{ world: World; record: BackupRecord }> {
  const world = createWorld();
  const metadata = { version: '1.0', source: 'test', tags: {}, retentionDays: 1 };
  const record = await world.backup('r', '{"a":1}', { metadata });
  await world.backup('r', '{"a":2}');
  return { world, record };
}

const isThere = async (world: World, blobId: string): Promise<boolean> =>
  bytesOf(world, blobId).then(
    () => true,
    () => false,
  );

async function noticesOf(world: World): Promise<string[]> {
  return (await checkHealth(world.deps)).notices.map(({ id }) => id);
}

describe('expiry hides', () => {
  test.each<[string, Damage, boolean]>([
    ['whole', WHOLE, true],
    ['cut behind its header', CUT, true],
    ['missing', MISSING, false],
    ...UNREADABLE.map(([name, change]): [string, Damage, boolean] => [name, change, false]),
  ])('where the blob is %s', async (_, change, isHidden) => {
    const { world, record } = await expiring();
    await damage(world, record, change);
    world.clock.advance(2 * DAY);
    await sweep(world.deps);
    const found = await world.plain.catalog.getBackup(record.id);
    expect(found?.deletedAt !== undefined).toBe(isHidden);
    expect(await noticesOf(world)).toEqual(isHidden ? [] : [`disagreement:${record.id}`]);
  });

  test('once the blob has been put back, and takes its word back', async () => {
    const { world, record } = await expiring();
    const whole = await bytesOf(world, ownBlob(record).blobId);
    await damage(world, record, MISSING);
    world.clock.advance(2 * DAY);
    await sweep(world.deps);
    expect(await noticesOf(world)).toEqual([`disagreement:${record.id}`]);
    await world.plain.blobs.put(ownBlob(record).blobId, [whole]);
    expect(await sweep(world.deps)).toMatchObject({ expired: 0 });
    world.clock.advance(LIMITS.disagreedForMs);
    expect(await sweep(world.deps)).toMatchObject({ expired: 1 });
    expect(await noticesOf(world)).toEqual([]);
  });

  test('what its owner deletes, whatever its blob is', async () => {
    for (const change of [MISSING, CUT, ...UNREADABLE.map(([, each]) => each)]) {
      const { world, record } = await expiring();
      await damage(world, record, change);
      await world.remove(record.id);
      expect((await world.plain.catalog.getBackup(record.id))?.deletedReason).toBe('deleted');
      world.clock.advance(2 * DAY);
      await sweep(world.deps);
      expect(await isThere(world, ownBlob(record).blobId)).toBe(false);
      expect(await world.plain.catalog.getBackup(record.id)).toBeUndefined();
      expect(await noticesOf(world)).toEqual([]);
    }
  });
});

/** A world in which the bytes of a hidden backup are due. */
async function due(reason: 'deleted' | 'expired'): Promise<{ world: World; record: BackupRecord }> {
  const { world, record } = await expiring();
  if (reason === 'deleted') await world.remove(record.id);
  world.clock.advance(2 * DAY);
  if (reason === 'expired') expect(await sweep(world.deps)).toMatchObject({ expired: 1 });
  world.clock.advance(2 * DAY);
  return { world, record };
}

describe('bytes are removed', () => {
  test.each<[string, 'deleted' | 'expired', Damage, boolean]>([
    ['whole', 'expired', WHOLE, true],
    ['whole', 'deleted', WHOLE, true],
    ['cut behind their header', 'expired', CUT, true],
    ['missing', 'expired', MISSING, true],
    ['missing', 'deleted', MISSING, true],
    ...UNREADABLE.flatMap(([name, change]): [string, 'deleted' | 'expired', Damage, boolean][] => [
      [name, 'expired', change, false],
      [name, 'deleted', change, true],
    ]),
  ])('if they are %s, of a backup that has been %s', async (_, reason, change, isRemoved) => {
    const { world, record } = await due(reason);
    const { blobId } = ownBlob(record);
    await damage(world, record, change);
    await pruneResource(world.deps, 'r');
    expect(await world.plain.catalog.getBackup(record.id)).toEqual(
      isRemoved ? undefined : expect.objectContaining({ deletedReason: reason }),
    );
    expect(await isThere(world, blobId)).toBe(!isRemoved);
    expect(await noticesOf(world)).toEqual(isRemoved ? [] : [`disagreement:${blobId}`]);
  });

  test('once what could not be read has been moved away, and it is no longer told of', async () => {
    const { world, record } = await due('expired');
    await damage(world, record, () => Buffer.from('rot'));
    await pruneResource(world.deps, 'r');
    expect(await noticesOf(world)).toEqual([`disagreement:${ownBlob(record).blobId}`]);
    await damage(world, record, MISSING);
    expect(await pruneResource(world.deps, 'r')).toMatchObject({ blobsRemoved: 1 });
    expect(await noticesOf(world)).toEqual([]);
  });

  test.each<[string, Partial<GarbageEntry>]>([
    ['resourceId', { resourceId: 'other' }],
    ['sequence', { sequence: 2 }],
    ['backupId', { backupId: 'backup-2' }],
  ])('not if the entry names another %s', async (_, change) => {
    const { world, record } = await due('deleted');
    const { blobId } = ownBlob(record);
    const { items } = await world.plain.catalog.resourceGarbage({ resourceId: 'r', limit: 9 });
    const entry = items.find((one) => one.blobId === blobId)!;
    await world.plain.catalog.commit([{ kind: 'garbage.put', entry: { ...entry, ...change } }]);
    await pruneResource(world.deps, change.resourceId ?? 'r');
    expect(await isThere(world, blobId)).toBe(true);
    expect(await noticesOf(world)).toEqual([`disagreement:${blobId}`]);
  });

  test('not if another blob lies in their place', async () => {
    const { world, record } = await due('deleted');
    const other = await world.backup('r', '{"a":3}');
    await damage(world, record, () => undefined);
    await world.plain.blobs.put(ownBlob(record).blobId, [await bytesOf(world, ownBlob(other).blobId)]);
    await pruneResource(world.deps, 'r');
    expect(await isThere(world, ownBlob(record).blobId)).toBe(true);
  });
});

test('a scrub finds a blob whose record vouches for bytes without a header', async () => {
  const world = createWorld();
  const record = await world.backup('r', '{"a":1}');
  const { blobId } = ownBlob(record);
  const whole = await bytesOf(world, blobId);
  // Read whole it is what was written; the header that is read behind that is another disk's answer.
  const blobs = faultyBlobStore(world.plain.blobs, {
    mutate: (bytes, { nth }) => (nth === 0 ? bytes : new Uint8Array(bytes.length)),
  });
  expect(whole.length).toBeGreaterThan(0);
  world.clock.advance(DAY);
  const { scrub } = await import('../../../lib/service/upkeep/scrub.ts');
  const summary = await scrub({ ...world.deps, blobs, options: OPTIONS }, { backupsMin: 1, ageMs: 0 });
  expect(summary).toMatchObject({ proven: 0, damaged: 1 });
});
