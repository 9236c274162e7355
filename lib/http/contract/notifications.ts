// Notifications: who is told of what, and what became of it.

import * as z from 'zod/mini';
import { type ChannelTarget, defaultEvents } from '../../core/records/channel.ts';
import { shownUrl } from '../../core/records/channel-check.ts';
import type { ChannelView, DeliveryView } from '../../service/contract/notify.ts';
import type { Answer } from './answers.ts';
import { auditAnswers, viewEvent } from './audit.ts';
import { channelTarget } from './channel-target.ts';
import { formatInstant } from './instant.ts';
import { once } from './once.ts';
import { page } from './requests.ts';
import type { Route } from './route.ts';
import { shapes } from './shapes.ts';

const PATTERNS_MAX = 100;

const ChannelPath = once(() =>
  z.strictObject({
    channelId: z
      .string()
      .check(z.regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and hyphens')),
  }),
);

const pattern = (charsMax: number) => z.string().check(z.minLength(1), z.maxLength(charsMax));

const ChannelFields = once(() =>
  z.strictObject({
    target: channelTarget(),
    events: z.exactOptional(
      z.array(pattern(64)).check(
        z.minLength(1),
        z.maxLength(PATTERNS_MAX),
        z.meta({
          description:
            'Names of events, with `*` at the end for all that begin so; what its kind is told of without it',
        }),
      ),
    ),
    resources: z.exactOptional(
      z
        .array(pattern(257))
        .check(
          z.minLength(1),
          z.maxLength(PATTERNS_MAX),
          z.meta({ description: 'Ids, with `*` at the end for all that begin so; all without it' }),
        ),
    ),
  }),
);

const STATES = ['pending', 'delivered', 'failed'] as const;

const DeliveryQuery = once(() =>
  z.strictObject({
    state: z.exactOptional(z.enum(STATES)),
    eventId: z.exactOptional(z.string().check(z.maxLength(64))),
    ...page(),
  }),
);

const ReplayFields = once(() =>
  z.strictObject({ deliveryId: z.exactOptional(z.string().check(z.minLength(1), z.maxLength(140))) }),
);

const CHANNEL = {
  id: 'ops',
  target: { kind: 'webhook', url: 'https://example.com/…', secrets: ['env:OPS_WEBHOOK_SECRET'] },
  events: ['backup.failed', 'backup.late', 'backup.recovered'],
  resources: ['app/*'],
  status: 'active',
  createdAt: '2025-01-01T12:00:00.000Z',
  updatedAt: '2025-01-01T12:00:00.000Z',
};

export const NOTIFICATION_ROUTES = {
  listChannels: {
    method: 'GET',
    path: '/notifications',
    summary: 'List who is told of what',
    tag: 'Notifications',
    scope: 'notify:manage',
    answers: {
      200: {
        description: 'All channels; of a URL that is no reference only where it leads',
        schema: 'ChannelList',
      },
    },
    errors: [],
    examples: { answers: { 200: { channels: [CHANNEL], count: 1 } } },
  },
  putChannel: {
    method: 'PUT',
    path: '/notifications/{channelId}',
    summary: 'Have somebody told',
    tag: 'Notifications',
    details:
      'Secrets are said by where they stand (`env:NAME`, `file:/run/secrets/x`, `secretsmanager:arn`), and read for each attempt. The URL of a chat is a ' +
      'secret. A channel that its receiver has disabled is told again.',
    scope: 'notify:manage',
    params: ChannelPath,
    body: { name: 'ChannelRequest', fields: ChannelFields },
    answers: {
      200: { description: 'It was put in place of the one of that name', schema: 'Channel' },
      201: { description: 'It is there from now on', schema: 'Channel' },
    },
    errors: ['write_conflict'],
    examples: {
      requests: {
        webhook: {
          target: {
            kind: 'webhook',
            url: 'https://example.com/hooks/backups',
            secrets: ['env:OPS_WEBHOOK_SECRET'],
          },
          events: ['backup.failed', 'backup.late', 'backup.recovered'],
          resources: ['app/*'],
        },
        slack: { target: { kind: 'slack', url: 'env:SLACK_WEBHOOK' } },
        ping: { target: { kind: 'ping', url: 'https://hc-ping.com/your-uuid' }, resources: ['database-1'] },
        mail: {
          target: {
            kind: 'mail',
            server: 'smtps://mail.example.com:465',
            user: 'backups',
            password: 'file:/run/secrets/smtp',
            from: 'backups@example.com',
            to: ['ops@example.com'],
          },
        },
      },
      answers: { 201: CHANNEL },
    },
  },
  removeChannel: {
    method: 'DELETE',
    path: '/notifications/{channelId}',
    summary: 'Have somebody told no more',
    tag: 'Notifications',
    scope: 'notify:manage',
    params: ChannelPath,
    answers: {
      200: { description: 'It is told nothing more, nor what still waited', schema: 'ChannelRemoved' },
    },
    errors: ['channel_not_found', 'write_conflict'],
  },
  testChannel: {
    method: 'POST',
    path: '/notifications/{channelId}/test',
    summary: 'Send a test, by the way that all notifications go',
    tag: 'Notifications',
    scope: 'notify:manage',
    params: ChannelPath,
    answers: {
      202: {
        description: 'It is on its way: the deliveries of its event tell what becomes of it',
        schema: 'ChannelTest',
      },
    },
    errors: ['channel_not_found'],
    examples: { answers: { 202: { eventId: '5f0c1f5e-6f0a-4c8e-9d2c-0f6a6f6f9a11' } } },
  },
  listDeliveries: {
    method: 'GET',
    path: '/notifications/{channelId}/deliveries',
    summary: 'What a channel was told, newest first, with every attempt',
    tag: 'Notifications',
    details:
      'A page may be short, and have a cursor, where a state or an event is asked for. What has ended is kept for 30 days.',
    scope: 'notify:manage',
    params: ChannelPath,
    query: DeliveryQuery,
    answers: { 200: { description: 'One page', schema: 'DeliveryList' } },
    errors: ['channel_not_found', 'invalid_cursor'],
  },
  replayDeliveries: {
    method: 'POST',
    path: '/notifications/{channelId}/replay',
    summary: 'Send again what was given up, or one delivery by its id',
    tag: 'Notifications',
    details:
      'They stand behind all that still waits, with the ids of their events: a receiver knows what it has.',
    scope: 'notify:manage',
    params: ChannelPath,
    body: { name: 'ReplayRequest', fields: ReplayFields, optional: true },
    answers: { 202: { description: 'They are on their way', schema: 'Replayed' } },
    errors: ['channel_not_found', 'delivery_not_found', 'write_conflict'],
    examples: {
      requests: { all: {}, one: { deliveryId: 'ops/d/000000000012' } },
      answers: { 202: { replayed: 2 } },
    },
  },
} as const satisfies Record<string, Route>;

/** Made on demand. */
export const notificationAnswers = once(() => {
  const { about, time, count } = shapes();
  const { AuditEvent } = auditAnswers();
  const Channel = z.object({
    id: z.string(),
    target: channelTarget().check(about('Of a URL that is no reference only where it leads')),
    events: z.array(z.string()),
    resources: z.exactOptional(z.array(z.string())),
    status: z
      .enum(['active', 'disabled'])
      .check(about('`disabled`: its receiver has said that it wants no more')),
    createdAt: time,
    updatedAt: time,
    disabledAt: z.exactOptional(time),
  });
  const ChannelList = z.object({ channels: z.array(Channel), count });
  const ChannelRemoved = z.object({ id: z.string() });
  const ChannelTest = z.object({ eventId: z.string() });
  const Attempt = z.object({
    at: time,
    tookMs: count,
    outcome: z.string().check(about('`delivered`, or in a word why not; later versions may have more')),
    status: z.exactOptional(z.int()).check(about('Of HTTP, or of a mail server')),
    detail: z.exactOptional(z.string()),
  });
  const Delivery = z.object({
    id: z.string(),
    event: AuditEvent,
    state: z.enum(STATES),
    tries: count.check(about('Attempts that were begun')),
    attempts: z.array(Attempt).check(about('The last of them, the newest last')),
    createdAt: time,
    endedAt: z.exactOptional(time),
    nextAttemptAt: z.exactOptional(time).check(about('Absent while it waits behind another of its resource')),
    replayOf: z.exactOptional(z.string()).check(about('The delivery that it repeats')),
  });
  const DeliveryList = z.object({
    deliveries: z.array(Delivery),
    count,
    nextCursor: z.exactOptional(z.string()),
  });
  const Replayed = z.object({ replayed: count });
  return { Channel, ChannelList, ChannelRemoved, ChannelTest, Attempt, Delivery, DeliveryList, Replayed };
});

export function viewChannel(channel: ChannelView): Answer<'Channel'> {
  const { id, target, events, resources, createdAt, updatedAt, disabledAt } = channel;
  return {
    id,
    target: shownTarget(target),
    events: [...(events ?? defaultEvents(target.kind))],
    ...(resources === undefined ? {} : { resources }),
    status: disabledAt === undefined ? 'active' : 'disabled',
    createdAt: formatInstant(createdAt),
    updatedAt: formatInstant(updatedAt),
    ...(disabledAt === undefined ? {} : { disabledAt: formatInstant(disabledAt) }),
  };
}

function shownTarget(target: ChannelTarget): ChannelTarget {
  return 'url' in target ? { ...target, url: shownUrl(target.url) } : target;
}

export function viewDelivery(delivery: DeliveryView): Answer<'Delivery'> {
  const { id, event, state, tries, attempts, createdAt, endedAt, dueAt, replayOf } = delivery;
  return {
    id,
    event: viewEvent(event),
    state,
    tries,
    attempts: attempts.map(({ at, ...rest }) => ({ at: formatInstant(at), ...rest })),
    createdAt: formatInstant(createdAt),
    ...(endedAt === undefined ? {} : { endedAt: formatInstant(endedAt) }),
    ...(state !== 'pending' || dueAt === undefined ? {} : { nextAttemptAt: formatInstant(dueAt) }),
    ...(replayOf === undefined ? {} : { replayOf }),
  };
}
