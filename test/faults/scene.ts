// What a scenario is made of: a world, what is known of it, and the few things that most of them do.

import { expect } from '@jest/globals';
import { LIMITS } from '../../lib/core/records/limits.ts';
import type { BackupRecord, BackupType } from '../../lib/core/records/model.ts';
import type { CreateBackupInput } from '../../lib/service/contract/api.ts';
import { workQueue } from '../../lib/service/jobs/worker.ts';
import type { FaultyWorld, PortCall } from './faulty-world.ts';
import { type Ledger, liveBackups } from './invariants.ts';

export interface Scene {
  world: FaultyWorld;
  ledger: Ledger;
  /** Where the upload is, in the scenario that has one. */
  uploadId?: string;
  /** What is sent again, in the scenario that does so. */
  deliveryId?: string;
}

export interface Scenario {
  name: string;
  setUp(scene: Scene): Promise<void>;
  /** The calls that fail one after the other; all, unless given. */
  only?(call: PortCall): boolean;
  /** What meets the fault. */
  act(scene: Scene): Promise<unknown>;
  /** The same again, without a fault, as its caller would do; it must succeed. `act` itself, unless given. */
  again?(scene: Scene): Promise<unknown>;
  /** What holds after that. */
  settled(scene: Scene): Promise<void>;
}

export const CALLER = { actor: 'tester' };

export const rows = (n: number): string =>
  `{"rows":[${Array.from({ length: 40 + n }, (_, id) => `{"id":${id},"big":9007199254740993,"v":${id < n ? n : 0}}`)}]}`;
const keep = (retentionDays: number): Partial<CreateBackupInput> => ({
  metadata: { version: '1.0', source: 'test', tags: {}, retentionDays },
});

export async function make(
  { world, ledger }: Scene,
  resourceId: string,
  json: string,
  type: BackupType,
  more: Partial<CreateBackupInput> = {},
): Promise<BackupRecord> {
  ledger.send(resourceId, json);
  const backup = await world.make(resourceId, json, type, more);
  ledger.acknowledge(backup, json);
  return backup;
}

/** backup-1 full, backup-2 and -3 incrementals on it, backup-4 a differential; backup-5 of another resource. */
export async function makeHistory(scene: Scene, days: [number, number, number, number] = [30, 30, 30, 30]) {
  await make(scene, 'db', rows(1), 'full', keep(days[0]));
  await make(scene, 'db', rows(2), 'incremental', keep(days[1]));
  await make(scene, 'db', rows(3), 'incremental', keep(days[2]));
  await make(scene, 'db', rows(4), 'differential', keep(days[3]));
  await make(scene, 'other', rows(5), 'full');
}

export async function countOf({ world }: Scene, resourceId: string, json: string): Promise<number> {
  const size = Buffer.byteLength(json);
  const live = await liveBackups(world);
  return live.filter((record) => record.resourceId === resourceId && record.size === size).length;
}

export async function letJobsComeBack({ world }: Scene): Promise<void> {
  for (let pass = 0; pass < 3; pass++) {
    world.clock.advance(LIMITS.jobVisibilityMs + 1);
    await workQueue(world.deps);
  }
  expect(await world.plain.queue.deadLetters()).toEqual([]);
}

/** The newest ones are completed. Older ones may have been lost sight of: a sweep ends them when their time is up. */
export async function expectOperations({ world }: Scene, newest: number): Promise<void> {
  const { items } = await world.plain.catalog.listOperations({ limit: newest });
  for (const operation of items) expect(operation).toMatchObject({ status: 'completed', progress: 100 });
}

/** For `catch`: takes this error for an answer, and no other. */
export function unless(code: string): (error: unknown) => void {
  return (error) => expect(error).toMatchObject({ code });
}
