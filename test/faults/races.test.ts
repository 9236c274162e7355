// Many at once, in orders that chance makes: writers, deleters, readers and sweeps, none of them waiting for another.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { hasCode } from '../../lib/core/records/errors.ts';
import type { BackupType } from '../../lib/core/records/model.ts';
import type { FaultPlan } from '../../lib/decorators/faulty.ts';
import { type Logger, silentLogger } from '../../lib/log.ts';
import { workQueue } from '../../lib/service/jobs/worker.ts';
import { findOrphans } from '../../lib/service/retention/orphans.ts';
import { sweep } from '../../lib/service/retention/sweep.ts';
import { createRandom, type Random, seedOf, withSeed } from '../e2e/random.ts';
import { createStates } from '../e2e/states.ts';
import { createWorld, DAY, inputOf, textOf, type World } from '../service/world.ts';
import { wrapPorts } from './faulty-world.ts';
import { expectCleanable, expectIntact, Ledger, liveBackups } from './invariants.ts';

const RESOURCES = ['db', 'db', 'other'];
const TYPES: BackupType[] = ['full', 'incremental', 'incremental', 'differential'];
const CALLER = { actor: 'tester' };
const ASK = { targetResourceId: 'restored', createdBy: 'tester', validate: true };

interface Options {
  graceMs: number;
  /** Sweeps that may run at the same time. */
  sweepsAtOnce: number;
}

/** Nobody waits for anybody but where they must, and every call on a port takes its time. */
function createRacingWorld(random: Random, { graceMs }: Options, log: Logger): World {
  const pause = async (): Promise<void> => {
    for (let turns = random.int(4); turns > 0; turns--) await nextTurn();
  };
  const plan: FaultPlan = { before: pause, after: pause };
  return createWorld((deps) => ({
    ...wrapPorts(deps, () => plan),
    options: { ...deps.options, graceMs },
    gate: { run: (_key, work) => work() },
    log,
  }));
}

/** The outcome, or undefined if it was one of these errors, which a race may end in. */
async function unless<T>(
  work: Promise<T>,
  ...codes: Parameters<typeof hasCode>[1][]
): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!hasCode(error, ...codes)) throw error;
    return undefined;
  }
}

class Race {
  readonly ledger = new Ledger();
  /** What the operator would be told of; that a race was lost is no news. */
  readonly mishaps: unknown[] = [];
  readonly world: World;
  readonly #random: Random;
  readonly #options: Options;
  readonly #states: () => string;
  #sweeps = 0;

  constructor(random: Random, options: Options) {
    this.#random = random;
    this.#options = options;
    this.#states = createStates(random);
    const log: Logger = {
      ...silentLogger,
      error: (message, fields = {}) => {
        if (fields.code !== 'write_conflict') this.mishaps.push([message, fields]);
      },
    };
    this.world = createRacingWorld(createRandom(random.int(2 ** 32)), options, log);
  }

  /** All at once; resolves when the last has ended. */
  async round(size: number): Promise<void> {
    await Promise.all(Array.from({ length: size }, () => this.#something()));
  }

  async #something(): Promise<void> {
    const chosen = this.#random.int(20);
    if (chosen < 8) return this.create();
    if (chosen < 11) return this.#remove();
    if (chosen < 14) return this.#restore();
    if (chosen === 14) return this.#restoreAt();
    if (chosen === 15) return this.#read();
    if (chosen === 16) return this.#protect();
    if (chosen === 17) return this.#restoreLater();
    return this.#sweep();
  }

  async create(type: BackupType = this.#random.pick(TYPES)): Promise<void> {
    const random = this.#random;
    const resourceId = random.pick(RESOURCES);
    const json = this.#states();
    const metadata = { ...inputOf('db', '1').metadata, retentionDays: random.pick([1, 2, 30]) };
    this.ledger.send(resourceId, json);
    const encrypt = random.chance(0.8);
    const made = this.world.make(resourceId, json, type, { metadata, encrypt });
    const backup = await unless(made, 'write_conflict');
    if (backup !== undefined) this.ledger.acknowledge(backup, json);
  }

  #someId(): string {
    const ids = [...this.ledger.known.keys()];
    return ids.length === 0 ? 'backup-0' : this.#random.pick(ids.slice(-20));
  }

  async #remove(): Promise<void> {
    const id = this.#someId();
    this.ledger.going.add(id);
    await unless(this.world.remove(id), 'backup_not_found', 'write_conflict', 'backup_protected');
  }

  async #restore(): Promise<void> {
    const id = this.#someId();
    const text = await unless(this.world.text(id), 'backup_not_found');
    if (text !== undefined) expect(text).toBe(this.ledger.known.get(id)!.json);
  }

  async #restoreAt(): Promise<void> {
    const { world } = this;
    const resourceId = this.#random.pick(RESOURCES);
    const at = world.clock.now() - this.#random.int(2) * DAY;
    const found = world.textAt(resourceId, at);
    const text = await unless(found, 'backup_not_found', 'snapshot_not_found', 'resource_not_found');
    if (text !== undefined) expect(this.ledger.sent.get(resourceId)).toContain(text);
  }

  async #read(): Promise<void> {
    const id = this.#someId();
    const { service } = this.world;
    const verified = await unless(service.verifyBackup(id), 'backup_not_found');
    if (verified !== undefined) expect(verified).toMatchObject({ valid: true });
    const delta = await unless(service.getDelta(id, CALLER), 'backup_not_found', 'delta_not_found');
    if (delta === undefined) return;
    const { target } = JSON.parse(textOf({ data: delta })) as { target: string };
    expect(target).toBe(`sha256:${this.ledger.known.get(id)!.checksum}`);
  }

  async #protect(): Promise<void> {
    const input = { legalHold: this.#random.chance(0.3) };
    const changed = this.world.service.protectBackup(this.#someId(), input, CALLER);
    await unless(changed, 'backup_not_found', 'write_conflict');
  }

  async #restoreLater(): Promise<void> {
    const backupId = this.#someId();
    await unless(this.world.service.restore({ ...ASK, backupId, async: true }, CALLER), 'backup_not_found');
    await workQueue(this.world.deps);
  }

  async #sweep(): Promise<void> {
    if (this.#sweeps >= this.#options.sweepsAtOnce) return;
    this.#sweeps++;
    const now = this.world.clock.now();
    for (const { id, expiresAt } of this.ledger.known.values()) {
      if (expiresAt !== undefined && expiresAt <= now) this.ledger.going.add(id);
    }
    expect(await sweep(this.world.deps)).toMatchObject({ finished: true });
    await findOrphans(this.world.deps);
    this.#sweeps--;
  }
}

describe.each([
  ['a grace period, and several sweeps at once', { graceMs: DAY, sweepsAtOnce: 3 }, 1],
  ['no grace at all, and one sweep at a time', { graceMs: 0, sweepsAtOnce: 1 }, 1001],
] as const)('with %s', (_name, options, firstSeed) => {
  const seeds = Array.from({ length: 8 }, (_, n) => seedOf(firstSeed + n));

  test.each(seeds)(
    'nothing is lost, and nothing half-made is seen (seed %i)',
    async (seed) => {
      await withSeed(seed, async (random) => {
        const race = new Race(random, options);
        const { world, ledger } = race;
        for (const type of TYPES) await race.create(type);
        for (let round = 0; round < 6; round++) {
          await race.round(4 + random.int(14));
          await expectIntact(world, ledger);
          expect(race.mishaps).toEqual([]);
          world.clock.advance(random.pick([1000, DAY / 2, DAY + 1, 2 * DAY]));
        }
        expect((await liveBackups(world)).length + ledger.going.size).toBeGreaterThan(0);
        await expectCleanable(world);
      });
    },
    120_000,
  );
});

test('thirty writers of one resource, with the gate of the product, all get through', async () => {
  const random = createRandom(seedOf(7));
  const pause = async (): Promise<void> => {
    for (let turns = random.int(4); turns > 0; turns--) await nextTurn();
  };
  const world = createWorld((deps) => wrapPorts(deps, () => ({ before: pause, after: pause })));
  const ledger = new Ledger();
  const states = createStates(random);
  await Promise.all(
    Array.from({ length: 30 }, async () => {
      const json = states();
      ledger.acknowledge(await world.make('db', json, random.pick(TYPES)), json);
    }),
  );
  await expectIntact(world, ledger);
  const sequences = [...ledger.known.values()].map(({ sequence }) => sequence).sort((a, b) => a - b);
  expect(sequences).toEqual(Array.from({ length: 30 }, (_, n) => n + 1));
  await expectCleanable(world);
});
