import { expect, test } from '@jest/globals';
import { LIMITS } from '../../../lib/core/records/limits.ts';
import { expiryWarnings } from '../../../lib/core/records/validation.ts';

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
const NOW = Date.parse('2026-03-10T12:00:00Z');

test.each<[string, number, string[]]>([
  ['a year', 365 * DAY, []],
  ['exactly seven days', 7 * DAY, []],
  ['a moment less than seven days', 7 * DAY - 1, ['Backup expires in 7 days']],
  ['a moment more than six days', 6 * DAY + 1, ['Backup expires in 7 days']],
  ['exactly six days', 6 * DAY, ['Backup expires in 6 days']],
  ['five days', 5 * DAY, ['Backup expires in 5 days']],
  ['four days and an hour', 4 * DAY + HOUR, ['Backup expires in 5 days']],
  ['a moment more than a day', DAY + 1, ['Backup expires in 2 days']],
  ['exactly a day', DAY, ['Backup expires in 1 day']],
  ['an hour', HOUR, ['Backup expires in 1 day']],
  ['a moment', 1, ['Backup expires in 1 day']],
  ['nothing', 0, ['Backup expired less than a day ago']],
  ['a moment ago', -1, ['Backup expired less than a day ago']],
  ['a moment less than a day ago', 1 - DAY, ['Backup expired less than a day ago']],
  ['a day ago', -DAY, ['Backup expired 1 day ago']],
  ['a moment less than two days ago', 1 - 2 * DAY, ['Backup expired 1 day ago']],
  ['two days ago', -2 * DAY, ['Backup expired 2 days ago']],
  ['a year ago', -365 * DAY, ['Backup expired 365 days ago']],
])('with %s left', (_name, leftMs, warnings) => {
  expect(LIMITS.expiryWarningDays).toBe(7);
  expect(expiryWarnings(NOW + leftMs, NOW)).toEqual(warnings);
});

test('what is kept for ever gives no warning', () => {
  expect(expiryWarnings(undefined, NOW)).toEqual([]);
});
