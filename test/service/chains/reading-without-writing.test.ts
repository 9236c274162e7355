// Reading needs no writing: whatever keeps the catalog from being written, states come back.

import { beforeEach, describe, expect, test } from '@jest/globals';
import { LIMITS } from '../../../lib/core/records/limits.ts';
import { type CallCounts, counting, createCallCounts } from '../../../lib/decorators/counting.ts';
import { faulty } from '../../../lib/decorators/faulty.ts';
import type { Catalog } from '../../../lib/ports/catalog.ts';
import { PortError } from '../../../lib/ports/errors.ts';
import { writeLateOperations } from '../../../lib/service/restores/late-operations.ts';
import { readResult } from '../../../lib/service/restores/restore.ts';
import { sweep } from '../../../lib/service/retention/sweep.ts';
import { sharedTasks } from '../../../lib/service/upkeep/tasks.ts';
import { createWorld, DAY, START, textOf, type World } from '../world.ts';

const CALLER = { actor: 'tester' };
const ASK = { targetResourceId: 'r', createdBy: 'tester', validate: true };

let world: World;
let isFull: boolean;
let calls: CallCounts<Catalog>;
let logged: string[];

beforeEach(() => {
  isFull = false;
  calls = createCallCounts();
  logged = [];
  world = createWorld(({ catalog, log }) => ({
    catalog: faulty(counting(catalog, calls), {
      before({ method }) {
        if (method !== 'commit' && method !== 'markPublished' && method !== 'purge') return;
        if (isFull) throw new PortError('unavailable', 'the disk is full', { reason: 'disk_full' });
      },
    }),
    log: { ...log, error: (message) => logged.push(message) },
  }));
});

test('lists, gets, checks, deltas and restores answer while nothing can be written', async () => {
  const full = await world.backup('db', '{"n":1}');
  const delta = await world.make('db', '{"n":2}', 'incremental');
  isFull = true;
  expect((await world.service.listBackups({ limit: 10 })).items).toHaveLength(2);
  expect(await world.service.findBackup(full.id)).toEqual(full);
  expect(await world.service.verifyBackup(full.id)).toMatchObject({ valid: true });
  expect(textOf({ data: await world.service.getDelta(delta.id, CALLER) })).toContain('"oldValue":1');
  expect(await world.text(full.id)).toBe('{"n":1}');
  expect(await world.textAt('db', world.clock.now())).toBe('{"n":2}');
  await expect(world.backup('db', '3')).rejects.toMatchObject({ reason: 'disk_full' });
  await expect(world.remove(full.id)).rejects.toMatchObject({ reason: 'disk_full' });
});

test('the operation is there meanwhile, and in the catalog once that can be written', async () => {
  const { id } = await world.backup('db', '{"n":1}');
  isFull = true;
  const { operation } = await world.restore(id);
  expect(operation).toMatchObject({ status: 'completed', validated: true, progress: 100 });
  expect(await world.service.getOperation(operation.id)).toEqual(operation);
  expect(logged).toContain('a restore is written down later');
  await expect(writeLateOperations(world.deps)).rejects.toMatchObject({ code: 'unavailable' });
  isFull = false;
  expect(await writeLateOperations(world.deps)).toBe(1);
  expect(await writeLateOperations(world.deps)).toBe(0);
  const stored = await world.plain.catalog.getOperation(operation.id);
  expect(stored).toMatchObject({ status: 'completed', validated: true, completedAt: operation.completedAt });
  const actions = (await world.plain.catalog.listEvents({ limit: 9, resourceId: 'db' })).items;
  expect(actions.map(({ action }) => action)).toEqual(['restore.completed', 'backup.created']);
});

test('a restore that was written down without anybody hearing of it is not written down twice', async () => {
  const { id } = await world.backup('db', '{"n":1}');
  world.deps.catalog.commit = ((commit) => async (changes) => {
    world.deps.catalog.commit = commit;
    await commit(changes);
    throw new PortError('unavailable', 'the answer was lost');
  })(world.deps.catalog.commit);
  const { operation } = await world.restore(id);
  expect(operation.status).toBe('completed');
  expect(await world.plain.catalog.getOperation(operation.id)).toEqual(operation);
  world.clock.advance(LIMITS.operationMs + 1);
  // Nor given up as abandoned, for it is not.
  await sharedTasks(world.deps, async () => true).abandoned.run(Number.POSITIVE_INFINITY);
  expect(await world.plain.catalog.getOperation(operation.id)).toEqual(operation);
  const { items } = await world.plain.catalog.listEvents({ limit: 9, resourceId: 'db' });
  expect(items).toHaveLength(2);
});

test('nothing is written before a restore is over, and then once', async () => {
  const { id } = await world.backup('db', '{"n":1}');
  calls.reset();
  await world.restore(id);
  expect(calls.of('commit')).toBe(1);
});

test('an asynchronous restore is answered in the call instead; an earlier one still gives its result', async () => {
  const { id } = await world.backup('db', '{"n":1}');
  const earlier = await world.service.restore({ ...ASK, backupId: id, async: true }, CALLER);
  const { workQueue } = await import('../../../lib/service/jobs/worker.ts');
  await workQueue(world.deps);
  isFull = true;
  expect(textOf(await readResult(world.deps, earlier.operation.id, CALLER))).toBe('{"n":1}');
  const output = await world.service.restore({ ...ASK, backupId: id, async: true }, CALLER);
  expect(textOf(output)).toBe('{"n":1}');
  expect(output.operation.status).toBe('completed');
});

test('a restore that fails says so as ever, and its record follows', async () => {
  const { id } = await world.backup('db', '{"n":1}');
  isFull = true;
  const failed = world.service.restore({ ...ASK, backupId: id, async: false, path: '/nowhere' }, CALLER);
  const error = await failed.catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'path_not_found' });
  const { operationId } = (error as { extra: { operationId: string } }).extra;
  expect(await world.service.getOperation(operationId)).toMatchObject({ status: 'failed' });
});

describe('the lease', () => {
  test('keeps the chain of a restore under way, though the catalog knows nothing of it', async () => {
    const { id, chainId } = await world.backup('db', '{"n":1}');
    await world.remove(id);
    world.clock.advance(DAY + 1);
    const late = world.deps.late!;
    const operation = {
      id: 'restore-9',
      backupId: id,
      resourceId: 'db',
      targetResourceId: 'r',
      type: 'full',
      status: 'in_progress',
      validate: true,
      validated: false,
      validationErrors: [],
      progress: 0,
      createdAt: START,
      createdBy: 'tester',
      chainId,
      leaseUntil: world.clock.now() + 1000,
      version: 1,
    } as const;
    late.keep({ ...operation, validationErrors: [] }, true);
    expect(await sweep(world.deps)).toMatchObject({ blobsRemoved: 0 });
    late.keep({ ...operation, validationErrors: [], status: 'completed' }, true);
    expect(await sweep(world.deps)).toMatchObject({ blobsRemoved: 1 });
  });
});
