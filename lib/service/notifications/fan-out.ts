// From an event that was committed to a delivery for each channel that is to be told: kept before the event counts as published, so that
// none is lost, and in order for each resource, whatever becomes of any of them.

import { type Channel, isFor } from '../../core/records/channel.ts';
import type { Delivery } from '../../core/records/delivery.ts';
import { DAY_MS } from '../../core/records/limits.ts';
import type { AuditEvent } from '../../core/records/model.ts';
import type { Change } from '../../ports/change.ts';
import type { EventSink } from '../../ports/event-sink.ts';
import type { Deps } from '../contract/deps.ts';
import { collect } from '../kit/collect.ts';
import { retryOnConflict } from '../kit/conflict.ts';
import {
  type ChannelRecord,
  type Counter,
  counterId,
  type DeliveryRecord,
  deliveryId,
  type Lane,
  laneId,
  put,
} from './documents.ts';
import { unknownOf, withGiven } from './known-events.ts';

export type FanOutDeps = Pick<Deps, 'catalog' | 'clock' | 'log'>;

/** Of one commit: each event needs up to three changes, and all together up to three more. */
const CHUNK = 25;
/** A lane that nothing went along for so long is empty. */
const LANE_KEPT_MS = 60 * DAY_MS;

/** Events go to the channels, then where they went before. `told`: called if there is something to deliver. */
export function fanningOut(deps: FanOutDeps, sink: EventSink, told: () => void): EventSink {
  return {
    async publish(events) {
      if ((await fanOut(deps, events)) > 0) told();
      await sink.publish(events);
    },
  };
}

/** Makes the deliveries of events, in order; those that have theirs get no others. Throws PortError from the catalog. */
async function fanOut(deps: FanOutDeps, events: readonly AuditEvent[]): Promise<number> {
  const channels = await listAll(deps);
  let made = 0;
  for (const { id, body } of channels) {
    const wanted = events.filter((event) => isForSafely(deps, id, body, event));
    for (let from = 0; from < wanted.length; from += CHUNK) {
      made += await give(deps, id, wanted.slice(from, from + CHUNK));
    }
  }
  return made;
}

export function listAll({ catalog }: Pick<Deps, 'catalog'>): Promise<ChannelRecord[]> {
  return collect((page) => catalog.listDocuments({ ...page, collection: 'channel' })) as Promise<
    ChannelRecord[]
  >;
}

/** One that a later version has written may be another: it must not hold up all others. */
function isForSafely({ log }: FanOutDeps, id: string, channel: Channel, event: AuditEvent): boolean {
  try {
    return isFor(id, channel, event);
  } catch (error) {
    log.error('a channel cannot be read', { channel: id, error });
    return false;
  }
}

/** Gives a channel these events, all or none; `replayOf`: the delivery that this one repeats. */
export function give(
  { catalog, clock }: Pick<Deps, 'catalog' | 'clock'>,
  channelId: string,
  events: readonly AuditEvent[],
  replayOf?: string,
): Promise<number> {
  return retryOnConflict(`Channel ${channelId}`, async () => {
    const counter = await catalog.getDocument('delivery', counterId(channelId));
    const known = (counter?.body ?? {}) as Partial<Counter>;
    const { given = 0 } = known;
    const fresh = replayOf === undefined ? await unknownOf(catalog, channelId, known, events) : events;
    if (fresh.length === 0) return 0;

    const now = clock.now();
    const lanes = new Map<string, LaneAt>();
    const made = new Map<string, Omit<DeliveryRecord, 'version'>>();
    const touched: Change[] = [];
    for (const [n, event] of fresh.entries()) {
      const lane = lanes.get(event.resourceId) ?? (await laneOf(catalog, channelId, event.resourceId));
      lanes.set(event.resourceId, lane);
      const id = deliveryId(channelId, given + n + 1);
      const body: Delivery = {
        channelId,
        event,
        ...{ state: 'pending', tries: 0, attempts: [], createdAt: now },
        ...(replayOf === undefined ? {} : { replayOf }),
      };
      // What stands before it sets it going when it ends; on a commit between the two, one of them is done anew.
      const before = made.get(lane.tail ?? '');
      if (before !== undefined) before.body = { ...before.body, next: id };
      else if (lane.open !== undefined) {
        touched.push(put({ ...lane.open, body: { ...lane.open.body, next: id } }, lane.open));
      }
      const isFirst = before === undefined && lane.open === undefined;
      made.set(id, { collection: 'delivery', id, body, ...(isFirst ? { dueAt: now } : {}) });
      lane.tail = id;
      delete lane.open;
    }
    const { counter: count, full } = await withGiven(catalog, channelId, known, fresh, now);
    await catalog.commit([
      put({ collection: 'delivery', id: counterId(channelId), body: count }, counter),
      ...full,
      ...[...made.values()].map((record) => put(record, undefined)),
      ...touched,
      ...[...lanes.values()].map(({ id, record, tail }) =>
        put({ collection: 'delivery', id, body: { tail } as Lane, expiresAt: now + LANE_KEPT_MS }, record),
      ),
    ]);
    return fresh.length;
  });
}

interface LaneAt {
  id: string;
  /** As it stands. */
  record: { version: number } | undefined;
  tail?: string;
  /** The last delivery of it, while that has not ended. */
  open?: DeliveryRecord;
}

async function laneOf(
  catalog: Pick<Deps['catalog'], 'getDocument'>,
  channelId: string,
  resourceId: string,
): Promise<LaneAt> {
  const id = laneId(channelId, resourceId);
  const record = await catalog.getDocument('delivery', id);
  if (record === undefined) return { id, record };
  const { tail } = record.body as Lane;
  const last = (await catalog.getDocument('delivery', tail)) as DeliveryRecord | undefined;
  return { id, record, tail, ...(last?.body.state === 'pending' ? { open: last } : {}) };
}
