// Who is told, how it is said, how it is signed, and when it is tried again.

import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Channel, isFor, kindOf } from '../../../lib/core/records/channel.ts';
import { faultsOfChannel, shownUrl } from '../../../lib/core/records/channel-check.ts';
import { BACKOFF_MS, retryAfterOf, waitAfter } from '../../../lib/core/records/delivery.ts';
import {
  discordBodyOf,
  letterOf,
  pingPathOf,
  pingUrlOf,
  slackBodyOf,
  teamsBodyOf,
  titleOf,
  webhookBodyOf,
} from '../../../lib/core/records/message.ts';
import type { AuditEvent } from '../../../lib/core/records/model.ts';
import { signatureOf } from '../../../lib/core/webhook-signature.ts';

const about = (more: Partial<AuditEvent> = {}): AuditEvent => ({
  ...{ id: 'e-1', at: 1000, action: 'backup.failed', actor: 'ci', resourceId: 'db' },
  detail: { code: 'disk_full', count: 1 },
  ...more,
});

const channel = (more: Partial<Channel> = {}): Channel => ({
  target: { kind: 'slack', url: 'env:X' },
  ...{ createdAt: 0, updatedAt: 0 },
  ...more,
});

describe('who is told', () => {
  test.each([
    [{}, about(), true],
    [{}, about({ action: 'backup.created' }), false],
    [{ target: { kind: 'ping', url: 'https://x' } }, about({ action: 'backup.created' }), true],
    [{ events: ['backup.*'] }, about({ action: 'backup.created' }), true],
    [{ events: ['backup.*'] }, about({ action: 'restore.failed' }), false],
    [{ events: ['*'] }, about({ action: 'restore.failed' }), true],
    [{ resources: ['app/*', 'db'] }, about(), true],
    [{ resources: ['app/*'] }, about({ resourceId: 'app/one' }), true],
    [{ resources: ['app/*'] }, about({ resourceId: 'application' }), false],
    [{ disabledAt: 1 }, about(), false],
    [{ events: ['*'] }, about({ action: 'channel.tested', detail: { channel: 'other' } }), false],
    [
      { events: ['none'], disabledAt: 1 },
      about({ action: 'channel.tested', detail: { channel: 'ops' } }),
      true,
    ],
    [{}, about({ action: 'channel.disabled', detail: { channel: 'ops' } }), false],
    [{}, about({ action: 'channel.disabled', detail: { channel: 'other' } }), true],
  ] as [Partial<Channel>, AuditEvent, boolean][])('%#', (more, event, expected) => {
    expect(isFor('ops', channel(more), event)).toBe(expected);
  });

  test('damage is told as what it is', () => {
    const raised = { action: 'notice.raised', detail: { code: 'damaged_backup' } } as const;
    expect(kindOf(raised)).toBe('verify.failed');
    expect(kindOf({ ...raised, detail: { code: 'clock' } })).toBe('notice.raised');
  });
});

describe('a channel that is asked for', () => {
  const secret = 'whsec_notareferenceatall';
  test.each([
    ['ops', { kind: 'webhook', url: 'https://example.com/x', secrets: ['env:A', 'file:/b'] }, []],
    ['Ops!', { kind: 'ping', url: 'https://example.com' }, ['/path/channelId']],
    [
      'ops',
      { kind: 'webhook', url: 'ftp://example.com', secrets: [secret] },
      ['/target/url', '/target/secrets/0'],
    ],
    ['ops', { kind: 'webhook', url: 'https://u:p@example.com', secrets: ['env:A'] }, ['/target/url']],
    ['ops', { kind: 'discord', url: 'https://discord.com/api/webhooks/1/token' }, ['/target/url']],
    ['ops', { kind: 'mail', server: 'smtps://mail', from: 'a@b', to: ['O <c@d>'] }, []],
    [
      'ops',
      { kind: 'mail', server: 'smtp://u:p@mail', user: 'u', from: 'a', to: ['b\r\nBcc: c@d'] },
      ['/target/server', '/target/user', '/target/from', '/target/to/0'],
    ],
    ['ops', { kind: 'sns', topicArn: 'arn:aws:sns:eu-central-1:123456789012:topic' }, []],
    ['ops', { kind: 'sns', topicArn: 'topic' }, ['/target/topicArn']],
  ])('%# has these faults', (id, target, pointers) => {
    const faults = faultsOfChannel(id, target as Channel['target']);
    expect(faults.map(({ pointer }) => pointer)).toEqual(pointers);
    expect(JSON.stringify(faults)).not.toContain(secret);
  });

  test('of a URL only where it leads is shown', () => {
    expect(shownUrl('https://example.com/hook/secret?x=secret')).toBe('https://example.com/…');
    expect(shownUrl('https://example.com/')).toBe('https://example.com');
    expect(shownUrl('env:HOOK')).toBe('env:HOOK');
  });
});

describe('what is said', () => {
  const hostile = fc.record({
    resourceId: fc.string({ unit: 'binary', maxLength: 256 }),
    text: fc.oneof(fc.string({ unit: 'binary' }), fc.constant('<!channel> @everyone ]( \r\nBcc: x')),
  });

  test('is whole JSON, short, and calls nobody, whatever names say', () => {
    fc.assert(
      fc.property(hostile, ({ resourceId, text }) => {
        const event = about({ resourceId, actor: text, detail: { code: text, what: text } });
        const slack = JSON.parse(slackBodyOf(event)) as { text: string };
        expect(slack.text).not.toMatch(/<[!@#]/);
        expect(JSON.parse(discordBodyOf(event))).toMatchObject({ allowed_mentions: { parse: [] } });
        expect(JSON.parse(discordBodyOf(event)).content.length).toBeLessThanOrEqual(2000);
        JSON.parse(teamsBodyOf(event));
        const letter = letterOf(event);
        expect(letter.subject).not.toMatch(/[\r\n]/);
        expect(titleOf(event)).not.toMatch(/\p{Cc}/u);
      }),
    );
  });

  test('a webhook has what readers of Standard Webhooks and of CloudEvents look for', () => {
    expect(JSON.parse(webhookBodyOf(about()))).toEqual({
      type: 'backup.failed',
      timestamp: '1970-01-01T00:00:01.000Z',
      data: {
        title: 'A backup of db was not made (disk_full)',
        ...{ resourceId: 'db', actor: 'ci', detail: { code: 'disk_full', count: 1 } },
      },
      ...{
        specversion: '1.0',
        id: 'e-1',
        source: 'backup-restore-service',
        time: '1970-01-01T00:00:01.000Z',
      },
    });
    const long = webhookBodyOf(about({ detail: { text: 'x'.repeat(50_000) } }));
    expect(long.length).toBeLessThan(20_000);
    expect(JSON.parse(long).data.detailLeftOut).toBe(true);
  });

  test('a watch is told by what stands behind its path', () => {
    const path = (action: AuditEvent['action']) => pingPathOf(about({ action }));
    expect(path('backup.created')).toBe('');
    expect(path('backup.requested')).toBe('/start');
    expect(path('backup.failed')).toBe('/fail');
    expect(path('policy.changed')).toBe('/log');
    expect(pingUrlOf('https://hc-ping.com/key/slug/?create=1', '/fail')).toBe(
      'https://hc-ping.com/key/slug/fail?create=1',
    );
    expect(pingUrlOf('https://hc-ping.com/uuid', '')).toBe('https://hc-ping.com/uuid');
  });
});

describe('signatures', () => {
  const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

  test("are those of the specification's own example", () => {
    const what = {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: 1614265330,
      body: '{"test": 2432232314}',
    };
    expect(signatureOf([SECRET], what)).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  test('there is one for each secret, in order, while they change', () => {
    const other = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const what = { id: 'a', timestamp: 1, body: '{}' };
    const both = signatureOf([other, SECRET], what)!.split(' ');
    const mac = createHmac('sha256', Buffer.alloc(32, 7)).update('a.1.{}').digest('base64');
    expect(both).toEqual([`v1,${mac}`, signatureOf([SECRET], what)]);
  });

  test.each(['', 'whsec_', 'whsec_!!!', `whsec_${Buffer.alloc(8).toString('base64')}`])(
    'none is made with what is no secret: %j',
    (secret) => {
      expect(signatureOf([SECRET, secret], { id: 'a', timestamp: 1, body: '' })).toBeUndefined();
    },
  );
});

describe('when it is tried again', () => {
  test('soon at first, then ever later, for three days, never sooner than the receiver asks', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 12 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.nat(),
        (tries, chance, after) => {
          const wait = waitAfter(tries, BACKOFF_MS, chance, after);
          if (tries < 1 || tries > BACKOFF_MS.length) return expect(wait).toBeUndefined();
          expect(wait).toBeGreaterThanOrEqual(Math.max(BACKOFF_MS[tries - 1]!, Math.min(after, 86_400_000)));
          expect(wait).toBeLessThanOrEqual(Math.max(BACKOFF_MS[tries - 1]! * 1.2 + 1, 86_400_000));
        },
      ),
    );
  });

  test('Retry-After is seconds, or a date', () => {
    expect(retryAfterOf('120', 0)).toBe(120_000);
    expect(retryAfterOf('Thu, 01 Jan 1970 00:01:00 GMT', 10_000)).toBe(50_000);
    expect(retryAfterOf('Thu, 01 Jan 1970 00:00:00 GMT', 10_000)).toBe(0);
    for (const nothing of [undefined, null, '', 'soon']) expect(retryAfterOf(nothing, 0)).toBeUndefined();
  });
});
