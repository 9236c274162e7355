// What a commit leaves behind that no blob says stands in its event, for the trail, and is given to nobody else.

import { expect, test } from '@jest/globals';
import { MEMBERS_IN_BLOBS } from '../../lib/core/model.ts';
import { digestOfRecord } from '../../lib/core/trail/record-digest.ts';
import type { MemoryEventSink } from '../../lib/memory/event-sink.ts';
import { relayEvents } from '../../lib/service/events.ts';
import { withTrail } from '../../lib/service/trail/states.ts';
import { createWorld } from './world.ts';

const CALLER = { actor: 'tester' };
const createTrailedWorld = () => createWorld(({ catalog }) => ({ catalog: withTrail(catalog) }));

async function afterOf(world: ReturnType<typeof createWorld>, action: string) {
  const events = await world.plain.catalog.untrailedEvents(100);
  return events.find((event) => event.action === action)?.after ?? [];
}

test('a created backup leaves what its blob does not say, its head, and a digest of its record', async () => {
  const world = createTrailedWorld();
  const record = await world.backup('r', '{"a":1}');
  const [head, backup] = await afterOf(world, 'backup.created');
  const { id, resourceId, sequence, createdAt, completedAt, version } = record;
  expect(backup).toEqual({
    kind: 'backup',
    backup: { id, resourceId, sequence, createdAt, completedAt, version },
    blobId: record.chain[0]!.blobId,
    digest: digestOfRecord(record),
  });
  expect(head).toMatchObject({ kind: 'head', head: { resourceId: 'r', sequence: 1 } });
  expect(JSON.stringify(head)).not.toContain('latest');
});

test('a hold, a lock and a deletion are left behind as they stand after each of them', async () => {
  const world = createTrailedWorld();
  const { id } = await world.backup('r', '1');
  await world.service.protectBackup(id, { legalHold: true }, CALLER);
  await world.service.protectBackup(id, { legalHold: false, lockedUntil: 5 }, CALLER);
  await world.remove(id);
  const events = await world.plain.catalog.untrailedEvents(100);
  const states = events.flatMap(({ after = [] }) => after.filter(({ kind }) => kind === 'backup'));
  expect(states.slice(1)).toMatchObject([
    { backup: { legalHold: true } },
    { backup: { legalHold: false, lockedUntil: 5 } },
    { backup: { deletedReason: 'deleted' } },
  ]);
  expect(await afterOf(world, 'backup.deleted')).toContainEqual(expect.objectContaining({ kind: 'garbage' }));
});

test('policies are left behind, and that they are gone', async () => {
  const world = createTrailedWorld();
  await world.service.putPolicy('r', { keepLast: 3 }, CALLER);
  await world.service.removePolicy('r', CALLER);
  expect(await afterOf(world, 'policy.changed')).toMatchObject([
    { kind: 'policy', resourceId: 'r', policy: { policy: { keepLast: 3 } } },
  ]);
  expect(await afterOf(world, 'policy.removed')).toEqual([{ kind: 'policy', resourceId: 'r', policy: null }]);
});

test('nothing that a blob says is left behind a second time, and no data', async () => {
  const world = createTrailedWorld();
  await world.backup('r', '{"secret":"value of the state"}');
  const text = JSON.stringify(await world.plain.catalog.untrailedEvents(100));
  expect(text).not.toContain('value of the state');
  const [, state] = await afterOf(world, 'backup.created');
  if (state?.kind !== 'backup') throw new Error('not of a backup');
  for (const member of MEMBERS_IN_BLOBS) expect(state.backup).not.toHaveProperty(member);
});

test('the sink is given the event without it', async () => {
  const world = createTrailedWorld();
  await world.backup('r', '1');
  await relayEvents(world.deps);
  const published = (world.deps.events as MemoryEventSink).events();
  expect(published.length).toBeGreaterThan(0);
  for (const event of published) expect(event).not.toHaveProperty('after');
});
