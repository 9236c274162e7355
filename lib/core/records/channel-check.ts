// What is wrong with a channel that somebody wants to have. Pure.

import { CHANNEL_ID, type ChannelTarget } from './channel.ts';
import type { Fault } from './errors.ts';
import { parseReference } from './secret-reference.ts';

const ADDRESS =
  /^[^\s<>@,;"]{1,200}@[^\s<>@,;"]{1,200}$|^[^<>"\r\n]{1,100} <[^\s<>@,;"]{1,200}@[^\s<>@,;"]{1,200}>$/;
const TOPIC = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$/;

const SECRET_HINT = 'must say where the secret stands: env:NAME, file:/run/secrets/x or secretsmanager:arn';

/** No fault names a value: what was meant to be a reference may be the secret itself. */
export function faultsOfChannel(id: string, target: ChannelTarget): Fault[] {
  const faults: Fault[] = [];
  const fault = (member: string, detail: string): void => {
    faults.push({ pointer: `/target/${member}`, detail });
  };
  if (!CHANNEL_ID.test(id)) {
    faults.push({
      pointer: '/path/channelId',
      detail: 'must be 1 to 40 lower-case letters, digits and hyphens, and begin with no hyphen',
    });
  }
  switch (target.kind) {
    case 'webhook':
      checkUrl(target.url, fault);
      for (const [n, secret] of target.secrets.entries()) {
        if (parseReference(secret) === undefined) fault(`secrets/${n}`, SECRET_HINT);
      }
      break;
    case 'ping':
      checkUrl(target.url, fault);
      break;
    case 'slack':
    case 'teams':
    case 'discord':
      // Who has it may write there.
      if (parseReference(target.url) === undefined) fault('url', SECRET_HINT);
      break;
    case 'mail':
      checkServer(target.server, fault);
      if (target.password !== undefined && parseReference(target.password) === undefined) {
        fault('password', SECRET_HINT);
      }
      if ((target.user === undefined) !== (target.password === undefined)) {
        fault('user', 'must stand beside password, or neither');
      }
      if (!ADDRESS.test(target.from)) fault('from', 'must be a mail address');
      for (const [n, to] of target.to.entries()) {
        if (!ADDRESS.test(to)) fault(`to/${n}`, 'must be a mail address');
      }
      break;
    case 'sns':
      if (!TOPIC.test(target.topicArn)) fault('topicArn', 'must be the ARN of a topic');
      break;
  }
  return faults;
}

type TellFault = (member: string, detail: string) => void;

function checkUrl(url: string, fault: TellFault): void {
  if (parseReference(url) !== undefined) return;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    fault('url', 'must be a URL of http or https, or say where one stands: env:NAME, file:/run/secrets/x');
    return;
  }
  if (parsed.username !== '' || parsed.password !== '') fault('url', 'must have no credentials in it');
}

function checkServer(server: string, fault: TellFault): void {
  const parsed = URL.canParse(server) ? new URL(server) : undefined;
  const isBare = parsed !== undefined && ['', '/'].includes(parsed.pathname) && parsed.search === '';
  if (parsed === undefined || !/^smtps?:$/.test(parsed.protocol) || parsed.hostname === '' || !isBare) {
    fault('server', 'must be smtps://host:port or smtp://host:port');
    return;
  }
  if (parsed.username !== '' || parsed.password !== '') {
    fault('server', 'must have no credentials in it: they are user and password');
  }
}

/** A URL as it is shown: of what is no reference only where it leads, for what follows may be a secret. */
export function shownUrl(url: string): string {
  if (parseReference(url) !== undefined) return url;
  const parsed = new URL(url);
  const isWhole = ['', '/'].includes(parsed.pathname) && parsed.search === '';
  return isWhole ? parsed.origin : `${parsed.origin}/…`;
}
