// When schedules are due: held to a wall clock that is read minute by minute.

import { describe, expect, it } from '@jest/globals';
import { offsetsOf } from '../../../lib/core/records/calendar.ts';
import { jitterOf } from '../../../lib/core/schedule/jitter.ts';
import { comingSlots, lastSlot, longestInterval, slotsOf } from '../../../lib/core/schedule/slots.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const YEAR = Date.UTC(2026, 0, 1);
const NEXT_YEAR = Date.UTC(2027, 0, 1);

export const ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'America/Santiago',
  'Asia/Kathmandu',
] as const;

interface Pattern {
  cron: string;
  isAt(minute: number, hour: number): boolean;
  isOfEveryHour?: true;
}

const PATTERNS: Pattern[] = [
  { cron: '30 2 * * *', isAt: (minute, hour) => minute === 30 && hour === 2 },
  { cron: '15 2 * * *', isAt: (minute, hour) => minute === 15 && hour === 2 },
  { cron: '*/15 2 * * *', isAt: (minute, hour) => minute % 15 === 0 && hour === 2 },
  { cron: '0 */6 * * *', isAt: (minute, hour) => minute === 0 && hour % 6 === 0 },
  { cron: '5 0,1,23 * * *', isAt: (minute, hour) => minute === 5 && [0, 1, 23].includes(hour) },
  { cron: '45 * * * *', isAt: (minute) => minute === 45, isOfEveryHour: true },
  { cron: '*/20 * * * *', isAt: (minute) => minute % 20 === 0, isOfEveryHour: true },
];

/** Days around each change of the offset; of a zone without any, around the first of April. */
function daysToLookAt(zone: string): number[] {
  const offsetAt = offsetsOf(zone);
  const days: number[] = [];
  for (let day = YEAR; day < NEXT_YEAR; day += DAY_MS) {
    if (offsetAt(day) !== offsetAt(day + DAY_MS)) days.push(day);
  }
  return days.length > 0 ? days : [Date.UTC(2026, 3, 1)];
}

/** Every minute of the wall, with the instants that show it; one that none shows comes at the first that shows a later one. */
function expected({ isAt, isOfEveryHour }: Pattern, zone: string, from: number, to: number): number[] {
  const offsetAt = offsetsOf(zone);
  const shown = new Map<number, number[]>();
  const instants: { at: number; wall: number }[] = [];
  for (let at = from - DAY_MS; at <= to; at += MINUTE_MS) {
    const wall = at + offsetAt(at);
    shown.set(wall, [...(shown.get(wall) ?? []), at]);
    instants.push({ at, wall });
  }
  const found = new Set<number>();
  const last = instants.at(-1)!.wall;
  for (let wall = instants[0]!.wall; wall <= last; wall += MINUTE_MS) {
    const time = new Date(wall);
    if (!isAt(time.getUTCMinutes(), time.getUTCHours())) continue;
    const at = shown.get(wall);
    if (at === undefined) found.add(instants.find((one) => one.wall > wall)!.at);
    else for (const one of isOfEveryHour === true ? at : at.slice(0, 1)) found.add(one);
  }
  return [...found].filter((at) => at > from && at <= to).sort((a, b) => a - b);
}

describe.each(ZONES)('slots in %s', (zone) => {
  it.each(PATTERNS)('of $cron are what the wall shows, over every change of the clock', (pattern) => {
    const slots = slotsOf({ when: pattern.cron, zone });
    for (const day of daysToLookAt(zone)) {
      const from = day - DAY_MS;
      const to = day + 2 * DAY_MS;
      const got: number[] = [];
      for (let slot = slots.after(from); slot! <= to; slot = slots.after(slot!)) got.push(slot!);
      expect(got.map((at) => new Date(at).toISOString())).toEqual(
        expected(pattern, zone, from, to).map((at) => new Date(at).toISOString()),
      );
    }
  });

  it('come once a day over the whole year', () => {
    const slots = slotsOf({ when: '30 2 * * *', zone });
    const got = comingSlots(slots, YEAR, 366).filter((at) => at < NEXT_YEAR);
    const days = new Set(got.map((at) => Math.floor((at + offsetsOf(zone)(at)) / DAY_MS)));
    expect(days.size).toBe(got.length);
    expect(got.length).toBeGreaterThanOrEqual(365);
  });
});

it('decides the gap and the fold as it says', () => {
  const at = (when: string, zone: string, from: string, count: number) =>
    comingSlots(slotsOf({ when, zone }), Date.parse(from), count).map((slot) => new Date(slot).toISOString());
  // The wall of Berlin goes from 02:00 to 03:00, and from 03:00 to 02:00.
  expect(at('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00Z', 2)).toEqual([
    '2026-03-29T01:00:00.000Z',
    '2026-03-30T00:30:00.000Z',
  ]);
  expect(at('*/15 2 * * *', 'Europe/Berlin', '2026-03-28T12:00Z', 2)).toEqual([
    '2026-03-29T01:00:00.000Z',
    '2026-03-30T00:00:00.000Z',
  ]);
  expect(at('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', 2)).toEqual([
    '2026-10-25T00:30:00.000Z',
    '2026-10-26T01:30:00.000Z',
  ]);
  expect(at('30 * * * *', 'Europe/Berlin', '2026-10-25T00:00Z', 3)).toEqual([
    '2026-10-25T00:30:00.000Z',
    '2026-10-25T01:30:00.000Z',
    '2026-10-25T02:30:00.000Z',
  ]);
});

it('counts intervals from the epoch, whatever the zone', () => {
  const slots = slotsOf({ when: 'every 15m', zone: 'Asia/Kathmandu' });
  expect(slots.after(0)).toBe(15 * MINUTE_MS);
  expect(slots.after(15 * MINUTE_MS - 1)).toBe(15 * MINUTE_MS);
  expect(longestInterval(slots, YEAR)).toBe(15 * MINUTE_MS);
});

it('finds the last slot of any span', () => {
  const slots = slotsOf({ when: '0 9 * * 1-5', zone: 'UTC' });
  const friday = Date.UTC(2026, 10, 27, 9);
  expect(lastSlot(slots, 0, friday + 2 * DAY_MS)).toBe(friday);
  expect(lastSlot(slots, friday, friday + 2 * DAY_MS)).toBeUndefined();
  expect(longestInterval(slots, friday - DAY_MS)).toBe(3 * DAY_MS);
});

it.each([
  ...['', '* * * *', '* * * * * *', '61 * * * *', '? * * * *', '@daily', '1/5 * * * *'],
  ...['every', 'every 0m', 'every 15', 'every 15s', 'every 400d', 'every 1.5h'],
])('refuses %j', (when) => {
  expect(() => slotsOf({ when, zone: 'UTC' })).toThrow(RangeError);
});

it('refuses a zone that is not known, and names nothing for a day that never comes', () => {
  expect(() => slotsOf({ when: '* * * * *', zone: 'Mars/Olympus' })).toThrow(RangeError);
  expect(slotsOf({ when: '0 0 30 2 *', zone: 'UTC' }).after(0)).toBeUndefined();
  expect(slotsOf({ when: '0 0 29 2 *', zone: 'Europe/Berlin' }).after(YEAR)).toBe(Date.UTC(2028, 1, 28, 23));
});

it('spreads resources over the window, each always to the same second', () => {
  const spread = Array.from({ length: 500 }, (_, i) => jitterOf(`resource-${i}`, 600));
  expect(new Set(spread).size).toBeGreaterThan(250);
  expect(Math.max(...spread)).toBeLessThan(600_000);
  expect(spread.every((ms) => ms >= 0 && ms % 1000 === 0)).toBe(true);
  // Kept for ever: a change would move every run of everybody.
  expect(jitterOf('orders', 600)).toBe(jitterOf('orders', 600));
  expect(jitterOf('orders', 0)).toBe(0);
});
