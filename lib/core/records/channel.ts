// Who is told, of what: a channel as it is kept, which events it is for, and what an event is called there. Pure.

import type { AuditEvent } from './model.ts';
import type { SecretReference } from './secret-reference.ts';

export type ChannelTarget = WebhookTarget | ChatTarget | PingTarget | MailTarget | SnsTarget;
export type ChannelKind = ChannelTarget['kind'];

/** Signed as Standard Webhooks 1.0 asks for. */
export interface WebhookTarget {
  kind: 'webhook';
  url: string | SecretReference;
  /** Where the signing secrets stand (`whsec_...`): the newest first, older ones until every receiver knows it. */
  secrets: SecretReference[];
}

/** An incoming webhook of a chat: who has its URL may write there, so it is a secret. */
export interface ChatTarget {
  kind: 'slack' | 'teams' | 'discord';
  url: SecretReference;
}

/** A watch that expects to hear of each run, as healthchecks.io does: it says so when it does not. */
export interface PingTarget {
  kind: 'ping';
  url: string | SecretReference;
}

export interface MailTarget {
  kind: 'mail';
  /** `smtps://host:465`, or `smtp://host:587`, which goes on encrypted where the server can. */
  server: string;
  user?: string;
  password?: SecretReference;
  from: string;
  to: string[];
}

export interface SnsTarget {
  kind: 'sns';
  topicArn: string;
}

/** The body of a channel's document; its id is the channel's name. */
export interface Channel {
  target: ChannelTarget;
  /** Patterns of what it is told of: `backup.failed`, `backup.*`, `*`; what its kind is told of without it. */
  events?: string[];
  /** Of which resources: ids, or what they begin with and a `*`; all without it. */
  resources?: string[];
  createdAt: number;
  updatedAt: number;
  /** The receiver has said that it wants no more (410): until it is put anew. */
  disabledAt?: number;
}

export const CHANNEL_ID = /^[a-z0-9][a-z0-9-]{0,39}$/;

/** What somebody has to hear of: failures, what does not come, what looks wrong, and that it is over. */
const ALARMING: readonly string[] = [
  'backup.failed',
  'backup.late',
  'backup.recovered',
  'backup.unusual',
  'backup.last_expiring',
  'verify.failed',
  'restore.failed',
  'run.failed',
  'run.abandoned',
  'schedule.skipped',
  'drill.failed',
  'expiry.held',
  'notice.raised',
  'channel.disabled',
];

/** A watch has to hear of each backup, or it takes silence for failure. */
const EACH_RUN: readonly string[] = [
  'run.started',
  'run.completed',
  'run.unchanged',
  'run.failed',
  'backup.requested',
  'backup.created',
  'backup.unchanged',
  'backup.failed',
];

export function defaultEvents(kind: ChannelKind): readonly string[] {
  return kind === 'ping' ? EACH_RUN : ALARMING;
}

/** The event that a test is: it goes the way of all others, and to the channel that it names alone. */
export const TEST_EVENT = 'channel.tested';

/** What an event is called in notifications: what the trail calls it, but where that says too little. */
export function kindOf({ action, detail }: Pick<AuditEvent, 'action' | 'detail'>): string {
  return action === 'notice.raised' && detail?.code === 'damaged_backup' ? 'verify.failed' : action;
}

/** Whether the channel is to be told of the event. */
export function isFor(channelId: string, channel: Channel, event: AuditEvent): boolean {
  if (event.action === TEST_EVENT) return event.detail?.channel === channelId;
  if (channel.disabledAt !== undefined) return false;
  // Its own failures would tell of themselves for ever.
  if (event.action === 'channel.disabled' && event.detail?.channel === channelId) return false;
  const kind = kindOf(event);
  const events = channel.events ?? defaultEvents(channel.target.kind);
  if (!events.some((pattern) => matches(pattern, kind))) return false;
  const { resources } = channel;
  return resources === undefined || resources.some((pattern) => matches(pattern, event.resourceId));
}

/** Of `*` everything, of `app/*` what begins with `app/`, else only the same. */
function matches(pattern: string, text: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : pattern === text;
}
