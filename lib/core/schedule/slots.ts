// The moments that a schedule names, on the time line: five fields of cron in a time zone, or `every 15m`.

import { offsetsOf } from '../records/calendar.ts';
import { cronOf, type WallTimes } from './cron.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const UNITS: Readonly<Record<string, number>> = { m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };
const EVERY = /^every\s+(\d{1,5})\s*([mhd])$/;
/** What is rarer is not repeated. */
const EVERY_MS_MAX = 366 * DAY_MS;
/** The longest that a clock goes back for. */
const FOLD_MS_MAX = 26 * HOUR_MS;
/** A minute each, of the longest fold, and all changes of a zone on the way to the next leap year. */
const STEPS_MAX = 4000;
const REMEMBERED_MAX = 8;

export interface Slots {
  /** The first slot after an instant, as epoch milliseconds; undefined if none ever comes. */
  after(instant: number): number | undefined;
}

/**
 * A time that the wall skips comes at the first moment after it, once; one that the wall shows twice comes the first time. Where no hour is
 * named it is the time that passes that counts, and each of the two hours has its slots. `every` counts from the epoch, whatever the
 * zone. Throws RangeError, in words for whoever has written it, and for a zone that is not known.
 */
export function slotsOf({ when, zone }: { when: string; zone: string }): Slots {
  const offsetAt = offsetsOf(zone);
  if (/^every\b/.test(when.trim())) return everyOf(when.trim());
  const times = cronOf(when);
  return remembering((instant) => nextOf(times, offsetAt, instant));
}

/** Whoever decides asks for the same few again and again, and each takes a tenth of a millisecond to find. */
function remembering(find: (instant: number) => number | undefined): Slots {
  const known: { from: number; next: number }[] = [];
  return {
    after(instant) {
      const found = known.find(({ from, next }) => from <= instant && instant < next);
      if (found !== undefined) return found.next;
      const next = find(instant);
      if (next !== undefined && known.push({ from: instant, next }) > REMEMBERED_MAX) known.shift();
      return next;
    },
  };
}

function everyOf(text: string): Slots {
  const [, count, unit] = EVERY.exec(text) ?? [];
  if (count === undefined) throw new RangeError('is like "every 15m", "every 6h" or "every 2d"');
  const everyMs = Number(count) * UNITS[unit!]!;
  if (everyMs < MINUTE_MS || everyMs > EVERY_MS_MAX)
    throw new RangeError('is from "every 1m" to "every 366d"');
  return { after: (instant) => (Math.floor(instant / everyMs) + 1) * everyMs };
}

/** Segment by segment of the time line, each with one offset. */
function nextOf(
  times: WallTimes,
  offsetAt: (instant: number) => number,
  instant: number,
): number | undefined {
  let at = instant;
  let isIncluded = false;
  for (let step = 0; step < STEPS_MAX; step++) {
    const offset = offsetAt(at);
    const wall = times.after(at + offset - (isIncluded ? MINUTE_MS : 0));
    if (wall === undefined) return undefined;
    const slot = wall - offset;
    const change = changeWithin(offsetAt, at, slot);
    if (change === undefined) {
      if (times.isOfEveryHour || !wasShown(offsetAt, slot, wall)) return slot;
      at = slot;
      isIncluded = false;
    } else {
      // The wall has skipped it: it comes now.
      if (wall < change + offsetAt(change)) return change;
      at = change;
      isIncluded = true;
    }
  }
  throw new RangeError('names no time that can be found');
}

/** The first instant in (from, to] that has another offset than `from`; whole quarters of an hour have it. */
function changeWithin(offsetAt: (instant: number) => number, from: number, to: number): number | undefined {
  const offset = offsetAt(from);
  for (let day = from; day < to; day += DAY_MS) {
    const end = Math.min(day + DAY_MS, to);
    if (offsetAt(end) === offset) continue;
    let before = Math.floor(day / MINUTE_MS);
    let after = Math.floor(end / MINUTE_MS);
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (offsetAt(middle * MINUTE_MS) === offset) before = middle;
      else after = middle;
    }
    return after * MINUTE_MS;
  }
  return undefined;
}

/** Whether the wall has shown this time before: the clock has gone back since. */
function wasShown(offsetAt: (instant: number) => number, slot: number, wall: number): boolean {
  const offset = offsetAt(slot - FOLD_MS_MAX);
  const earlier = wall - offset;
  return earlier < slot && offsetAt(earlier) === offset;
}

/** The last slot in (after, until]. */
export function lastSlot(slots: Slots, after: number, until: number): number | undefined {
  for (let windowMs = 10 * MINUTE_MS; ; windowMs *= 4) {
    const from = Math.max(after, until - windowMs);
    let last: number | undefined;
    for (let next = slots.after(from); next !== undefined && next <= until; next = slots.after(next))
      last = next;
    if (last !== undefined || from === after) return last;
  }
}

/** The coming slots after an instant, at most `count`. */
export function comingSlots(slots: Slots, after: number, count: number): number[] {
  const coming: number[] = [];
  for (let next = slots.after(after); next !== undefined && coming.length < count; next = slots.after(next)) {
    coming.push(next);
  }
  return coming;
}

/** From a slot to the next, at most, among those that come after an instant; undefined if there are fewer than two. */
export function longestInterval(slots: Slots, after: number, count = 10): number | undefined {
  return intervalsOf(slots, after, count, Math.max);
}

export function shortestInterval(slots: Slots, after: number, count = 10): number | undefined {
  return intervalsOf(slots, after, count, Math.min);
}

function intervalsOf(
  slots: Slots,
  after: number,
  count: number,
  choose: (...of: number[]) => number,
): number | undefined {
  const coming = comingSlots(slots, after, count);
  if (coming.length < 2) return undefined;
  return choose(...coming.slice(1).map((slot, i) => slot - coming[i]!));
}
