// The search for orphans believes no single witness, and destroys nothing at once.

import { describe, expect, test } from '@jest/globals';
import { LIMITS } from '../../lib/core/limits.ts';
import { PortError } from '../../lib/ports.ts';
import { collect } from '../../lib/service/collect.ts';
import { checkHealth } from '../../lib/service/health.ts';
import { findOrphans } from '../../lib/service/orphans.ts';
import { sweep } from '../../lib/service/retention.ts';
import { createWorld, DAY, type World } from './world.ts';

const aside = (world: World) => collect((page) => world.plain.blobs.listAside(page));

/** A blob of a backup that was never committed: the process died between the two. */
async function crash(world: World, resourceId: string): Promise<void> {
  const { commit } = world.deps.catalog;
  world.deps.catalog.commit = async () => {
    throw new PortError('unavailable', 'killed');
  };
  await expect(world.backup(resourceId, '{"lost":true}')).rejects.toMatchObject({ code: 'unavailable' });
  world.deps.catalog.commit = commit;
}

/** The same world with the catalog of an earlier moment: its records are removed from it. */
async function forget(world: World, resourceId: string, sequence: number): Promise<void> {
  const { catalog } = world.plain;
  const head = (await catalog.getHead(resourceId))!;
  for (const record of await collect((page) =>
    catalog.resourceHistory({ ...page, resourceId, fromSequence: sequence }),
  )) {
    await catalog.commit([
      { kind: 'backup.remove', id: record.id, expect: record.version },
      { kind: 'snapshot.remove', resourceId, sequence: record.sequence },
    ]);
  }
  const next = { ...head, sequence: sequence - 1, version: head.version + 1 };
  await catalog.commit([{ kind: 'head.put', head: next, expect: head.version }]);
}

describe('what a crash leaves', () => {
  test('is set aside, with an event, kept 30 days, and then removed', async () => {
    const world = createWorld();
    await world.backup('r', '{"a":1}');
    await crash(world, 'r');
    await crash(world, 'new');
    expect(await findOrphans(world.deps)).toMatchObject({ setAside: 0 });
    world.clock.advance(2 * DAY);
    expect(await findOrphans(world.deps)).toEqual({ looked: 3, setAside: 2, removed: 0 });
    expect(await aside(world)).toHaveLength(2);
    expect(await world.blobCount()).toBe(1);
    const events = await collect((page) => world.plain.catalog.listEvents(page));
    expect(
      events
        .filter(({ action }) => action === 'blob.set_aside')
        .map(({ resourceId }) => resourceId)
        .sort(),
    ).toEqual(['new', 'r']);
    world.clock.advance(LIMITS.quarantineMs);
    expect(await findOrphans(world.deps)).toMatchObject({ removed: 0 });
    world.clock.advance(1);
    expect(await findOrphans(world.deps)).toMatchObject({ removed: 2 });
    expect(await aside(world)).toEqual([]);
    expect((await checkHealth(world.deps)).status).toBe('healthy');
  });

  test('is never removed while a record names it', async () => {
    const world = createWorld();
    const { chain } = await world.backup('r', '{"a":1}');
    await world.plain.blobs.setAside(chain[0]!.blobId);
    world.clock.advance(2 * LIMITS.quarantineMs);
    expect(await findOrphans(world.deps)).toMatchObject({ removed: 0 });
    await world.plain.blobs.putBack(chain[0]!.blobId);
  });

  test('the blob of a lost race goes at once, and nothing of it is left to be found', async () => {
    const world = createWorld((deps) => {
      const { catalog } = deps;
      let races = 2;
      return {
        catalog: {
          ...catalog,
          async commit(changes) {
            const isCreate = changes.some(({ kind }) => kind === 'backup.insert');
            if (isCreate && races-- > 0) throw new PortError('conflict', 'lost', { change: 'head.put' });
            await catalog.commit(changes);
          },
        },
      };
    });
    await world.backup('r', '{"a":1}');
    expect(await world.blobCount()).toBe(1);
  });
});

describe('a catalog that was put back from an earlier day', () => {
  test.each([
    ['some newer blobs', 3],
    ['all of a resource', 1],
  ])(
    'with %s: is proof of a rollback; nothing is touched, health says so, nothing is written any more',
    async (_, from) => {
      const world = createWorld();
      for (let n = 0; n < 5; n++) await world.backup('r', `{"n":${n}}`);
      await forget(world, 'r', from);
      world.clock.advance(40 * DAY);
      expect(await findOrphans(world.deps)).toMatchObject({ setAside: 0, removed: 0, stopped: 'rollback' });
      expect(await world.blobCount()).toBe(5);
      expect(await aside(world)).toEqual([]);
      expect(await checkHealth(world.deps)).toMatchObject({
        status: 'unhealthy',
        notices: [{ code: 'rollback', severity: 'critical' }],
      });
      await expect(world.backup('r', '{"n":9}')).rejects.toMatchObject({ code: 'store_untrusted' });
      await expect(findOrphans(world.deps)).rejects.toMatchObject({ code: 'store_untrusted' });
      await expect(sweep(world.deps)).rejects.toMatchObject({ code: 'store_untrusted' });
    },
  );
});

test('more than accidents leave is an alarm and is not touched', async () => {
  const world = createWorld();
  for (let n = 0; n <= LIMITS.orphansMax; n++) await crash(world, `r-${n}`);
  world.clock.advance(2 * DAY);
  expect(await findOrphans(world.deps)).toMatchObject({ setAside: 0, stopped: 'too_many' });
  expect(await world.blobCount()).toBe(LIMITS.orphansMax + 1);
  expect(await checkHealth(world.deps)).toMatchObject({ status: 'degraded', notices: [{ code: 'orphans' }] });
});

test('what is no blob of ours is set aside too, and not taken for anything', async () => {
  const world = createWorld();
  await world.plain.blobs.put('ab'.repeat(16), [Buffer.from('no blob at all')]);
  world.clock.advance(2 * DAY);
  expect(await findOrphans(world.deps)).toMatchObject({ setAside: 1 });
});
