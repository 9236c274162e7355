// What a notification says, in each way that it can be said. Pure.

import { kindOf } from './channel.ts';
import type { AuditEvent } from './model.ts';

/** Bytes of a body, at most: receivers of webhooks take at least that (Standard Webhooks 1.0). */
const BODY_BYTES_MAX = 20_000;
const CHAT_CHARS_MAX = 1800;
const SUBJECT_CHARS_MAX = 150;
const VALUE_CHARS_MAX = 300;

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;
const cut = (text: string, charsMax: number): string =>
  text.length > charsMax ? `${text.slice(0, charsMax - 1)}…` : text;

/** What stands first: what has happened, to what. */
const SENTENCES: Readonly<Record<string, (of: string, event: AuditEvent) => string>> = {
  'backup.created': (of) => `A backup of ${of} was made`,
  'backup.unchanged': (of) => `${of} was checked and is unchanged`,
  'backup.failed': (of) => `A backup of ${of} was not made`,
  'backup.late': (of) => `${of} is late: no state has come for longer than expected`,
  'backup.recovered': (of) => `${of} has recovered: a backup was made again`,
  'backup.unusual': (of) => `More has gone from ${of} than is usual`,
  'backup.last_expiring': (of) => `The last backup of ${of} is about to expire`,
  'verify.failed': (of) => `Stored bytes of ${of} are not what was written`,
  'restore.failed': (of) => `A restore of ${of} has failed`,
  'run.failed': (of) => `A scheduled backup of ${of} has failed`,
  'run.abandoned': (of) => `A scheduled backup of ${of} was abandoned`,
  'schedule.skipped': (of) => `Scheduled backups of ${of} did not run`,
  'drill.failed': (of) => `A restore drill of ${of} has failed`,
  'expiry.held': (of) => `Expiry of ${of} waits until somebody has looked`,
  'notice.raised': (_of, { detail }) => `Something needs a look: ${String(detail?.code ?? 'a notice')}`,
  'channel.disabled': (_of, { detail }) =>
    `The channel ${String(detail?.channel)} was disabled by its receiver`,
  'channel.tested': (_of, { detail }) => `This is a test of the channel ${String(detail?.channel)}`,
};

/** One line: `A backup of db was not made (disk_full)`. */
export function titleOf(event: AuditEvent): string {
  const kind = kindOf(event);
  const of = event.resourceId === '' ? 'the store' : cut(event.resourceId, 100);
  const sentence = SENTENCES[kind]?.(of, event) ?? `${kind} of ${of}`;
  const { code } = event.detail ?? {};
  const isSaid = code === undefined || kind === 'notice.raised';
  return oneLine(isSaid ? sentence : `${sentence} (${cut(String(code), 60)})`);
}

/** All that is known of it, a line each. */
function linesOf(event: AuditEvent): string[] {
  const { id, at, resourceId, backupId, operationId, actor, detail = {} } = event;
  const facts: [string, string | undefined][] = [
    ['event', kindOf(event)],
    ['time', new Date(at).toISOString()],
    ['resource', resourceId === '' ? undefined : resourceId],
    ['backup', backupId],
    ['operation', operationId],
    ['by', actor],
    ...Object.entries(detail).map(([name, value]): [string, string] => [name, String(value)]),
    ['id', id],
  ];
  return facts.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${cut(oneLine(value), VALUE_CHARS_MAX)}`],
  );
}

/**
 * The body of a webhook: that of Standard Webhooks 1.0 (`type`, `timestamp`, `data`), and beside it the attributes of CloudEvents 1.0, so that
 * readers of either find theirs. Without what would make it too long.
 */
export function webhookBodyOf(event: AuditEvent): string {
  const { id, at, resourceId, backupId, operationId, actor, detail } = event;
  const time = new Date(at).toISOString();
  const type = kindOf(event);
  const body = (more: object): string =>
    JSON.stringify({
      type,
      timestamp: time,
      data: {
        title: titleOf(event),
        ...(resourceId === '' ? {} : { resourceId }),
        ...(backupId === undefined ? {} : { backupId }),
        ...(operationId === undefined ? {} : { operationId }),
        actor,
        ...more,
      },
      ...{ specversion: '1.0', id, source: 'backup-restore-service', time },
    });
  const whole = body(detail === undefined ? {} : { detail });
  return bytesOf(whole) <= BODY_BYTES_MAX ? whole : body({ detailLeftOut: true });
}

/** What Slack takes: its three characters are written as it asks for, or a name could call everybody. */
export function slackBodyOf(event: AuditEvent): string {
  const text = escapeSlack(titleOf(event));
  const lines = escapeSlack(cut(linesOf(event).join('\n'), CHAT_CHARS_MAX));
  return JSON.stringify({
    text,
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: `*${text}*` } },
      { type: 'context', elements: [{ type: 'mrkdwn', text: lines }] },
    ],
  });
}

function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** What a workflow of Teams takes: an adaptive card. */
export function teamsBodyOf(event: AuditEvent): string {
  const block = (text: string, more: object = {}) => ({ type: 'TextBlock', text, wrap: true, ...more });
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      block(escapeMarkdown(titleOf(event)), { weight: 'Bolder' }),
      block(escapeMarkdown(cut(linesOf(event).join('\n\n'), CHAT_CHARS_MAX)), { isSubtle: true }),
    ],
  };
  const contentType = 'application/vnd.microsoft.card.adaptive';
  return JSON.stringify({ type: 'message', attachments: [{ contentType, content }] });
}

/** What Discord takes; nobody is called by it. */
export function discordBodyOf(event: AuditEvent): string {
  const content = cut(
    [`**${escapeMarkdown(titleOf(event))}**`, ...linesOf(event).map(escapeMarkdown)].join('\n'),
    CHAT_CHARS_MAX,
  );
  return JSON.stringify({ content, allowed_mentions: { parse: [] } });
}

function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\*_~`|>[\]()#]/g, '\\$&');
}

export interface Letter {
  subject: string;
  text: string;
}

/** As a letter, or what SNS sends on. */
export function letterOf(event: AuditEvent): Letter {
  const title = titleOf(event);
  return {
    subject: cut(`[backup] ${title}`, SUBJECT_CHARS_MAX),
    text: `${title}.\n\n${linesOf(event).join('\n')}\n`,
  };
}

/** What stands behind the URL of a watch: that something has begun, has failed, or is only to be noted; nothing for what went well. */
export function pingPathOf(event: AuditEvent): '' | '/start' | '/fail' | '/log' {
  switch (kindOf(event)) {
    case 'backup.created':
    case 'backup.unchanged':
    case 'run.completed':
    case 'run.unchanged':
    case 'drill.passed':
      return '';
    case 'run.started':
    case 'backup.requested':
      return '/start';
    case 'backup.failed':
    case 'run.failed':
    case 'run.abandoned':
    case 'drill.failed':
    case 'verify.failed':
    case 'backup.late':
      return '/fail';
    default:
      return '/log';
  }
}

/** The URL of a watch with that behind its path; what it asks stays. Throws TypeError for what is no URL. */
export function pingUrlOf(url: string, path: string): string {
  const place = new URL(url);
  place.pathname = `${place.pathname.replace(/\/$/, '')}${path}`;
  return place.href;
}

/** No line breaks, nor what else a terminal or a header might obey. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}
