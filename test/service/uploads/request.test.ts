import { describe, expect, test } from '@jest/globals';
import { LIMITS } from '../../../lib/core/records/limits.ts';
import type { BackupRecord, BackupRequest } from '../../../lib/core/records/model.ts';
import { faulty, faultyBlobStore } from '../../../lib/decorators/faulty.ts';
import { silentLogger } from '../../../lib/log.ts';
import { PortError } from '../../../lib/ports/errors.ts';
import { workQueue } from '../../../lib/service/jobs/worker.ts';
import { resumeJobs } from '../../../lib/service/kit/jobs.ts';
import { reopenRequests } from '../../../lib/service/uploads/request-run.ts';
import { createWorld, DAY, inputOf, OPTIONS, textOf, type World } from '../world.ts';

const CALLER = { actor: 'tester' };

async function upload({ service, uploads }: World, json: string): Promise<string> {
  const { uploadId, url } = await service.createUpload();
  uploads.put(url, Buffer.from(json));
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

  test('is never out of sight, whenever it becomes the backup while somebody looks', async () => {
    let between = async (): Promise<unknown> => undefined;
    const world = createWorld(({ catalog }) => ({
      catalog: faulty(catalog, {
        async before({ method }) {
          if (method !== 'getRequest') return;
          const work = between;
          between = async () => undefined;
          await work();
        },
      }),
    }));
    const { request } = await world.service.requestBackup(ask(await upload(world, '1')), CALLER);
    between = () => workQueue(world.deps);
    expect(await world.service.findBackup(request.id)).toMatchObject({ id: request.id, status: 'completed' });
  });

  test('accepted under a clock that is behind and made when it is right again, is kept for as long as was asked', async () => {
    const world = createWorld();
    await world.backup('other', '1');
    const right = world.clock.now();
    world.clock.set(right - 100 * DAY);
    const uploadId = await upload(world, '1');
    const { request } = await world.service.requestBackup(ask(uploadId), CALLER);
    world.clock.set(right);
    await workQueue(world.deps);
    const made = await world.service.findBackup(request.id);
    expect(made).toMatchObject({ createdAt: right - 100 * DAY });
    expect((made as BackupRecord).expiresAt).toBeGreaterThanOrEqual(right + 30 * DAY);
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

  test('two requests for one upload are one too many', async () => {
    const world = createWorld();
    const uploadId = await upload(world, '1');
    await world.service.requestBackup(ask(uploadId), CALLER);
    const taken = { code: 'upload_taken', extra: { backupId: 'backup-1' } };
    await expect(world.service.requestBackup(ask(uploadId), CALLER)).rejects.toMatchObject(taken);
    const both = await Promise.allSettled(
      ['a', 'b'].map(async (name) => {
        const again = await upload(world, '2');
        const asked = [1, 2].map(() => world.service.requestBackup(ask(again, name), CALLER));
        return (await Promise.allSettled(asked)).filter(({ status }) => status === 'fulfilled').length;
      }),
    );
    expect(both).toEqual([1, 1].map((value) => ({ status: 'fulfilled', value })));
  });

  test('one that fails says so at once, in the log and in a list', async () => {
    const logged: unknown[] = [];
    const world = createWorld(() => ({
      log: { ...silentLogger, error: (message, fields) => logged.push([message, fields]) },
    }));
    await world.service.requestBackup(ask(await upload(world, '{cut')), CALLER);
    expect((await world.service.listRequests({ limit: 5, status: 'pending' })).items).toHaveLength(1);
    await workQueue(world.deps);
    expect(logged).toEqual([
      [
        'backup failed',
        expect.objectContaining({ backupId: 'backup-1', resourceId: 'db', code: 'malformed_json' }),
      ],
    ]);
    const { items } = await world.service.listRequests({ limit: 5, status: 'failed', resourceId: 'db' });
    expect(items).toMatchObject([{ id: 'backup-1', failure: { code: 'malformed_json' } }]);
    expect((await world.service.listRequests({ limit: 5, status: 'pending' })).items).toEqual([]);
    await world.service.deleteBackup('backup-1', CALLER);
    expect((await world.service.listRequests({ limit: 5, status: 'failed' })).items).toEqual([]);
    await expect(world.service.findBackup('backup-1')).rejects.toMatchObject({ code: 'backup_not_found' });
    await expect(world.service.deleteBackup('backup-1', CALLER)).rejects.toMatchObject({
      code: 'backup_not_found',
    });
  });

  test('can be called off before it is made, also while it is being made', async () => {
    const world = createWorld(({ blobs }) => ({
      blobs: faultyBlobStore(blobs, {
        async before({ method }) {
          if (method === 'put') await world.service.deleteBackup('backup-2', CALLER);
        },
      }),
    }));
    await world.service.requestBackup(ask(await upload(world, '1')), CALLER);
    await world.service.deleteBackup('backup-1', CALLER);
    await world.service.requestBackup(ask(await upload(world, '2')), CALLER);
    await workQueue(world.deps);
    world.clock.advance(LIMITS.jobRetryMs);
    await workQueue(world.deps);
    expect((await world.service.listBackups({ limit: 10 })).items).toEqual([]);
    for (const id of ['backup-1', 'backup-2']) {
      await expect(world.service.findBackup(id)).rejects.toMatchObject({ code: 'backup_not_found' });
    }
    expect(await world.plain.queue.deadLetters()).toEqual([]);
  });
});

/** A world whose blobs cannot be written while `full`, and whose catalog cannot either if that is wanted. */
function createFullWorld() {
  const disk = { full: true, catalogToo: false };
  const error = () => new PortError('unavailable', 'no room', { reason: 'disk_full' });
  const world = createWorld(({ blobs, catalog }) => ({
    waits: new Map(),
    blobs: faultyBlobStore(blobs, {
      before: ({ method }) => {
        if (disk.full && method === 'put') throw error();
      },
    }),
    catalog: faulty(catalog, {
      before: ({ method }) => {
        if (disk.full && disk.catalogToo && method === 'commit') throw error();
      },
    }),
  }));
  return { world, disk };
}

async function workFor(world: World, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1000) {
    await workQueue(world.deps);
    world.clock.advance(1000);
  }
}

describe('what was accepted', () => {
  test.each([false, true])(
    'waits for room on the disk, says so, and is made when there is some (nothing can be written: %s)',
    async (catalogToo) => {
      const { world, disk } = createFullWorld();
      await world.service.requestBackup(ask(await upload(world, '[1]')), CALLER);
      disk.catalogToo = catalogToo;
      for (const ms of [1000, 3 * LIMITS.operationMs]) {
        await workFor(world, ms);
        const found = await world.service.findBackup('backup-1');
        expect(found).toMatchObject({ status: 'pending', waiting: { code: 'disk_full' } });
      }
      expect(await world.plain.queue.deadLetters()).toEqual([]);
      disk.full = false;
      await workFor(world, LIMITS.jobAgainMs + 1000);
      const made = await world.service.findBackup('backup-1');
      expect(made).toMatchObject({ status: 'completed' });
      expect(made).not.toHaveProperty('waiting');
      expect(await world.text('backup-1')).toBe('[1]');
      expect(await world.deps.queue.receive(10)).toEqual([]);
    },
    60_000,
  );

  test('is sent again if its job is lost, once, whatever it is', async () => {
    const sent: unknown[] = [];
    const world = createWorld(({ queue }) => ({
      queue: {
        ...queue,
        async send(job, delayMs) {
          sent.push(job);
          if (sent.length > 2) await queue.send(job, delayMs);
        },
      },
    }));
    await world.backup('db', '1');
    await world.service.requestBackup(ask(await upload(world, '2')), CALLER);
    await world.service.restore(
      { backupId: 'backup-1', targetResourceId: 't', createdBy: 'a', validate: true, async: true },
      CALLER,
    );
    expect(await resumeJobs(world.deps)).toBe(0);
    world.clock.advance(LIMITS.jobLostMs + 1);
    expect(await resumeJobs(world.deps)).toBe(2);
    expect(await resumeJobs(world.deps)).toBe(0);
    await workQueue(world.deps);
    expect(await world.service.findBackup('backup-2')).toMatchObject({ status: 'completed' });
    expect(await world.service.getOperation('restore-1')).toMatchObject({ status: 'completed' });
  });

  test('by the first release, without a place in the order of states, gets one in order of acceptance', async () => {
    const world = createWorld();
    await world.backup('db', '0');
    const ids = ['backup-8', 'backup-9'];
    for (const [n, id] of ids.entries()) {
      const { state: _state, type: requestedType, ...asked } = inputOf('db', 'null');
      const record: BackupRequest = {
        ...asked,
        id,
        requestedType,
        uploadId: await upload(world, String(n)),
        status: n === 0 ? 'in_progress' : 'pending',
        progress: 0,
        actor: 'a',
        createdAt: world.clock.now() + n,
        leaseUntil: 0,
        version: 1,
      };
      await world.deps.catalog.commit([{ kind: 'request.insert', record }]);
      await world.deps.queue.send({ kind: 'backup', id });
    }
    await reopenRequests(world.deps);
    const later = await world.backup('db', '"later"');
    await workQueue(world.deps);
    const made = await Promise.all(ids.map((id) => world.service.findBackup(id)));
    expect(made.map(({ sequence, status }) => [sequence, status])).toEqual([
      [2, 'completed'],
      [3, 'completed'],
    ]);
    expect(later.sequence).toBe(4);
  });

  test('fails with a word in the log when it fails for no passing reason, every time', async () => {
    const logged: unknown[] = [];
    const world = createWorld(({ blobs }) => ({
      log: { ...silentLogger, error: (message, fields) => logged.push([message, fields?.backupId]) },
      blobs: faultyBlobStore(blobs, {
        before: ({ method }) => {
          if (method === 'put') throw new TypeError('a bug');
        },
      }),
    }));
    await world.service.requestBackup(ask(await upload(world, '1')), CALLER);
    await workFor(world, 60_000);
    expect(await world.service.findBackup('backup-1')).toMatchObject({
      status: 'failed',
      failure: { code: 'internal_error' },
    });
    expect(logged.at(-1)).toEqual(['backup failed', 'backup-1']);
    expect(await world.plain.queue.deadLetters()).toEqual([{ kind: 'backup', id: 'backup-1' }]);
  });

  test('is not stuck behind a failure of the queue that has passed', async () => {
    let failures = 0;
    const failing = (): void => {
      if (failures++ < 3) throw new PortError('unavailable', 'the queue does not answer');
    };
    const world = createWorld(({ queue }) => ({
      queue: faulty(queue, {
        before: ({ method }) => {
          if (method === 'retry' || method === 'ack') failing();
        },
      }),
    }));
    await world.service.requestBackup(ask(await upload(world, '1')), CALLER);
    await workQueue(world.deps);
    expect(failures).toBeGreaterThan(3);
    world.clock.advance(10 * LIMITS.jobVisibilityMs);
    expect(await world.deps.queue.receive(10)).toEqual([]);
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
    const { url } = await world.service.getOperationResult('restore-1', CALLER);
    expect(Buffer.from(world.uploads.fetch(url!)!).toString()).toBe('{"a":[1,2,3,4,5]}');
    await world.backup('db', '[1]');
    expect(textOf(await world.restore('backup-2'))).toBe('[1]');
  });
});
