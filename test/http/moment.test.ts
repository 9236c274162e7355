// Moments as requests write them: which one each text means, and what is said of one that means none.

import { describe, expect, test } from '@jest/globals';
import type { AskedMoment } from '../../lib/core/records/asked-moment.ts';
import { faultOfMoment, parseMoment } from '../../lib/http/contract/moment.ts';

const HOUR = 3_600_000;

test.each<[string, AskedMoment]>([
  ['latest', { back: 0 }],
  ['-0', { back: 0 }],
  ['-1', { back: 1 }],
  ['-999', { back: 999 }],
  ['-2h', { agoMs: 2 * HOUR }],
  ['-3d', { agoMs: 72 * HOUR }],
  ['-1w1d1h1m1s', { agoMs: 193 * HOUR + 61_000 }],
  ['-0s', { agoMs: 0 }],
  ['-90m', { agoMs: 1.5 * HOUR }],
  ['backup-8410', { backupId: 'backup-8410' }],
  ['backup-0bf5og2l7u3d9ulev5v6ev1o2s', { backupId: 'backup-0bf5og2l7u3d9ulev5v6ev1o2s' }],
  ['2025-01-01T12:30:00Z', { at: Date.parse('2025-01-01T12:30:00.999Z') }],
  ['2025-01-01T12:30:00.5+01:00', { at: Date.parse('2025-01-01T11:30:00.500Z') }],
  // A plus sign that a query has made a space of.
  ['2025-01-01T12:30:00.5 01:00', { at: Date.parse('2025-01-01T11:30:00.500Z') }],
])('%s', (text, asked) => {
  expect(parseMoment(text)).toEqual(asked);
});

describe('no moment', () => {
  test.each([
    ['', /"latest"/],
    ['-', /"latest"/],
    ['now', /"latest"/],
    ['yesterday', /"latest"/],
    ['LATEST', /"latest"/],
    ['-h', /"latest"/],
    ['-2x', /"latest"/],
    ['-2h3d', /"latest"/],
    ['+1', /"latest"/],
    ['1h', /"latest"/],
    ['-1.5h', /"latest"/],
    ['-1000', /999/],
    ['backup-', /"latest"/],
    ['backup-1/..', /"latest"/],
    ['2025-01-01', /time and a zone/],
    ['2025-01-01T12:30:00', /zone/],
    ['2025-02-30T12:30:00Z', /February 2025 has 28 days/],
    ['1735731000', /2025-01-01T11:30:00Z/],
  ])('%j', (text, why) => {
    expect(parseMoment(text)).toBeUndefined();
    expect(faultOfMoment(text)).toMatch(why);
  });
});
