// What is kept stands where it is decided again: sweeps do not look at it before, and find it then, whatever the clock said meanwhile.

import { expect, test } from '@jest/globals';
import { ownBlob } from '../../../lib/core/records/chain.ts';
import { LIMITS } from '../../../lib/core/records/limits.ts';
import { faulty } from '../../../lib/decorators/faulty.ts';
import type { Change } from '../../../lib/ports/change.ts';
import { PortError } from '../../../lib/ports/errors.ts';
import { sweep } from '../../../lib/service/retention/sweep.ts';
import { createWorld, DAY, type World } from '../world.ts';
import { CALLER, createWaitingWorld, days, HOUR, live, liveIds, set } from './waiting-world.ts';

/** A world that tells what is asked of its catalog. */
function createWatchedWorld(): { world: World; asked: Record<string, number>; commits: Change[][] } {
  const asked: Record<string, number> = {};
  const commits: Change[][] = [];
  const world = createWorld(({ catalog }) => ({
    catalog: faulty(catalog, {
      before({ method, args }) {
        asked[method] = (asked[method] ?? 0) + 1;
        if (method === 'commit') commits.push(args[0] as Change[]);
      },
    }),
  }));
  return { world, asked, commits };
}

const forget = (counts: Record<string, number>): void => {
  for (const name of Object.keys(counts)) delete counts[name];
};

test('what is kept is not looked at again before its answer can be another one, nor later than hours after', async () => {
  const { world, asked } = createWatchedWorld();
  for (let n = 0; n < 20; n++) await world.backup(`kept-${n}`, '1', days(1));
  world.clock.advance(DAY);
  await sweep(world.deps);
  expect(asked.resourceHistory).toBe(20);
  forget(asked);
  for (let n = 0; n < 5; n++) {
    await sweep(world.deps);
    world.clock.advance(HOUR);
  }
  expect(asked.resourceHistory).toBeUndefined();
  world.clock.advance(HOUR);
  await sweep(world.deps);
  expect(asked.resourceHistory).toBe(20);
});

test('a create of a resource that keeps nothing expired writes nothing for it, and one that does puts it back at once', async () => {
  const world = createWorld();
  const undecided = async () =>
    (await world.plain.catalog.undecidedHeads({ limit: 9 })).items.map(({ resourceId }) => resourceId);
  await world.backup('plain', '1', days(9));
  await world.backup('kept', '1', days(1));
  world.clock.advance(DAY);
  await sweep(world.deps);
  await world.backup('plain', '2', days(9));
  expect(await undecided()).toEqual([]);
  await world.backup('kept', '2', days(1));
  expect(await undecided()).toEqual(['kept']);
  expect(await sweep(world.deps)).toMatchObject({ expired: 1 });
  expect(await undecided()).toEqual([]);
  expect((await world.plain.catalog.getHead('kept'))?.keepsExpired).toBeUndefined();
});

test('what a former policy protects is decided again when that ends, not hours later', async () => {
  const world = await createWaitingWorld();
  await world.service.putPolicy('db', { keepLast: 3 }, CALLER);
  for (let n = 0; n < 3; n++) await world.backup('db', String(n), days(1));
  await live(world, 2 * DAY);
  await sweep(world.deps);
  const { effectiveAt } = await world.service.putPolicy('db', { keepLast: 1 }, CALLER);
  await live(world, 20 * HOUR);
  expect(await sweep(world.deps)).toMatchObject({ expired: 0 });
  await live(world, effectiveAt! - world.clock.now());
  expect(await sweep(world.deps)).toMatchObject({ expired: 2 });
});

test('a lock that ends before that is decided again when it ends', async () => {
  const world = createWorld();
  const { id } = await world.backup('db', '1', days(1));
  await world.backup('db', '2', days(9));
  world.clock.advance(DAY);
  await world.service.protectBackup(id, { lockedUntil: world.clock.now() + 2 * HOUR }, CALLER);
  expect(await sweep(world.deps)).toMatchObject({ expired: 0 });
  world.clock.advance(2 * HOUR);
  expect(await sweep(world.deps)).toMatchObject({ expired: 1 });
});

test('places that were given by a clock that was ahead are found when it is right again', async () => {
  const world = createWorld();
  const record = await world.backup('db', '1', days(1));
  await world.backup('db', '2', days(0));
  const { blobId } = ownBlob(record);
  await world.plain.blobs.setAside(blobId);
  world.clock.advance(2 * DAY);
  set(world, 3650 * DAY);
  expect(await sweep(world.deps)).toMatchObject({ expired: 0 });
  set(world, -3650 * DAY);
  await world.plain.blobs.putBack(blobId);
  expect(await sweep(world.deps, undefined, 1)).toMatchObject({ expired: 1, finished: true });
  // One such lap is enough.
  const state = await world.plain.catalog.getExpiryState();
  expect(state?.placedTo).toBeLessThanOrEqual(world.clock.now() + LIMITS.decidedForMs);
});

test('a crowd that was refused is out of the way, and goes with the next sweep once it is confirmed', async () => {
  const world = await createWaitingWorld();
  for (let n = 0; n < 30; n++) await world.backup('db', String(n), days(1));
  await live(world, DAY);
  await sweep(world.deps);
  const [wait] = await world.service.listWaits();
  await world.service.decideWait(wait!.id, 'refuse', CALLER);
  await sweep(world.deps);
  const soon = await world.plain.catalog.expiring({ limit: 50, before: world.clock.now() });
  expect(soon.items).toEqual([]);
  await live(world, HOUR);
  expect(await sweep(world.deps)).toMatchObject({ expired: 0, waiting: 0 });
  // It stands for as long as it is not known to be about nothing.
  expect(await world.service.listWaits()).toHaveLength(1);
  await world.service.decideWait(wait!.id, 'confirm', CALLER);
  expect(await sweep(world.deps)).toMatchObject({ expired: 29 });
  expect(await world.service.listWaits()).toEqual([]);
});

test('backups of one resource are hidden and removed many in a commit', async () => {
  const { world, commits } = createWatchedWorld();
  for (let n = 0; n < 34; n++) await world.backup('db', String(n), days(1));
  world.clock.advance(DAY);
  commits.length = 0;
  expect(await sweep(world.deps)).toMatchObject({ expired: 33 });
  const of = (kind: Change['kind']) =>
    commits
      .map((changes) => changes.filter((change) => change.kind === kind).length)
      .filter((count) => count > 0);
  expect(of('garbage.put')).toEqual([11, 11, 11]);
  world.clock.advance(2 * DAY);
  expect(await sweep(world.deps)).toMatchObject({ blobsRemoved: 33 });
  expect(of('backup.remove')).toEqual([11, 11, 11]);
  expect(await world.blobCount()).toBe(1);
});

test('however many resources cannot be read, the others go on; a dependency that is down ends the sweep', async () => {
  let fault: PortError | undefined;
  const world = createWorld(({ catalog }) => ({
    catalog: faulty(catalog, {
      before({ method, args }) {
        const { resourceId = '' } = (args[0] ?? {}) as { resourceId?: string };
        if (fault !== undefined && method === 'resourceHistory' && resourceId.startsWith('bad')) throw fault;
      },
    }),
  }));
  for (const name of [...Array.from({ length: 30 }, (_, n) => `bad-${n}`), 'good']) {
    await world.backup(name, '1', days(1));
    await world.backup(name, '2', days(9));
  }
  world.clock.advance(2 * DAY);
  fault = new PortError('integrity', 'a record is damaged');
  await expect(sweep(world.deps)).rejects.toBe(fault);
  expect(await liveIds(world)).toHaveLength(61);
  fault = new PortError('unavailable', 'nobody answers');
  await expect(sweep(world.deps)).rejects.toBe(fault);
  fault = undefined;
  expect(await sweep(world.deps)).toMatchObject({ expired: 30, finished: true });
});

test('what has changed since it was judged is judged again: a policy that was widened meanwhile keeps what it keeps', async () => {
  let between: (() => Promise<void>) | undefined;
  const world = createWorld(({ catalog }) => ({
    catalog: faulty(catalog, {
      async before({ method, args }) {
        const isHiding =
          method === 'commit' && (args[0] as Change[]).some(({ kind }) => kind === 'garbage.put');
        const act = isHiding ? between : undefined;
        if (act === undefined) return;
        between = undefined;
        await act();
      },
    }),
  }));
  const made = [];
  for (let n = 0; n < 5; n++) made.push((await world.backup('db', String(n), days(1))).id);
  world.clock.advance(2 * DAY);
  const other = createWorld(() => ({ ...world.plain, gate: { run: (_key, work) => work() } }));
  between = async () => {
    await other.service.putPolicy('db', { keepLast: 3 }, CALLER);
  };
  expect(await sweep(world.deps)).toMatchObject({ expired: 2 });
  expect((await liveIds(world)).sort()).toEqual(made.slice(2));
});
