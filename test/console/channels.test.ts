// How a channel stands, by what it was told last.

import { describe, expect, test } from '@jest/globals';
import { outcomeOf, standingOf, whereOf } from '../../console/app/channels.ts';
import type { Answer } from '../../lib/client/contract.ts';

type Delivery = Answer<'Delivery'>;

function delivery(state: Delivery['state'], at: string | undefined, outcome = 'delivered'): Delivery {
  return {
    id: 'ops/d/1',
    event: { id: 'e', at: '2026-01-01T00:00:00.000Z', action: 'backup.failed', actor: 'ci' },
    state,
    tries: 1,
    attempts: at === undefined ? [] : [{ at, tookMs: 4, outcome }],
    createdAt: '2026-01-01T00:00:00.000Z',
  };
}

const EARLY = '2026-01-01T00:00:00.000Z';
const LATE = '2026-01-01T00:05:00.000Z';
const taken = (at: string) => delivery('delivered', at);
const refused = (at: string) => delivery('pending', at, 'status');

describe('a channel', () => {
  test.each<[string, Delivery[], Delivery[], Delivery[], string]>([
    ['was told nothing', [], [], [], 'untold'],
    [
      'waits for its first attempt',
      [delivery('pending', undefined)],
      [delivery('pending', undefined)],
      [],
      'untold',
    ],
    ['takes what comes', [taken(LATE)], [], [], 'healthy'],
    ['took something, and then no more', [refused(LATE), taken(EARLY)], [refused(LATE)], [], 'failing'],
    ['takes again, while something from before still waits', [taken(LATE)], [refused(EARLY)], [], 'healthy'],
    ['fails with what is older than a page', [taken(EARLY)], [refused(LATE)], [], 'failing'],
    ['has lost something', [taken(LATE)], [], [delivery('failed', EARLY, 'status')], 'gave_up'],
  ])('that %s', (_, newest, waiting, failed, state) => {
    expect(standingOf({ status: 'active' }, { newest, waiting, failed }).state).toBe(state);
    expect(standingOf({ status: 'disabled' }, { newest, waiting, failed }).state).toBe('disabled');
  });
});

test('what came of an attempt stands within a sentence', () => {
  const attempt = { at: EARLY, tookMs: 1 };
  expect(outcomeOf({ ...attempt, outcome: 'delivered', status: 204 })).toBe('taken with 204');
  expect(outcomeOf({ ...attempt, outcome: 'status', status: 503, detail: 'It answered 503.' })).toBe(
    'it answered 503',
  );
  expect(outcomeOf({ ...attempt, outcome: 'status', status: 503 })).toBe('it answered 503');
  expect(outcomeOf({ ...attempt, outcome: 'timed_out' })).toBe('timed out');
  expect(outcomeOf({ ...attempt, outcome: 'tls', detail: 'TLS was refused.' })).toBe('TLS was refused');
});

test('where it leads, of each kind', () => {
  const mail = { kind: 'mail', server: 'smtps://m:465', from: 'a@b.de', to: ['c@d.de', 'e@f.de'] } as const;
  expect(whereOf({ target: { ...mail, to: [...mail.to] } })).toBe('c@d.de, e@f.de by smtps://m:465');
  expect(whereOf({ target: { kind: 'slack', url: 'env:SLACK' } })).toBe('env:SLACK');
  expect(whereOf({ target: { kind: 'sns', topicArn: 'arn:x' } })).toBe('arn:x');
});
