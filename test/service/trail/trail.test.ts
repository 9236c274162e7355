// The trail of a home whose events are all that waits for it: each event with what else its commit left behind.

import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { busChoice } from '../../../lib/core/bus-events.ts';
import type { AuditEvent, SegmentMark } from '../../../lib/core/records/model.ts';
import { selecting } from '../../../lib/decorators/selecting.ts';
import { silentLogger } from '../../../lib/log.ts';
import { createManualClock } from '../../../lib/memory/clock.ts';
import { createMemoryEventSink, type MemoryEventSink } from '../../../lib/memory/event-sink.ts';
import { createMemoryKeyring } from '../../../lib/memory/keyring.ts';
import { createMemoryTrailStore } from '../../../lib/memory/trail-store.ts';
import type { Catalog } from '../../../lib/ports/catalog.ts';
import type { EventSink } from '../../../lib/ports/event-sink.ts';
import type { TrailSource } from '../../../lib/ports/trail.ts';
import { keepingInEvents, readTrailLine } from '../../../lib/ports/trail-lines.ts';
import { systemRandom } from '../../../lib/random.ts';
import { relayEvents } from '../../../lib/service/kit/events.ts';
import { fanningOut } from '../../../lib/service/notifications/fan-out.ts';
import { createReplay } from '../../../lib/service/recovery/replay.ts';
import { relayTrail } from '../../../lib/service/trail/relay.ts';
import { readSegment, writeEvents } from '../../../lib/service/trail/write.ts';
import { createWorld } from '../world.ts';

const CALLER = { actor: 'tester' };

type Source = TrailSource & Pick<Catalog, 'markPublished'> & { mark: SegmentMark | undefined };

/** What a catalog remembers of its events. */
function sourceOf(events: AuditEvent[]) {
  const trailed = new Set<string>();
  const published = new Set<string>();
  const source: Source = {
    mark: undefined,
    async untrailedEvents(limit) {
      return events.filter(({ id }) => !trailed.has(id)).slice(0, limit);
    },
    async trailedEvents(limit, until) {
      const left = events.filter(({ id }) => trailed.has(id) && !published.has(id));
      return left.filter(({ at }) => at <= until).slice(0, limit);
    },
    async markPublished(events) {
      for (const { id } of events) published.add(id);
    },
    async markTrailed(events, mark) {
      for (const { id } of events) trailed.add(id);
      if (mark.segment > (this.mark?.segment ?? 0)) this.mark = mark;
    },
    async markRelayed(events, mark) {
      await this.markPublished(events);
      await this.markTrailed(events, mark);
    },
    async lastSegment() {
      return this.mark;
    },
    hasEvent: async ({ id }) => events.some((event) => event.id === id),
  };
  return source;
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
  await world.service.putSettings('r', { mask: 'all' }, {}, CALLER);
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
  expect(replay.heads.get('r')).toMatchObject({ sequence: 2, settings: { mask: 'all' } });
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

test('what stands there is published at once, and only that', async () => {
  const { events } = await history();
  const source = sourceOf(events);
  const trail = trailOf(source);
  const sink = createMemoryEventSink();
  const all = events.length;
  const append = trail.store.append;
  trail.store.append = async (...segment) => {
    // Committed while the segment is being written: not yet in any.
    if (events.length === all) events.push({ ...events[0]!, id: 'later' });
    expect(sink.events().map(({ id }) => id)).not.toContain('later');
    await append(...segment);
  };
  const summary = await relayTrail({ trail, catalog: source, events: sink }, Number.POSITIVE_INFINITY);
  expect(summary).toEqual({ segments: 2, events: all + 1, relayed: all + 1 });
  expect(sink.events().map(({ id }) => id)).toEqual(events.map(({ id }) => id));
  for (const event of sink.events()) expect(event).not.toHaveProperty('after');
});

test('an index that tells late of what has been written holds up nothing that is published', async () => {
  const { events } = await history();
  const source = sourceOf(events);
  const sink = createMemoryEventSink();
  const late = { ...source, trailedEvents: async () => [] };
  await relayTrail({ trail: trailOf(late), catalog: source, events: sink }, Number.POSITIVE_INFINITY);
  expect(sink.events()).toHaveLength(events.length);
});

test('a bus that takes nothing keeps nothing out of the trail, and gets all of it later', async () => {
  const { events } = await history();
  const source = sourceOf(events);
  const trail = trailOf(source);
  const sink = createMemoryEventSink();
  const down = {
    publish: async () => {
      throw new Error('the bus is down');
    },
  };
  const run = (to: EventSink) => relayTrail({ trail, catalog: source, events: to }, Number.POSITIVE_INFINITY);
  await expect(run(down)).rejects.toThrow('the bus is down');
  expect((await replayed(trail)).events.size).toBe(events.length);
  // Until then another run may be about to publish it.
  trail.clock.set(events[0]!.at + 59_999);
  expect(await run(sink)).toEqual({ segments: 0, events: 0, relayed: 0 });
  trail.clock.set(events.at(-1)!.at + 60_000);
  await expect(run(down)).rejects.toThrow('the bus is down');
  expect(await run(sink)).toEqual({ segments: 0, events: 0, relayed: events.length });
  expect(await run(sink)).toEqual({ segments: 0, events: 0, relayed: 0 });
  expect(sink.events()).toHaveLength(events.length);
});

test('what is not for the bus stands in the trail, reaches the channels, and counts as told', async () => {
  const { world, events } = await history();
  const source = sourceOf(events);
  const trail = trailOf(source);
  const target = { kind: 'webhook' as const, url: 'https://told.example', secrets: ['env:A'] };
  await world.service.putChannel('told', { target, events: ['*'] }, CALLER);
  const bus = createMemoryEventSink();
  let calls = 0;
  const counted = {
    publish: (page: AuditEvent[]) => {
      calls += 1;
      return bus.publish(page);
    },
  };
  const run = (isForBus: (action: string) => boolean, told: () => void) =>
    relayTrail(
      {
        trail,
        catalog: source,
        events: fanningOut(
          { ...world.deps, catalog: world.plain.catalog },
          selecting(counted, ({ action }) => isForBus(action)),
          told,
        ),
      },
      Number.POSITIVE_INFINITY,
    );
  let deliveries = 0;
  const all = events.length;
  expect(await run(busChoice(['none']), () => deliveries++)).toEqual({
    ...{ segments: 1, events: all, relayed: all },
  });
  expect([calls, deliveries]).toEqual([0, 1]);
  expect((await replayed(trail)).events.size).toBe(all);
  const later = { ...events[0]!, id: 'later' };
  const gone = { ...events[0]!, id: 'gone', action: 'backup.removed' as const };
  events.push(later, gone);
  expect(await run(busChoice(['all', '-backup.created']), () => deliveries++)).toMatchObject({ relayed: 2 });
  expect(bus.events().map(({ id }) => id)).toEqual(['gone']);
  // A minute later nothing is left that another run would publish.
  trail.clock.set(events[0]!.at + 60_000_000);
  expect(await run(busChoice(['all']), () => deliveries++)).toEqual({ segments: 0, events: 0, relayed: 0 });
  expect([calls, deliveries]).toEqual([1, 2]);
});

test('two runs at once write nothing twice, wherever one has been when the other was done', async () => {
  for (const at of ['lastSegment', 'untrailedEvents'] as const) {
    const { events } = await history();
    const source = sourceOf(events);
    const trail = trailOf(source);
    const original = source[at].bind(source) as (limit: number) => Promise<never>;
    const held = {
      ...source,
      lastSegment: () => source.lastSegment(),
      // What it was told is old by the time it goes on.
      async [at](limit: number) {
        const found = await original(limit);
        if ((await trail.store.list()).length === 0) await writeEvents(trail);
        return found;
      },
    };
    await writeEvents({ ...trail, source: held });
    const lines = await Promise.all(
      (await trail.store.list()).map(async (number) => (await readSegment(trail, number)).lines ?? []),
    );
    expect(lines.flat()).toHaveLength(events.length);
  }
});

test('a run ends at its deadline, and the next goes on', async () => {
  const { events } = await history();
  const source = sourceOf(events);
  const trail = trailOf(source);
  const sink = createMemoryEventSink();
  const run = (deadline: number) => relayTrail({ trail, catalog: source, events: sink }, deadline);
  expect(await run(trail.clock.now())).toEqual({ segments: 0, events: 0, relayed: 0 });
  expect(await run(trail.clock.now() + 1)).toMatchObject({ segments: 1, relayed: events.length });
});

test('what one run has written and is publishing no other publishes', async () => {
  const { events } = await history();
  const source = sourceOf(events);
  const trail = trailOf(source);
  trail.clock.set(events.at(-1)!.at + 1000);
  const sink = createMemoryEventSink();
  const run = (to: EventSink) => relayTrail({ trail, catalog: source, events: to }, Number.POSITIVE_INFINITY);
  const slow: EventSink = {
    async publish(page) {
      expect(await run(sink)).toEqual({ segments: 0, events: 0, relayed: 0 });
      await sink.publish(page);
    },
  };
  expect(await run(slow)).toMatchObject({ relayed: events.length });
  expect(sink.events()).toHaveLength(events.length);
});

test('a run that dies between publishing and its mark leaves nothing unpublished, and nothing in the trail twice', async () => {
  const { events } = await history();
  const source = sourceOf(events);
  const trail = trailOf(source);
  const sink = createMemoryEventSink();
  const dies = {
    ...source,
    markRelayed: async () => {
      throw new Error('dies here');
    },
  };
  const run = (from: Source) =>
    relayTrail(
      { trail: { ...trail, source: from }, catalog: source, events: sink },
      Number.POSITIVE_INFINITY,
    );
  await expect(run(dies)).rejects.toThrow('dies here');
  trail.clock.set(events.at(-1)!.at + 60_000);
  expect(await run(source)).toEqual({ segments: 0, events: 0, relayed: events.length });
  expect(await run(source)).toEqual({ segments: 0, events: 0, relayed: 0 });
  expect((await replayed(trail)).events.size).toBe(events.length);
  const ids = sink.events().map(({ id }) => id);
  expect(ids).toEqual([...events, ...events].map(({ id }) => id));
});
