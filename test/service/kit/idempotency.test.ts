// The same key, caller and resource: one backup, and an answer that says what is so now.

import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { CreateBackupInput, RequestBackupInput } from '../../../lib/service/contract/api.ts';
import { workQueue } from '../../../lib/service/jobs/worker.ts';
import { fingerprint } from '../../../lib/service/kit/idempotency.ts';
import { createWorld, DAY, inputOf, type World } from '../world.ts';

const CALLER = { actor: 'a' };
const keyed = (json: string, resourceId = 'db'): CreateBackupInput => ({
  ...inputOf(resourceId, json),
  idempotencyKey: 'k1',
});

async function upload({ service, uploads }: World, json: string): Promise<RequestBackupInput> {
  const { uploadId, url } = await service.createUpload();
  uploads.put(url, Buffer.from(json));
  const { state: _state, ...input } = keyed('null');
  return { ...input, uploadId };
}

describe('a key', () => {
  test('gives one backup, whether it comes at once or one after the other', async () => {
    const { service, deps } = createWorld();
    const answers = await Promise.all([1, 2, 3].map(() => service.createBackup(keyed('{"x":1}'), CALLER)));
    answers.push(await service.createBackup(keyed('{"x":1}'), CALLER));
    expect(new Set(answers.map(({ backup }) => JSON.stringify(backup))).size).toBe(1);
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect((await deps.catalog.listBackups({ limit: 10 })).items).toHaveLength(1);
  });

  test.each([
    ['state', inputOf('db', '{"x":2}')],
    ['type', { ...inputOf('db', '{"x":1}'), type: 'incremental' as const }],
    ['encryption', { ...inputOf('db', '{"x":1}'), encrypt: false }],
  ])('with another %s is refused', async (_what, other) => {
    const { service } = createWorld();
    await service.createBackup(keyed('{"x":1}'), CALLER);
    await expect(service.createBackup({ ...other, idempotencyKey: 'k1' }, CALLER)).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    });
  });

  test("is each caller's own, and each resource's", async () => {
    const { service } = createWorld();
    await service.createBackup(keyed('{"x":1}'), CALLER);
    const others = [
      await service.createBackup(keyed('{"x":2}'), { actor: 'b' }),
      await service.createBackup(keyed('{"x":3}', 'other'), CALLER),
    ];
    expect(others.map(({ replayed }) => replayed)).toEqual([false, false]);
  });

  test('is forgotten after a day', async () => {
    const { service, clock } = createWorld();
    await service.createBackup(keyed('1'), CALLER);
    clock.advance(DAY + 1);
    expect((await service.createBackup(keyed('1'), CALLER)).replayed).toBe(false);
  });

  test('of the first release, which had no scope, is honoured for the same request, and for no other', async () => {
    const { service, backup, deps, clock } = createWorld();
    const made = await backup('db', '{"x":1}');
    const { resourceId, resourceType, type, state, metadata, encrypt } = keyed('{"x":1}');
    const sorted = (_key: string, value: unknown): unknown =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
        : value;
    const asked = JSON.stringify([resourceId, resourceType, type, state.checksum, encrypt, metadata], sorted);
    const record = {
      key: 'k1',
      fingerprint: createHash('sha256').update(asked).digest('hex'),
      backupId: made.id,
      response: JSON.stringify(made),
      expiresAt: clock.now() + DAY,
    };
    await deps.catalog.commit([{ kind: 'idempotency.insert', record, now: clock.now() }]);
    expect(await service.createBackup(keyed('{"x":1}'), CALLER)).toEqual({ backup: made, replayed: true });
    expect((await service.createBackup(keyed('{"x":2}'), CALLER)).replayed).toBe(false);
  });
});

describe('asking again', () => {
  test('shows the backup as it is now', async () => {
    const { service } = createWorld();
    const { backup } = await service.createBackup(keyed('1'), CALLER);
    await service.protectBackup(backup.id, { legalHold: true }, CALLER);
    expect((await service.createBackup(keyed('1'), CALLER)).backup.legalHold).toBe(true);
  });

  test('does not bring back what somebody has deleted', async () => {
    const world = createWorld();
    const { backup } = await world.service.createBackup(keyed('1'), CALLER);
    await world.remove(backup.id);
    await expect(world.service.createBackup(keyed('1'), CALLER)).rejects.toMatchObject({
      code: 'backup_not_found',
      message: expect.stringContaining('deleted'),
    });
  });

  test('shows a request pending, then the backup that it became', async () => {
    const world = createWorld();
    const input = await upload(world, '[1]');
    await world.service.requestBackup(input, CALLER);
    expect(await world.service.requestBackup(input, CALLER)).toMatchObject({
      request: { status: 'pending' },
      replayed: true,
    });
    await workQueue(world.deps);
    expect(await world.service.requestBackup(input, CALLER)).toMatchObject({
      request: { id: 'backup-1', status: 'completed', size: 3 },
      replayed: true,
    });
  });

  test('begins anew after a failure, with the same upload or with a mended one', async () => {
    const world = createWorld();
    const input = await upload(world, '{bad');
    const first = await world.service.requestBackup(input, CALLER);
    await workQueue(world.deps);
    expect(await world.service.findBackup(first.request.id)).toMatchObject({ status: 'failed' });
    const second = await world.service.requestBackup(input, CALLER);
    expect(second).toMatchObject({ request: { status: 'pending' }, replayed: false });
    expect(second.request.id).not.toBe(first.request.id);
    await workQueue(world.deps);
    const mended = await upload(world, '{"good":1}');
    const third = await world.service.requestBackup(mended, CALLER);
    await workQueue(world.deps);
    expect(await world.service.findBackup(third.request.id)).toMatchObject({ status: 'completed' });
    // From now on the key stands for that one.
    expect((await world.service.requestBackup(mended, CALLER)).request.id).toBe(third.request.id);
  });
});

describe('a fingerprint', () => {
  test('passes over the order of members, and over nothing else', () => {
    expect(fingerprint({ a: 1, b: [2, { c: 3, d: undefined }] })).toBe(
      fingerprint({ b: [2, { c: 3 }], a: 1 }),
    );
    const different = [
      { a: 1 },
      [['a', 1]],
      [{ a: 1 }],
      { a: '1' },
      { a: [1] },
      { a: { 0: 1 } },
      [],
      {},
      null,
      '',
      JSON.parse('{"__proto__":1}'),
    ];
    expect(new Set(different.map(fingerprint)).size).toBe(different.length);
  });
});
