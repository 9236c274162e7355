// Bytes that are not what was written: found at every blob of a chain, never given out, and none of the others' business.

import { describe, expect, test } from '@jest/globals';
import type { BackupRecord, BlobRef } from '../../lib/core/records/model.ts';
import { faultyBlobStore } from '../../lib/decorators/faulty.ts';
import type { BlobDigest, BlobStore } from '../../lib/ports/blob-store.ts';
import { sweep } from '../../lib/service/retention/sweep.ts';
import { createWorld, DAY, inputOf, type World } from '../service/world.ts';

const rows = (n: number): string =>
  `{"rows":[${Array.from({ length: 60 }, (_, id) => `{"id":${id},"v":${id < n ? n : 0},"big":9007199254740993}`)}]}`;

/** Changes what readers of a blob get; the others are left alone. */
type Damage = (bytes: Uint8Array, others: ReadonlyMap<string, Uint8Array>) => Uint8Array;

interface Damaged extends World {
  /** Damages one blob, or, without a name, none. */
  damage(blobId?: string, how?: Damage): void;
}

function createDamagedWorld(): Damaged {
  const stored = new Map<string, Uint8Array>();
  let hit: { blobId: string; how: Damage } | undefined;
  const world = createWorld(({ blobs }) => ({
    blobs: faultyBlobStore(blobs, {
      mutate(bytes, { args }) {
        const blobId = args[0] as string;
        stored.set(blobId, bytes);
        return hit?.blobId === blobId ? hit.how(bytes, stored) : bytes;
      },
    }),
  }));
  return {
    ...world,
    damage(blobId, how = (bytes) => bytes) {
      hit = blobId === undefined ? undefined : { blobId, how };
    },
  };
}

/** A chain of a full, incrementals, a differential beside them, a change of encryption, and a chain of its own. */
async function makeBackups(world: World, encrypt: boolean): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  const make = async (resourceId: string, n: number, type: BackupRecord['type'], sealed = encrypt) => {
    const { id } = await world.make(resourceId, rows(n), type, { encrypt: sealed });
    texts.set(id, rows(n));
  };
  await make('db', 1, 'full');
  await make('db', 2, 'incremental');
  await make('db', 3, 'incremental');
  await make('db', 4, 'differential');
  await make('db', 5, 'incremental', !encrypt);
  await make('db', 6, 'incremental');
  await make('db', 7, 'full');
  await make('other', 8, 'full');
  return texts;
}

async function recordsOf(world: World, texts: ReadonlyMap<string, string>): Promise<BackupRecord[]> {
  return Promise.all([...texts.keys()].map(async (id) => (await world.plain.catalog.getBackup(id))!));
}

function blobsOf(records: readonly BackupRecord[]): BlobRef[] {
  return [...new Map(records.flatMap(({ chain }) => chain).map((ref) => [ref.blobId, ref])).values()];
}

const BROKEN = /^(integrity_error|broken_chain)$/;

async function expectRefused(world: World, id: string, blobId?: string): Promise<void> {
  const outcome = await world.restore(id).catch((error: unknown) => error);
  expect(outcome).toMatchObject({
    code: expect.stringMatching(BROKEN),
    extra: { operationId: expect.any(String), ...(blobId === undefined ? {} : { blobId }) },
  });
  expect(outcome).not.toHaveProperty('data');
  const { operationId } = (outcome as { extra: { operationId: string } }).extra;
  expect(await world.service.getOperation(operationId)).toMatchObject({
    status: 'failed',
    validated: false,
    validationErrors: [expect.any(String)],
  });
  expect(await world.service.verifyBackup(id)).toMatchObject({
    valid: false,
    checksumValid: false,
    errors: [expect.any(String)],
  });
}

/** Backups whose chain goes through the blob are refused, all others restore as ever. */
async function expectFound(
  world: Damaged,
  texts: ReadonlyMap<string, string>,
  blobId: string,
): Promise<void> {
  for (const { id, chain, createdAt, resourceId } of await recordsOf(world, texts)) {
    if (chain.some((ref) => ref.blobId === blobId)) {
      await expectRefused(world, id, blobId);
      await expect(world.textAt(resourceId, createdAt)).rejects.toMatchObject({
        code: expect.stringMatching(BROKEN),
      });
    } else {
      expect(await world.text(id)).toBe(texts.get(id));
    }
  }
}

const flipAt =
  (part: number): Damage =>
  (bytes) => {
    const at = Math.min(bytes.length - 1, Math.floor(bytes.length * part));
    return bytes.with(at, bytes[at]! ^ 1);
  };

const swapped: Damage = (bytes, others) =>
  [...others.values()].find((other) => other.length !== bytes.length)!;
const swappedForLikeSize: Damage = (bytes, others) => {
  const other = [...others.values()].find((candidate) => !Buffer.from(candidate).equals(bytes))!;
  return Buffer.concat([other, bytes], bytes.length);
};

const DAMAGES: [string, Damage][] = [
  ...[0, 0.01, 0.1, 0.3, 0.5, 0.8, 0.99, 1].map((part): [string, Damage] => [
    `a bit flipped at ${part}`,
    flipAt(part),
  ]),
  ['the last byte cut', (bytes) => bytes.subarray(0, -1)],
  ['half of it cut', (bytes) => bytes.subarray(0, bytes.length >> 1)],
  ['its beginning cut', (bytes) => bytes.subarray(1)],
  ['nothing left', () => new Uint8Array(0)],
  ['a byte too many', (bytes) => Buffer.concat([bytes, new Uint8Array(1)])],
  ['zeros in its place', (bytes) => new Uint8Array(bytes.length)],
  ['another blob in its place', swapped],
  ['the bytes of another blob at its length', swappedForLikeSize],
];

describe.each([
  ['encrypted', true],
  ['in clear', false],
])('a history %s', (_how, encrypt) => {
  test.each(DAMAGES)('%s is found at every blob', async (_what, how) => {
    const world = createDamagedWorld();
    const texts = await makeBackups(world, encrypt);
    const records = await recordsOf(world, texts);
    // Everything is read once, so that there is something to swap with.
    for (const id of texts.keys()) expect(await world.text(id)).toBe(texts.get(id));
    for (const { blobId } of blobsOf(records)) {
      world.damage(blobId, how);
      await expectFound(world, texts, blobId);
      world.damage();
    }
    for (const id of texts.keys()) expect(await world.text(id)).toBe(texts.get(id));
  });

  test('an older blob of the same backup in its place is found', async () => {
    const world = createDamagedWorld();
    await world.make('db', rows(1), 'full', {
      encrypt,
      metadata: { ...inputOf('db', '1').metadata, retentionDays: 1 },
    });
    const { chain } = await world.make('db', rows(2), 'incremental', { encrypt });
    const { id } = await world.make('db', rows(2), 'incremental', { encrypt });
    expect(await world.text(id)).toBe(rows(2));
    const older = chain.at(-1)!.blobId;
    world.clock.advance(DAY);
    expect(await sweep(world.deps)).toMatchObject({ expired: 1, rebased: 2 });
    const [rebased] = (await world.plain.catalog.getBackup('backup-2'))!.chain;
    expect(rebased!.blobId).not.toBe(older);
    for (const keepLength of [false, true]) {
      world.damage(rebased!.blobId, (bytes, others) =>
        keepLength ? Buffer.concat([others.get(older)!, bytes], bytes.length) : others.get(older)!,
      );
      await expectRefused(world, 'backup-2');
      await expectRefused(world, id);
    }
    world.damage();
    expect(await world.text(id)).toBe(rows(2));
  });

  test('nobody builds on a base that is damaged: a full begins anew by itself', async () => {
    for (const type of ['incremental', 'differential'] as const) {
      const world = createDamagedWorld();
      const { chain } = await world.make('db', rows(1), 'full', { encrypt });
      world.damage(chain[0]!.blobId, flipAt(0.7));
      const full = await world.make('db', rows(2), type, { encrypt });
      expect(full).toMatchObject({ type: 'full', requestedType: type });
      const next = await world.make('db', rows(3), type, { encrypt });
      expect(next).toMatchObject({ type, baseBackupId: full.id });
      expect([await world.text(full.id), await world.text(next.id)]).toEqual([rows(2), rows(3)]);
    }
  });

  test('a sweep that cannot rebuild one backup keeps what it needs, and goes on with the others', async () => {
    const world = createDamagedWorld();
    const short = { ...inputOf('db', '1').metadata, retentionDays: 1 };
    for (const resourceId of ['bad', 'good']) {
      await world.make(resourceId, rows(1), 'full', { encrypt, metadata: short });
      await world.make(resourceId, rows(2), 'incremental', { encrypt });
    }
    const { chain } = (await world.plain.catalog.getBackup('backup-2'))!;
    world.damage(chain[1]!.blobId, flipAt(0.9));
    for (let n = 0; n < 4; n++) {
      world.clock.advance(DAY + 1);
      await sweep(world.deps);
    }
    await expectRefused(world, 'backup-2');
    expect(await world.text('backup-4')).toBe(rows(2));
    // The disk was only read wrongly, say: once it reads right, the backup is whole again.
    world.damage();
    expect(await world.text('backup-2')).toBe(rows(2));
  });
});

describe('a wrapped key that is not the chain own', () => {
  test('is found, and what it locks is not given out', async () => {
    const world = createWorld();
    const first = await world.make('db', rows(1), 'full');
    const second = await world.make('other', rows(2), 'full');
    const tampered = { ...first, key: second.key!, version: first.version + 1 };
    await world.plain.catalog.commit([{ kind: 'backup.update', record: tampered, expect: first.version }]);
    await expectRefused(world, first.id);
    expect(await world.text(second.id)).toBe(rows(2));
  });
});

describe('a store that holds other bytes than it was given', () => {
  const flip = (bytes: Uint8Array): Uint8Array => flipAt(0.5)(bytes, new Map());

  /** Stores what `change` makes of the bytes; says what it holds, or whatever `say` makes of that. */
  function lying(
    store: BlobStore,
    change: (bytes: Uint8Array) => Uint8Array,
    say: (digest: BlobDigest, expected: BlobDigest | undefined) => BlobDigest = (digest) => digest,
  ): BlobStore {
    return {
      ...store,
      async put(blobId, body, expected) {
        const bytes = change(Buffer.concat(await Array.fromAsync(body)));
        return say(await store.put(blobId, [bytes]), expected);
      },
    };
  }

  async function expectNothing(world: World, type: BackupRecord['type']): Promise<void> {
    const before = (await world.service.listBackups({ limit: 10 })).items;
    await expect(world.make('db', rows(9), type)).rejects.toMatchObject({ code: /integrity/ as never });
    expect((await world.service.listBackups({ limit: 10 })).items).toEqual(before);
    for (const { id } of before) expect(await world.text(id)).toBe(rows(1));
  }

  test.each([
    ['flipped', flip],
    ['cut', (bytes: Uint8Array) => bytes.subarray(0, -3)],
    ['none at all', () => new Uint8Array(0)],
  ])('%s, and says so by its digest: no backup', async (_what, change) => {
    for (const type of ['full', 'incremental'] as const) {
      let bad = false;
      const world = createWorld(({ blobs }) => ({
        blobs: lying(blobs, (bytes) => (bad ? change(bytes) : bytes)),
      }));
      await world.make('db', rows(1), 'full');
      bad = true;
      await expectNothing(world, type);
    }
  });

  test.each([
    ['another hash', (digest: BlobDigest) => ({ ...digest, sha256: '0'.repeat(64) })],
    ['another size', (digest: BlobDigest) => ({ ...digest, bytes: digest.bytes - 1 })],
  ])('the right ones, but confirms %s: no backup', async (_what, say) => {
    let bad = false;
    const world = createWorld(({ blobs }) => ({
      blobs: lying(
        blobs,
        (bytes) => bytes,
        (digest) => (bad ? say(digest) : digest),
      ),
    }));
    await world.make('db', rows(1), 'full');
    bad = true;
    await expectNothing(world, 'full');
    await expectNothing(world, 'incremental');
  });

  test('flipped, and swears that it does not: the restore finds it', async () => {
    const world = createWorld(({ blobs }) => ({
      blobs: lying(blobs, flip, (digest, expected) => expected ?? digest),
    }));
    const { id } = await world.make('db', rows(1), 'full');
    await expectRefused(world, id);
  });

  test('a sweep does not exchange a good blob for one that the store does not confirm', async () => {
    let bad = false;
    const world = createWorld(({ blobs }) => ({
      blobs: lying(blobs, (bytes) => (bad ? flip(bytes) : bytes)),
    }));
    await world.make('db', rows(1), 'full', {
      metadata: { ...inputOf('db', '1').metadata, retentionDays: 1 },
    });
    await world.make('db', rows(2), 'incremental');
    bad = true;
    for (let n = 0; n < 3; n++) {
      world.clock.advance(DAY + 1);
      await sweep(world.deps);
      expect(await world.text('backup-2')).toBe(rows(2));
    }
  });
});
