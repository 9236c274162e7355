// What is stored is proven again, the longest unproven first, and damage is found without anybody restoring.

import { beforeEach, describe, expect, test } from '@jest/globals';
import type { BackupRecord } from '../../../lib/core/records/model.ts';
import { type CallCounts, counting, createCallCounts } from '../../../lib/decorators/counting.ts';
import { faulty, faultyBlobStore } from '../../../lib/decorators/faulty.ts';
import type { BlobStore } from '../../../lib/ports/blob-store.ts';
import { PortError } from '../../../lib/ports/errors.ts';
import { takeCensus } from '../../../lib/service/upkeep/census.ts';
import { scrub } from '../../../lib/service/upkeep/scrub.ts';
import { createWorld, DAY, type World } from '../world.ts';

const ROWS = Array.from({ length: 40 }, (_, id) => `{"id":${id},"name":"row ${id * 7919}"}`);
const rows = (n: number): string => `{"n":${n},"rows":[${ROWS}]}`;
const PLAN = { backupsMin: 25, ageMs: 30 * DAY };

type Fault = 'flipped' | 'cut' | 'missing' | 'unreadable';

let world: World;
let faults: Map<string, Fault>;
let calls: CallCounts<BlobStore>;
let isFull: boolean;
let isDown: boolean;
let logged: { message: string; fields: Record<string, unknown> }[];

beforeEach(() => {
  faults = new Map();
  calls = createCallCounts();
  isFull = false;
  isDown = false;
  logged = [];
  world = createWorld(({ blobs, catalog, log }) => ({
    blobs: faultyBlobStore(counting(blobs, calls), {
      before({ method, args }) {
        if (isDown && method === 'check') throw new PortError('unavailable', 'down');
        if (method !== 'get') return;
        const fault = faults.get(args[0] as string);
        if (fault === 'missing') throw new PortError('not_found', 'gone');
        if (fault === 'unreadable' || isDown) throw new PortError('unavailable', 'EIO');
      },
      mutate(bytes, { args }) {
        const fault = faults.get(args[0] as string);
        if (fault === 'cut') return bytes.subarray(0, -1);
        return fault === 'flipped' ? bytes.with(bytes.length - 9, bytes.at(-9)! ^ 1) : bytes;
      },
    }),
    catalog: faulty(catalog, {
      before({ method }) {
        if (isFull && method === 'commit')
          throw new PortError('unavailable', 'full', { reason: 'disk_full' });
      },
    }),
    log: { ...log, error: (message, fields) => logged.push({ message, fields: fields ?? {} }) },
  }));
});

const reads = () => calls.argsOf('get').map(([blobId]) => blobId);
const record = async (id: string): Promise<BackupRecord> => (await world.plain.catalog.getBackup(id))!;
const notices = async () => (await world.service.checkHealth()).notices;

async function makeChain(): Promise<BackupRecord[]> {
  const made = [await world.make('db', rows(1), 'full')];
  for (const n of [2, 3, 4]) made.push(await world.make('db', rows(n), 'incremental'));
  expect(made.at(-1)!.chain).toHaveLength(4);
  world.clock.advance(DAY);
  return made;
}

test('each blob is read once a run, and each backup says when it was proven', async () => {
  const made = await makeChain();
  calls.reset();
  expect(await scrub(world.deps, PLAN)).toEqual({ proven: 4, damaged: 0, healed: 0 });
  // Once for its bytes, and the own blob of each once more for its header.
  for (const { blobId } of made[3]!.chain) expect(reads().filter((read) => read === blobId)).toHaveLength(2);
  for (const { id } of made) expect(await record(id)).toMatchObject({ verifiedAt: world.clock.now() });
  expect(await notices()).toEqual([]);
  // Nothing of it is an event: nothing has changed.
  const actions = (await world.plain.catalog.listEvents({ limit: 50 })).items.map(({ action }) => action);
  expect(new Set(actions)).toEqual(new Set(['backup.created']));
  // What has just been proven is not proven again at once.
  expect(await scrub(world.deps, PLAN)).toMatchObject({ proven: 0 });
});

test('the longest unproven come first, and only so many unless their proof is old', async () => {
  const made: string[] = [];
  for (let n = 0; n < 6; n++) {
    made.push((await world.backup(`r${n}`, `${n}`)).id);
    world.clock.advance(1000);
  }
  const proven = async () => {
    const found = await Promise.all(made.map(record));
    return found.map(({ verifiedAt }) => verifiedAt !== undefined);
  };
  expect(await scrub(world.deps, { backupsMin: 2, ageMs: DAY })).toMatchObject({ proven: 2 });
  expect(await proven()).toEqual([true, true, false, false, false, false]);
  await scrub(world.deps, { backupsMin: 2, ageMs: DAY });
  expect(await proven()).toEqual([true, true, true, true, false, false]);
  world.clock.advance(2 * DAY);
  expect(await scrub(world.deps, { backupsMin: 2, ageMs: DAY })).toMatchObject({ proven: 6 });
  // A deadline ends it between two.
  world.clock.advance(2 * DAY);
  const deadline = world.clock.now() + 1;
  const pause = async () => world.clock.advance(1);
  expect(await scrub(world.deps, { ...PLAN, deadline, pause })).toMatchObject({ proven: 1 });
});

describe.each(['flipped', 'cut', 'missing', 'unreadable'] as const)('a blob that is %s', (fault) => {
  test('is found, told once, with what needs it and what to do, and cleared once it is whole', async () => {
    const [first, second, third] = await makeChain();
    await world.backup('other', '1');
    world.clock.advance(1);
    const { blobId } = second!.chain[1]!;
    faults.set(blobId, fault);
    expect(await scrub(world.deps, PLAN)).toEqual({ proven: 2, damaged: 3, healed: 0 });
    const { status, notices } = await world.service.checkHealth();
    expect(status).toBe('degraded');
    expect(notices).toMatchObject([
      {
        id: `damaged:${blobId}`,
        code: 'damaged_backup',
        severity: 'warning',
        resourceId: 'db',
        backupId: second!.id,
      },
    ]);
    for (const word of [blobId, 'backup-2, backup-3, backup-4', 'from a copy', 'full backup']) {
      expect(notices[0]!.detail).toContain(word);
    }
    const lines = logged.filter(({ message }) => message === 'a stored backup is damaged');
    expect(lines.map(({ fields }) => [fields.backupId, fields.blobId])).toEqual(
      ['backup-2', 'backup-3', 'backup-4'].map((id) =>
        [expect.stringMatching(/backup-[234]/), blobId].with(0, id),
      ),
    );
    expect(await record(first!.id)).toHaveProperty('verifiedAt');
    expect(await record(third!.id)).toMatchObject({ damagedAt: world.clock.now() });
    const raised = (await world.plain.catalog.listEvents({ limit: 50 })).items;
    expect(raised.filter(({ action }) => action === 'notice.raised')).toHaveLength(1);

    // Looked at anew each time, and not told anew.
    world.clock.advance(1000);
    logged = [];
    expect(await scrub(world.deps, PLAN)).toMatchObject({ damaged: 3, healed: 0 });
    expect(logged).toEqual([]);

    world.clock.advance(1000);
    faults.clear();
    expect(await scrub(world.deps, PLAN)).toMatchObject({ damaged: 0, healed: 1 });
    expect(await world.service.checkHealth()).toMatchObject({ status: 'healthy', notices: [] });
    expect(await record(third!.id)).not.toHaveProperty('damagedAt');
  });
});

test('a blob that nothing live needs any more is no longer told of', async () => {
  const only = await world.backup('db', '1');
  await world.backup('db', '2');
  faults.set(only.chain[0]!.blobId, 'missing');
  world.clock.advance(1);
  await scrub(world.deps, PLAN);
  expect(await notices()).toHaveLength(1);
  await world.remove(only.id);
  expect(await scrub(world.deps, PLAN)).toMatchObject({ healed: 1 });
  expect(await notices()).toEqual([]);
});

test('a record that is not what its blob says, and a key that does not open, are damage', async () => {
  const changed = await world.backup('a', '1');
  const locked = await world.backup('b', '2');
  const other = await world.backup('c', '3');
  world.clock.advance(1);
  await world.plain.catalog.commit([
    { kind: 'backup.update', record: { ...changed, expiresAt: 1, version: 2 }, expect: 1 },
    { kind: 'backup.update', record: { ...locked, key: other.key!, version: 2 }, expect: 1 },
  ]);
  expect(await scrub(world.deps, PLAN)).toMatchObject({ proven: 1, damaged: 2 });
  expect(logged.map(({ fields }) => fields.backupId)).toEqual(
    expect.arrayContaining([changed.id, locked.id]),
  );
});

test('a store that is down is no damage: the run ends and says so', async () => {
  const made = await makeChain();
  isDown = true;
  await expect(scrub(world.deps, PLAN)).rejects.toMatchObject({ code: 'unavailable' });
  expect(await record(made[0]!.id)).not.toHaveProperty('damagedAt');
  isDown = false;
  expect(await notices()).toEqual([]);
});

test('on a full disk it ends, and loses nothing', async () => {
  await makeChain();
  isFull = true;
  await expect(scrub(world.deps, PLAN)).rejects.toMatchObject({ reason: 'disk_full' });
  isFull = false;
  expect(await scrub(world.deps, PLAN)).toMatchObject({ proven: 4 });
});

describe('the census', () => {
  test('finds every blob that is missing, without reading one that is there', async () => {
    const made = await makeChain();
    await world.backup('other', '1');
    world.clock.advance(1);
    const { blobId } = made[0]!.chain[0]!;
    await world.plain.blobs.delete(blobId);
    calls.reset();
    expect(await takeCensus(world.deps)).toEqual({ blobs: 4, backups: 5, incomplete: 4 });
    expect(new Set(reads())).toEqual(new Set([blobId]));
    expect(await notices()).toMatchObject([{ id: `damaged:${blobId}`, backupId: made[0]!.id }]);
  });

  test('of many it tells one thing', async () => {
    for (let n = 0; n < 60; n++) {
      const { chain } = await world.backup(`r${n}`, `${n}`);
      await world.plain.blobs.delete(chain[0]!.blobId);
    }
    const { chain } = await world.backup('kept', '1');
    world.clock.advance(1);
    expect(await takeCensus(world.deps)).toEqual({ blobs: 1, backups: 61, incomplete: 60 });
    const health = await world.service.checkHealth();
    expect(health.status).toBe('unhealthy');
    expect(health.notices.find(({ id }) => id === 'blobs-missing')).toMatchObject({ severity: 'critical' });
    expect(chain).toHaveLength(1);
  });

  test('a backup that is made meanwhile is not taken for incomplete', async () => {
    const { list } = world.deps.blobs;
    world.deps.blobs.list = async (request) => {
      const page = await list(request);
      await world.backup('new', '1');
      return page;
    };
    await world.backup('old', '1');
    expect(await takeCensus(world.deps)).toMatchObject({ incomplete: 0 });
  });
});
