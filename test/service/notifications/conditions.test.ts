// What no call tells of is told once for each change.

import { expect, test } from '@jest/globals';
import { lookForConditions } from '../../../lib/service/notifications/conditions.ts';
import { createWorld, DAY } from '../world.ts';

const MINUTE = 60_000;

function createScene() {
  const world = createWorld();
  return {
    world,
    look: () => lookForConditions(world.deps, Number.POSITIVE_INFINITY),
    async told() {
      const { items } = await world.deps.catalog.listEvents({ limit: 1000 });
      return items
        .filter(({ action }) => /late|recovered|last_expiring/.test(action))
        .map(({ action, resourceId, detail }) => [action, resourceId, detail?.after ?? ''].join(' ').trim())
        .reverse();
    },
    expectEvery: (resourceId: string, expectEverySeconds: number) =>
      world.service.putSettings(resourceId, { expectEverySeconds }, {}, { actor: 'tester' }),
  };
}

test('late, once, and recovered, once', async () => {
  const { world, look, told, expectEvery } = createScene();
  await expectEvery('db', 3600);
  await world.backup('db', '1');
  await look();
  world.clock.advance(61 * MINUTE);
  for (let n = 0; n < 3; n++) await look();
  expect(await told()).toEqual(['backup.late db']);
  await world.backup('db', '2');
  for (let n = 0; n < 3; n++) await look();
  expect(await told()).toEqual(['backup.late db', 'backup.recovered db late']);
  world.clock.advance(61 * MINUTE);
  await look();
  expect(await told()).toHaveLength(3);
});

test('a state that is expected and never comes is late too', async () => {
  const { world, look, told, expectEvery } = createScene();
  await expectEvery('db', 3600);
  await look();
  expect(await told()).toEqual([]);
  world.clock.advance(61 * MINUTE);
  await look();
  await look();
  expect(await told()).toEqual(['backup.late db']);
});

test('after failures the next that is made has recovered', async () => {
  const { world, look, told } = createScene();
  await world.service.putSettings(
    'db',
    { shrink: { share: 0, least: 1, action: 'refuse' } },
    {},
    {
      actor: 'tester',
    },
  );
  await world.backup('db', '{"rows":[1,2]}');
  await expect(world.backup('db', '{"rows":[1]}')).rejects.toThrow();
  world.clock.advance(1);
  await look();
  expect(await told()).toEqual([]);
  await world.backup('db', '{"rows":[1,2,3]}');
  await look();
  await look();
  expect(await told()).toEqual(['backup.recovered db failed']);
});

test('the last backup is told of before it goes, once; where one is kept anyway nothing is', async () => {
  const { world, look, told } = createScene();
  const caller = { actor: 'tester' };
  const input = (retentionDays: number) => ({
    metadata: { version: '1.0', source: 'test', tags: {}, retentionDays },
  });
  await world.backup('kept', '1', input(10));
  await world.backup('gone', '1', input(10));
  await world.service.putPolicy('gone', { expireNewest: true }, caller);
  await look();
  expect(await told()).toEqual([]);
  world.clock.advance(8 * DAY);
  await look();
  await look();
  expect(await told()).toEqual(['backup.last_expiring gone']);
  await world.backup('gone', '2', input(10));
  await look();
  expect(await told()).toHaveLength(1);
  world.clock.advance(8 * DAY);
  await look();
  expect(await told()).toEqual(['backup.last_expiring gone', 'backup.last_expiring gone']);
});
