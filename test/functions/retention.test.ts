// What the functions do that schedules call, on a home in memory: nothing is removed where the clock looks wrong, and
// nothing removed, written or published where the table is an older one.

import { afterEach, expect, jest, test } from '@jest/globals';
import type { RetentionTask } from '../../lib/aws/names/upkeep.ts';
import type { EventRef, SegmentMark } from '../../lib/core/records/model.ts';
import { silentLogger } from '../../lib/log.ts';
import type { MemoryEventSink } from '../../lib/memory/event-sink.ts';
import { createMemoryTrailStore } from '../../lib/memory/trail-store.ts';
import type { Deps } from '../../lib/service/contract/deps.ts';
import type { OrphanSearch } from '../../lib/service/retention/orphans.ts';
import { createWorld, DAY, type World } from '../service/world.ts';

const trail = createMemoryTrailStore();
/** Taken once, as the function begins. */
const clock = {
  now: () => current.deps!.clock.now(),
  monotonic: () => current.deps!.clock.monotonic(),
};
/** Of the home, while a test holds one. */
const current: { deps?: Deps; mark?: SegmentMark } = {};

jest.mock('../../lib/aws/home.ts', () => ({
  eventBridgeSink: undefined,
  sqsQueue: undefined,
  ownSweepers: () => undefined,
  openHome: () => ({
    config: { retentionEveryMinutes: 15 },
    meter: { count: () => {}, time: () => {} },
    records: { list: async () => [], put: async () => {} },
    log: { info: () => {}, warn: () => {}, error: () => {} },
    // Each test has its own behind it.
    deps: new Proxy(
      {},
      { get: (_, name) => (name === 'clock' ? clock : current.deps?.[name as keyof Deps]) },
    ),
  }),
  trailOf: () => ({
    log: silentLogger,
    store: trail,
    storeId: 'ab'.repeat(16),
    get keyring() {
      return current.deps?.keyring;
    },
    get clock() {
      return current.deps?.clock;
    },
    get random() {
      return current.deps?.random;
    },
    source: {
      untrailedEvents: async () => current.deps?.catalog.pendingEvents(10),
      trailedEvents: async () => [],
      async markTrailed(events: EventRef[], mark: SegmentMark) {
        await current.deps?.catalog.markPublished(events);
        current.mark = mark;
      },
      async markRelayed(events: EventRef[], mark: SegmentMark) {
        await this.markTrailed(events, mark);
      },
      lastSegment: async () => current.mark,
    },
  }),
}));

// Only now, so that it gets what was put in place above.
const { handler } = jest.requireActual<typeof import('../../lambdas/retention.ts')>(
  '../../lambdas/retention.ts',
);
const { handler: handleTrail } =
  jest.requireActual<typeof import('../../lambdas/trail.ts')>('../../lambdas/trail.ts');
const context = { getRemainingTimeInMillis: () => 900_000 };
const run = (task: RetentionTask) => handler({ task }, context);
/** Called by its schedule. */
const writeTrail = () => handleTrail({ task: 'trail' }, context);

afterEach(() => {
  delete current.deps;
});

/** A world with an orphan of two days, and a backup that has expired. */
async function scene(options: Partial<Deps['options']> = {}): Promise<World> {
  const world = createWorld((deps) => ({ options: { ...deps.options, ...options } }));
  const metadata = { version: '1.0', source: 'test', tags: {}, retentionDays: 1 };
  await world.backup('r', '{"a":1}', { metadata });
  await world.backup('r', '{"a":2}');
  await world.plain.blobs.put('ab'.repeat(16), [Buffer.from('left by a crash')]);
  // As the sweep notes it, hour by hour.
  current.deps = world.deps;
  for (let hour = 0; hour < 48; hour++) {
    world.clock.advance(DAY / 24);
    if (options.expiryHoldMs !== undefined) await lookAtClock(world);
  }
  return world;
}

async function lookAtClock({ deps }: World): Promise<void> {
  const clockWatch = await import('../../lib/service/kit/clock-watch.ts');
  await clockWatch.lookAtClock(deps);
}

const asideOf = async (world: World) => (await world.plain.blobs.listAside({ limit: 9 })).items.length;

test('the weekly search sets aside what a crash has left', async () => {
  const world = await scene({ expiryHoldMs: DAY });
  expect(await run('orphans')).toEqual({ looked: 3, setAside: 1, removed: 0, finished: true });
  expect(await asideOf(world)).toBe(1);
});

test.each([
  ['after a silence of more than a day', 3 * DAY],
  ['behind what it was', -2 * DAY],
])('while the clock looks wrong, %s, the weekly search moves and removes nothing', async (_, ms) => {
  const world = await scene({ expiryHoldMs: DAY });
  await world.plain.blobs.put('cd'.repeat(16), [Buffer.from('aside for long')]);
  await world.plain.blobs.setAside('cd'.repeat(16));
  world.clock.advance(ms);
  expect(await run('orphans')).toMatchObject({ setAside: 0, removed: 0, stopped: 'clock' });
  expect(await asideOf(world)).toBe(1);
  expect(await world.blobCount()).toBe(3);
});

test('a clock that is set while the search looks moves nothing either', async () => {
  const world = await scene({ expiryHoldMs: DAY });
  const { list } = world.plain.blobs;
  world.deps.blobs.list = async (request) => {
    const page = await list(request);
    world.clock.advance(40 * DAY);
    return page;
  };
  expect(await run('orphans')).toMatchObject({ setAside: 0, stopped: 'clock' });
  expect(await asideOf(world)).toBe(0);
});

test('one that another has called does what is free of a divided sweep, on a table that is no older one', async () => {
  const world = await scene();
  const help = () => handler({ task: 'sweep', helps: true }, context);
  expect(await help()).toMatchObject({ expired: 0 });
  const at = world.clock.now();
  const pass = { since: at, to: at, about: [], parts: Array.from({ length: 4 }, () => ({})) };
  const { version: before = 0 } = (await world.plain.catalog.getExpiryState()) ?? {};
  const record = { seenAt: at, waits: [], pass, version: before + 1 };
  await world.plain.catalog.commit([{ kind: 'expiry.put', record, expect: before }]);
  world.deps.proofOfRollback = async () => 'The table is older than the trail beside its blobs.';
  await expect(help()).rejects.toMatchObject({ code: 'store_untrusted' });
  world.deps.proofOfRollback = async () => undefined;
  await run('orphans');
  expect(await help()).toMatchObject({ expired: 1, finished: true });
});

test('an older table stops the trail, the sweep, and every writer; the search says so, and takes it back once it is mended', async () => {
  const world = await scene();
  let proof: string | undefined = 'The table is older than the trail beside its blobs.';
  world.deps.proofOfRollback = async () => proof;
  const untrusted = { code: 'store_untrusted' };
  await expect(writeTrail()).rejects.toMatchObject(untrusted);
  await expect(run('sweep')).rejects.toMatchObject(untrusted);
  expect(await trail.list()).toEqual([]);
  expect(await world.blobCount()).toBe(3);
  expect(await run('orphans')).toMatchObject({ setAside: 0, stopped: 'rollback' });
  await expect(world.backup('r', '{"a":3}')).rejects.toMatchObject(untrusted);
  expect(await world.plain.catalog.listNotices(9)).toMatchObject([
    { code: 'rollback', severity: 'critical' },
  ]);
  expect((await world.plain.catalog.getBackup('backup-1'))?.deletedAt).toBeUndefined();

  proof = undefined;
  expect(((await run('orphans')) as OrphanSearch).stopped).toBe('looked_only');
  await world.backup('r', '{"a":3}');
  expect(await run('sweep')).toMatchObject({ expired: 1 });
  await world.backup('r', '{"a":4}');
  expect(await writeTrail()).toMatchObject({ segments: 1 });
});

test('a kick of the stream writes and publishes what waits, whatever it tells of', async () => {
  const world = await scene();
  const published = (world.deps.events as MemoryEventSink).events;
  const before = (await trail.list()).length;
  expect(published()).toEqual([]);
  expect(await handleTrail({ Records: [{ eventName: 'INSERT' }] }, context)).toMatchObject({
    segments: 1,
    events: 2,
    relayed: 2,
  });
  expect(await trail.list()).toHaveLength(before + 1);
  expect(published().map(({ action }) => action)).toContain('backup.created');
  // The schedule comes behind it, and finds nothing to do.
  expect(await writeTrail()).toEqual({ segments: 0, events: 0, relayed: 0 });
});

test("neither does what is the other one's", async () => {
  await scene();
  for (const task of ['trail', 'unknown', undefined]) {
    await expect(handler({ task: task as string }, context)).rejects.toThrow('there is no task');
  }
  for (const task of ['sweep', 'unknown', undefined]) {
    await expect(handleTrail({ task: task as string }, context)).rejects.toThrow('there is no task');
  }
});
