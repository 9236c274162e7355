// Five fields of cron as times on a wall that knows no summer: what a zone makes of them is not decided here.

import { Cron } from 'croner';

const MINUTE_MS = 60_000;
/** Every hour of the day, however it is written. */
const EVERY_HOUR = /^(\*|\*\/1|0-23|0-23\/1)$/;

export interface WallTimes {
  /** The first minute after a time of the wall, both as if the wall were in UTC; undefined if none ever comes. */
  after(wall: number): number | undefined;
  /** Whether no hour is named: then it is not the wall that is meant, but the time that passes. */
  isOfEveryHour: boolean;
}

/**
 * Minute, hour, day of the month, month, day of the week, with names, ranges, steps, `L`, `W` and `#`. Throws RangeError, in words for
 * whoever has written it.
 */
export function cronOf(text: string): WallTimes {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 5) throw new RangeError('has five fields: minute, hour, day, month, day of the week');
  // The package would put the time of now in its place.
  if (text.includes('?')) throw new RangeError('has no "?": write "*"');
  const cron = read(fields.join(' '));
  return {
    after(wall) {
      const minute = Math.floor(wall / MINUTE_MS) * MINUTE_MS;
      return cron.nextRun(new Date(minute))?.getTime();
    },
    isOfEveryHour: EVERY_HOUR.test(fields[1]!),
  };
}

function read(text: string): Cron {
  try {
    return new Cron(text, { timezone: 'UTC', mode: '5-part', paused: true });
  } catch (error) {
    throw new RangeError((error as Error).message.replace(/^CronPattern: /, ''), { cause: error });
  }
}
