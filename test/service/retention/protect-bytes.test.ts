// Where a store can keep bytes from being removed, those of live chains are kept so for as long as something needs them.

import { expect, test } from '@jest/globals';
import { faulty } from '../../../lib/decorators/faulty.ts';
import type { Protection } from '../../../lib/ports/blob-store.ts';
import { PortError } from '../../../lib/ports/errors.ts';
import { protectBytes } from '../../../lib/service/retention/protect-bytes.ts';
import { createWorld, DAY, type World } from '../world.ts';
import { CALLER, days } from './waiting-world.ts';

/** A store that remembers what it was asked to protect; what is `gone` is not there. */
function createLockedWorld(
  gone: ReadonlySet<string> = new Set(),
): World & { locks: Map<string, Protection> } {
  const locks = new Map<string, Protection>();
  const world = createWorld(({ blobs, catalog }) => ({
    blobs: {
      ...blobs,
      async protect(blobId, protection) {
        if (gone.has(blobId)) throw new PortError('not_found', 'there is no such blob');
        const before = locks.get(blobId);
        locks.set(blobId, protection);
        return JSON.stringify(before) !== JSON.stringify(protection);
      },
    },
    catalog: faulty(catalog, {
      before(call) {
        if (call.method === 'resourceHistory') world.clock.advance(10);
      },
    }),
  }));
  return Object.assign(world, { locks });
}

/** Large enough for a delta to pay. */
const stateOf = (n: number): string =>
  JSON.stringify({ n, rows: Array.from({ length: 200 }, (_, i) => `row ${i * 7919}`) });

const chainOf = async (world: World, id: string): Promise<string[]> =>
  (await world.plain.catalog.getBackup(id))!.chain.map(({ blobId }) => blobId);

test('a base is kept until the last increment on it expires, and held with it', async () => {
  const world = createLockedWorld();
  const full = await world.backup('r', stateOf(1), days(1));
  const next = await world.backup('r', stateOf(2), { type: 'incremental', ...days(30) });
  const chain = await chainOf(world, next.id);
  expect(chain).toHaveLength(2);
  expect(await protectBytes(world.deps, Number.POSITIVE_INFINITY)).toEqual({
    looked: 2,
    changed: 2,
    missing: 0,
  });
  const { expiresAt } = (await world.plain.catalog.getBackup(next.id))!;
  for (const blobId of chain) expect(world.locks.get(blobId)).toEqual({ until: expiresAt, isHeld: false });

  await world.service.protectBackup(
    next.id,
    { legalHold: true, lockedUntil: world.clock.now() + 90 * DAY },
    CALLER,
  );
  const { lockedUntil } = (await world.plain.catalog.getBackup(next.id))!;
  await protectBytes(world.deps, Number.POSITIVE_INFINITY);
  for (const blobId of chain) expect(world.locks.get(blobId)).toEqual({ until: lockedUntil, isHeld: true });

  await world.service.protectBackup(next.id, { legalHold: false }, CALLER);
  await protectBytes(world.deps, Number.POSITIVE_INFINITY);
  for (const blobId of await chainOf(world, full.id)) expect(world.locks.get(blobId)?.isHeld).toBe(false);
});

test('what has no end is asked for without one', async () => {
  const world = createLockedWorld();
  const { id } = await world.backup('r', '1', days(0));
  await protectBytes(world.deps, Number.POSITIVE_INFINITY);
  expect(world.locks.get((await chainOf(world, id))[0]!)).toEqual({ until: undefined, isHeld: false });
});

test('a run that has no time goes on where it stopped, and every resource has its turn', async () => {
  const world = createLockedWorld();
  for (let n = 0; n < 250; n++) await world.backup(`r-${n}`, '1');
  let runs = 0;
  for (; world.locks.size < 250; runs++) {
    expect(runs).toBeLessThan(10);
    await protectBytes(world.deps, world.clock.now());
  }
  expect(runs).toBe(3);
  world.locks.clear();
  await protectBytes(world.deps, Number.POSITIVE_INFINITY);
  expect(world.locks.size).toBe(250);
});

test('a blob that is not there is told of, and holds up no other', async () => {
  const gone = new Set<string>();
  const world = createLockedWorld(gone);
  const { id } = await world.backup('a', '1');
  await world.backup('b', '1');
  for (const blobId of await chainOf(world, id)) gone.add(blobId);
  expect(await protectBytes(world.deps, Number.POSITIVE_INFINITY)).toMatchObject({
    looked: 2,
    changed: 1,
    missing: 1,
  });
});

test('a store without locks is asked for nothing', async () => {
  const world = createWorld();
  await world.backup('r', '1');
  expect(await protectBytes(world.deps, Number.POSITIVE_INFINITY)).toBeUndefined();
  expect(await world.plain.catalog.getDocument('progress', 'locks')).toBeUndefined();
});
