// notify: who is told when something fails, is late or looks wrong, and whether that has come.

import type { Answer } from '../../client/client.ts';
import type { Context } from '../kit/context.ts';
import { CliError, EXIT } from '../kit/exit.ts';
import { table } from '../kit/words.ts';

type Target = Answer<'Channel'>['target'];

export async function notifyList(context: Context): Promise<void> {
  const { channels } = await context.client.call('listChannels', {});
  if (context.isJson) {
    for (const channel of channels) await context.json(channel);
    return;
  }
  if (channels.length === 0) return context.say('Nobody is told of anything yet: brs notify add.');
  const lines = table(channels, [
    { name: 'channel', value: ({ id }) => id },
    { name: 'kind', value: ({ target }) => target.kind },
    { name: 'to', value: ({ target }) => placeOf(target) },
    { name: 'status', value: ({ status }) => status },
    { name: 'resources', value: ({ resources }) => resources?.join(' ') ?? 'all' },
    { name: 'events', value: ({ events }) => events.join(' ') },
  ]);
  for (const line of lines) await context.line(line);
}

function placeOf(target: Target): string {
  if (target.kind === 'mail') return target.to.join(' ');
  return target.kind === 'sns' ? target.topicArn : target.url;
}

export interface NotifyOptions {
  webhook?: string;
  secret?: string[];
  slack?: string;
  teams?: string;
  discord?: string;
  ping?: string;
  mail?: string[];
  server?: string;
  from?: string;
  user?: string;
  password?: string;
  sns?: string;
  event?: string[];
  resource?: string[];
}

export async function notifyAdd(context: Context, channelId: string, options: NotifyOptions): Promise<void> {
  const { event, resource } = options;
  const channel = await context.client.call('putChannel', {
    params: { channelId },
    body: {
      target: targetOf(options),
      ...(event === undefined ? {} : { events: event }),
      ...(resource === undefined ? {} : { resources: resource }),
    },
  });
  if (context.isJson) return context.json(channel);
  await context.line(`${channelId}  ${channel.target.kind}  ${placeOf(channel.target)}`);
  context.say(`Try it: brs notify test ${channelId}`);
}

/** Secrets are named and not given: they never pass through here. */
function targetOf(options: NotifyOptions): Target {
  const { webhook, secret, slack, teams, discord, ping, mail, sns, server, from, user, password } = options;
  const asked: Target[] = [];
  if (webhook !== undefined) {
    if (secret === undefined) {
      throw new CliError('a webhook is signed: say where its secret stands, --secret env:NAME', EXIT.usage);
    }
    asked.push({ kind: 'webhook', url: webhook, secrets: secret });
  }
  if (slack !== undefined) asked.push({ kind: 'slack', url: slack });
  if (teams !== undefined) asked.push({ kind: 'teams', url: teams });
  if (discord !== undefined) asked.push({ kind: 'discord', url: discord });
  if (ping !== undefined) asked.push({ kind: 'ping', url: ping });
  if (sns !== undefined) asked.push({ kind: 'sns', topicArn: sns });
  if (mail !== undefined) {
    if (server === undefined || from === undefined) {
      throw new CliError('mail needs --server smtps://host:465 and --from somebody@example.com', EXIT.usage);
    }
    const login = {
      ...(user === undefined ? {} : { user }),
      ...(password === undefined ? {} : { password }),
    };
    asked.push({ kind: 'mail', server, from, to: mail, ...login });
  }
  const [target, ...others] = asked;
  if (target === undefined || others.length > 0) {
    throw new CliError(
      'say one way: --webhook, --slack, --teams, --discord, --ping, --mail or --sns',
      EXIT.usage,
    );
  }
  return target;
}

export async function notifyRemove(
  context: Context,
  channelId: string,
  { yes }: { yes?: boolean },
): Promise<void> {
  await context.confirm(`Remove ${channelId}? What it was still to be told it is not.`, yes);
  const removed = await context.client.call('removeChannel', { params: { channelId } });
  if (context.isJson) return context.json(removed);
  await context.line(`${channelId}  removed`);
}

const LOOKS = 90;
const LOOK_EVERY_MS = 500;

/** Waits until the test has been tried once: what a person wants to know is whether it comes. */
export async function notifyTest(context: Context, channelId: string): Promise<void> {
  const params = { channelId };
  const { eventId } = await context.client.call('testChannel', { params });
  for (let n = 0; n < LOOKS; n++) {
    const { deliveries } = await context.client.call('listDeliveries', {
      params,
      query: { eventId, limit: 100 },
    });
    const tried = deliveries.find(({ attempts }) => attempts.length > 0);
    if (tried !== undefined) return tell(context, tried);
    await pause(context);
  }
  throw new CliError(
    'the test has not been tried yet: brs notify deliveries says whether it is',
    EXIT.failed,
  );
}

async function pause({ signal }: Context): Promise<void> {
  signal.throwIfAborted();
  await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
}

async function tell(context: Context, delivery: Answer<'Delivery'>): Promise<void> {
  if (context.isJson) await context.json(delivery);
  const { outcome, tookMs, detail = '' } = delivery.attempts.at(-1)!;
  if (delivery.state === 'delivered') {
    if (!context.isJson) await context.line(`delivered in ${tookMs} ms`);
    return;
  }
  const again =
    delivery.nextAttemptAt === undefined ? '' : ` It is tried again ${context.show(delivery.nextAttemptAt)}.`;
  throw new CliError(`it was not taken (${outcome}). ${detail}${again}`, EXIT.failed);
}

export async function notifyDeliveries(
  context: Context,
  channelId: string,
  { state, limit = 20 }: { state?: string; limit?: number },
): Promise<void> {
  const rows: Answer<'Delivery'>[] = [];
  let cursor: string | undefined;
  do {
    const page = await context.client.call('listDeliveries', {
      params: { channelId },
      query: {
        ...(state === undefined ? {} : { state: state as never }),
        limit: Math.min(limit, 1000),
        ...(cursor === undefined ? {} : { cursor }),
      },
    });
    rows.push(...page.deliveries);
    cursor = page.nextCursor;
  } while (cursor !== undefined && rows.length < limit);
  const shown = rows.slice(0, limit);
  if (context.isJson) {
    for (const delivery of shown) await context.json(delivery);
    return;
  }
  if (shown.length === 0) return context.say(`${channelId} was told nothing yet.`);
  const lines = table(shown, [
    { name: 'id', value: ({ id }) => id },
    { name: 'time', value: ({ event }) => context.show(event.at) },
    { name: 'what', value: ({ event }) => event.action },
    { name: 'resource', value: ({ event }) => event.resourceId ?? '' },
    { name: 'state', value: ({ state: now }) => now },
    { name: 'tries', value: ({ tries }) => String(tries) },
    {
      name: 'last',
      value: ({ attempts }) => {
        const { outcome, status } = attempts.at(-1) ?? { outcome: '' };
        return status === undefined ? outcome : `${outcome} ${status}`;
      },
    },
    { name: 'next', value: ({ nextAttemptAt: at }) => (at === undefined ? '' : context.show(at)) },
  ]);
  for (const line of lines) await context.line(line);
}

export async function notifyReplay(
  context: Context,
  channelId: string,
  deliveryId: string | undefined,
): Promise<void> {
  const { replayed } = await context.client.call('replayDeliveries', {
    params: { channelId },
    body: deliveryId === undefined ? {} : { deliveryId },
  });
  if (context.isJson) return context.json({ replayed });
  await context.line(replayed === 0 ? 'nothing to send again' : `${replayed} on their way again`);
}
