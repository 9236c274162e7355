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
