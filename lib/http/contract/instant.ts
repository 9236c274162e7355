// Instants as RFC 3339 writes them, to epoch milliseconds.

const RFC_3339 = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})$/;

/** What is meant by an instant without a fraction: the first or the last millisecond of its second. */
export type SecondEdge = 'start' | 'end';

/**
 * The millisecond an RFC 3339 date-time with a zone lies in, or undefined if it is none or no such moment exists
 * (30 February, 24:00). Digits past the millisecond are floored. A leap second (RFC 3339, 5.7), which computers' time does
 * not have, is the last millisecond before it.
 */
export function parseInstant(text: string, edge: SecondEdge): number | undefined {
  const match = RFC_3339.exec(text);
  if (match === null) return undefined;
  const [, date, seconds, fraction, zone] = match;
  const isLeap = seconds!.endsWith(':60');
  const time = isLeap ? `${seconds!.slice(0, -2)}59` : seconds;
  const wall = `${date}T${time}.000Z`;
  const wallMs = Date.parse(wall);
  // Date rolls impossible dates over (30 February becomes 2 March): only what reads back the same was real.
  if (Number.isNaN(wallMs) || new Date(wallMs).toISOString() !== wall) return undefined;
  const offset = offsetMinutes(zone!);
  if (offset === undefined) return undefined;
  if (isLeap)
    return isLastSecondOfMonth(wallMs - offset * 60_000) ? wallMs + 999 - offset * 60_000 : undefined;
  const withoutFraction = edge === 'end' ? 999 : 0;
  const ms = fraction === undefined ? withoutFraction : Number(fraction.slice(0, 3).padEnd(3, '0'));
  return wallMs + ms - offset * 60_000;
}

/** What is wrong with a text that is no instant: the nearest thing that would make it one. */
export function faultOfInstant(text: string): string {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:([Tt ])(\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(.*))?$/.exec(text);
  if (match === null) {
    const number = /^\d{9,13}$/.test(text) ? faultOfNumber(Number(text)) : undefined;
    return number ?? `must be an instant in RFC 3339 form, as ${EXAMPLE}`;
  }
  const [, year, month, day, between, hour, minute, second, zone] = match;
  const days = daysOf(Number(year), Number(month));
  if (days === 0) return `has no month ${month}: they go from 01 to 12`;
  if (Number(day) < 1 || Number(day) > days) {
    return `is no day of the calendar: ${MONTHS[Number(month) - 1]} ${year} has ${days} days`;
  }
  if (between === undefined) return `needs a time and a zone as well, as ${year}-${month}-${day}T00:00:00Z`;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second ?? 0) > 60) {
    return 'is no time of day: they go from 00:00:00 to 23:59:59';
  }
  if (Number(second ?? 0) === 60)
    return 'has a second 60, which only the last minute of a month by UTC can have';
  const date = `${year}-${month}-${day}T${hour}:${minute}:${second ?? '00'}`;
  if (zone === '') return `lacks the zone: add Z for UTC, or an offset, as ${date}Z or ${date}+01:00`;
  if (between === ' ') return `must have a T between date and time, as ${date}Z`;
  if (second === undefined) return `must have seconds, as ${date}Z`;
  return `must end with its zone: Z for UTC, or an offset as +01:00`;
}

/** For numbers, which mostly are seconds or milliseconds since 1970: what they would be, written out. */
export function faultOfNumber(input: unknown): string | undefined {
  if (typeof input !== 'number' || !Number.isInteger(input)) return undefined;
  const ms = Math.abs(input) < 1e11 ? input * 1000 : input;
  if (Math.abs(ms) > MS_MAX || Math.abs(input) < 1e8)
    return `must be a string in RFC 3339 form, as ${EXAMPLE}`;
  const text = new Date(ms).toISOString().replace('.000Z', 'Z');
  return `must be a string in RFC 3339 form: ${input} is ${text}`;
}

const EXAMPLE = '2025-01-01T12:30:00Z';
/** The end of the year 9999. */
const MS_MAX = 253_402_300_799_999;
const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July'],
  ...['August', 'September', 'October', 'November', 'December'],
];

/** 0 for a month that there is not. */
function daysOf(year: number, month: number): number {
  if (month < 1 || month > 12) return 0;
  const first = new Date(0);
  // Years below 100 are meant as they are.
  first.setUTCFullYear(year, month, 0);
  return first.getUTCDate();
}

/** ISO 8601 with milliseconds and Z, as every answer writes times. */
export function formatInstant(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** Leap seconds are put in at the end of a month, by UTC. */
function isLastSecondOfMonth(epochMs: number): boolean {
  return new Date(epochMs + 1000).toISOString().endsWith('-01T00:00:00.000Z');
}

function offsetMinutes(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes);
}
