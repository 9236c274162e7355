// One attempt to tell a channel of an event: claimed before, so that no two processes make it at once, and written down after.

import { TEST_EVENT } from '../../core/records/channel.ts';
import { ATTEMPTS_KEPT, type Attempt, type Delivery, waitAfter } from '../../core/records/delivery.ts';
import { DAY_MS } from '../../core/records/limits.ts';
import type { Change } from '../../ports/change.ts';
import { PortError } from '../../ports/errors.ts';
import type { Meter } from '../../ports/meter.ts';
import type { Notifier, SendResult } from '../../ports/notifier.ts';
import type { SecretReader } from '../../ports/secrets.ts';
import type { Deps } from '../contract/deps.ts';
import { retryOnConflict } from '../kit/conflict.ts';
import { event } from '../kit/events.ts';
import { type ChannelRecord, type DeliveryRecord, put } from './documents.ts';
import { render } from './render.ts';

export interface SenderDeps extends Pick<Deps, 'catalog' | 'clock' | 'random' | 'log'> {
  notifier: Notifier;
  secrets: SecretReader;
  meter: Pick<Meter, 'count'>;
  /** Between attempts; one more than these is made. */
  backoffMs: readonly number[];
  timeoutMs: number;
  isStopping?: () => boolean;
}

export interface Delivered {
  /** What the same lane has next. */
  next?: string;
  /** The receiver asks to be left alone until then. */
  holdUntil?: number;
}

/** What has ended can be looked at for so long, and sent again. */
const ENDED_KEPT_MS = 30 * DAY_MS;
/** Beyond the time that an attempt may take: then whoever made it is taken for dead. */
const LEASE_BEYOND_MS = 5000;
const DETAIL_CHARS_MAX = 300;

type Outcome =
  | SendResult
  | { ok: false; code: 'secret' | 'channel_gone' | 'channel_disabled'; detail: string };

/** Tries once, if it is still due. Throws PortError from the catalog, ServiceError `write_conflict`. */
export async function deliver(deps: SenderDeps, id: string): Promise<Delivered> {
  const { clock } = deps;
  const claimed = await claim(deps, id);
  if (claimed === undefined) return {};
  const { channelId, event: about } = claimed.body;
  const channel = await channelOf(deps, channelId);
  const at = clock.now();
  const began = clock.monotonic();
  const outcome = await tell(deps, channel, claimed.body);
  const attempt: Attempt = {
    at,
    tookMs: Math.round(clock.monotonic() - began),
    outcome: outcome.ok ? 'delivered' : outcome.code,
    ...('status' in outcome && outcome.status !== undefined ? { status: outcome.status } : {}),
    ...(outcome.ok ? {} : { detail: outcome.detail.slice(0, DETAIL_CHARS_MAX) }),
  };
  deps.meter.count('delivery', { channel: channelId, outcome: attempt.outcome });
  if (!outcome.ok) {
    const { outcome: code, status, detail } = attempt;
    deps.log.warn('a notification was not taken', {
      channel: channelId,
      delivery: id,
      event: about.id,
      code,
      status,
      detail,
    });
  }
  return settle(deps, id, attempt, outcome, channel);
}

/** Takes it for as long as an attempt may last: it is due again then, whatever becomes of this process. */
async function claim(deps: SenderDeps, id: string): Promise<DeliveryRecord | undefined> {
  const { catalog, clock, timeoutMs } = deps;
  return retryOnConflict(`Delivery ${id}`, async () => {
    const record = (await catalog.getDocument('delivery', id)) as DeliveryRecord | undefined;
    const now = clock.now();
    if (record?.body.state !== 'pending' || record.dueAt === undefined || record.dueAt > now)
      return undefined;
    const body: Delivery = { ...record.body, tries: record.body.tries + 1 };
    const taken = { ...record, body, dueAt: now + timeoutMs + LEASE_BEYOND_MS };
    await catalog.commit([put(taken, record)]);
    return taken;
  });
}

async function channelOf({ catalog }: SenderDeps, channelId: string): Promise<ChannelRecord | undefined> {
  return (await catalog.getDocument('channel', channelId)) as ChannelRecord | undefined;
}

async function tell(
  deps: SenderDeps,
  channel: ChannelRecord | undefined,
  { event: about }: Delivery,
): Promise<Outcome> {
  const { clock, notifier, secrets, timeoutMs, log } = deps;
  if (channel === undefined)
    return { ok: false, code: 'channel_gone', detail: 'The channel is not there any more.' };
  if (channel.body.disabledAt !== undefined && about.action !== TEST_EVENT) {
    return { ok: false, code: 'channel_disabled', detail: 'Its receiver wants no more.' };
  }
  try {
    const message = await render(secrets, channel.body, about, clock.now());
    return await notifier.send(message, timeoutMs);
  } catch (error) {
    if (error instanceof PortError) return { ok: false, code: 'secret', detail: error.message };
    // A bug of ours about one message must not stand before all that come after it for ever.
    log.error('a notification could not be made', { channel: channel.id, event: about.id, error });
    return { ok: false, code: 'refused', detail: 'It could not be made: the log says why.' };
  }
}

/** Writes down what came of it. What waited behind it is due now, if it has ended. */
function settle(
  deps: SenderDeps,
  id: string,
  attempt: Attempt,
  outcome: Outcome,
  channel: ChannelRecord | undefined,
): Promise<Delivered> {
  const { catalog, clock, random } = deps;
  return retryOnConflict(`Delivery ${id}`, async () => {
    const record = (await catalog.getDocument('delivery', id)) as DeliveryRecord | undefined;
    // Its lease has run out, and another has been faster.
    if (record?.body.state !== 'pending') return {};
    const { dueAt: _lease, ...rest } = record;
    const { body } = record;
    const now = clock.now();
    const attempts = [...body.attempts, attempt].slice(-ATTEMPTS_KEPT);
    const retryAfterMs = 'retryAfterMs' in outcome ? outcome.retryAfterMs : undefined;
    const chance = random.bytes(1)[0]! / 256;
    const waitMs = isFinal(outcome) ? undefined : waitAfter(body.tries, deps.backoffMs, chance, retryAfterMs);
    if (waitMs !== undefined) {
      await catalog.commit([put({ ...rest, body: { ...body, attempts }, dueAt: now + waitMs }, record)]);
      return retryAfterMs === undefined ? {} : { holdUntil: now + Math.min(waitMs, retryAfterMs) };
    }
    const { next, ...ended } = body;
    const changes: Change[] = [
      put(
        {
          ...rest,
          body: { ...ended, state: outcome.ok ? 'delivered' : 'failed', attempts, endedAt: now },
          expiresAt: now + ENDED_KEPT_MS,
        },
        record,
      ),
      ...(await setGoing(deps, next, now)),
      ...(isGone(outcome) && channel !== undefined ? await disable(deps, channel, now) : []),
    ];
    await catalog.commit(changes);
    if (!outcome.ok) {
      deps.log.error('a notification was given up', {
        channel: body.channelId,
        delivery: id,
        event: body.event.id,
      });
    }
    return next === undefined ? {} : { next };
  });
}

/** The receiver is not there any more, and says so. */
function isGone(outcome: Outcome): boolean {
  return !outcome.ok && 'status' in outcome && outcome.status === 410;
}

/** Nothing will come of trying again. */
function isFinal(outcome: Outcome): boolean {
  if (outcome.ok) return true;
  if ('isForGood' in outcome && outcome.isForGood) return true;
  return isGone(outcome) || outcome.code === 'channel_gone' || outcome.code === 'channel_disabled';
}

async function setGoing({ catalog }: SenderDeps, next: string | undefined, now: number): Promise<Change[]> {
  if (next === undefined) return [];
  const record = await catalog.getDocument('delivery', next);
  return record === undefined ? [] : [put({ ...record, dueAt: now }, record)];
}

/** Until somebody puts it anew. */
async function disable(deps: SenderDeps, { id }: ChannelRecord, now: number): Promise<Change[]> {
  const record = await channelOf(deps, id);
  if (record === undefined || record.body.disabledAt !== undefined) return [];
  deps.log.error('a channel was disabled by its receiver', { channel: id });
  return [
    put({ ...record, body: { ...record.body, disabledAt: now } }, record),
    event(deps, 'channel.disabled', now, { actor: 'service' }, { resourceId: '', detail: { channel: id } }),
  ];
}
