import { describe, expect, test } from '@jest/globals';
import type { RetentionPolicy } from '../../../lib/core/records/model.ts';
import { createClockWatch, lookAtClock, recallClock } from '../../../lib/service/kit/clock-watch.ts';
import { sweep } from '../../../lib/service/retention/sweep.ts';
import { createWorld, DAY, inputOf, type World } from '../world.ts';

const CALLER = { actor: 'tester' };
const HOUR = 3_600_000;
const days = (retentionDays: number) => ({ metadata: { ...inputOf('db', '1').metadata, retentionDays } });

/** A world in which expiry waits for a day, and whose clock has been looked at. */
async function createWaitingWorld(): Promise<World> {
  const world = createWorld(({ options }) => ({ options: { ...options, expiryHoldMs: DAY } }));
  await lookAtClock(world.deps);
  return world;
}

/** Time passes with somebody looking, as in a service that runs. */
async function live({ clock, deps }: World, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= HOUR) {
    clock.advance(Math.min(left, HOUR));
    await lookAtClock(deps);
  }
}

/** The same clock and store under a new process. */
function restarted(world: World): void {
  world.deps.clockWatch = createClockWatch(world.clock);
}

const set = ({ clock }: World, byMs: number): void => clock.set(clock.now() + byMs);
const liveIds = async ({ service }: World): Promise<string[]> =>
  (await service.listBackups({ limit: 1000 })).items.map(({ id }) => id);
const notices = async ({ service }: World) => (await service.checkHealth()).notices.map(({ code }) => code);
const actions = async ({ deps }: World): Promise<string[]> =>
  (await deps.catalog.listEvents({ limit: 100 })).items.map(({ action }) => action);

/** What the plan says goes is what the sweep hides, and nothing else. */
async function expectPlanned(world: World): Promise<void> {
  const before = new Set(await liveIds(world));
  const { items } = await world.service.planRetention({ limit: 1000 });
  const drops = items.filter(({ action }) => action === 'drop').map(({ backupId }) => backupId);
  await sweep(world.deps);
  const after = new Set(await liveIds(world));
  expect([...before].filter((id) => !after.has(id)).sort()).toEqual(drops.sort());
}

describe('a clock that jumped', () => {
  test('ahead for one sweep and back again loses nothing, and nothing is removed meanwhile', async () => {
    const world = await createWaitingWorld();
    for (const n of [1, 2, 3]) await world.backup('db', String(n));
    await world.remove('backup-1');
    set(world, 365 * DAY);
    expect(await sweep(world.deps)).toMatchObject({ expired: 0, waiting: 1, blobsRemoved: 0 });
    expect(await world.blobCount()).toBe(3);
    expect(await notices(world)).toEqual(['clock']);
    expect(await actions(world)).toContain('expiry.held');
    set(world, -365 * DAY);
    expect(await sweep(world.deps)).toMatchObject({ expired: 0, waiting: 0 });
    expect(await notices(world)).toEqual([]);
    expect(await liveIds(world)).toEqual(['backup-3', 'backup-2']);
    // The one was raised ahead of the other's time.
    expect(await actions(world)).toEqual(expect.arrayContaining(['notice.cleared', 'notice.raised']));
  });

  test.each([
    ['in one process', false],
    ['and the process was begun anew meanwhile', true],
  ])(
    'back, %s: what was made under it lives as long as it was told to once it is set right',
    async (_, isAnew) => {
      const world = await createWaitingWorld();
      await world.backup('db', '1', days(10));
      set(world, -400 * DAY);
      await lookAtClock(world.deps);
      if (isAnew) {
        restarted(world);
        await recallClock(world.deps);
      }
      await live(world, 2 * HOUR);
      await world.backup('db', '2', days(10));
      await world.backup('db', '3', days(0));
      set(world, 400 * DAY);
      await live(world, 9 * DAY);
      await sweep(world.deps);
      expect(await liveIds(world)).toContain('backup-2');
      await live(world, 2 * DAY);
      await sweep(world.deps);
      expect(await liveIds(world)).toEqual(['backup-3']);
    },
  );

  test('ahead for two sweeps, 40 days and then 42, removes no bytes', async () => {
    const world = await createWaitingWorld();
    for (const n of [1, 2, 3]) await world.backup('db', String(n));
    set(world, 40 * DAY);
    await sweep(world.deps);
    set(world, 2 * DAY);
    await sweep(world.deps);
    expect(await world.blobCount()).toBe(3);
    expect(await liveIds(world)).toHaveLength(3);
  });

  test('under a new process it is found by what the last one saw', async () => {
    const world = await createWaitingWorld();
    for (const n of [1, 2, 3]) await world.backup('db', String(n));
    set(world, 365 * DAY);
    restarted(world);
    expect(await sweep(world.deps)).toMatchObject({ expired: 0, waiting: 2 });
    set(world, -365 * DAY);
    restarted(world);
    expect(await sweep(world.deps)).toMatchObject({ expired: 0, waiting: 0 });
    expect(await liveIds(world)).toHaveLength(3);
  });

  test('that stays as it is is believed after a day, and expiry goes on', async () => {
    const world = await createWaitingWorld();
    for (const n of [1, 2, 3]) await world.backup('db', String(n));
    set(world, 365 * DAY);
    await sweep(world.deps);
    await live(world, DAY - HOUR);
    await expectPlanned(world);
    expect(await liveIds(world)).toHaveLength(3);
    await live(world, HOUR);
    await expectPlanned(world);
    expect(await liveIds(world)).toEqual(['backup-3']);
    expect(await notices(world)).toEqual([]);
  });

  test('can be confirmed at once, or refused until it is', async () => {
    const world = await createWaitingWorld();
    for (const n of [1, 2, 3]) await world.backup('db', String(n));
    set(world, 365 * DAY);
    await sweep(world.deps);
    const [wait] = await world.service.listWaits();
    expect(wait).toMatchObject({ id: 'clock', reason: 'clock_jumped', until: world.clock.now() + DAY });
    await world.service.decideWait('clock', 'refuse', CALLER);
    await live(world, 5 * DAY);
    await expectPlanned(world);
    expect(await liveIds(world)).toHaveLength(3);
    expect(await notices(world)).toEqual(['clock']);
    await world.service.decideWait('clock', 'confirm', CALLER);
    expect(await notices(world)).toEqual([]);
    await expectPlanned(world);
    expect(await liveIds(world)).toEqual(['backup-3']);
    await expect(world.service.decideWait('clock', 'confirm', CALLER)).rejects.toMatchObject({
      code: 'wait_not_found',
    });
  });

  test('neither ends a lock nor lets one be shortened', async () => {
    const world = await createWaitingWorld();
    const { id } = await world.backup('db', '1');
    const lockedUntil = world.clock.now() + 300 * DAY;
    await world.service.protectBackup(id, { lockedUntil }, CALLER);
    set(world, 365 * DAY);
    await expect(world.remove(id)).rejects.toMatchObject({ code: 'backup_protected' });
    await expect(
      world.service.protectBackup(id, { lockedUntil: lockedUntil - DAY }, CALLER),
    ).rejects.toMatchObject({ code: 'backup_protected' });
    await sweep(world.deps);
    await world.service.decideWait('clock', 'confirm', CALLER);
    await world.remove(id);
  });

  test('while a sweep is at work ends it', async () => {
    const world = createWorld(({ options, catalog }) => ({
      options: { ...options, expiryHoldMs: DAY },
      catalog: {
        ...catalog,
        async dueGarbage(request) {
          const page = await catalog.dueGarbage({ ...request, before: request.before + 9 * DAY });
          set(world, 9 * DAY);
          return page;
        },
      },
    }));
    await lookAtClock(world.deps);
    await world.backup('db', '1');
    await world.remove('backup-1');
    expect(await sweep(world.deps)).toMatchObject({ blobsRemoved: 0, finished: false });
    expect(await world.blobCount()).toBe(1);
  });

  test('time that passes is no jump, however long a service runs', async () => {
    const world = await createWaitingWorld();
    for (const n of [1, 2]) await world.backup('db', String(n), days(7));
    await live(world, 7 * DAY);
    await expectPlanned(world);
    expect(await liveIds(world)).toEqual(['backup-2']);
    expect(await actions(world)).not.toContain('expiry.held');
  });
});

describe('a first sweep after a long silence', () => {
  test('waits for a day; a short pause is none', async () => {
    for (const [pause, expected] of [
      [20 * HOUR, 'none'],
      [3 * DAY, 'silence'],
    ] as const) {
      const world = await createWaitingWorld();
      for (const n of [1, 2]) await world.backup('db', String(n), days(1));
      await live(world, 12 * HOUR);
      world.clock.advance(pause);
      restarted(world);
      await expectPlanned(world);
      expect((await world.service.listWaits())[0]?.reason ?? 'none').toBe(expected);
      await live(world, DAY);
      await expectPlanned(world);
      expect(await liveIds(world)).toEqual(['backup-2']);
    }
  });

  test('in a store that was never looked at, the last commit tells', async () => {
    const world = createWorld(({ options }) => ({ options: { ...options, expiryHoldMs: DAY } }));
    for (const n of [1, 2]) await world.backup('db', String(n), days(1));
    world.clock.advance(40 * DAY);
    restarted(world);
    expect(await sweep(world.deps)).toMatchObject({ expired: 0, waiting: 1 });
  });
});

describe('more at once than is usual', () => {
  test('of a resource waits for a day, and goes on by itself', async () => {
    const world = await createWaitingWorld();
    for (let n = 0; n < 20; n++) await world.backup('db', String(n), days(1));
    await live(world, DAY);
    await expectPlanned(world);
    expect(await liveIds(world)).toHaveLength(20);
    expect(await notices(world)).toEqual(['expiry_held']);
    const [wait] = await world.service.listWaits();
    expect(wait).toMatchObject({ reason: 'many', resourceId: 'db', backups: 19 });
    const plan = await world.service.planRetention({ resourceId: 'db', limit: 100 });
    expect(plan.waits).toEqual([wait]);
    expect(plan.items.filter(({ waitId }) => waitId === wait?.id)).toHaveLength(19);
    await live(world, DAY);
    await expectPlanned(world);
    expect(await liveIds(world)).toEqual(['backup-20']);
    expect(await notices(world)).toEqual([]);
    expect(await world.service.listWaits()).toEqual([]);
    expect((await actions(world)).filter((action) => action.startsWith('expiry.')).reverse()).toEqual([
      'expiry.held',
      'expiry.resumed',
    ]);
  });

  test('of the store waits too, each resource having few', async () => {
    const world = await createWaitingWorld();
    for (let n = 0; n < 12; n++) {
      for (const json of ['1', '2']) await world.backup(`db-${n}`, json, days(1));
    }
    await live(world, DAY);
    await expectPlanned(world);
    expect(await liveIds(world)).toHaveLength(24);
    expect((await world.service.listWaits())[0]).not.toHaveProperty('resourceId');
    await live(world, DAY);
    await expectPlanned(world);
    expect(await liveIds(world)).toHaveLength(12);
  });

  test('is confirmed or refused by an operator; what is not of it goes on', async () => {
    const world = await createWaitingWorld();
    for (let n = 0; n < 20; n++) await world.backup('db', String(n), days(1));
    await world.backup('other', '1', days(2));
    await world.backup('other', '2', days(9));
    await live(world, DAY);
    await sweep(world.deps);
    const [wait] = await world.service.listWaits();
    await world.service.decideWait(wait!.id, 'refuse', CALLER);
    await live(world, 3 * DAY);
    await expectPlanned(world);
    expect(await liveIds(world)).toHaveLength(21);
    expect(await liveIds(world)).not.toContain('backup-21');
    await world.service.decideWait(wait!.id, 'confirm', CALLER);
    await expectPlanned(world);
    expect(await liveIds(world)).toHaveLength(2);
    expect(await notices(world)).toEqual([]);
  });

  test('what comes later waits its own day and holds nothing else up', async () => {
    const world = await createWaitingWorld();
    for (let n = 0; n < 15; n++) await world.backup('db', String(n), days(1));
    await live(world, 12 * HOUR);
    for (let n = 0; n < 15; n++) await world.backup('db', String(n), days(1));
    await live(world, 12 * HOUR);
    await sweep(world.deps);
    await live(world, 12 * HOUR);
    await expectPlanned(world);
    expect(await world.service.listWaits()).toHaveLength(2);
    await live(world, 12 * HOUR);
    await expectPlanned(world);
    expect(await liveIds(world)).toHaveLength(15);
    await live(world, 12 * HOUR);
    await expectPlanned(world);
    expect(await liveIds(world)).toEqual(['backup-30']);
  });

  test('few, or a part of many, do not wait', async () => {
    const world = await createWaitingWorld();
    for (let n = 0; n < 60; n++) await world.backup('db', String(n), days(n < 15 ? 1 : 30));
    await live(world, DAY);
    await expectPlanned(world);
    expect(await liveIds(world)).toHaveLength(45);
  });

  test('a wait that is about nothing any more is over', async () => {
    const world = await createWaitingWorld();
    for (let n = 0; n < 20; n++) await world.backup('db', String(n), days(1));
    await live(world, DAY);
    await sweep(world.deps);
    await world.service.putPolicy('db', { keepLast: 50 }, CALLER);
    await sweep(world.deps);
    expect(await world.service.listWaits()).toEqual([]);
    expect(await notices(world)).toEqual([]);
  });
});

describe('a policy that is narrowed', () => {
  const narrowings: [string, RetentionPolicy | undefined][] = [
    ['removed', undefined],
    ['to fewer', { keepLast: 2 }],
    ['to another rule', { keepDaily: 1 }],
    ['to let the newest go', { keepLast: 5, expireNewest: true }],
  ];

  test.each(narrowings)('%s: says what would go, and what it kept stays for a day', async (_, policy) => {
    const world = await createWaitingWorld();
    await world.service.putPolicy('db', { keepLast: 5 }, CALLER);
    for (let n = 0; n < 5; n++) await world.backup('db', String(n), days(1));
    await live(world, DAY);
    await expectPlanned(world);
    expect(await liveIds(world)).toHaveLength(5);
    const change =
      policy === undefined
        ? await world.service.removePolicy('db', CALLER)
        : await world.service.putPolicy('db', policy, CALLER);
    expect(change.effectiveAt).toBe(world.clock.now() + DAY);
    if (policy === undefined) {
      await expect(world.service.getPolicy('db')).rejects.toMatchObject({ code: 'policy_not_found' });
      await expect(world.service.removePolicy('db', CALLER)).rejects.toMatchObject({
        code: 'policy_not_found',
      });
    }
    await live(world, DAY - HOUR);
    await expectPlanned(world);
    expect(await liveIds(world)).toHaveLength(5);
    await live(world, HOUR);
    await expectPlanned(world);
    const gone = ['backup-1', 'backup-2', 'backup-3', 'backup-4', 'backup-5'];
    const left = await liveIds(world);
    expect(gone.filter((id) => !left.includes(id)).sort()).toEqual([...change.wouldExpire].sort());
  });

  test('twice in a day: each former one protects for its own day', async () => {
    const world = await createWaitingWorld();
    await world.service.putPolicy('db', { keepLast: 5 }, CALLER);
    for (let n = 0; n < 5; n++) await world.backup('db', String(n), days(1));
    await live(world, DAY);
    await world.service.putPolicy('db', { keepLast: 3 }, CALLER);
    await live(world, 12 * HOUR);
    await world.service.putPolicy('db', { keepLast: 1 }, CALLER);
    await live(world, 12 * HOUR);
    await expectPlanned(world);
    expect(await liveIds(world)).toHaveLength(3);
    await live(world, 12 * HOUR);
    await expectPlanned(world);
    expect(await liveIds(world)).toHaveLength(1);
  });

  test('widened, it takes effect at once; for a resource without backups it warns', async () => {
    const world = await createWaitingWorld();
    const first = await world.service.putPolicy('dp', { keepLast: 5 }, CALLER);
    expect(first.warnings).toHaveLength(1);
    expect(first).not.toHaveProperty('effectiveAt');
    await world.backup('dp', '1');
    const second = await world.service.putPolicy('dp', { keepLast: 9, keepDaily: 7 }, CALLER);
    expect(second).toMatchObject({ warnings: [], wouldExpire: [] });
    expect(second).not.toHaveProperty('effectiveAt');
  });

  test('a proposed one is planned without being set, with what would go', async () => {
    const world = await createWaitingWorld();
    await world.service.putPolicy('db', { keepLast: 5 }, CALLER);
    for (let n = 0; n < 5; n++) await world.backup('db', String(n), days(1));
    await live(world, DAY);
    const plan = await world.service.planPolicy({ resourceId: 'db', policy: { keepLast: 2 }, limit: 10 });
    expect(plan.wouldExpire).toEqual(['backup-3', 'backup-2', 'backup-1']);
    expect(plan.summary).toMatch(
      /^keeps the last 2, what has not expired \(2 backups, \d+ bytes\); 3 backups to go/,
    );
    expect((await world.service.getPolicy('db')).policy).toEqual({ keepLast: 5 });
    expect(await sweep(world.deps)).toMatchObject({ expired: 0 });
  });
});

test('the sentence of a plan names what goes next, and when', async () => {
  const world = await createWaitingWorld();
  const { id, expiresAt } = await world.backup('db', '1', days(1));
  await world.backup('db', '2', days(2));
  await world.service.putPolicy('db', { keepHourly: 1, timeZone: 'Europe/Berlin' }, CALLER);
  const { summary } = await world.service.planRetention({ resourceId: 'db', limit: 10 });
  const at = new Date(expiresAt!).toISOString();
  expect(summary).toMatch(
    /^keeps 1 hourly, what has not expired by the clock of Europe\/Berlin \(2 backups, /,
  );
  expect(summary.endsWith(`; next to go: ${id} at ${at}`)).toBe(true);
});

test('a lock of more than ten years is refused: it could not be shortened', async () => {
  const world = await createWaitingWorld();
  const { id } = await world.backup('db', '1');
  const lockedUntil = Date.UTC(9999, 0, 1);
  await expect(world.service.protectBackup(id, { lockedUntil }, CALLER)).rejects.toMatchObject({
    code: 'invalid_request',
    errors: [{ pointer: '/lockedUntil' }],
  });
  await world.service.protectBackup(id, { lockedUntil: world.clock.now() + 3652 * DAY }, CALLER);
});

test('with a hold of 0 nothing waits', async () => {
  const world = createWorld();
  for (let n = 0; n < 30; n++) await world.backup('db', String(n), days(1));
  set(world, 365 * DAY);
  expect(await sweep(world.deps)).toMatchObject({ expired: 29, waiting: 0 });
});
