// A delivery as the message that goes out: with its secrets, which are read for each attempt, so that one that was changed counts at once.

import type { Channel } from '../../core/records/channel.ts';
import { kindOf } from '../../core/records/channel.ts';
import {
  discordBodyOf,
  letterOf,
  pingPathOf,
  pingUrlOf,
  slackBodyOf,
  teamsBodyOf,
  titleOf,
  webhookBodyOf,
} from '../../core/records/message.ts';
import type { AuditEvent } from '../../core/records/model.ts';
import { parseReference } from '../../core/records/secret-reference.ts';
import { signatureOf } from '../../core/webhook-signature.ts';
import { PortError } from '../../ports/errors.ts';
import type { Outgoing } from '../../ports/notifier.ts';
import type { SecretReader } from '../../ports/secrets.ts';

const JSON_HEADERS = { 'content-type': 'application/json' };

/**
 * Throws PortError: of a secret that cannot be read, or `denied` for one that is not what it should be. `now` in epoch milliseconds: a receiver refuses
 * what was signed long ago.
 */
export async function render(
  secrets: SecretReader,
  { target }: Channel,
  event: AuditEvent,
  now: number,
): Promise<Outgoing> {
  switch (target.kind) {
    case 'webhook': {
      const url = await urlOf(secrets, target.url);
      const keys = await Promise.all(target.secrets.map((reference) => secrets.read(reference)));
      const body = webhookBodyOf(event);
      const timestamp = Math.floor(now / 1000);
      const signature = signatureOf(keys, { id: event.id, timestamp, body });
      if (signature === undefined) {
        throw new PortError(
          'denied',
          'a signing secret is none: whsec_ and 24 to 64 bytes in Base64 are asked for',
        );
      }
      const signed = {
        'webhook-id': event.id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': signature,
      };
      return { way: 'http', url, headers: { ...JSON_HEADERS, ...signed }, body };
    }
    case 'slack':
      return toChat(await urlOf(secrets, target.url), slackBodyOf(event));
    case 'teams':
      return toChat(await urlOf(secrets, target.url), teamsBodyOf(event));
    case 'discord':
      return toChat(await urlOf(secrets, target.url), discordBodyOf(event));
    case 'ping': {
      const url = pingUrlOf(await urlOf(secrets, target.url), pingPathOf(event));
      return {
        way: 'http',
        url,
        headers: { 'content-type': 'text/plain; charset=utf-8' },
        body: titleOf(event),
      };
    }
    case 'mail': {
      const { server, user, from, to } = target;
      const password = target.password === undefined ? undefined : await secrets.read(target.password);
      const login = user === undefined || password === undefined ? {} : { user, password };
      return { way: 'mail', server, ...login, from, to, ...letterOf(event), id: event.id };
    }
    case 'sns':
      return { way: 'sns', topicArn: target.topicArn, ...letterOf(event), kind: kindOf(event) };
  }
}

function toChat(url: string, body: string): Outgoing {
  return { way: 'http', url, headers: JSON_HEADERS, body };
}

async function urlOf(secrets: SecretReader, url: string): Promise<string> {
  if (parseReference(url) === undefined) return url;
  const found = await secrets.read(url);
  // Not a word of it may be told.
  if (!/^https?:\/\//i.test(found) || !URL.canParse(found)) {
    throw new PortError('denied', `what stands at ${url} is no URL of http or https`);
  }
  return found;
}
