import { describe, expect, test } from '@jest/globals';
import { LIMITS } from '../../lib/core/limits.ts';
import { PortError } from '../../lib/ports.ts';
import { failAbandoned } from '../../lib/service/operations.ts';
import { workQueue } from '../../lib/service/worker.ts';
import { createWorld, inputOf, OPTIONS, textOf, type World } from './world.ts';

const CALLER = { actor: 'tester' };

async function upload({ service, uploads }: World, json: string): Promise<string> {
  const { uploadId, url } = await service.createUpload();
  uploads.receive(url, Buffer.from(json));
  return uploadId;
}

function ask(uploadId: string, resourceId = 'db') {
  const { state: _state, ...input } = inputOf(resourceId, 'null');
  return { ...input, uploadId };
}

describe('a backup by upload', () => {
  test('is pending, then there, under the id that was promised', async () => {
    const world = createWorld();
    const uploadId = await upload(world, ' {"a" : [1e400, 2]} ');
    const { request } = await world.service.requestBackup(ask(uploadId), CALLER);
    expect(request).toMatchObject({ id: 'backup-1', status: 'pending', progress: 0 });
    expect(await world.service.findBackup('backup-1')).toEqual(request);
    await workQueue(world.deps);
    expect(await world.service.findBackup('backup-1')).toMatchObject({
      status: 'completed',
      sequence: 1,
      size: 15,
    });
    expect(await world.text('backup-1')).toBe('{"a":[1e400,2]}');
    // What has been used is forgotten.
    await expect(world.service.requestBackup(ask(uploadId), CALLER)).rejects.toMatchObject({
      code: 'upload_not_found',
    });
    await world.remove('backup-1');
    await expect(world.service.findBackup('backup-1')).rejects.toMatchObject({ code: 'backup_not_found' });
  });

  test.each([
    ['{"a":', 'malformed_json'],
    ['', 'malformed_json'],
    ['['.repeat(600), 'json_too_deep'],
    [`"${'x'.repeat(OPTIONS.uploadBytesMax)}"`, 'payload_too_large'],
  ])('an upload that is no state (%#) fails the request and makes no backup', async (json, code) => {
    const world = createWorld();
    const uploadId = await upload(world, json);
    const asked = world.service.requestBackup(ask(uploadId), CALLER);
    if (code === 'payload_too_large') {
      await expect(asked).rejects.toMatchObject({ code });
      return;
    }
    await asked;
    await workQueue(world.deps);
    expect(await world.service.findBackup('backup-1')).toMatchObject({ status: 'failed', failure: { code } });
    expect((await world.service.listBackups({ limit: 10 })).items).toEqual([]);
    expect(await world.blobCount()).toBe(0);
  });

  test('nothing uploaded is a 404 that leaves nothing behind', async () => {
    const world = createWorld();
    const { uploadId } = await world.service.createUpload();
    for (const id of [uploadId, 'f'.repeat(32), '../../etc']) {
      await expect(world.service.requestBackup(ask(id), CALLER)).rejects.toMatchObject({
        code: 'upload_not_found',
      });
    }
    expect(await world.deps.catalog.getRequest('backup-1')).toBeUndefined();
  });

  test('the same idempotency key makes one request', async () => {
    const world = createWorld();
    const input = { ...ask(await upload(world, '1')), idempotencyKey: 'k' };
    const answers = await Promise.all([1, 2, 3].map(() => world.service.requestBackup(input, CALLER)));
    expect(new Set(answers.map(({ request }) => JSON.stringify(request))).size).toBe(1);
    await workQueue(world.deps);
    expect((await world.service.listBackups({ limit: 10 })).items).toHaveLength(1);
    await expect(
      world.service.requestBackup({ ...input, type: 'incremental' }, CALLER),
    ).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  });

  test('a worker that dies after its commit makes no second backup', async () => {
    let dead = false;
    const world = createWorld(({ transfers }) => ({
      transfers: {
        ...transfers,
        async discardUpload(uploadId) {
          if (dead) return transfers.discardUpload(uploadId);
          dead = true;
          throw new PortError('unavailable', 'dead');
        },
      },
    }));
    await world.service.requestBackup(ask(await upload(world, '[1]')), CALLER);
    await workQueue(world.deps);
    expect(dead).toBe(true);
    world.clock.advance(LIMITS.jobRetryMs);
    await workQueue(world.deps);
    expect((await world.service.listBackups({ limit: 10 })).items.map((r) => r.id)).toEqual(['backup-1']);
    expect(await world.deps.catalog.getRequest('backup-1')).toMatchObject({ status: 'completed' });
  });

  test('what is not done within its time has failed', async () => {
    const world = createWorld();
    await world.service.requestBackup(ask(await upload(world, '1')), CALLER);
    world.clock.advance(LIMITS.operationMs);
    expect(await failAbandoned(world.deps, { interrupted: false })).toBe(1);
    expect(await world.service.findBackup('backup-1')).toMatchObject({ status: 'failed' });
    await workQueue(world.deps);
    expect((await world.service.listBackups({ limit: 10 })).items).toEqual([]);
  });
});

describe('a home that cannot answer with large results', () => {
  test('restores them in the background, asked for or not, and stages the result', async () => {
    const world = createWorld(() => ({ options: { ...OPTIONS, syncBytesMax: 10 } }));
    world.deps.transfers = world.uploads;
    await world.backup('db', '{"a":[1,2,3,4,5]}');
    const { operation, data } = await world.restore('backup-1');
    expect([operation.status, data]).toEqual(['queued', undefined]);
    await workQueue(world.deps);
    const { url } = await world.service.getOperationResult('restore-1');
    expect(Buffer.from(world.uploads.fetch(url!)!).toString()).toBe('{"a":[1,2,3,4,5]}');
    await world.backup('db', '[1]');
    expect(textOf(await world.restore('backup-2'))).toBe('[1]');
  });
});
