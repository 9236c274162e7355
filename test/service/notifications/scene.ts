// A service that tells, over memory, with receivers that a test scripts.

import { createMemoryEventSink } from '../../../lib/memory/event-sink.ts';
import { PortError } from '../../../lib/ports/errors.ts';
import type { Outgoing, SendResult } from '../../../lib/ports/notifier.ts';
import { relayEvents } from '../../../lib/service/kit/events.ts';
import type { SenderDeps } from '../../../lib/service/notifications/deliver.ts';
import { fanningOut } from '../../../lib/service/notifications/fan-out.ts';
import { createSender } from '../../../lib/service/notifications/sender.ts';
import { createWorld } from '../world.ts';

export const BACKOFF = [1000, 10_000, 100_000];
export const OK: SendResult = { ok: true, status: 200 };
export const status = (code: number, retryAfterMs?: number): SendResult => ({
  ok: false,
  code: 'status',
  status: code,
  detail: `It answered ${code}.`,
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

type Http = Extract<Outgoing, { way: 'http' }>;

/** `answer`: what comes of a message; by its URL, mostly. */
export function createScene(answer: (message: Http) => SendResult | Promise<SendResult> = () => OK) {
  const world = createWorld();
  const { deps } = world;
  const sent: Http[] = [];
  const counted: string[] = [];
  const notifier = {
    async send(message: Outgoing) {
      sent.push(message as Http);
      return answer(message as Http);
    },
  };
  const secrets = {
    async read(reference: string) {
      if (reference === 'env:GONE') throw new PortError('not_found', 'there is no secret at env:GONE');
      return `whsec_${Buffer.alloc(32, reference.length).toString('base64')}`;
    },
  };
  const parts: SenderDeps = {
    ...deps,
    ...{ notifier, secrets, backoffMs: BACKOFF, timeoutMs: 100 },
    meter: { count: (_name, tags = {}) => void counted.push(`${tags.channel} ${tags.outcome}`) },
  };
  const events = fanningOut(deps, createMemoryEventSink(), () => {});
  let sender = createSender(parts);

  return {
    world,
    sent,
    counted,
    events,
    sender: () => sender,
    /** As after a crash: nothing that a process remembers is left. */
    restart() {
      sender = createSender(parts);
    },
    put: (id: string, more: object = {}, url = `https://${id}.example`) =>
      world.service.putChannel(
        id,
        { target: { kind: 'webhook', url, secrets: ['env:A'] }, events: ['backup.created'], ...more },
        { actor: 'tester' },
      ),
    async relay() {
      await relayEvents({ catalog: deps.catalog, events });
    },
    /** All that is due now, and what follows on it. */
    async send() {
      while ((await sender.begin()) > 0) await sender.idle();
    },
    async deliveries(channelId: string) {
      const { items } = await world.service.listDeliveries({ channelId, limit: 1000 });
      return items.reverse();
    },
  };
}

/** What a webhook tells of. */
export function toldOf({ body }: Pick<Http, 'body'>): string {
  const { data } = JSON.parse(body) as { data: { backupId?: string } };
  return String(data.backupId);
}
