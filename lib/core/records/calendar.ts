// Hours, days, weeks, months and years of a time zone, as numbers that rise with time. Pure, but for the zones' own rules,
// which the runtime brings along (IANA time zone database).

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface Calendar {
  hourOf(instant: number): number;
  dayOf(instant: number): number;
  weekOf(instant: number): number;
  monthOf(instant: number): number;
  yearOf(instant: number): number;
}

/** Whether the runtime knows a time zone by that name. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/**
 * The calendar of an IANA time zone. Hours are those of the clock on the wall with its offset, so that the two that have
 * one name when the clock goes back are two; days, ISO weeks, months and years are by the date there.
 * Throws RangeError for a zone that is not known.
 */
export function calendarOf(timeZone = 'UTC'): Calendar {
  const offsetAt = offsetsOf(timeZone);
  const local = (instant: number): number => instant + offsetAt(instant);
  const dayOf = (instant: number): number => Math.floor(local(instant) / DAY_MS);
  const yearOf = (instant: number): number => new Date(local(instant)).getUTCFullYear();
  return {
    // Whole hours of the zone, by their beginning on the time line: zones are off by quarters of an hour, too.
    hourOf: (instant) => Math.floor(local(instant) / HOUR_MS) - offsetAt(instant) / HOUR_MS,
    dayOf,
    // ISO 8601 weeks begin on Monday; day 0 of the epoch was a Thursday. Weeks are counted from the epoch, never within a year.
    weekOf: (instant) => Math.floor((dayOf(instant) + 3) / 7),
    monthOf: (instant) => yearOf(instant) * 12 + new Date(local(instant)).getUTCMonth(),
    yearOf,
  };
}

/** Offsets change on quarters of an hour at most, so one look serves a quarter. */
const OFFSET_STEP_MS = HOUR_MS / 4;

/**
 * By how much the clock on the wall is before UTC at an instant, in milliseconds; what was asked is remembered. Throws RangeError
 * for a zone that is not known.
 */
export function offsetsOf(timeZone: string): (instant: number) => number {
  if (timeZone === 'UTC') return () => 0;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    era: 'short',
  });
  const known = new Map<number, number>();
  return (instant) => {
    const step = Math.floor(instant / OFFSET_STEP_MS);
    let offset = known.get(step);
    if (offset === undefined) {
      offset = offsetIn(format, step * OFFSET_STEP_MS);
      known.set(step, offset);
    }
    return offset;
  };
}

function offsetIn(format: Intl.DateTimeFormat, instant: number): number {
  const parts = Object.fromEntries(
    format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  const local = new Date(0);
  local.setUTCFullYear(year, month - 1, day);
  local.setUTCHours(hour, minute, second);
  return local.getTime() - instant;
}
