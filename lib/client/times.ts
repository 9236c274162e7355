// Times as people write them, in a zone, to what the service takes. Pure: what time it is, and where, is handed in.

/** What is meant by a day, a minute or a second that is not cut any finer. */
export type Edge = 'start' | 'end';

export interface TimeContext {
  /** Epoch milliseconds. */
  now: number;
  /** IANA name of the zone that wall times are of. */
  zone: string;
}

const SERVICE = /^(latest|-\d{1,3}|-(?=\d)(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?|backup-[A-Za-z0-9_-]+)$/;
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)$/;
const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d))?)?$/;
const WORD =
  /^(today|yesterday|last (?:mon|tues|wednes|thurs|fri|satur|sun)day)(?: (?:at )?(\d\d?):(\d\d))?$/;
const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const DAY_MS = 86_400_000;

interface Wall {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

/**
 * A moment for the service: what it understands stays as it is (`latest`, `-1`, `-2h`, a backup's id, RFC 3339 with a zone); `now`, dates, wall
 * times, `yesterday 14:00` and `last tuesday` are made into instants. Undefined for anything else. A wall time that a change of the clock leaves out is taken as so much later, one that
 * comes twice as the first (as Temporal's "compatible").
 */
export function parseTime(text: string, edge: Edge, context: TimeContext): string | undefined {
  const asked = text.trim();
  if (SERVICE.test(asked)) return asked;
  if (asked === 'now') return 'latest';
  if (RFC_3339.test(asked)) {
    const at = Date.parse(asked.replace(' ', 'T'));
    return Number.isNaN(at) ? undefined : isoOf(at);
  }
  const wall = wallOf(asked.toLowerCase(), edge, context);
  if (wall === undefined) return undefined;
  return isoOf(instantOf(wall, context.zone) + (edge === 'end' && isWholeDay(asked) ? 999 : 0));
}

function isWholeDay(text: string): boolean {
  return !/\d:\d/.test(text);
}

/** Without a fraction where there is none: then the service takes the whole second. */
function isoOf(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}

function wallOf(text: string, edge: Edge, { now, zone }: TimeContext): Wall | undefined {
  const whole = edge === 'end' ? { hour: 23, minute: 59, second: 59 } : { hour: 0, minute: 0, second: 0 };
  const date = DATE.exec(text);
  if (date !== null) {
    const [year, month, day, hour, minute, second] = date
      .slice(1)
      .map((part) => part && Number(part)) as number[];
    const time = hour === undefined ? whole : { hour, minute: minute!, second: second ?? 0 };
    const wall = { year: year!, month: month!, day: day!, ...time };
    return isReal(wall) ? wall : undefined;
  }
  const word = WORD.exec(text);
  if (word === null) return undefined;
  const [, name = '', hour, minute] = word;
  const time = hour === undefined ? whole : { hour: Number(hour), minute: Number(minute), second: 0 };
  const today = wallAt(now, zone);
  const noon = Date.UTC(today.year, today.month - 1, today.day, 12);
  const wanted = DAYS.indexOf(name.slice('last '.length));
  const back =
    name === 'today' ? 0 : name === 'yesterday' ? 1 : ((new Date(noon).getUTCDay() - wanted + 6) % 7) + 1;
  const then = new Date(noon - back * DAY_MS);
  const wall = {
    year: then.getUTCFullYear(),
    month: then.getUTCMonth() + 1,
    day: then.getUTCDate(),
    ...time,
  };
  return isReal(wall) ? wall : undefined;
}

function isReal({ year, month, day, hour, minute, second }: Wall): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return (
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60
  );
}

/** What clocks in the zone show at an instant. */
export function wallAt(at: number, zone: string): Wall {
  const parts = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  } as const).formatToParts(at);
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  return {
    year: of('year'),
    month: of('month'),
    day: of('day'),
    hour: of('hour'),
    minute: of('minute'),
    second: of('second'),
  };
}

function utcOf({ year, month, day, hour, minute, second }: Wall): number {
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** The instant at which clocks in the zone show that. */
function instantOf(wall: Wall, zone: string): number {
  const asUtc = utcOf(wall);
  const offsetAt = (at: number): number => utcOf(wallAt(at, zone)) - Math.floor(at / 1000) * 1000;
  const before = offsetAt(asUtc - DAY_MS);
  const after = offsetAt(asUtc + DAY_MS);
  const fits = [asUtc - before, asUtc - after].filter((at) => utcOf(wallAt(at, zone)) === asUtc);
  // Left out: as if the clock had not been changed yet.
  return fits.length > 0 ? Math.min(...fits) : asUtc - before;
}

export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** `2026-11-26 14:00:05`, in the zone. */
export function formatTime(iso: string, zone: string): string {
  const wall = wallAt(Date.parse(iso), zone);
  const two = (value: number) => String(value).padStart(2, '0');
  const { year, month, day, hour, minute, second } = wall;
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}`;
}

const UNITS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
] as const;

/** A length of time in its largest units: `1 d 3 h`, `12 min`. Seconds. */
export function formatAge(seconds: number): string {
  const at = UNITS.findIndex(([length]) => seconds >= length);
  if (at < 0) return '0 s';
  const [length, unit] = UNITS[at]!;
  const count = Math.floor(seconds / length);
  const next = UNITS[at + 1];
  const rest =
    next === undefined || count >= 10 || at > 1 ? 0 : Math.floor((seconds - count * length) / next[0]);
  return rest === 0 ? `${count} ${unit}` : `${count} ${unit} ${rest} ${next![1]}`;
}
