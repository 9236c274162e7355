import { describe, expect, test } from '@jest/globals';
import { LIMITS } from '../../../lib/core/records/limits.ts';
import type { OperationRecord } from '../../../lib/core/records/model.ts';
import { faulty, faultyBlobStore } from '../../../lib/decorators/faulty.ts';
import { PortError } from '../../../lib/ports/errors.ts';
import { workQueue } from '../../../lib/service/jobs/worker.ts';
import { failAbandoned } from '../../../lib/service/restores/operations.ts';
import { createWorld, textOf, type World } from '../world.ts';

const CALLER = { actor: 'tester' };
const ASK = { targetResourceId: 'restored', createdBy: 'ann', validate: true, async: false };

async function lastOperation({ deps }: World): Promise<OperationRecord> {
  return (await deps.catalog.listOperations({ limit: 1 })).items[0]!;
}

describe('a restore in the call', () => {
  test('gives the state and a completed operation, which is remembered', async () => {
    const world = createWorld();
    await world.backup('db', '{"a":1e400}');
    const { operation, data } = await world.service.restore({ ...ASK, backupId: 'backup-1' }, CALLER);
    expect(operation).toMatchObject({
      id: 'restore-1',
      backupId: 'backup-1',
      targetResourceId: 'restored',
      type: 'full',
      status: 'completed',
      validated: true,
      validationErrors: [],
      progress: 100,
      createdBy: 'ann',
    });
    expect(textOf({ data: data! })).toBe('{"a":1e400}');
    expect(await world.service.getOperation('restore-1')).toEqual(operation);
    const actions = (await world.deps.catalog.listEvents({ limit: 10 })).items.map((e) => e.action);
    expect(actions).toEqual(['restore.completed', 'backup.created']);
  });

  test('without validation it says so; the checksum holds all the same', async () => {
    const world = createWorld();
    await world.backup('db', '[1]');
    const { operation } = await world.service.restore(
      { ...ASK, backupId: 'backup-1', validate: false },
      CALLER,
    );
    expect(operation).toMatchObject({ status: 'completed', validated: false });
  });

  test('a part by JSON Pointer; nothing there is a 404 and a failed operation', async () => {
    const world = createWorld();
    await world.backup('db', '{"a":[{"b":9007199254740993}]}');
    const part = await world.service.restore({ ...ASK, backupId: 'backup-1', path: '/a/0/b' }, CALLER);
    expect(textOf(part)).toBe('9007199254740993');
    await expect(
      world.service.restore({ ...ASK, backupId: 'backup-1', path: '/x' }, CALLER),
    ).rejects.toMatchObject({
      code: 'path_not_found',
      extra: { operationId: 'restore-2' },
    });
    expect((await lastOperation(world)).status).toBe('failed');
  });

  test('an unknown or deleted backup leaves no operation behind', async () => {
    const world = createWorld();
    await world.backup('db', '1');
    await world.remove('backup-1');
    for (const backupId of ['backup-1', 'backup-9', '__proto__']) {
      await expect(world.service.restore({ ...ASK, backupId }, CALLER)).rejects.toMatchObject({
        code: 'backup_not_found',
      });
    }
    expect(await lastOperation(world)).toBeUndefined();
  });

  test.each([
    ['a flipped byte', (b: Uint8Array) => b.with(b.length >> 1, b[b.length >> 1]! ^ 1), 'integrity_error'],
    ['a cut tail', (b: Uint8Array) => b.subarray(0, b.length - 1), 'integrity_error'],
    ['nothing at all', () => new Uint8Array(0), 'integrity_error'],
  ])(
    '%s in the store is found: no data, a failed operation, a verify that says so',
    async (_what, mutate, code) => {
      let broken = false;
      const world = createWorld(({ blobs }) => ({
        blobs: faultyBlobStore(blobs, { mutate: (bytes) => (broken ? mutate(bytes) : bytes) }),
      }));
      await world.backup('db', '{"a":[1,2,3]}');
      broken = true;
      await expect(world.restore('backup-1')).rejects.toMatchObject({
        code,
        extra: { operationId: 'restore-1' },
      });
      expect(await lastOperation(world)).toMatchObject({ status: 'failed', validated: false });
      expect((await lastOperation(world)).validationErrors).toHaveLength(1);
      expect(await world.service.verifyBackup('backup-1')).toMatchObject({
        valid: false,
        checksumValid: false,
        errors: [expect.any(String)],
      });
    },
  );

  test('a blob that is missing is a broken chain', async () => {
    const world = createWorld();
    const record = await world.backup('db', '{"a":1}');
    await world.plain.blobs.delete(record.chain[0]!.blobId);
    await expect(world.restore('backup-1')).rejects.toMatchObject({ code: 'broken_chain' });
  });

  test('a blob that is missing because it was set aside says so, and how it is put back', async () => {
    const world = createWorld();
    const { blobId } = (await world.backup('db', '{"a":1}')).chain[0]!;
    const other = (await world.backup('db', '{"a":2}')).chain[0]!;
    for (const id of [blobId, other.blobId]) await world.plain.blobs.setAside(id);
    await expect(world.restore('backup-1')).rejects.toMatchObject({
      code: 'broken_chain',
      message: expect.stringMatching(
        new RegExp(
          `^A blob of backup-1 \\(${blobId}\\) is missing: it lies in quarantine, .*put-back ${blobId}`,
        ),
      ),
      extra: { backupId: 'backup-1', blobId },
    });
    await world.plain.blobs.putBack(blobId);
    expect(await world.text('backup-1')).toBe('{"a":1}');
    await world.plain.blobs.deleteAside(other.blobId);
    await expect(world.restore('backup-2')).rejects.toMatchObject({
      message: expect.stringMatching(/is missing\.$/),
    });
  });

  test('a blob that is missing is so though the quarantine does not answer', async () => {
    const world = createWorld(({ blobs }) => ({
      blobs: {
        ...blobs,
        listAside: async () => {
          throw new PortError('unavailable', 'down');
        },
      },
    }));
    const { blobId } = (await world.backup('db', '{"a":1}')).chain[0]!;
    await world.plain.blobs.delete(blobId);
    await expect(world.restore('backup-1')).rejects.toMatchObject({
      code: 'broken_chain',
      extra: { blobId },
    });
  });

  test('a blob that cannot be read now is not called a broken backup, nor kept from a caller what only cannot be written down', async () => {
    let down = false;
    let unreadable = false;
    const world = createWorld(({ blobs, catalog }) => ({
      catalog: faulty(catalog, {
        before: ({ method }) => {
          if (down && method === 'commit') throw new PortError('unavailable', 'down');
        },
      }),
      blobs: faultyBlobStore(blobs, {
        before: ({ method }) => {
          if (unreadable && method === 'get') throw new PortError('unavailable', 'down');
        },
      }),
    }));
    await world.backup('db', '1');
    down = true;
    expect(await world.text('backup-1')).toBe('1');
    unreadable = true;
    await expect(world.restore('backup-1')).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('a restore in the background', () => {
  const later = { ...ASK, backupId: 'backup-1', async: true };

  test('is queued, worked on, and its result can be fetched for an hour', async () => {
    const world = createWorld();
    await world.backup('db', '{"a":[1,2]}');
    const { operation, data } = await world.service.restore({ ...later, path: '/a' }, CALLER);
    expect([operation.status, data]).toEqual(['queued', undefined]);
    await expect(world.service.getOperationResult('restore-1', CALLER)).rejects.toMatchObject({
      code: 'result_unavailable',
    });
    await workQueue(world.deps);
    expect(await world.service.getOperation('restore-1')).toMatchObject({
      status: 'completed',
      progress: 100,
    });
    expect(textOf(await world.service.getOperationResult('restore-1', CALLER))).toBe('[1,2]');
    world.clock.advance(LIMITS.resultMs);
    await expect(world.service.getOperationResult('restore-1', CALLER)).rejects.toMatchObject({
      code: 'result_unavailable',
    });
  });

  test('gives its result after its backup was deleted, while the bytes are there', async () => {
    const world = createWorld();
    await world.backup('db', '{"a":1}');
    await world.service.restore(later, CALLER);
    await workQueue(world.deps);
    await world.remove('backup-1');
    expect(textOf(await world.service.getOperationResult('restore-1', CALLER))).toBe('{"a":1}');
    const blobs = await world.plain.blobs.list({ limit: 10, writtenBefore: Number.MAX_SAFE_INTEGER });
    for (const { blobId } of blobs.items) await world.plain.blobs.delete(blobId);
    await expect(world.service.getOperationResult('restore-1', CALLER)).rejects.toMatchObject({
      code: 'result_unavailable',
    });
  });

  test('fails when its backup is gone by then', async () => {
    const world = createWorld();
    await world.backup('db', '1');
    await world.service.restore(later, CALLER);
    await world.remove('backup-1');
    await workQueue(world.deps);
    expect(await lastOperation(world)).toMatchObject({ status: 'failed' });
  });

  test('delivered twice, it is done once', async () => {
    const world = createWorld();
    await world.backup('db', '1');
    await world.service.restore(later, CALLER);
    await world.deps.queue.send({ kind: 'restore', id: 'restore-1' });
    await workQueue(world.deps);
    const events = (await world.deps.catalog.listEvents({ limit: 10 })).items;
    expect(events.filter((e) => e.action === 'restore.completed')).toHaveLength(1);
  });

  test('a store that is down for a while only delays it', async () => {
    let down = true;
    const world = createWorld(({ blobs }) => ({
      blobs: faultyBlobStore(blobs, {
        before: ({ method }) => {
          if (down && method === 'get') throw new PortError('unavailable', 'down');
        },
      }),
    }));
    await world.backup('db', '1');
    await world.service.restore(later, CALLER);
    await workQueue(world.deps);
    expect((await lastOperation(world)).status).not.toBe('failed');
    down = false;
    world.clock.advance(LIMITS.jobRetryMs);
    await workQueue(world.deps);
    expect(await lastOperation(world)).toMatchObject({ status: 'completed' });
  });

  test('what nobody works on any more fails when its time is up, or when its process died', async () => {
    const world = createWorld();
    await world.backup('db', '1');
    await world.service.restore(later, CALLER);
    expect(await failAbandoned(world.deps, { interrupted: true })).toBe(0);
    world.clock.advance(LIMITS.operationMs);
    expect(await failAbandoned(world.deps, { interrupted: false })).toBe(1);
    expect(await lastOperation(world)).toMatchObject({ status: 'failed' });
  });
});
