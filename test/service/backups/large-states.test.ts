// States that are longer than what may stand in memory: stored whole, proven in the store, given back as a stream.

import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { readState } from '../../../lib/core/json/body.ts';
import { isPacked, packingOf, type ScannedState } from '../../../lib/core/json/state-sink.ts';
import { createMemoryScratch } from '../../../lib/memory/scratch.ts';
import type { BlobStore } from '../../../lib/ports/blob-store.ts';
import type { RestoreOutput, Text } from '../../../lib/service/contract/api.ts';
import type { Deps } from '../../../lib/service/contract/deps.ts';
import { workQueue } from '../../../lib/service/jobs/worker.ts';
import { KERNEL } from '../../core/kernels.ts';
import { createWorld, OPTIONS, type World } from '../world.ts';

const MIB = 1024 * 1024;
const memory = { deltaStateBytesMax: 2 * MIB, heldStateBytesMax: MIB, heldBlobBytesMax: 100_000 };
const small = (): Partial<Deps> => ({ options: { ...OPTIONS, memory, uploadBytesMax: 10 * MIB } });

/** Rows that hardly compress. */
function rows(count: number, seed = 'a'): Buffer {
  const row = (id: number) => {
    const hash = createHash('sha256').update(`${seed}${id}`).digest('base64');
    return `{"id":${id},"value":"${hash}"}`;
  };
  return Buffer.from(`[${Array.from({ length: count }, (_, id) => row(id)).join(',')}]`);
}

async function scanned(text: Buffer): Promise<ScannedState> {
  const packing = { ...packingOf(memory, createMemoryScratch()), isTextWanted: () => false };
  return readState(
    KERNEL,
    (async function* () {
      yield text;
    })(),
    { bytesMax: 100 * MIB, sizeHint: 0, packing },
  );
}

const LARGE = rows(50_000);

async function backedUp(world: World, text = LARGE, type: 'full' | 'incremental' = 'full') {
  return world.backup('big', '0', { state: await scanned(text), type });
}

async function collected({ data }: RestoreOutput): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync((data as Text).chunks));
}

const restore = (world: World, backupId: string, input: Partial<{ path: string; validate: boolean }> = {}) =>
  world.service.restore(
    { backupId, targetResourceId: 't', createdBy: 'me', validate: true, async: false, ...input },
    { actor: 'me' },
  );

test('a long state is packed, stored, and streamed back byte for byte', async () => {
  const world = createWorld(small);
  const state = await scanned(LARGE);
  expect(isPacked(state)).toBe(true);
  const backup = await backedUp(world);
  expect(backup).toMatchObject({ size: LARGE.length, type: 'full' });
  expect(backup.checksum).toBe(createHash('sha256').update(LARGE).digest('hex'));
  for (const validate of [true, false]) {
    const output = await restore(world, backup.id, { validate });
    expect(Symbol.asyncIterator in output.data!.chunks).toBe(true);
    expect(output.data!.bytes).toBe(LARGE.length);
    expect(LARGE.equals(await collected(output))).toBe(true);
    expect(output.operation).toMatchObject({ status: 'completed', validated: validate, progress: 100 });
  }
});

test('it is verified, restored in part, and by instant', async () => {
  const world = createWorld(small);
  const { id } = await backedUp(world);
  expect(await world.service.verifyBackup(id)).toMatchObject({ valid: true, structureValid: true });
  world.deps.options.verifyBytesMax = 10;
  await expect(world.service.verifyBackup(id)).rejects.toMatchObject({ code: 'payload_too_large' });
  const part = await collected(await restore(world, id, { path: '/49999/id' }));
  expect(part.toString()).toBe('49999');
  const output = await world.service.restorePointInTime(
    { resourceId: 'big', at: world.clock.now(), createdBy: 'me', validate: true, async: false },
    { actor: 'me' },
  );
  expect(LARGE.equals(await collected(output))).toBe(true);
});

test('in clear, too', async () => {
  const world = createWorld(small);
  const backup = await world.backup('big', '0', { state: await scanned(LARGE), encrypt: false });
  expect(LARGE.equals(await collected(await restore(world, backup.id)))).toBe(true);
});

test('what is too long for a delta is stored whole, as the backup that was asked for, and its chain goes on', async () => {
  const world = createWorld(small);
  await backedUp(world, rows(100));
  const large = await backedUp(world, LARGE, 'incremental');
  expect(large).toMatchObject({ type: 'incremental' });
  expect(large.chain).toHaveLength(1);
  const next = await backedUp(world, rows(50_001), 'incremental');
  expect(next.chain).toHaveLength(1);
  const last = await backedUp(world, rows(101), 'incremental');
  expect(rows(101).equals(await collected(await restore(world, last.id)))).toBe(true);
  expect(rows(50_001).equals(await collected(await restore(world, next.id)))).toBe(true);
  await expect(world.service.getDelta(large.id, { actor: 'me' })).rejects.toMatchObject({
    code: 'delta_not_found',
  });
});

test('a state that came packed is unpacked for a delta, if it is not too long', async () => {
  const world = createWorld(() => ({
    options: { ...OPTIONS, memory: { ...memory, deltaStateBytesMax: 8 * MIB } },
  }));
  await backedUp(world, LARGE);
  const target = rows(50_000).toString().replace('"id":7,', '"id":7,"new":1,');
  const backup = await backedUp(world, Buffer.from(target), 'incremental');
  expect(backup.chain).toHaveLength(2);
  expect(backup.changes).toEqual({ additions: 1, changes: 0, deletions: 0, moves: 0 });
  expect((await collected(await restore(world, backup.id))).toString()).toBe(target);
});

describe('a store that fails', () => {
  /** From the `nth` read of a blob on, one byte of it is another. */
  function bitRotFrom(nth: number, offset: number) {
    let reads = 0;
    return (blobs: BlobStore): BlobStore => ({
      ...blobs,
      async get(blobId) {
        const rotten = ++reads >= nth;
        const chunks = await blobs.get(blobId);
        return (async function* () {
          let at = 0;
          for await (const chunk of chunks) {
            const copy = Buffer.from(chunk);
            if (rotten && offset >= at && offset < at + copy.length) copy[offset - at]! ^= 1;
            at += copy.length;
            yield copy;
          }
        })();
      },
    });
  }

  // The proof reads a blob twice: for its MAC, then for its text.
  test.each([1, 2])('at read %d of the proof makes no backup', async (nth) => {
    const rot = bitRotFrom(nth, 1_000_000);
    const world = createWorld(({ blobs }) => ({ ...small(), blobs: rot(blobs) }));
    await expect(backedUp(world)).rejects.toMatchObject({ code: 'integrity_error' });
    expect((await world.deps.catalog.listBackups({ limit: 10 })).items).toEqual([]);
  });

  test.each([3, 4])('at read %d: before anything has been given, the restore fails', async (nth) => {
    const rot = bitRotFrom(nth, 1_000_000);
    const world = createWorld(({ blobs }) => ({ ...small(), blobs: rot(blobs) }));
    const { id } = await backedUp(world);
    await expect(restore(world, id)).rejects.toMatchObject({ code: 'integrity_error' });
  });

  test.each([5, 6])('at read %d: while the state is given, its end never comes', async (nth) => {
    const rot = bitRotFrom(nth, 1_500_000);
    const world = createWorld(({ blobs }) => ({ ...small(), blobs: rot(blobs) }));
    const { id } = await backedUp(world);
    const { data } = await restore(world, id);
    let given = 0;
    const reading = (async () => {
      for await (const chunk of data!.chunks) given += chunk.length;
    })();
    await expect(reading).rejects.toMatchObject({ code: 'integrity_error' });
    expect(given).toBeLessThan(LARGE.length);
  });

  test('that confirms other bytes than it was given makes no backup', async () => {
    const world = createWorld(({ blobs }) => ({
      ...small(),
      blobs: {
        ...blobs,
        put: async (...args) => ({ ...(await blobs.put(...args)), sha256: 'f'.repeat(64) }),
      },
    }));
    await expect(backedUp(world)).rejects.toMatchObject({ code: 'integrity_error' });
  });
});

test('by upload, with what does not fit into memory in a scratch file that does not stay', async () => {
  const scratch = createMemoryScratch();
  const world = createWorld(() => ({ ...small(), scratch }));
  const { uploadId, url } = await world.service.createUpload();
  world.uploads.put(url, LARGE);
  const { request } = await world.service.requestBackup(
    {
      resourceId: 'big',
      resourceType: 'generic',
      type: 'full',
      metadata: { version: '1.0', source: 'test', tags: {}, retentionDays: 30 },
      encrypt: true,
      uploadId,
    },
    { actor: 'me' },
  );
  await workQueue(world.deps);
  expect([scratch.openedCount, scratch.openCount]).toEqual([1, 0]);
  expect(LARGE.equals(await collected(await restore(world, request.id)))).toBe(true);
});
