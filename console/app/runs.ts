// What runs by itself, in words and marks: when, how it stands, how the last runs went. Pure.

import type { Answer } from '../../lib/client/contract.ts';
import { counted, number } from './numbers.ts';

type Schedule = Answer<'Schedule'>;
type Run = Answer<'Run'>;
type Drill = Answer<'Drill'>;

export type MarkKind = 'completed' | 'unchanged' | 'failed' | 'skipped' | 'running';

export interface Mark {
  kind: MarkKind;
  /** The slot; of several that were skipped, the first. */
  at: string;
}

export const MARKS_MAX = 24;

/** How the last ones went, the newest last: a mark for each run, and one for each row of slots that were skipped. */
export function marksOf(
  runs: readonly Pick<Run, 'status' | 'slot'>[],
  skips: readonly { from: string; reason: string }[] = [],
): Mark[] {
  const ran = runs.map(
    ({ status, slot }): Mark => ({
      kind: status === 'queued' ? 'running' : status,
      at: slot,
    }),
  );
  const missed = skips
    .filter(({ reason }) => isMissed(reason))
    .map(({ from }): Mark => ({ kind: 'skipped', at: from }));
  return [...ran, ...missed].sort((a, b) => a.at.localeCompare(b.at)).slice(-MARKS_MAX);
}

/** What somebody has decided not to run is not missed. */
const isMissed = (reason: string): boolean => reason !== 'paused' && reason !== 'edited';

const KINDS: readonly MarkKind[] = ['failed', 'skipped', 'running', 'completed', 'unchanged'];

/** `Last 12 runs: 1 failed (the newest), 9 completed, 2 unchanged`. */
export function marksInWords(marks: readonly Mark[]): string {
  const newest = marks.at(-1);
  if (newest === undefined) return 'No run yet';
  const told = KINDS.map((kind) => ({ kind, count: marks.filter((mark) => mark.kind === kind).length }))
    .filter(({ count }) => count > 0)
    .map(({ kind, count }) => `${number(count)} ${kind}${kind === newest.kind ? ', the newest too' : ''}`);
  return `Last ${counted(marks.length, 'run')}: ${told.join('; ')}`;
}

export interface Standing {
  /** As the words of states have it. */
  state: 'failing' | 'drill' | 'missed' | 'running' | 'healthy' | 'untold' | 'paused' | 'over';
  /** Instead of the usual word. */
  word?: string;
}

const WEIGHT: readonly Standing['state'][] = [
  'failing',
  'drill',
  'missed',
  'running',
  'untold',
  'healthy',
  'paused',
  'over',
];

type Stands = Pick<Schedule, 'state' | 'failuresInARow' | 'last' | 'lastDrill' | 'skips'>;

/** Those that somebody has to look at. */
export const NEEDING: readonly Standing['state'][] = ['failing', 'drill', 'missed'];

export function standingOf({ state, failuresInARow, last, lastDrill, skips }: Stands): Standing {
  if (failuresInARow > 0)
    return {
      state: 'failing',
      word: failuresInARow === 1 ? 'Failed' : `Failed ${number(failuresInARow)} times`,
    };
  if (lastDrill?.passed === false) return { state: 'drill' };
  if (state === 'queued' || state === 'running')
    return { state: 'running', word: state === 'queued' ? 'Queued' : 'Running' };
  const [skip] = skips;
  if (skip !== undefined && isMissed(skip.reason) && skip.to > (last?.slot ?? ''))
    return { state: 'missed', word: `Missed ${number(skip.count)}` };
  if (state === 'paused' || state === 'over') return { state };
  return { state: last === undefined ? 'untold' : 'healthy' };
}

/** Those that fail first; else by name. */
export function byNeed<T extends Stands & { id: string }>(schedules: readonly T[]): T[] {
  const weight = (one: T): number => WEIGHT.indexOf(standingOf(one).state);
  return [...schedules].sort((a, b) => weight(a) - weight(b) || (a.id < b.id ? -1 : 1));
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const NAMES = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const UNITS: Readonly<Record<string, string>> = { m: 'minute', h: 'hour', d: 'day' };

/** When, in words; what has no short ones stays as it is written. */
export function whenInWords(when: string): string {
  const every = /^every (\d+)([mhd])$/.exec(when);
  if (every) return every[1] === '1' ? `every ${UNITS[every[2]!]}` : `every ${every[1]} ${UNITS[every[2]!]}s`;
  const [minute = '', hour = '', date = '', month = '', weekday = '', more] = when.trim().split(/\s+/);
  if (more !== undefined || month !== '*') return when;
  const step = /^\*\/(\d+)$/;
  const isDaily = date === '*' && weekday === '*';
  if (isDaily && hour === '*') {
    if (minute === '*') return 'every minute';
    if (step.test(minute)) return `every ${step.exec(minute)![1]} minutes`;
    return /^\d+$/.test(minute) ? `every hour, at :${minute.padStart(2, '0')}` : when;
  }
  if (!/^\d+$/.test(minute) || !/^\d+(,\d+)*$/.test(hour)) return when;
  const at = hour
    .split(',')
    .map((one) => `${one.padStart(2, '0')}:${minute.padStart(2, '0')}`)
    .join(', ');
  if (isDaily) return `${at} every day`;
  if (weekday === '*') return /^\d+$/.test(date) ? `${at} on day ${date} of the month` : when;
  if (date !== '*') return when;
  const days = weekday.split(',').map((part) => part.split('-').map(dayOf));
  if (days.some((part) => part.length > 2 || part.includes(undefined))) return when;
  return `${at}, ${days.map((part) => part.join(' to ')).join(', ')}`;
}

function dayOf(word: string): string | undefined {
  const named = NAMES.indexOf(word.toLowerCase());
  if (named >= 0) return DAYS[named];
  return /^[0-7]$/.test(word) ? DAYS[Number(word) % 7] : undefined;
}

const wall = new Intl.DateTimeFormat('en-GB', {
  ...{ weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' },
  ...{ hourCycle: 'h23', timeZone: 'UTC' },
});

/** `Sun 29 Nov, 02:30`: of `2026-11-29T02:30:00+01:00`, as the wall of its own zone shows it. */
export const wallOf = (local: string): string =>
  wall.format(new Date(`${local.slice(0, 19)}Z`)).replace(/^(\w+),/, '$1');

/** `+01:00`, `Z` for none. */
export const offsetOf = (local: string): string => local.slice(19);

/** What a drill has shown: how many tables and rows, or how many bytes. */
export function drilled(
  { passed, tables, bytes, failure, rowsAgree }: Drill,
  sizeOf: (bytes: number) => string,
): string {
  if (!passed)
    return (
      failure?.detail ?? (rowsAgree === false ? 'the rows are not as many as came' : 'it did not restore')
    );
  const size = sizeOf(bytes.found ?? bytes.expected);
  if (tables === undefined || tables.length === 0) return `checksum equal, ${size}`;
  // What is within a table is counted of its own, too: only what has none within it.
  const own = tables.filter(
    ({ pointer }) => !tables.some((other) => other.pointer.startsWith(`${pointer}/`)),
  );
  const rows = own.reduce((sum, table) => sum + table.rows, 0);
  return `checksum equal, ${counted(own.length, 'table')}, ${counted(rows, 'row')}, ${size}`;
}
