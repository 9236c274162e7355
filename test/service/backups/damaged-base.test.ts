// Old damage never refuses a new state: it is stored whole, and everybody hears of it.

import { describe, expect, test } from '@jest/globals';
import { isChainSpent } from '../../../lib/core/records/chain.ts';
import type { BackupType } from '../../../lib/core/records/model.ts';
import { faulty, faultyBlobStore } from '../../../lib/decorators/faulty.ts';
import { PortError } from '../../../lib/ports/errors.ts';
import { createKeptBases } from '../../../lib/service/chains/bases.ts';
import { workQueue } from '../../../lib/service/jobs/worker.ts';
import { createWorld, inputOf } from '../world.ts';

const ROWS = Array.from({ length: 40 }, (_, id) => `{"id":${id},"name":"row ${id * 7919}"}`);
const rows = (n: number): string => `{"n":${n},"rows":[${ROWS}]}`;

type Fault = 'flipped' | 'missing' | 'down' | 'key' | undefined;

function createScene(isKept: boolean) {
  let fault: Fault;
  let hit: string | undefined;
  const logged: unknown[] = [];
  const world = createWorld(({ blobs, keyring, log }) => ({
    blobs: faultyBlobStore(blobs, {
      before({ method, args }) {
        if (method !== 'get' || args[0] !== hit) return;
        if (fault === 'missing') throw new PortError('not_found', 'gone');
        if (fault === 'down') throw new PortError('unavailable', 'down');
      },
      mutate: (bytes, { args }) =>
        fault === 'flipped' && args[0] === hit
          ? bytes.with(bytes.length >> 1, bytes[bytes.length >> 1]! ^ 1)
          : bytes,
    }),
    keyring: faulty(keyring, {
      before({ method }) {
        if (method === 'open' && fault === 'key') throw new PortError('integrity', 'changed');
      },
    }),
    log: { ...log, error: (message, fields) => logged.push([message, fields]) },
    ...(isKept ? { bases: createKeptBases(1_000_000) } : {}),
  }));
  return {
    world,
    logged,
    damage(kind: Fault, blobId?: string) {
      fault = kind;
      hit = blobId;
    },
  };
}

const CALLER = { actor: 'tester' };
const DELTAS: BackupType[] = ['incremental', 'differential'];

describe.each([true, false])('with the base kept in memory: %s', (isKept) => {
  describe.each(DELTAS)('an %s', (type) => {
    test.each(['flipped', 'missing', 'key'] as const)(
      'on a base that is damaged (%s) becomes a full',
      async (kind) => {
        const { world, logged, damage } = createScene(isKept);
        const base = await world.make('db', rows(1), 'full');
        const { blobId } = base.chain[0]!;
        damage(kind, blobId);
        const { backup, warnings } = await world.service.createBackup(
          { ...inputOf('db', rows(2)), type },
          CALLER,
        );
        expect(backup).toMatchObject({ type: 'full', requestedType: type, sequence: 2, chainId: backup.id });
        expect(backup).not.toHaveProperty('baseBackupId');
        expect(warnings).toEqual([expect.stringContaining(base.id)]);
        damage(kind, blobId);
        if (kind !== 'key') expect(await world.text(backup.id)).toBe(rows(2));

        // It is what the next one builds on.
        const head = await world.plain.catalog.getHead('db');
        expect([head!.latest!.id, head!.latestFull!.id]).toEqual([backup.id, backup.id]);
        damage(kind === 'key' ? undefined : kind, blobId);
        expect(await world.make('db', rows(3), type)).toMatchObject({ type, baseBackupId: backup.id });

        const code = kind === 'missing' ? 'broken_chain' : 'integrity_error';
        const events = (await world.plain.catalog.listEvents({ limit: 20, resourceId: 'db' })).items;
        expect(events.find(({ action }) => action === 'backup.base_damaged')).toMatchObject({
          backupId: backup.id,
          detail: { baseBackupId: base.id, code, ...(kind === 'key' ? {} : { blobId }) },
        });
        expect(logged).toContainEqual([
          'base is damaged: stored whole',
          expect.objectContaining({ resourceId: 'db', backupId: base.id, code }),
        ]);
        if (kind === 'key') return;
        const { status, notices } = await world.service.checkHealth();
        expect(status).toBe('degraded');
        expect(notices).toMatchObject([
          { id: `damaged:${blobId}`, code: 'damaged_backup', resourceId: 'db', backupId: base.id },
        ]);
        expect(notices[0]!.detail).toContain(blobId);
        expect(notices[0]!.detail).toContain(base.id);
      },
    );

    test('on a base that cannot be read just now is not made: that is no damage', async () => {
      const { world, damage } = createScene(isKept);
      const base = await world.make('db', rows(1), 'full');
      damage('down', base.chain[0]!.blobId);
      await expect(world.make('db', rows(2), type)).rejects.toMatchObject({ code: 'unavailable' });
      damage(undefined);
      expect(await world.make('db', rows(2), type)).toMatchObject({ type });
      expect((await world.service.checkHealth()).notices).toEqual([]);
    });
  });
});

test('by upload it is the same', async () => {
  const { world, damage } = createScene(false);
  const base = await world.make('db', rows(1), 'full');
  const { uploadId, url } = await world.service.createUpload();
  world.uploads.put(url, Buffer.from(rows(2)));
  const { state: _state, ...asked } = inputOf('db', rows(2));
  const { request } = await world.service.requestBackup({ ...asked, type: 'incremental', uploadId }, CALLER);
  damage('flipped', base.chain[0]!.blobId);
  await workQueue(world.deps);
  expect(await world.service.findBackup(request.id)).toMatchObject({
    status: 'completed',
    type: 'full',
    requestedType: 'incremental',
  });
  expect(await world.text(request.id)).toBe(rows(2));
});

test.each([0, 1, 2, 3])(
  'any blob of the chain, the one at %i: found before anything is built on it',
  async (at) => {
    const { world, damage } = createScene(false);
    await world.make('db', rows(1), 'full');
    for (const n of [2, 3, 4]) await world.make('db', rows(n), 'incremental');
    const { latest } = (await world.plain.catalog.getHead('db'))!;
    expect(latest!.chain).toHaveLength(4);
    damage('missing', latest!.chain[at]!.blobId);
    const next = await world.make('db', rows(5), 'incremental');
    expect(next).toMatchObject({ type: 'full', requestedType: 'incremental' });
    expect(await world.text(next.id)).toBe(rows(5));
  },
);

test('where a checkpoint is due', async () => {
  const { world, damage } = createScene(false);
  let newest = await world.make('db', rows(1), 'full');
  for (let n = 2; n < 100 && !isChainSpent(newest.chain); n++)
    newest = await world.make('db', rows(n), 'incremental');
  expect(isChainSpent(newest.chain)).toBe(true);
  damage('flipped', newest.chain[0]!.blobId);
  const next = await world.make('db', rows(40), 'incremental');
  expect(next).toMatchObject({ type: 'full', requestedType: 'incremental' });
  expect(await world.text(next.id)).toBe(rows(40));
});

test('damage that a restore or a check finds is told to more than its caller, once', async () => {
  const { world, damage } = createScene(false);
  const first = await world.make('db', rows(1), 'full');
  const second = await world.make('db', rows(2), 'incremental');
  const { blobId } = first.chain[0]!;
  damage('missing', blobId);
  for (let n = 0; n < 3; n++)
    await expect(world.restore(second.id)).rejects.toMatchObject({ code: 'broken_chain' });
  expect(await world.service.verifyBackup(first.id)).toMatchObject({ valid: false });
  const { status, notices } = await world.service.checkHealth();
  expect([status, notices.length]).toEqual(['degraded', 1]);
  expect(notices[0]).toMatchObject({ id: `damaged:${blobId}`, backupId: first.id });
  expect(notices[0]!.detail).toContain('backup-1, backup-2');
  const raised = (await world.plain.catalog.listEvents({ limit: 50 })).items;
  expect(raised.filter(({ action }) => action === 'notice.raised')).toHaveLength(1);
});
