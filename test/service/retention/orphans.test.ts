// The search for orphans believes no single witness, and destroys nothing at once.

import { describe, expect, test } from '@jest/globals';
import { LIMITS } from '../../../lib/core/records/limits.ts';
import { silentLogger } from '../../../lib/log.ts';
import { PortError } from '../../../lib/ports/errors.ts';
import type { Deps } from '../../../lib/service/contract/deps.ts';
import { collect } from '../../../lib/service/kit/collect.ts';
import { createTrust, writtenProof } from '../../../lib/service/kit/trust.ts';
import { orphanLap } from '../../../lib/service/retention/orphan-lap.ts';
import { findOrphans } from '../../../lib/service/retention/orphans.ts';
import { sweep } from '../../../lib/service/retention/sweep.ts';
import { createService } from '../../../lib/service/service.ts';
import { checkHealth } from '../../../lib/service/upkeep/health.ts';
import { createWorld, DAY, inputOf, type World } from '../world.ts';

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
    expect(await findOrphans(world.deps)).toEqual({ looked: 3, setAside: 2, removed: 0, finished: true });
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
      expect(await findOrphans(world.deps)).toEqual({
        looked: 5,
        setAside: 0,
        removed: 0,
        finished: true,
        stopped: 'rollback',
      });
      await expect(sweep(world.deps)).rejects.toMatchObject({ code: 'store_untrusted' });
    },
  );
});

/** The same stores, as another process finds them: after a restart, or in another function. */
function anotherProcess(world: World, everyMs = Number.POSITIVE_INFINITY): Deps {
  const { catalog } = world.plain;
  const { now } = world.clock;
  const trust = createTrust(silentLogger, { now }, { written: () => writtenProof(catalog), everyMs });
  return { ...world.deps, trust };
}

async function rolledBack(): Promise<World> {
  const world = createWorld();
  for (let n = 0; n < 5; n++) await world.backup('r', `{"n":${n}}`);
  await forget(world, 'r', 3);
  world.clock.advance(2 * DAY);
  return world;
}

describe('a proof of a rollback', () => {
  const untrusted = { code: 'store_untrusted' };

  test('stops whoever starts later, before anything is built, hidden, taken back or swept', async () => {
    const world = await rolledBack();
    expect(await findOrphans(world.deps)).toMatchObject({ stopped: 'rollback' });
    const deps = anotherProcess(world);
    const service = createService(deps);
    const caller = { actor: 'tester' };
    await expect(service.createBackup(inputOf('r', '{"n":9}'), caller)).rejects.toMatchObject(untrusted);
    await expect(service.createBackup(inputOf('new', '{}'), caller)).rejects.toMatchObject(untrusted);
    await expect(service.deleteBackup('backup-1', caller)).rejects.toMatchObject(untrusted);
    await expect(service.undeleteBackup('backup-1', caller)).rejects.toMatchObject(untrusted);
    await expect(sweep(anotherProcess(world))).rejects.toMatchObject(untrusted);
    expect(await findOrphans(anotherProcess(world))).toMatchObject({ setAside: 0, stopped: 'rollback' });
    expect(await world.blobCount()).toBe(5);
    expect(await world.text('backup-1')).toBe('{"n":0}');
  });

  test('stops a process that runs already, once what it has read is too old', async () => {
    const world = await rolledBack();
    const service = createService(anotherProcess(world, 60_000));
    const create = () => service.createBackup(inputOf('new', '{}'), { actor: 'tester' });
    await create();
    await findOrphans(world.deps);
    await create();
    world.clock.advance(60_000);
    await expect(create()).rejects.toMatchObject(untrusted);
  });

  test('is taken back by a look that no longer finds it, in every process; only then is anything moved', async () => {
    const world = await rolledBack();
    await findOrphans(world.deps);
    const other = anotherProcess(world, 60_000);
    await expect(sweep(other)).rejects.toMatchObject(untrusted);
    const ids = (await world.plain.blobs.list({ limit: 9, writtenBefore: Number.MAX_SAFE_INTEGER })).items;
    const known = await world.plain.catalog.findUnknownBlobs(ids.map(({ blobId }) => blobId));
    for (const blobId of known) await world.plain.blobs.setAside(blobId);
    await crash(anotherWorld(world), 'crashed');
    world.clock.advance(2 * DAY);
    expect(await findOrphans(world.deps)).toMatchObject({ setAside: 0, stopped: 'looked_only' });
    expect(await checkHealth(world.deps)).toMatchObject({ status: 'healthy', notices: [] });
    await world.backup('new', '{}');
    await expect(sweep(other)).resolves.toBeDefined();
    expect(await findOrphans(world.deps)).toMatchObject({ setAside: 1 });
  });

  test('that cannot be written down stands in the process that found it', async () => {
    const world = await rolledBack();
    const deps = { ...world.deps, catalog: { ...world.plain.catalog } };
    deps.catalog.commit = async () => {
      throw new PortError('unavailable', 'full', { reason: 'disk_full' });
    };
    await expect(findOrphans(deps)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(world.backup('new', '{}')).rejects.toMatchObject(untrusted);
    expect(await findOrphans(world.deps)).toMatchObject({ stopped: 'rollback' });
    await expect(sweep(anotherProcess(world))).rejects.toMatchObject(untrusted);
  });
});

/** Trusts whatever stands in the catalog, to do what an accident does. */
function anotherWorld(world: World): World {
  const deps = { ...world.deps, trust: createTrust(silentLogger, world.clock) };
  const service = createService(deps);
  return {
    ...world,
    deps,
    backup: async (resourceId, json) =>
      (await service.createBackup(inputOf(resourceId, json), { actor: 'x' })).backup,
  };
}

describe('a blob that somebody has put there is no proof, and stops nobody', () => {
  const ID = 'ee'.repeat(16);
  const bytesOf = async (world: World, blobId: string) =>
    Buffer.concat(await Array.fromAsync(await world.plain.blobs.get(blobId)));
  /** A world whose blobs another one is to be found in. */
  async function withForged(forge: (world: World) => Promise<[string, Uint8Array]>, options = {}) {
    const world = createWorld(({ options: own }) => ({ options: { ...own, ...options } }));
    await world.backup('r', '{"a":1}');
    const [blobId, bytes] = await forge(world);
    await world.plain.blobs.put(blobId, [bytes]);
    world.clock.advance(2 * DAY);
    return { world, blobId, search: await findOrphans(world.deps) };
  }
  async function goesOn(world: World): Promise<void> {
    await world.backup('r', '{"a":2}');
    await expect(sweep(world.deps)).resolves.toBeDefined();
    expect((await checkHealth(world.deps)).problems).toEqual([]);
  }

  test.each<[string, (world: World) => Promise<[string, Uint8Array]>]>([
    [
      'with the sequence of a real one edited',
      async (world) => {
        const { chain } = await world.backup('s', '{"b":1}');
        const text = (await bytesOf(world, chain[0]!.blobId)).toString('latin1');
        const forged = text.replace(chain[0]!.blobId, ID).replace('"sequence":1', '"sequence":7');
        return [ID, Buffer.from(forged, 'latin1')];
      },
    ],
    [
      'from another store, sealed under its key',
      async () => {
        const other = createWorld();
        for (let n = 0; n < 4; n++) await other.backup('theirs', `{"n":${n}}`);
        const { blobId } = (await other.plain.catalog.getHead('theirs'))!.latest!.chain[0]!;
        return [blobId, await bytesOf(other, blobId)];
      },
    ],
    [
      'a true one of a deleted resource under another name',
      async (world) => {
        const { blobs, catalog } = world.plain;
        for (let n = 0; n < 4; n++) await world.backup('gone', `{"n":${n}}`);
        const { blobId } = (await catalog.getHead('gone'))!.latest!.chain[0]!;
        const bytes = await bytesOf(world, blobId);
        await forget(world, 'gone', 1);
        for (const { blobId } of (await blobs.list({ limit: 9, writtenBefore: 1e15 })).items) {
          const [unknown] = await catalog.findUnknownBlobs([blobId]);
          if (unknown !== undefined) await blobs.delete(blobId);
        }
        return [ID, bytes];
      },
    ],
  ])('%s: it is set aside', async (_, forge) => {
    const { world, blobId, search } = await withForged(forge);
    expect(search).toMatchObject({ setAside: 1 });
    expect(search.stopped).toBeUndefined();
    expect((await aside(world)).map((blob) => blob.blobId)).toEqual([blobId]);
    await goesOn(world);
  });

  /** Of a later sequence, in clear: nothing proves or refutes it. */
  const inClear = async (): Promise<[string, Uint8Array]> => {
    const other = createWorld();
    for (let n = 0; n < 4; n++) await other.backup('clear', `{"n":${n}}`, { encrypt: false });
    const { blobId } = (await other.plain.catalog.getHead('clear'))!.latest!.chain[0]!;
    return [blobId, await bytesOf(other, blobId)];
  };

  test('in clear, where such are taken: it stays, somebody is told, and it goes on', async () => {
    const { world, blobId, search } = await withForged(inClear);
    expect(search).toMatchObject({ setAside: 0, stopped: 'unproven' });
    expect(await bytesOf(world, blobId)).toBeDefined();
    expect(await checkHealth(world.deps)).toMatchObject({
      status: 'degraded',
      notices: [{ code: 'orphans' }],
    });
    await goesOn(world);
  });

  test('in clear, where none are taken: it is set aside', async () => {
    const { world, search } = await withForged(inClear, { allowUnencrypted: false });
    expect(search).toMatchObject({ setAside: 1 });
    await goesOn(world);
  });

  test('under a key that may not be used now: it stays, and somebody is told', async () => {
    const world = await rolledBack();
    const keyring = { ...world.plain.keyring };
    keyring.open = async () => {
      throw new PortError('denied', 'disabled');
    };
    expect(await findOrphans({ ...world.deps, keyring })).toMatchObject({ stopped: 'unproven' });
    expect(await world.blobCount()).toBe(5);
    expect(await checkHealth(world.deps)).toMatchObject({ notices: [{ code: 'orphans' }] });
    // Once it may be used again, it is the proof that it is.
    expect(await findOrphans(world.deps)).toMatchObject({ stopped: 'rollback' });
  });
});

test('however many blobs nothing names, few are held, and a proof behind them all is found', async () => {
  const world = createWorld();
  const many = LIMITS.orphansHeldMax + 2 * LIMITS.listPageMax;
  const junk = Buffer.from('no blob at all');
  for (let n = 0; n < many; n++) await world.plain.blobs.put(n.toString(16).padStart(32, '0'), [junk]);
  await world.backup('r', '{"a":1}');
  world.clock.advance(2 * DAY);
  const search = (await orphanLap(world.deps, 'a look', { writtenBefore: world.clock.now(), restMs: 0 }))!;
  expect(await search.look(() => false)).toBeUndefined();
  expect(search.lap).toMatchObject({ orphans: many, held: LIMITS.orphansHeldMax });
  const found = await search.found();
  expect(found.flatMap(({ blobs }) => blobs)).toHaveLength(LIMITS.orphansHeldMax);
  await search.end();
  for (let n = 0; n < 3; n++) await world.backup('r', '{"a":1}');
  await forget(world, 'r', 2);
  world.clock.advance(2 * DAY);
  expect(await findOrphans(world.deps)).toMatchObject({ stopped: 'rollback' });
});

test('what a backup has come to name since it was found is not set aside', async () => {
  const world = createWorld();
  const { chain } = await world.backup('r', '{"a":1}');
  const { findUnknownBlobs } = world.plain.catalog;
  let asked = 0;
  world.deps.catalog.findUnknownBlobs = async (ids) => (asked++ === 0 ? ids : findUnknownBlobs(ids));
  world.clock.advance(2 * DAY);
  expect(await findOrphans(world.deps)).toMatchObject({ looked: 1, setAside: 0 });
  expect(await bytesIn(world, chain[0]!.blobId)).toBeGreaterThan(0);
});

async function bytesIn(world: World, blobId: string): Promise<number> {
  return Buffer.concat(await Array.fromAsync(await world.plain.blobs.get(blobId))).length;
}

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

describe('a search that has no time for all of it', () => {
  /** A second a page, and pages of ten blobs. */
  function createSlowWorld(): World {
    const world: World = createWorld(({ blobs }) => ({
      blobs: {
        ...blobs,
        async list(request) {
          world.clock.advance(1000);
          await between();
          return blobs.list({ ...request, limit: 10 });
        },
      },
    }));
    return world;
  }
  let between = async (): Promise<void> => {};
  const searchFor = (world: World, seconds: number, deps = world.deps) =>
    findOrphans(deps, { deadline: world.clock.now() + seconds * 1000 });

  test('goes on where it stopped, in whichever process, and sets aside once it has seen all', async () => {
    between = async () => {};
    const world = createSlowWorld();
    for (let n = 0; n < 95; n++) await world.backup(`r-${n}`, '1');
    for (let n = 0; n < 5; n++) await crash(world, `lost-${n}`);
    world.clock.advance(2 * DAY);
    const seen: number[] = [];
    for (let finished = false; !finished; ) {
      const search = await searchFor(world, 3, anotherProcess(world));
      seen.push(search.looked);
      ({ finished } = search);
      expect(search.setAside).toBe(finished ? 5 : 0);
      expect(seen.length).toBeLessThan(20);
    }
    expect(seen).toEqual([30, 60, 90, 100]);
    expect(await aside(world)).toHaveLength(5);
    expect(await world.blobCount()).toBe(95);
    // Nothing of it is left behind.
    const kept = await collect((page) =>
      world.plain.catalog.listDocuments({ ...page, collection: 'progress' }),
    );
    expect(kept.map(({ id }) => id)).toEqual(['orphans']);
  });

  test('never sets aside what was written while it was looking, nor what was named since it was found', async () => {
    const world = createSlowWorld();
    for (let n = 0; n < 60; n++) await world.backup(`r-${n}`, '1');
    await crash(world, 'lost');
    world.clock.advance(2 * DAY);
    const made: string[] = [];
    // Before each page a backup is made, and another dies between its blob and its commit; days pass between the runs.
    between = async () => {
      made.push((await world.backup(`new-${made.length}`, '1')).id);
      await crash(world, `dies-${made.length}`);
    };
    for (let finished = false; !finished; ) {
      ({ finished } = await searchFor(world, 2));
      world.clock.advance(3 * DAY);
    }
    expect(made.length).toBeGreaterThan(5);
    expect(await aside(world)).toHaveLength(1);
    between = async () => {};
    for (const id of made) expect(await world.text(id)).toBe('1');
    for (let n = 0; n < 60; n++) expect(await world.textAt(`r-${n}`, world.clock.now())).toBe('1');
    // What died while it looked is found by the next.
    expect(await findOrphans(world.deps)).toMatchObject({ setAside: made.length });
  });

  test('begun under a clock that was ahead begins anew: what is young is not old', async () => {
    between = async () => {};
    const world = createSlowWorld();
    for (let n = 0; n < 30; n++) await world.backup(`r-${n}`, '1');
    await crash(world, 'under way');
    world.clock.set(world.clock.now() + 100 * DAY);
    expect(await searchFor(world, 1)).toMatchObject({ looked: 10, finished: false });
    world.clock.set(world.clock.now() - 100 * DAY);
    for (let finished = false; !finished; ) ({ finished } = await searchFor(world, 3));
    expect(await aside(world)).toEqual([]);
  });

  test('rests for as long as it is told, and not longer; one that is under way does not', async () => {
    between = async () => {};
    const world = createSlowWorld();
    for (let n = 0; n < 25; n++) await world.backup(`r-${n}`, '1');
    world.clock.advance(2 * DAY);
    const search = (seconds: number) =>
      findOrphans(world.deps, { deadline: world.clock.now() + seconds * 1000, restMs: 7 * DAY });
    expect(await search(2)).toMatchObject({ looked: 20, finished: false });
    expect(await search(9)).toMatchObject({ looked: 25, finished: true });
    expect(await search(9)).toMatchObject({ looked: 0, finished: true });
    world.clock.advance(7 * DAY);
    expect(await search(9)).toMatchObject({ looked: 25 });
  });

  test('a look whether a proof still holds goes on where it stopped as well', async () => {
    between = async () => {};
    const world = createSlowWorld();
    for (let n = 0; n < 35; n++) await world.backup('r', String(n));
    await forget(world, 'r', 33);
    world.clock.advance(2 * DAY);
    expect(await findOrphans(world.deps)).toMatchObject({ stopped: 'rollback' });
    const ids = (await world.plain.blobs.list({ limit: 99, writtenBefore: 1e15 })).items;
    for (const id of await world.plain.catalog.findUnknownBlobs(ids.map(({ blobId }) => blobId))) {
      await world.plain.blobs.setAside(id);
    }
    expect(await searchFor(world, 2)).toMatchObject({ looked: 20, finished: false });
    await expect(world.backup('r', '1')).rejects.toMatchObject({ code: 'store_untrusted' });
    expect(await searchFor(world, 2)).toMatchObject({ looked: 32, stopped: 'looked_only' });
    await world.backup('r', '1');
  });
});
