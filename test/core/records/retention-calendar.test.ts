import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { calendarOf } from '../../../lib/core/records/calendar.ts';
import { backupsAt, DAY, reasonsByTime } from './retention-plans.ts';

describe('hours, and the calendar of a zone', () => {
  test('hourly keeps the newest of each hour that has one', () => {
    const backups = backupsAt([
      '2026-03-10T10:00:00Z',
      '2026-03-10T10:59:59Z',
      '2026-03-10T09:30:00Z',
      '2026-03-10T07:00:00Z',
    ]);
    expect(reasonsByTime(backups, { keepHourly: 2 })).toEqual([
      ['2026-03-10T10:59:59Z', 'hourly-1'],
      ['2026-03-10T10:00:00Z', 'expired'],
      ['2026-03-10T09:30:00Z', 'hourly-2'],
      ['2026-03-10T07:00:00Z', 'expired'],
    ]);
  });

  test.each([
    // 23:30 and 00:30 in Berlin are of two days; in UTC both are of the 9th.
    ['Europe/Berlin', ['2026-03-09T23:30:00Z', '2026-03-09T22:30:00Z'], ['daily-1', 'daily-2']],
    ['UTC', ['2026-03-09T23:30:00Z', '2026-03-09T22:30:00Z'], ['daily-1', 'expired']],
    ['Asia/Kathmandu', ['2026-03-09T18:15:00Z', '2026-03-09T18:14:59Z'], ['daily-1', 'daily-2']],
    ['America/St_Johns', ['2026-01-09T03:30:00Z', '2026-01-09T03:29:59Z'], ['daily-1', 'daily-2']],
  ])('a day in %s is a day there', (timeZone, times, reasons) => {
    expect(reasonsByTime(backupsAt(times), { keepDaily: 5, timeZone }).map(([, reason]) => reason)).toEqual(
      reasons,
    );
  });

  test('the two hours of one name in an autumn night are two; the one that is left out in spring is none', () => {
    const autumn = backupsAt(['2025-10-26T00:30:00Z', '2025-10-26T01:30:00Z', '2025-10-26T02:30:00Z']);
    const policy = { keepHourly: 9, timeZone: 'Europe/Berlin' };
    expect(reasonsByTime(autumn, policy).map(([, reason]) => reason)).toEqual([
      'hourly-1',
      'hourly-2',
      'hourly-3',
    ]);
    const spring = backupsAt(['2026-03-29T00:59:59Z', '2026-03-29T01:00:00Z', '2026-03-29T01:59:59Z']);
    expect(reasonsByTime(spring, policy).map(([, reason]) => reason)).toEqual([
      'hourly-1',
      'expired',
      'hourly-2',
    ]);
  });

  test('is the calendar that Intl tells, at any instant and in any zone', () => {
    const zones = [
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Pacific/Apia',
      'Asia/Kolkata',
      'UTC',
    ];
    const instants = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2037, 0) });
    fc.assert(
      fc.property(fc.constantFrom(...zones), instants, (timeZone, instant) => {
        const format = new Intl.DateTimeFormat('en-CA', {
          timeZone,
          year: 'numeric',
          month: '2-digit',
          day: '2-digit',
        });
        const calendar = calendarOf(timeZone);
        const day = new Date(calendar.dayOf(instant) * DAY).toISOString().slice(0, 10);
        expect(day).toBe(format.format(instant));
        expect(calendar.monthOf(instant)).toBe(Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1);
      }),
    );
  });
});
