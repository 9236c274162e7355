// What runs by itself, in words and marks.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  byNeed,
  drilled,
  MARKS_MAX,
  marksInWords,
  marksOf,
  offsetOf,
  standingOf,
  wallOf,
  whenInWords,
} from '../../console/app/runs.ts';
import type { Answer } from '../../lib/client/contract.ts';

const at = (n: number): string => new Date(n * 60_000).toISOString();

describe('when, in words', () => {
  test.each([
    ['every 15m', 'every 15 minutes'],
    ['every 1d', 'every day'],
    ['* * * * *', 'every minute'],
    ['*/5 * * * *', 'every 5 minutes'],
    ['7 * * * *', 'every hour, at :07'],
    ['30 2 * * *', '02:30 every day'],
    ['0 6,18 * * *', '06:00, 18:00 every day'],
    ['0 4 * * 1-5', '04:00, Monday to Friday'],
    ['0 4 * * sat,7', '04:00, Saturday, Sunday'],
    ['5 0 1 * *', '00:05 on day 1 of the month'],
  ])('%s: %s', (when, words) => expect(whenInWords(when)).toBe(words));

  test.each([
    '0 4 L * *',
    '0 4 * 1 *',
    '0 0 13 * 5',
    '0 4 * * 5#2',
    '1-5 4 * * *',
    '0 */6 * * *',
    '0 4 * * 9',
    '',
    'x',
  ])('%s has no short ones, and stays as it is', (when) => expect(whenInWords(when)).toBe(when));
});

test('marks are in order of time, no more than fit, and told whole', () => {
  const statuses = ['completed', 'unchanged', 'failed', 'running', 'queued'] as const;
  const run = fc.record({ slot: fc.nat(10_000).map(at), status: fc.constantFrom(...statuses) });
  const skip = fc.record({
    from: fc.nat(10_000).map(at),
    reason: fc.constantFrom('outage', 'paused', 'edited'),
  });
  fc.assert(
    fc.property(fc.array(run), fc.array(skip), (runs, skips) => {
      const marks = marksOf(runs, skips);
      expect(marks.map((mark) => mark.at)).toEqual(marks.map((mark) => mark.at).sort());
      const missed = skips.filter(({ reason }) => reason === 'outage').length;
      expect(marks.length).toBe(Math.min(MARKS_MAX, runs.length + missed));
      const counts = [
        ...marksInWords(marks)
          .split(': ')
          .at(-1)!
          .matchAll(/(\d+) \w+/g),
      ];
      expect(counts.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(marks.length);
    }),
  );
});

test('those that fail come first, then by name', () => {
  const one = (id: string, more: object = {}) => ({
    id,
    state: 'waiting' as const,
    failuresInARow: 0,
    skips: [],
    ...more,
  });
  const skip = { reason: 'outage' as const, from: at(1), to: at(2), count: 2, decidedAt: at(3) };
  const passed = { id: 'd', at: at(0), passed: false };
  const order = byNeed([
    one('b'),
    one('paused', { state: 'paused' }),
    one('a'),
    one('missed', { skips: [skip] }),
    one('chosen', {
      skips: [{ ...skip, reason: 'edited' as const }],
      lastDrill: { ...passed, passed: true },
    }),
    one('drill', { lastDrill: passed }),
    one('failing', { failuresInARow: 2, state: 'paused' }),
  ]);
  expect(order.map(({ id }) => id)).toEqual(['failing', 'drill', 'missed', 'a', 'b', 'chosen', 'paused']);
  expect(standingOf(order[0]!)).toEqual({ state: 'failing', word: 'Failed 2 times' });
});

test('an instant of another zone is shown as the wall there shows it', () => {
  expect(wallOf('2026-03-29T03:00:00+02:00')).toBe('Sun 29 Mar, 03:00');
  expect(offsetOf('2026-03-29T03:00:00+02:00')).toBe('+02:00');
});

test('what a drill has shown', () => {
  const drill = {
    passed: true,
    bytes: { expected: 9, found: 9 },
    tables: [
      { pointer: '', rows: 2 },
      { pointer: '/a', rows: 4800 },
      { pointer: '/b', rows: 12 },
    ],
  } as unknown as Answer<'Drill'>;
  const size = (bytes: number): string => `${bytes} B`;
  expect(drilled(drill, size)).toBe('checksum equal, 2 tables, 4,812 rows, 9 B');
  expect(drilled({ ...drill, tables: [] }, size)).toBe('checksum equal, 9 B');
  expect(drilled({ ...drill, passed: false, rowsAgree: false }, size)).toBe(
    'the rows are not as many as came',
  );
  const failure = { code: 'damaged', detail: 'A part is gone.' };
  expect(drilled({ ...drill, passed: false, failure }, size)).toBe('A part is gone.');
});
