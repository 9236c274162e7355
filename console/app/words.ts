// How things are said: sizes, times, ages, counts. What comes from a state is never formatted.

import { signal } from '@preact/signals';
import { number } from './numbers.ts';

export { bytes, counted, number, span, took } from './numbers.ts';

/** Times are shown in this zone; the reader's own, or UTC. */
export const OWN_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
export const zone = signal(OWN_ZONE);

/** `+`, `~` and a true minus, with the count behind. */
export const signed = (sign: '+' | '~' | '−', count: number): string => `${sign}${number(count)}`;

const formats = new Map<string, Intl.DateTimeFormat>();

function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify(options);
  const found = formats.get(key) ?? new Intl.DateTimeFormat('en-GB', { hourCycle: 'h23', ...options });
  formats.set(key, found);
  return found;
}

function parts(iso: string | number, options: Intl.DateTimeFormatOptions): Record<string, string> {
  const at = typeof iso === 'number' ? iso : Date.parse(iso);
  const made = format({ timeZone: zone.value, ...options }).formatToParts(at);
  return Object.fromEntries(made.map(({ type, value }) => [type, value]));
}

/** `Thu 26 Nov 02:45:04`; the year where it is not this one. */
export function moment(iso: string | number, { seconds = true } = {}): string {
  return `${day(iso)} ${time(iso, { seconds })}`;
}

/** `Thu 26 Nov`, `31 Dec 2024`. */
export function day(iso: string | number): string {
  const {
    weekday,
    day: date,
    month,
    year,
  } = parts(iso, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
  });
  const isThisYear = year === parts(Date.now(), { year: 'numeric' }).year;
  return isThisYear ? `${weekday} ${date} ${month}` : `${date} ${month} ${year}`;
}

export function time(iso: string | number, { seconds = false } = {}): string {
  const { hour, minute, second } = parts(iso, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  return seconds ? `${hour}:${minute}:${second}` : `${hour}:${minute}`;
}

/** `CET`, `UTC`, `GMT+2`: of the zone that is shown. */
export function zoneName(iso: string | number = Date.now()): string {
  return parts(iso, { timeZoneName: 'short' }).timeZoneName ?? zone.value;
}

/** As RFC 3339, in UTC, without fractions that nobody can type. */
export const utc = (iso: string): string => iso.replace(/\.\d+Z$/, 'Z');

/** A checksum in short: the whole is in what is copied. */
export const shortSum = (checksum: string): string =>
  checksum.replace(/^sha256:(.{4}).*(.{4})$/, 'sha256 $1…$2');

/** The last step of a pointer, as it is called. */
export function lastStep(pointer: string): string {
  return unescapeStep(pointer.slice(pointer.lastIndexOf('/') + 1));
}

export const unescapeStep = (step: string): string => step.replaceAll('~1', '/').replaceAll('~0', '~');
export const escapeStep = (step: string): string => step.replaceAll('~', '~0').replaceAll('/', '~1');

export function parentOf(pointer: string): string {
  return pointer.slice(0, Math.max(0, pointer.lastIndexOf('/')));
}

/** What was typed, as a JSON Pointer. */
export const pointerOf = (text: string): string => (text === '' || text.startsWith('/') ? text : `/${text}`);

/** A word of the shell, quoted where it must be. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
