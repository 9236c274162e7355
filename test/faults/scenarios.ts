// The use cases, each as something that can be done to a world, done again after a fault, and looked at in the end.

import { expect } from '@jest/globals';
import { canonicalText } from '../../lib/core/json/body.ts';
import { LIMITS } from '../../lib/core/records/limits.ts';
import type { BackupType } from '../../lib/core/records/model.ts';
import type { CreateBackupInput } from '../../lib/service/contract/api.ts';
import { workQueue } from '../../lib/service/jobs/worker.ts';
import { findOrphans } from '../../lib/service/retention/orphans.ts';
import { sweep } from '../../lib/service/retention/sweep.ts';
import { DAY, inputOf, textOf } from '../service/world.ts';
import { liveBackups } from './invariants.ts';
import {
  CALLER,
  countOf,
  expectOperations,
  letJobsComeBack,
  make,
  makeHistory,
  rows,
  type Scenario,
  type Scene,
  unless,
} from './scene.ts';

const LATER = { targetResourceId: 'later', createdBy: 'tester', validate: true, async: true };

function creating(
  name: string,
  type: BackupType,
  more: Partial<CreateBackupInput> = {},
  setUp: (scene: Scene) => Promise<void> = (scene) => makeHistory(scene),
): Scenario {
  const json = rows(9);
  return {
    name: `creating ${name}`,
    setUp,
    act: (scene) => make(scene, 'db', json, type, more),
    async settled(scene) {
      // Without a key a caller who asks twice may get two, never three, and never none.
      expect([1, 2]).toContain(await countOf(scene, 'db', json));
    },
  };
}

const KEYED: Scenario = {
  name: 'creating with an idempotency key',
  setUp: (scene) => makeHistory(scene),
  act: (scene) => make(scene, 'db', rows(9), 'incremental', { idempotencyKey: 'key' }),
  async settled(scene) {
    expect(await countOf(scene, 'db', rows(9))).toBe(1);
  },
};

function deleting(name: string, id: string): Scenario {
  const remove = ({ world, ledger }: Scene): Promise<void> => {
    ledger.going.add(id);
    return world.remove(id);
  };
  return {
    name: `deleting ${name}`,
    setUp: (scene) => makeHistory(scene),
    act: remove,
    again: (scene) => remove(scene).catch(unless('backup_not_found')),
    async settled({ world }) {
      await expect(world.restore(id)).rejects.toMatchObject({ code: 'backup_not_found' });
    },
  };
}

const PROTECTING: Scenario = {
  name: 'protecting',
  setUp: (scene) => makeHistory(scene),
  act: ({ world }) => world.service.protectBackup('backup-2', { legalHold: true }, CALLER),
  async settled({ world }) {
    expect(await world.service.findBackup('backup-2')).toMatchObject({ legalHold: true });
    await expect(world.remove('backup-2')).rejects.toMatchObject({ code: 'backup_protected' });
  },
};

const RESTORING: Scenario = {
  name: 'restoring',
  setUp: (scene) => makeHistory(scene),
  async act({ world }) {
    expect(await world.text('backup-3')).toBe(rows(3));
  },
  settled: (scene) => expectOperations(scene, 1),
};

const RESTORING_AT: Scenario = {
  name: 'restoring to an instant',
  setUp: (scene) => makeHistory(scene),
  async act({ world, ledger }) {
    expect(await world.textAt('db', ledger.known.get('backup-4')!.createdAt)).toBe(rows(4));
  },
  settled: (scene) => expectOperations(scene, 1),
};

const LOOKING: Scenario = {
  name: 'looking into states: whole, at a place, how it changed, what differs',
  setUp: (scene) => makeHistory(scene),
  async act({ world: { service } }) {
    const about = { resourceId: 'db', steps: [], path: '' };
    const { read } = await service.openState({ resourceId: 'db', at: { back: 0 } }, CALLER);
    expect(textOf({ data: await read() })).toBe(rows(4));
    const shown = { limit: 10, after: 0, textBytesMax: 100 };
    const { tree } = await service.readTree(
      { ...about, at: { backupId: 'backup-3' }, options: shown },
      CALLER,
    );
    expect(tree).toMatchObject({ kind: 'object', count: 1 });
    const history = await service.readHistory({ ...about, limit: 10, options: shown }, CALLER);
    expect(history.items).toHaveLength(4);
    const compared = { ...about, from: { back: 1 }, to: { back: 0 } };
    const options = { ...shown, format: 'entries', valueBytesMax: 1000 } as const;
    const { page } = await service.readDiff({ ...compared, options }, CALLER);
    expect(Object.values(page.counts).some((count) => count > 0)).toBe(true);
    expect((await service.listResources({ limit: 10 })).items.map(({ resourceId }) => resourceId)).toEqual([
      'db',
      'other',
    ]);
  },
  async settled(scene) {
    const { items } = await scene.world.plain.catalog.listEvents({ limit: 100, action: 'state.read' });
    expect(items.length).toBeGreaterThanOrEqual(4);
  },
};

const RESTORING_LATER: Scenario = {
  name: 'restoring in the background',
  setUp: (scene) => makeHistory(scene),
  async act({ world }) {
    await world.service.restore({ ...LATER, backupId: 'backup-3' }, CALLER);
    await workQueue(world.deps);
  },
  async again(scene) {
    await this.act(scene);
    await letJobsComeBack(scene);
  },
  async settled(scene) {
    const { world } = scene;
    await expectOperations(scene, 1);
    const { items } = await world.plain.catalog.listOperations({ limit: 1, targetResourceId: 'later' });
    expect(textOf(await world.service.getOperationResult(items[0]!.id, { actor: 'tester' }))).toBe(rows(3));
  },
};

const UPLOADING: Scenario = {
  name: 'creating by upload, with an idempotency key',
  async setUp(scene) {
    await makeHistory(scene);
    const upload = await scene.world.service.createUpload();
    scene.world.uploads.put(upload.url, Buffer.from(rows(9)));
    scene.uploadId = upload.uploadId;
  },
  async act({ world, ledger, uploadId = '' }) {
    ledger.send('db', rows(9));
    const { state: _state, ...asked } = inputOf('db', 'null');
    const input = { ...asked, type: 'incremental', uploadId, idempotencyKey: 'key' } as const;
    const { request } = await world.service.requestBackup(input, CALLER);
    await workQueue(world.deps);
    return request;
  },
  async again(scene) {
    await this.act(scene);
    await letJobsComeBack(scene);
  },
  async settled(scene) {
    expect(await countOf(scene, 'db', rows(9))).toBe(1);
    expect((await scene.world.plain.catalog.unfinishedRequests({ limit: 10 })).items).toEqual([]);
  },
};

const SWEEPING: Scenario = {
  name: 'sweeping: expiry, rebase and removal',
  async setUp(scene) {
    const { world, ledger } = scene;
    await makeHistory(scene, [1, 30, 2, 30]);
    await make(scene, 'gone', rows(6), 'full');
    await make(scene, 'gone', rows(7), 'incremental');
    for (const id of ['backup-6', 'backup-7']) {
      ledger.going.add(id);
      await world.remove(id);
    }
    // backup-1 and backup-3 have expired by then, and the grace of the deleted ones is over.
    for (const id of ['backup-1', 'backup-3']) ledger.going.add(id);
    world.clock.advance(2 * DAY + 10);
  },
  async act({ world }) {
    expect((await sweep(world.deps)).finished).toBe(true);
  },
  async settled({ world }) {
    expect((await liveBackups(world)).map(({ id }) => id).sort()).toEqual([
      'backup-2',
      'backup-4',
      'backup-5',
    ]);
    for (let pass = 0; pass < 3; pass++) {
      world.clock.advance(DAY + 1);
      await sweep(world.deps);
      await findOrphans(world.deps);
    }
    // Each live backup keeps one blob, and nothing else is left.
    expect(await world.blobCount()).toBe(3);
    for (const id of ['backup-1', 'backup-3', 'backup-6', 'backup-7']) {
      expect(await world.plain.catalog.getBackup(id)).toBeUndefined();
    }
  },
};

/** Of more than a look has, where others may come: in parts, though nobody comes. */
const sweepParts = ({ deps }: Scene['world']) =>
  sweep({ ...deps, sweepers: { most: 2, call: async () => {} } }, undefined, 1);

const SWEEPING_IN_PARTS: Scenario = {
  ...SWEEPING,
  name: 'sweeping in parts',
  async act({ world }) {
    expect((await sweepParts(world)).finished).toBe(true);
  },
  async again({ world }) {
    // What died at it has it until its lease is over.
    world.clock.advance(LIMITS.sweepLeaseMs);
    expect((await sweepParts(world)).finished).toBe(true);
  },
};

const SWEEPING_AGAIN: Scenario = {
  name: 'sweeping a second time: what was replaced goes',
  async setUp(scene) {
    await SWEEPING.setUp(scene);
    await sweep(scene.world.deps);
    scene.world.clock.advance(DAY + 1);
  },
  act: SWEEPING.act,
  settled: SWEEPING.settled,
};

const ORPHANS: Scenario = {
  name: 'removing orphans',
  async setUp(scene) {
    await makeHistory(scene);
    const { world } = scene;
    for (const digit of ['a', 'b']) await world.plain.blobs.put(digit.repeat(32), [Buffer.from(digit)]);
    world.clock.advance(DAY + 1);
  },
  act: ({ world }) => findOrphans(world.deps),
  async settled({ world }) {
    expect(await world.blobCount()).toBe(5);
  },
};

const POLICY: Scenario = {
  name: 'setting a policy',
  setUp: (scene) => makeHistory(scene),
  act: ({ world }) => world.service.putPolicy('db', { keepLast: 2 }, CALLER),
  async settled({ world }) {
    expect(await world.service.getPolicy('db')).toMatchObject({ policy: { keepLast: 2 } });
  },
};

const POLICY_GONE: Scenario = {
  name: 'removing a policy',
  async setUp(scene) {
    await makeHistory(scene);
    await POLICY.act(scene);
  },
  act: ({ world }) => world.service.removePolicy('db', CALLER),
  again: ({ world }) => world.service.removePolicy('db', CALLER).catch(unless('policy_not_found')),
  async settled({ world }) {
    await expect(world.service.getPolicy('db')).rejects.toMatchObject({ code: 'policy_not_found' });
  },
};

const SETTINGS: Scenario = {
  name: 'saying what is expected of a resource',
  setUp: (scene) => makeHistory(scene),
  act: ({ world }) => world.service.putSettings('db', { mask: 'all' }, {}, CALLER),
  async settled({ world }) {
    expect(await world.service.getSettings('db')).toMatchObject({ settings: { mask: 'all' } });
  },
};

const TERRAFORM: Scenario = {
  name: 'what Terraform does within an apply: locking, getting and storing its state, unlocking',
  async setUp(scene) {
    await makeHistory(scene);
    await make(scene, 'tf', '{"serial":1,"lineage":"l","first":1}', 'full');
    scene.ledger.send('tf', '{"serial":2,"lineage":"l","n":2}');
  },
  async act({ world: { service } }) {
    await service.lockResource('tf', { ID: 'lock' }, CALLER);
    const text = canonicalText('{"serial":2,"lineage":"l","n":2}');
    const about = { resourceId: 'tf', lockId: 'lock', force: false, retentionDays: 30 };
    await service.putTerraformState({ ...about, state: text }, CALLER);
    const { read } = await service.openTerraformState('tf', CALLER);
    expect(textOf({ data: await read() })).toBe('{"serial":2,"lineage":"l","n":2}');
    await service.unlockResource('tf', 'lock', CALLER);
  },
  async settled(scene) {
    expect(await scene.world.service.getLock('tf')).toBeUndefined();
    // What came again was only checked.
    expect(await countOf(scene, 'tf', '{"serial":2,"lineage":"l","n":2}')).toBe(1);
  },
};

const READING: Scenario = {
  name: 'reading: verify, delta, lists, plan',
  setUp: (scene) => makeHistory(scene),
  async act({ world: { service } }) {
    expect(await service.verifyBackup('backup-3')).toMatchObject({ valid: true });
    expect((await service.getDelta('backup-4', { actor: 'tester' })).bytes).toBeGreaterThan(0);
    expect((await service.listBackups({ limit: 10 })).items).toHaveLength(5);
    expect((await service.planRetention({ limit: 10, resourceId: 'db' })).items).toHaveLength(4);
    expect((await service.listOperations({ limit: 10, targetResourceId: 'none' })).items).toEqual([]);
    expect(await service.findBackup('backup-1')).toMatchObject({ type: 'full' });
  },
  settled: async () => {},
};

/** A full and as many incrementals as its chain takes: the next one stores its whole state. */
async function makeSpentChain(scene: Scene): Promise<void> {
  await make(scene, 'db', rows(1), 'full');
  for (let n = 0; n < LIMITS.chainDeltasMax; n++) await make(scene, 'db', rows(2 + (n % 4)), 'incremental');
}

export const SCENARIOS: readonly Scenario[] = [
  creating('a full', 'full'),
  creating('an incremental', 'incremental'),
  creating('a differential', 'differential'),
  creating('a full in clear', 'full', { encrypt: false }),
  creating('an incremental in clear on an encrypted base', 'incremental', { encrypt: false }),
  creating('the first of its resource', 'incremental', {}, async (scene) => {
    await make(scene, 'other', rows(5), 'full');
  }),
  {
    ...creating('a checkpoint', 'incremental', {}, makeSpentChain),
    // It reads a long chain: that one of the blobs cannot be read is enough.
    only: ({ method, index }) => method !== 'get' || index === LIMITS.chainDeltasMax,
  },
  KEYED,
  UPLOADING,
  deleting('a full that others need', 'backup-1'),
  deleting('one in the middle', 'backup-2'),
  deleting('the newest', 'backup-4'),
  deleting('the only one of its resource', 'backup-5'),
  PROTECTING,
  RESTORING,
  RESTORING_AT,
  LOOKING,
  RESTORING_LATER,
  SWEEPING,
  SWEEPING_IN_PARTS,
  SWEEPING_AGAIN,
  ORPHANS,
  POLICY,
  POLICY_GONE,
  SETTINGS,
  TERRAFORM,
  READING,
];
