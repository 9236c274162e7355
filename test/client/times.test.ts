// Times as people write them, in any zone, over changes of the clock.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatAge, formatTime, parseTime, wallAt } from '../../lib/client/times.ts';
import { parseMoment } from '../../lib/http/contract/moment.ts';

/** A Thursday, 15:30 in Berlin. */
const NOW = Date.parse('2026-11-26T14:30:00Z');
const berlin = { now: NOW, zone: 'Europe/Berlin' };

test.each([
  ['2025-01-01 14:00', '2025-01-01T13:00:00Z'],
  ['2025-07-01 14:00', '2025-07-01T12:00:00Z'],
  ['2025-07-01T14:00:05', '2025-07-01T12:00:05Z'],
  ['2025-07-01', '2025-07-01T21:59:59.999Z'],
  ['yesterday 14:00', '2026-11-25T13:00:00Z'],
  ['Yesterday at 9:05', '2026-11-25T08:05:00Z'],
  ['today', '2026-11-26T22:59:59.999Z'],
  ['last tuesday 14:00', '2026-11-24T13:00:00Z'],
  ['last thursday', '2026-11-19T22:59:59.999Z'],
  ['last friday 00:00', '2026-11-19T23:00:00Z'],
  ['2025-01-01T14:00:00+05:30', '2025-01-01T08:30:00Z'],
  ['2025-01-01 14:00Z', '2025-01-01T14:00:00Z'],
  // Left out in spring: so much later. Twice in autumn: the first.
  ['2026-03-29 02:30', '2026-03-29T01:30:00Z'],
  ['2026-10-25 02:30', '2026-10-25T00:30:00Z'],
  ['now', 'latest'],
])('%s in Berlin is %s', (text, expected) => {
  expect(parseTime(text, 'end', berlin)).toBe(expected);
});

test.each(['latest', '-1', '-2h', '-1w2d', 'backup-7'])('%s is what the service takes, and stays', (text) => {
  expect(parseTime(text, 'end', berlin)).toBe(text);
  expect(parseMoment(text)).toBeDefined();
});

test.each([
  ...[
    'tomorrow',
    'last week',
    '2025-02-30',
    '2025-13-01',
    '2025-01-01 25:00',
    '14:00',
    '',
    '-',
    '-2x',
    'yesterday 14',
  ],
  ...['2025-01-01 14:00:60', 'last funday', '2025-1-1'],
])('%j is no time', (text) => {
  expect(parseTime(text, 'end', berlin)).toBeUndefined();
});

test('a day begins or ends, as is asked', () => {
  expect(parseTime('2025-07-01', 'start', berlin)).toBe('2025-06-30T22:00:00Z');
});

describe('a wall time', () => {
  const zone = fc.constantFrom(
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'America/St_Johns',
    'UTC',
  );
  test('that clocks in the zone show is the instant at which they show it', () => {
    fc.assert(
      fc.property(zone, fc.integer({ min: 0, max: 4e9 }), (name, seconds) => {
        const at = seconds * 1000;
        const text = formatTime(new Date(at).toISOString(), name);
        const parsed = Date.parse(parseTime(text, 'end', { now: NOW, zone: name })!);
        // What comes twice is the first of them: the same wall, and never later.
        expect(wallAt(parsed, name)).toEqual(wallAt(at, name));
        expect(at - parsed === 0 || at - parsed === 3_600_000 || at - parsed === 1_800_000).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

test.each([
  [0, '0 s'],
  [59, '59 s'],
  [61, '1 min'],
  [3600, '1 h'],
  [5400, '1 h 30 min'],
  [90_000, '1 d 1 h'],
  [86_400 * 40, '40 d'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatAge(seconds)).toBe(text);
});
