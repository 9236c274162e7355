import { describe, expect, test } from '@jest/globals';
import type { RetentionPolicy } from '../../../lib/core/records/retention-records.ts';
import { sweep } from '../../../lib/service/retention/sweep.ts';
import { DAY } from '../world.ts';
import { CALLER, createWaitingWorld, days, expectPlanned, HOUR, live, liveIds } from './waiting-world.ts';

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
