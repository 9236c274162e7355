// Channels as an operator makes, tries and removes them, and what became of what they were told.

import { type Channel, type ChannelTarget, TEST_EVENT } from '../../core/records/channel.ts';
import { faultsOfChannel } from '../../core/records/channel-check.ts';
import { ServiceError } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import type { ChannelInput, ChannelView, DeliveryQuery, DeliveryView } from '../contract/notify.ts';
import { retryOnConflict } from '../kit/conflict.ts';
import { event } from '../kit/events.ts';
import { type ChannelRecord, type DeliveryRecord, deliveryPrefix, put } from './documents.ts';
import { give, listAll } from './fan-out.ts';

type ChannelDeps = Pick<Deps, 'catalog' | 'clock' | 'random' | 'channelKinds'>;

/** By name. Throws PortError from the catalog. */
export async function listChannels(deps: Pick<Deps, 'catalog'>): Promise<ChannelView[]> {
  return (await listAll(deps)).map(viewOf);
}

/** Makes a channel, or puts it in place of what was called so: one that was disabled is told again. Throws ServiceError `invalid_request`. */
export async function putChannel(
  deps: ChannelDeps,
  id: string,
  input: ChannelInput,
  caller: Caller,
): Promise<{ channel: ChannelView; isNew: boolean }> {
  demandSound(deps, id, input.target);
  return retryOnConflict(`Channel ${id}`, async () => {
    const before = await find(deps, id);
    if (before === undefined && (await listAll(deps)).length >= LIMITS.channelsMax) {
      throw invalid([
        {
          pointer: '/path/channelId',
          detail: `is one more than the ${LIMITS.channelsMax} that there may be`,
        },
      ]);
    }
    const now = deps.clock.now();
    const body: Channel = { ...input, createdAt: before?.body.createdAt ?? now, updatedAt: now };
    const record = { collection: 'channel', id, body } as const;
    const detail = { channel: id, kind: input.target.kind };
    await deps.catalog.commit([
      put(record, before),
      event(deps, 'channel.changed', now, caller, { resourceId: '', detail }),
    ]);
    return { channel: { ...body, id }, isNew: before === undefined };
  });
}

/** What it was still to be told it is not. Throws ServiceError `channel_not_found`. */
export async function removeChannel(deps: ChannelDeps, id: string, caller: Caller): Promise<void> {
  await retryOnConflict(`Channel ${id}`, async () => {
    const { version } = await demand(deps, id);
    await deps.catalog.commit([
      { kind: 'document.remove', collection: 'channel', id, expect: version },
      event(deps, 'channel.removed', deps.clock.now(), caller, { resourceId: '', detail: { channel: id } }),
    ]);
  });
}

/** Writes an event that goes the way of all others, to this channel alone; gives its id. Throws ServiceError `channel_not_found`. */
export async function testChannel(
  deps: ChannelDeps,
  id: string,
  caller: Caller,
): Promise<{ eventId: string }> {
  await demand(deps, id);
  const tested = event(deps, TEST_EVENT, deps.clock.now(), caller, {
    resourceId: '',
    detail: { channel: id },
  });
  await deps.catalog.commit([tested]);
  return { eventId: tested.event.id };
}

/** Newest first. A page may be short of its limit and have a cursor where a state or an event is asked for. Throws ServiceError `channel_not_found`. */
export async function listDeliveries(
  deps: Pick<Deps, 'catalog'>,
  { channelId, state, eventId, ...page }: PageRequest & DeliveryQuery,
): Promise<Page<DeliveryView>> {
  await demand(deps, channelId);
  const { items, ...more } = await deps.catalog.listDocuments({
    ...page,
    ...{ collection: 'delivery', prefix: deliveryPrefix(channelId), falling: true },
  });
  const found = (items as DeliveryRecord[])
    .filter(({ body }) => state === undefined || body.state === state)
    .filter(({ body }) => eventId === undefined || body.event.id === eventId);
  return { ...more, items: found.map(viewOfDelivery) };
}

/**
 * Sends what has ended again, behind all that waits: one delivery, or the newest that have failed, oldest first. Gives how many. Throws
 * ServiceError `channel_not_found`, `delivery_not_found`.
 */
export async function replayDeliveries(
  deps: ChannelDeps,
  channelId: string,
  asked: { deliveryId?: string },
  caller: Caller,
): Promise<{ replayed: number }> {
  await demand(deps, channelId);
  const again =
    asked.deliveryId === undefined
      ? await failed(deps, channelId)
      : [await one(deps, channelId, asked.deliveryId)];
  for (const { id, body } of again) {
    await give(deps, channelId, [body.event], id);
  }
  const detail = { channel: channelId, count: again.length };
  await deps.catalog.commit([
    event(deps, 'channel.replayed', deps.clock.now(), caller, { resourceId: '', detail }),
  ]);
  return { replayed: again.length };
}

/** The newest, up to a page of them, the oldest first; what was sent again since is not sent once more. */
async function failed({ catalog }: ChannelDeps, channelId: string): Promise<DeliveryRecord[]> {
  const { items } = await catalog.listDocuments({
    ...{ collection: 'delivery', prefix: deliveryPrefix(channelId), falling: true },
    limit: LIMITS.listPageMax,
  });
  const records = items as DeliveryRecord[];
  const replayed = new Set(records.map(({ body }) => body.replayOf));
  return records.filter(({ id, body }) => body.state === 'failed' && !replayed.has(id)).reverse();
}

async function one({ catalog }: ChannelDeps, channelId: string, id: string): Promise<DeliveryRecord> {
  const record = id.startsWith(deliveryPrefix(channelId))
    ? await catalog.getDocument('delivery', id)
    : undefined;
  if (record === undefined)
    throw new ServiceError('delivery_not_found', `The channel ${channelId} has no delivery ${id}.`);
  return record as DeliveryRecord;
}

async function find({ catalog }: Pick<Deps, 'catalog'>, id: string): Promise<ChannelRecord | undefined> {
  return (await catalog.getDocument('channel', id)) as ChannelRecord | undefined;
}

async function demand(deps: Pick<Deps, 'catalog'>, id: string): Promise<ChannelRecord> {
  const record = await find(deps, id);
  if (record === undefined) throw new ServiceError('channel_not_found', `There is no channel ${id}.`);
  return record;
}

function demandSound({ channelKinds }: ChannelDeps, id: string, target: ChannelTarget): void {
  const faults = faultsOfChannel(id, target);
  if (channelKinds !== undefined && !channelKinds.includes(target.kind)) {
    faults.push({
      pointer: '/target/kind',
      detail: `must be one that this home sends: ${channelKinds.join(', ')}`,
    });
  }
  if (faults.length > 0) throw invalid(faults);
}

function invalid(errors: { pointer: string; detail: string }[]): ServiceError {
  const what = errors.length === 1 ? 'One thing is' : `${errors.length} things are`;
  return new ServiceError('invalid_request', `${what} wrong with the channel; see errors.`, { errors });
}

function viewOf({ id, body }: ChannelRecord): ChannelView {
  return { ...body, id };
}

function viewOfDelivery({ id, body, dueAt }: DeliveryRecord): DeliveryView {
  return { ...body, id, ...(dueAt === undefined ? {} : { dueAt }) };
}
