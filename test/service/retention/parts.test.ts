// A sweep in parts: however many are at it, and whatever becomes of them, together they do what one does, and hide no more than one may.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LIMITS } from '../../../lib/core/records/limits.ts';
import { faulty } from '../../../lib/decorators/faulty.ts';
import { helpSweep, sweep } from '../../../lib/service/retention/sweep.ts';
import { createWorld, DAY, type World } from '../world.ts';
import { sweepTogether } from './sweepers-world.ts';
import { actions, CALLER, createWaitingWorld, days, HOUR, live, liveIds, notices } from './waiting-world.ts';

interface Scene {
  /** Of each resource: the days after which each of its backups expires. */
  resources: number[][];
  policies: (number | undefined)[];
  held: number[];
}

const scene: fc.Arbitrary<Scene> = fc.record({
  resources: fc.array(fc.array(fc.constantFrom(1, 1, 1, 2, 400), { minLength: 1, maxLength: 5 }), {
    minLength: 3,
    maxLength: 9,
  }),
  policies: fc.array(fc.option(fc.constantFrom(1, 2), { nil: undefined }), { minLength: 3, maxLength: 9 }),
  held: fc.array(fc.nat({ max: 20 }), { maxLength: 3 }),
});

/** The same, as often as it is asked for; a day and a half later. */
async function enact({ resources, policies, held }: Scene): Promise<World> {
  const world = createWorld();
  const ids: string[] = [];
  for (const [n, expiries] of resources.entries()) {
    for (const [one, after] of expiries.entries()) {
      const type = one % 2 === 0 ? 'full' : 'incremental';
      const backup = await world.make(`r${n}`, `{"n":${one}}`, type, days(after));
      ids.push(backup.id);
    }
    const keepLast = policies[n];
    if (keepLast !== undefined) {
      await world.service.putPolicy(`r${n}`, { keepLast, expireNewest: true }, CALLER);
    }
  }
  for (const nth of held) {
    const id = ids[nth];
    if (id !== undefined) await world.service.protectBackup(id, { legalHold: true }, CALLER);
  }
  world.clock.advance(1.5 * DAY);
  return world;
}

interface Standing {
  live: string[];
  hidden: string[];
  blobs: number;
  places: [string, number][];
  garbage: number;
  keeping: string[];
}

/** All that sweeps leave behind, but for when they did it. */
async function standing({ plain, blobCount, clock }: World): Promise<Standing> {
  const { catalog } = plain;
  const limit = 1000;
  const heads = (await catalog.listHeads({ limit })).items;
  return {
    live: (await catalog.listBackups({ limit })).items.map(({ id, chain }) => `${id} ${chain.length}`).sort(),
    hidden: (await catalog.listHidden({ limit })).items.map(({ id }) => id).sort(),
    blobs: await blobCount(),
    places: (await catalog.expiring({ before: clock.now() + 9 * HOUR, limit })).items
      .map(({ record, at }): [string, number] => [record.id, Math.round(at / HOUR)])
      .sort(),
    garbage: (await catalog.dueGarbage({ before: clock.now() + 30 * DAY, limit })).items.length,
    keeping: heads.filter(({ keepsExpired }) => keepsExpired).map(({ resourceId }) => resourceId),
  };
}

/** Each backup was hidden once. */
async function expectTold(world: World): Promise<void> {
  const events = (await world.plain.catalog.listEvents({ limit: 1000, action: 'backup.expired' })).items;
  const hidden = (await world.plain.catalog.listHidden({ limit: 1000 })).items.map(({ id }) => id);
  const told = events.map(({ backupId }) => backupId);
  expect(new Set(told).size).toBe(told.length);
  expect(told).toEqual(expect.arrayContaining(hidden));
}

const chances = fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 7, maxLength: 40 });
const inTurn = (numbers: readonly number[]) => {
  let next = 0;
  return () => numbers[next++ % numbers.length]!;
};

test('any number of them, in any order, leave what one leaves', async () => {
  let divided = 0;
  await fc.assert(
    fc.asyncProperty(scene, chances, fc.integer({ min: 2, max: 6 }), async (made, numbers, most) => {
      const [one, many] = [await enact(made), await enact(made)];
      const chance = inTurn(numbers);
      for (let pass = 0; pass < 3; pass++) {
        await sweep(one.deps);
        const together = await sweepTogether(many.deps, { atOnce: 1, most, chance });
        expect(together).toMatchObject({ finished: true, died: 0 });
        if (together.sweeps > 1) divided++;
        expect(await standing(many)).toEqual(await standing(one));
        await expectTold(many);
        for (const { clock } of [one, many]) clock.advance(DAY + HOUR);
      }
    }),
    { numRuns: 60 },
  );
  expect(divided).toBeGreaterThan(30);
});

test('whichever of them dies, and with whichever call: once its lease is over another goes on, to what one leaves', async () => {
  let died = 0;
  const dies = fc.record({ sweep: fc.nat({ max: 3 }), call: fc.nat({ max: 80 }) });
  await fc.assert(
    fc.asyncProperty(scene, chances, dies, async (made, numbers, dying) => {
      const [one, many] = [await enact(made), await enact(made)];
      await sweep(one.deps);
      const options = { atOnce: 2, chance: inTurn(numbers) };
      const first = await sweepTogether(many.deps, { ...options, dies: dying });
      died += first.died;
      for (const { clock } of [one, many]) clock.advance(LIMITS.sweepLeaseMs);
      expect(await sweepTogether(many.deps, options)).toMatchObject({ finished: true, died: 0 });
      // What was hidden by the one that died and never pruned is pruned when it is due, as of any sweep.
      for (let pass = 0; pass < 2; pass++) {
        for (const { clock } of [one, many]) clock.advance(2 * DAY);
        await sweep(one.deps);
        await sweepTogether(many.deps, options);
      }
      const [left, wanted] = [await standing(many), await standing(one)];
      expect({ ...left, live: ids(left.live) }).toEqual({ ...wanted, live: ids(wanted.live) });
      await expectTold(many);
    }),
    { numRuns: 60 },
  );
  expect(died).toBeGreaterThan(10);
});

const ids = (live: readonly string[]) => live.map((one) => one.split(' ')[0]);

test('two at once on one part do no harm: one whose lease has run out while it stood still goes on, and changes nothing any more', async () => {
  const made = { resources: Array.from({ length: 6 }, () => [1, 1, 400]), policies: [], held: [] };
  const [one, many] = [await enact(made), await enact(made)];
  await sweep(one.deps);
  let wake = () => {};
  const woken = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const commits: string[] = [];
  const asleep = faulty(many.deps.catalog, {
    async before({ method, args }) {
      if (method !== 'commit') return;
      const kinds = (args[0] as { kind: string }[]).map(({ kind }) => kind);
      // It has judged what goes, and is about to hide it.
      if (kinds.includes('backup.update') && commits.push('hides') === 1) await woken;
    },
  });
  const first = sweep(
    { ...many.deps, catalog: asleep, sweepers: { most: 2, call: async () => {} } },
    undefined,
    2,
  );
  while (commits.length === 0) await new Promise(setImmediate);
  // Nobody else has its part yet.
  expect(await sweepTogether(many.deps, { atOnce: 2 })).toMatchObject({ finished: false });
  for (const { clock } of [one, many]) clock.advance(LIMITS.sweepLeaseMs);
  expect(await sweepTogether(many.deps, { atOnce: 2 })).toMatchObject({ finished: true });
  const before = await standing(many);
  expect(before).toEqual(await standing(one));
  wake();
  expect(await first).toMatchObject({ expired: 0 });
  expect(await standing(many)).toEqual(before);
  await expectTold(many);
});

describe('what is not much stays with one', () => {
  test('as much as a look has is not divided, and nobody is called', async () => {
    const world = await enact({
      resources: Array.from({ length: 5 }, () => [1, 400]),
      policies: [],
      held: [],
    });
    expect(await sweepTogether(world.deps, { atOnce: 5 })).toMatchObject({ sweeps: 1, expired: 5 });
  });

  test('nor is anything where nobody else is there, or where the catalog has no parts', async () => {
    for (const change of [{ sweepers: undefined }, { parts: undefined }]) {
      const world = await enact({
        resources: Array.from({ length: 5 }, () => [1, 400]),
        policies: [],
        held: [],
      });
      const { capabilities, ...catalog } = world.deps.catalog;
      const { parts: _parts, ...others } = capabilities!;
      const deps =
        'parts' in change
          ? { ...world.deps, catalog: { ...catalog, capabilities: others }, sweepers: called() }
          : world.deps;
      expect(await sweep(deps, undefined, 1)).toMatchObject({ expired: 5, finished: true });
    }
  });

  test('one that was called for nothing does nothing', async () => {
    const world = await enact({ resources: [[1, 400]], policies: [], held: [] });
    expect(await helpSweep(world.deps)).toMatchObject({ expired: 0, finished: true });
    expect(await liveIds(world)).toHaveLength(2);
  });
});

function called() {
  return {
    most: 3,
    call: async () => {
      throw new Error('nobody is to be called');
    },
  };
}

test('who cannot be called is done without: the one that is there does all parts', async () => {
  const world = await enact({ resources: Array.from({ length: 9 }, () => [1, 400]), policies: [], held: [] });
  const sweepers = {
    most: 3,
    call: async () => {
      throw new Error('throttled');
    },
  };
  expect(await sweep({ ...world.deps, sweepers }, undefined, 1)).toMatchObject({
    expired: 9,
    finished: true,
  });
});

test('parts that another kind of catalog has left are one lap again', async () => {
  const world = await enact({ resources: Array.from({ length: 9 }, () => [1, 400]), policies: [], held: [] });
  const at = world.clock.now();
  const pass = { since: at, to: at, about: [], parts: Array.from({ length: 99 }, () => ({})) };
  const record = { seenAt: at, waits: [], pass, version: 1 };
  await world.plain.catalog.commit([{ kind: 'expiry.put', record, expect: 0 }]);
  expect(await sweep(world.deps)).toMatchObject({ expired: 9, finished: true });
  expect((await world.plain.catalog.getExpiryState())?.pass).toBeUndefined();
});

test('what is due to be removed is divided too, though nothing expires; what waits goes on to wait', async () => {
  const world = await createWaitingWorld();
  for (let n = 0; n < 8; n++) {
    for (let one = 0; one < 3; one++) await world.backup(`r${n}`, String(one), days(one < 1 ? 1 : 400));
  }
  await live(world, 1.5 * DAY);
  // Eight of 24 would be too many.
  for (let n = 0; n < 20; n++) await world.backup(`other-${n}`, '1', days(400));
  expect(await sweepTogether(world.deps, { atOnce: 100 })).toMatchObject({ expired: 8, sweeps: 1 });
  for (let n = 0; n < 40; n++) {
    await world.backup(`late-${n}`, '1', days(1));
    await world.backup(`late-${n}`, '2', days(400));
  }
  await live(world, 1.5 * DAY);
  expect(await sweepTogether(world.deps, { atOnce: 1000 })).toMatchObject({ expired: 0, waiting: 40 });
  const removing = await sweepTogether(world.deps, { atOnce: 1 });
  expect(removing).toMatchObject({ expired: 0, finished: true });
  expect(removing.sweeps).toBeGreaterThan(1);
  expect((await world.plain.catalog.dueGarbage({ before: world.clock.now(), limit: 10 })).items).toEqual([]);
  // The wait stands as it was begun.
  expect(await notices(world)).toEqual(['expiry_held']);
  expect((await actions(world)).filter((action) => action === 'expiry.held')).toHaveLength(1);
});

describe('a crowd', () => {
  /** Of `total` live backups `due` have expired, each of a resource of its own. */
  async function crowd(due: number, total: number): Promise<World> {
    const world = await createWaitingWorld();
    for (let n = 0; n < due; n++) {
      await world.backup(`r${n}`, '1', days(1));
      await world.backup(`r${n}`, '2', days(400));
    }
    for (let n = 2 * due; n < total; n++) await world.backup(`other-${n}`, '1', days(400));
    await live(world, 1.5 * DAY);
    return world;
  }

  test('as many as are usual go, whoever hides them: nothing waits', async () => {
    await fc.assert(
      fc.asyncProperty(chances, fc.integer({ min: 1, max: 5 }), async (numbers, atOnce) => {
        const world = await crowd(20, 80);
        const chance = inTurn(numbers);
        expect(await sweepTogether(world.deps, { atOnce, most: 4, chance })).toMatchObject({
          ...{ expired: 20, waiting: 0, finished: true },
        });
        expect(await notices(world)).toEqual([]);
      }),
      { numRuns: 15 },
    );
  });

  test('one more, and together they hide no more than one may; who dies leaves no more to the others', async () => {
    const dies = fc.option(fc.record({ sweep: fc.nat({ max: 3 }), call: fc.nat({ max: 120 }) }), {
      nil: undefined,
    });
    await fc.assert(
      fc.asyncProperty(chances, fc.integer({ min: 1, max: 5 }), dies, async (numbers, atOnce, dying) => {
        const world = await crowd(30, 80);
        const options = { atOnce, most: 4, chance: inTurn(numbers) };
        const { catalog } = world.plain;
        const hidden = async () =>
          (await catalog.listEvents({ limit: 1000, action: 'backup.expired' })).items.length;
        await sweepTogether(world.deps, { ...options, ...(dying && { dies: dying }) });
        await live(world, HOUR);
        expect(await sweepTogether(world.deps, options)).toMatchObject({ finished: true });
        expect(await hidden()).toBeLessThanOrEqual(20);
        expect(await hidden()).toBeGreaterThan(0);
        // One wait, of which a person was told once; and in a day it is over.
        const { waits = [] } = (await world.plain.catalog.getExpiryState()) ?? {};
        expect(waits).toHaveLength(1);
        expect((await actions(world)).filter((action) => action === 'expiry.held')).toHaveLength(1);
        await live(world, DAY + HOUR);
        await sweepTogether(world.deps, options);
        expect(await hidden()).toBe(30);
        expect(await notices(world)).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  test('that was refused stays, and goes when it is confirmed, wherever its places are', async () => {
    const world = await crowd(40, 80);
    const options = { atOnce: 3, most: 4 };
    await sweepTogether(world.deps, options);
    const [wait] = (await world.plain.catalog.getExpiryState())!.waits;
    const left = (await liveIds(world)).length;
    await world.service.decideWait(wait!.id, 'refuse', CALLER);
    for (let n = 0; n < 3; n++) {
      expect(await sweepTogether(world.deps, options)).toMatchObject({ expired: 0, finished: true });
      await live(world, 13 * HOUR);
    }
    expect(await liveIds(world)).toHaveLength(left);
    await world.service.decideWait(wait!.id, 'confirm', CALLER);
    await sweepTogether(world.deps, options);
    await sweepTogether(world.deps, options);
    expect(await liveIds(world)).toHaveLength(40);
    expect(await notices(world)).toEqual([]);
  });
});

test('with time for a part only they go on where they stopped, and tell how long the first has waited', async () => {
  let isSlow = false;
  const world: World = createWorld(({ catalog }) => ({
    catalog: faulty(catalog, {
      before() {
        if (isSlow) world.clock.advance(1000);
      },
    }),
  }));
  for (let n = 0; n < 60; n++) {
    await world.backup(`r${n}`, '1', days(1));
    await world.backup(`r${n}`, '2', days(400));
  }
  world.clock.advance(2 * DAY);
  isSlow = true;
  let sweeps = 0;
  for (let finished = false; !finished; sweeps++) {
    expect(sweeps).toBeLessThan(50);
    const together = await sweepTogether(world.deps, { atOnce: 4, budgetMs: 300_000 });
    ({ finished } = together);
    if (!finished) expect(together.overdueMs + together.blobsRemoved).toBeGreaterThan(0);
  }
  expect(sweeps).toBeGreaterThan(1);
  isSlow = false;
  expect(await liveIds(world)).toHaveLength(60);
});
