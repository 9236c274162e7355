// What nobody calls for: telling others of what was committed, and looking for what does not come.

import { expect } from '@jest/globals';
import type { AuditEvent } from '../../lib/core/records/model.ts';
import type { SendResult } from '../../lib/ports/notifier.ts';
import { relayEvents } from '../../lib/service/kit/events.ts';
import { lookForConditions } from '../../lib/service/notifications/conditions.ts';
import { fanningOut } from '../../lib/service/notifications/fan-out.ts';
import { createSender } from '../../lib/service/notifications/sender.ts';
import { CALLER, make, makeHistory, rows, type Scenario, type Scene } from './scene.ts';

const CHANNELS = ['all', 'flaky'];
const TIMEOUT_MS = 100;
/** Longer than a lease, and than any wait between two attempts here. */
const LATER_MS = 60_000;
const PASSES_MAX = 20;

/** What each channel has taken, in order: resource and id of the event. */
const taken = new WeakMap<Scene, Map<string, [resourceId: string, eventId: string][]>>();

/** Whether the receiver that takes nothing at first has done so. */
const refused = new WeakSet<Scene>();

async function makeChannels(scene: Scene): Promise<void> {
  taken.set(scene, new Map(CHANNELS.map((id) => [id, []])));
  for (const id of CHANNELS) {
    const target = { kind: 'webhook' as const, url: `https://${id}.example`, secrets: ['env:A'] };
    await scene.world.service.putChannel(id, { target, events: ['backup.*'] }, CALLER);
  }
  await makeHistory(scene);
}

/** One process, from what was committed to who is told. One of the two receivers takes nothing the first time it is asked. */
async function tell(scene: Scene): Promise<void> {
  const { deps } = scene.world;
  await relayEvents({ catalog: deps.catalog, events: fanningOut(deps, deps.events, () => {}) });
  const sender = createSender({
    ...deps,
    notifier: {
      async send(message): Promise<SendResult> {
        if (message.way !== 'http') throw new Error(`it goes by ${message.way}`);
        const id = new URL(message.url).hostname.split('.')[0]!;
        if (id === 'flaky' && !refused.has(scene) && refused.add(scene))
          return { ok: false, code: 'status', status: 503, detail: 'No.' };
        const { data } = JSON.parse(message.body) as { data: { resourceId: string } };
        taken.get(scene)!.get(id)!.push([data.resourceId, message.headers['webhook-id']!]);
        return { ok: true, status: 200 };
      },
    },
    secrets: { read: async () => `whsec_${Buffer.alloc(32).toString('base64')}` },
    ...{ backoffMs: [1000, 1000, 1000, 1000], timeoutMs: TIMEOUT_MS, meter: { count: () => {} } },
  });
  while ((await sender.begin()) > 0) await sender.idle();
}

/** As the next minutes do: until nothing is left to be told. */
async function tellOn(scene: Scene): Promise<void> {
  const { catalog } = scene.world.plain;
  for (let pass = 0; pass < PASSES_MAX; pass++) {
    scene.world.clock.advance(LATER_MS);
    await tell(scene);
    const { items } = await catalog.dueDocuments({
      ...{ collection: 'delivery', before: Number.MAX_SAFE_INTEGER, limit: 10 },
    });
    if (items.length === 0) return;
  }
  throw new Error('something is still to be told');
}

async function eventsInOrder({ world }: Scene): Promise<AuditEvent[]> {
  const { items } = await world.plain.catalog.listEvents({ limit: 1000 });
  return items.toReversed().filter(({ action }) => action.startsWith('backup.'));
}

/** At least once, in order of each resource; and nothing waits for ever. */
async function expectTold(scene: Scene): Promise<void> {
  const events = await eventsInOrder(scene);
  expect(events.length).toBeGreaterThanOrEqual(5);
  for (const id of CHANNELS) {
    const got = taken.get(scene)!.get(id)!;
    for (const resourceId of new Set(events.map((event) => event.resourceId))) {
      const wanted = events.filter((event) => event.resourceId === resourceId).map((event) => event.id);
      const places = got.filter(([of]) => of === resourceId).map(([, eventId]) => wanted.indexOf(eventId));
      // What comes again comes at once, before anything else of its resource.
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect([...new Set(places)]).toEqual(wanted.map((_, n) => n));
    }
    const { items } = await scene.world.service.listDeliveries({ channelId: id, limit: 1000 });
    expect(items.map(({ state }) => state)).toEqual(events.map(() => 'delivered'));
  }
}

const TELLING: Scenario = {
  name: 'telling two channels of what was committed, one of which takes nothing at first',
  setUp: makeChannels,
  act: tell,
  again: tellOn,
  async settled(scene) {
    await tellOn(scene);
    await expectTold(scene);
  },
};

const TELLING_MORE: Scenario = {
  ...TELLING,
  name: 'telling what comes while something waits to be told again',
  async setUp(scene) {
    await makeChannels(scene);
    await tell(scene);
    await make(scene, 'db', rows(6), 'incremental');
    await make(scene, 'other', rows(7), 'incremental');
    scene.world.clock.advance(LATER_MS);
  },
};

const REPLAYING: Scenario = {
  name: 'sending again what was given up',
  async setUp(scene) {
    await makeChannels(scene);
    await tellOn(scene);
    const { items } = await scene.world.service.listDeliveries({ channelId: 'all', limit: 1000 });
    scene.deliveryId = items.at(-1)!.id;
  },
  act: async ({ world, deliveryId = '' }) => world.service.replayDeliveries('all', { deliveryId }, CALLER),
  async settled(scene) {
    await tellOn(scene);
    const [first] = await eventsInOrder(scene);
    const got = taken
      .get(scene)!
      .get('all')!
      .map(([, eventId]) => eventId);
    expect(got.filter((id) => id === first!.id).length).toBeGreaterThanOrEqual(2);
    expect(await scene.world.service.listEvents({ limit: 10, action: 'channel.replayed' })).toMatchObject({
      items: expect.arrayContaining([expect.objectContaining({ action: 'channel.replayed' })]),
    });
  },
};

const EXPECTED_EVERY_SECONDS = 3600;

const LOOKING_FOR_LATE: Scenario = {
  name: 'looking for what is late, and what has come again',
  async setUp(scene) {
    const { world } = scene;
    await makeHistory(scene);
    for (const id of ['db', 'other'])
      await world.service.putSettings(id, { expectEverySeconds: EXPECTED_EVERY_SECONDS }, {}, CALLER);
    world.clock.advance((EXPECTED_EVERY_SECONDS + 1) * 1000);
    await make(scene, 'other', rows(6), 'incremental');
  },
  async act({ world }) {
    await lookForConditions(world.deps, Number.MAX_SAFE_INTEGER);
  },
  async settled(scene) {
    const { world } = scene;
    const told = async (action: string) =>
      (await world.plain.catalog.listEvents({ limit: 100, action })).items.map(
        ({ resourceId }) => resourceId,
      );
    await this.act(scene);
    expect(await told('backup.late')).toEqual(['db']);
    await make(scene, 'db', rows(8), 'full');
    for (let look = 0; look < 2; look++) await this.act(scene);
    expect(await told('backup.recovered')).toEqual(['db']);
    expect(await told('backup.late')).toEqual(['db']);
  },
};

export const BY_ITSELF: readonly Scenario[] = [TELLING, TELLING_MORE, REPLAYING, LOOKING_FOR_LATE];
