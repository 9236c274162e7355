// The trail of a home whose events are all that waits for it: each event with what else its commit left behind.

import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import type { AuditEvent, SegmentMark } from '../../../lib/core/records/model.ts';
import { silentLogger } from '../../../lib/log.ts';
import { createManualClock } from '../../../lib/memory/clock.ts';
import type { MemoryEventSink } from '../../../lib/memory/event-sink.ts';
import { createMemoryKeyring } from '../../../lib/memory/keyring.ts';
import { createMemoryTrailStore } from '../../../lib/memory/trail-store.ts';
import type { TrailSource } from '../../../lib/ports/trail.ts';
import { keepingInEvents, readTrailLine } from '../../../lib/ports/trail-lines.ts';
import { systemRandom } from '../../../lib/random.ts';
import { relayEvents } from '../../../lib/service/kit/events.ts';
import { createReplay } from '../../../lib/service/recovery/replay.ts';
import { readSegment, writeEvents } from '../../../lib/service/trail/write.ts';
import { createWorld } from '../world.ts';

const CALLER = { actor: 'tester' };

/** What a catalog remembers of its events. */
function sourceOf(events: AuditEvent[]): TrailSource & { mark: SegmentMark | undefined } {
  const trailed = new Set<string>();
  return {
    mark: undefined,
    async untrailedEvents(limit) {
      return events.filter(({ id }) => !trailed.has(id)).slice(0, limit);
    },
    async markTrailed(ids, mark) {
      for (const id of ids) trailed.add(id);
      if (mark.segment > (this.mark?.segment ?? 0)) this.mark = mark;
    },
    async lastSegment() {
      return this.mark;
    },
    hasEvent: async (id) => events.some((event) => event.id === id),
  };
}

function trailOf(source: TrailSource, store = createMemoryTrailStore()) {
  const storeId = 'ab'.repeat(16);
  const [keyring, clock] = [createMemoryKeyring(), createManualClock()];
  const deps = { store, keyring, clock, random: systemRandom, storeId };
  return { ...deps, source, log: silentLogger };
}

async function replayed(deps: ReturnType<typeof trailOf>) {
  const replay = createReplay();
  for (const number of await deps.store.list()) {
    const { lines = [] } = await readSegment(deps, number);
    for (const line of lines) replay.take(readTrailLine(line));
  }
  return replay;
}

async function history() {
  const world = createWorld(({ catalog }) => ({ catalog: keepingInEvents(catalog) }));
  const [a, b] = [await world.backup('r', '{"secret":"in the state"}'), await world.backup('r', '2')];
  await world.service.protectBackup(a.id, { legalHold: true }, CALLER);
  await world.remove(b.id);
  await world.service.putPolicy('r', { keepLast: 3 }, CALLER);
  await world.service.putPolicy('gone', { keepLast: 3 }, CALLER);
  await world.service.removePolicy('gone', CALLER);
  return { world, a, b, events: await world.plain.catalog.pendingEvents(100) };
}

test('holds what was committed, and nothing of what was backed up', async () => {
  const { events, a, b } = await history();
  const deps = trailOf(sourceOf(events));
  expect(await writeEvents(deps)).toEqual({ segments: 1, events: events.length });
  const replay = await replayed(deps);
  expect(replay.backups.get(a.id)).toMatchObject({ legalHold: true, own: a.chain[0] });
  expect(replay.backups.get(b.id)).toMatchObject({ deletedReason: 'deleted' });
  expect(replay.garbage.size).toBe(1);
  expect([...replay.policies.keys()]).toEqual(['r']);
  expect(replay.heads.get('r')).toMatchObject({ sequence: 2 });
  expect([...replay.events.keys()]).toEqual(events.map(({ id }) => id));
  expect(JSON.stringify(events)).not.toContain('in the state');
});

test('is given to no sink', async () => {
  const { world } = await history();
  await relayEvents(world.deps);
  const published = (world.deps.events as MemoryEventSink).events();
  expect(published.length).toBeGreaterThan(0);
  for (const event of published) expect(event).not.toHaveProperty('after');
});

test('grows only when something has happened, each segment bound to the one before it', async () => {
  const { events } = await history();
  const shown = events.slice(0, 2);
  const deps = trailOf(sourceOf(shown));
  await writeEvents(deps);
  expect(await writeEvents(deps)).toEqual({ segments: 0, events: 0 });
  shown.push(...events.slice(2));
  await writeEvents(deps);
  expect(await deps.store.list()).toEqual([1, 2]);
  expect((await replayed(deps)).events.size).toBe(events.length);
});

test('a crash between a segment and its mark writes nothing twice', async () => {
  const { events } = await history();
  const source = sourceOf(events);
  const deps = trailOf(source);
  const dies = {
    ...source,
    markTrailed: async () => {
      throw new Error('dies here');
    },
  };
  await expect(writeEvents({ ...deps, source: dies })).rejects.toThrow('dies here');
  events.push({ ...events[0]!, id: 'later' });
  expect(await writeEvents(deps)).toEqual({ segments: 1, events: 1 });
  expect(await deps.store.list()).toEqual([1, 2]);
  expect((await replayed(deps)).events.size).toBe(events.length);
});

test('a damaged segment in the way is passed over, and what it held is written behind it', async () => {
  const { events } = await history();
  const deps = trailOf(sourceOf(events));
  await deps.store.append(1, new Uint8Array(randomBytes(300)));
  await writeEvents(deps);
  expect(await deps.store.list()).toEqual([1, 2]);
  expect((await replayed(deps)).events.size).toBe(events.length);
});
