// Whatever is held, released, locked, kept by policies, made and deleted, in whatever order, and however the clock is set: what may go goes
// with the next sweep, and what may not stays. Beside it stands a reference that looks at everything, each time.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { BackupRecord } from '../../../lib/core/records/model.ts';
import { planUnderAll } from '../../../lib/core/records/retention.ts';
import type { RetentionPolicy } from '../../../lib/core/records/retention-records.ts';
import { lookAtClock } from '../../../lib/service/kit/clock-watch.ts';
import { policiesAt } from '../../../lib/service/retention/decisions.ts';
import { sweep } from '../../../lib/service/retention/sweep.ts';
import { createWorld, DAY, type World } from '../world.ts';
import { sweepTogether } from './sweepers-world.ts';
import { CALLER, days, HOUR, live } from './waiting-world.ts';

const RESOURCES = ['a', 'b'];
const POLICIES: RetentionPolicy[] = [
  { keepLast: 1 },
  { keepLast: 3, expireNewest: true },
  { keepDaily: 2 },
  { keepWeekly: 1, keepHourly: 2, expireNewest: true },
  { expireNewest: true },
];

type Step =
  | { do: 'make'; resource: string; days: number }
  | { do: 'hold' | 'release' | 'remove' | 'undelete'; nth: number }
  | { do: 'lock'; nth: number; hours: number }
  | { do: 'policy'; resource: string; policy: RetentionPolicy | undefined }
  | { do: 'pass'; hours: number }
  | { do: 'set'; hours: number };

const resource = fc.constantFrom(...RESOURCES);
const nth = fc.nat({ max: 12 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('make' as const),
      resource,
      days: fc.integer({ min: 0, max: 3 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('hold', 'release', 'remove', 'undelete'), nth }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('lock' as const), nth, hours: fc.integer({ min: 1, max: 9 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('policy' as const),
      resource,
      policy: fc.option(fc.constantFrom(...POLICIES), { nil: undefined }),
    }),
  },
  // Mostly less than that after which all that is kept is decided again.
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pass' as const), hours: fc.constantFrom(1, 1, 2, 3, 5, 30) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('set' as const), hours: fc.integer({ min: -2000, max: 2000 }) }),
  },
);

/** What is refused to the one who does it, a lock that stands or a backup that is gone, changes nothing. */
async function take(world: World, made: BackupRecord[], taken: Step): Promise<void> {
  const { service, clock } = world;
  const one = 'nth' in taken ? made[taken.nth % Math.max(made.length, 1)] : undefined;
  if ('nth' in taken && one === undefined) return;
  switch (taken.do) {
    case 'make':
      made.push(await world.backup(taken.resource, String(made.length), days(taken.days)));
      return;
    case 'hold':
    case 'release':
      await service.protectBackup(one!.id, { legalHold: taken.do === 'hold' }, CALLER);
      return;
    case 'lock':
      await service.protectBackup(one!.id, { lockedUntil: clock.now() + taken.hours * HOUR }, CALLER);
      return;
    case 'remove':
      await world.remove(one!.id);
      return;
    case 'undelete':
      await service.undeleteBackup(one!.id, CALLER);
      return;
    case 'policy':
      if (taken.policy === undefined) await service.removePolicy(taken.resource, CALLER);
      else await service.putPolicy(taken.resource, taken.policy, CALLER);
      return;
    case 'pass':
      // Somebody looks at the clock, as in a service that runs.
      await live(world, taken.hours * HOUR);
      return;
    case 'set':
      clock.set(clock.now() + taken.hours * HOUR);
  }
}

const allLive = async ({ plain }: World): Promise<BackupRecord[]> =>
  (await plain.catalog.listBackups({ limit: 1000 })).items;

/** The ids of what goes, and of what stays, by a look at everything. */
async function reference(world: World): Promise<string[]> {
  const now = world.clock.now();
  const goes: string[] = [];
  for (const [name, records] of Map.groupBy(await allLive(world), (record) => record.resourceId)) {
    const policies = policiesAt(await world.plain.catalog.getPolicy(name), now);
    const decisions = planUnderAll(records, policies, now);
    goes.push(...decisions.filter(({ action }) => action === 'drop').map(({ backupId }) => backupId));
  }
  return goes.sort();
}

async function sweepOnce(world: World, atOnce: number, sweepers: number): Promise<void> {
  const before = (await allLive(world)).map(({ id }) => id);
  const goes = await reference(world);
  const planned = (await world.service.planRetention({ limit: 1000 })).items;
  expect(
    planned
      .filter(({ action }) => action === 'drop')
      .map(({ backupId }) => backupId)
      .sort(),
  ).toEqual(goes);
  if (sweepers === 1) await sweep(world.deps, undefined, atOnce);
  else expect(await sweepTogether(world.deps, { atOnce, most: sweepers })).toMatchObject({ finished: true });
  const after = new Set((await allLive(world)).map(({ id }) => id));
  expect(before.filter((id) => !after.has(id)).sort()).toEqual(goes);
}

test.each([
  ['with nothing that waits', 0, 1],
  ['with former policies that protect for a day', DAY, 1],
  ['by three at once, with nothing that waits', 0, 3],
  ['by three at once, with former policies', DAY, 3],
])('what may go goes with the next sweep, and nothing else does: %s', async (_, expiryHoldMs, sweepers) => {
  const steps = fc.array(fc.tuple(step, fc.integer({ min: 0, max: 3 })), { minLength: 4, maxLength: 14 });
  await fc.assert(
    fc.asyncProperty(steps, fc.option(fc.constantFrom(...POLICIES)), async (taken, policy) => {
      const world = createWorld(({ options }) => ({ options: { ...options, expiryHoldMs } }));
      await lookAtClock(world.deps);
      const made: BackupRecord[] = [];
      // Some have expired and are kept, and have been given their places.
      if (policy !== null) await world.service.putPolicy('a', policy, CALLER);
      for (let n = 0; n < 6; n++) made.push(await world.backup(RESOURCES[n % 2]!, String(n), days(1)));
      await live(world, 25 * HOUR);
      await sweepOnce(world, 2, sweepers);
      for (const [one, atOnce] of taken) {
        // A clock that is set makes everything wait: that has tests of its own.
        if (one.do === 'set' && expiryHoldMs > 0) continue;
        try {
          await take(world, made, one);
        } catch (error) {
          if (!REFUSALS.has((error as { code?: string }).code ?? '')) throw error;
        }
        if (atOnce > 0) await sweepOnce(world, atOnce, sweepers);
      }
      await sweepOnce(world, 3, sweepers);
    }),
    { numRuns: 40 },
  );
});

const REFUSALS = new Set([
  ...['backup_protected', 'backup_not_found', 'policy_not_found', 'broken_chain', 'too_many_requests'],
]);

test.each([2, 1000, 2000])(
  'what was kept by a clock that was %d hours ahead goes once it has expired by the right one',
  async (hours) => {
    const world = createWorld();
    await lookAtClock(world.deps);
    const made: BackupRecord[] = [];
    for (let n = 0; n < 2; n++) made.push(await world.backup(RESOURCES[n]!, String(n), days(1)));
    const run = async (...steps: Step[]) => {
      for (const one of steps) await take(world, made, one);
      await sweepOnce(world, 3, 1);
    };
    // As the newest of its resource it is kept, and looked at again by that clock's time.
    await run({ do: 'pass', hours: 23 }, { do: 'set', hours });
    await run({ do: 'set', hours: -hours }, { do: 'make', resource: 'a', days: 0 });
    expect(await allLive(world)).toHaveLength(3);
    await run({ do: 'pass', hours: 2 });
    expect((await allLive(world)).map(({ id }) => id)).not.toContain(made[0]!.id);
  },
);
