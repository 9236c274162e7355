// source, schedule, runs, drills: what runs by itself at the service, and how it goes.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, CallInput } from '../../client/client.ts';
import type { Context } from '../kit/context.ts';
import { CliError, EXIT } from '../kit/exit.ts';
import { type PlaceOptions, sourcePlaceOf } from '../kit/place.ts';
import { formatBytes, printable, table } from '../kit/words.ts';

type Source = Answer<'Source'>;
type Schedule = Answer<'Schedule'>;
type Run = Answer<'Run'>;
type Drill = Answer<'Drill'>;

const LOOK_MS = 1000;

async function rows<T>(
  context: Context,
  items: readonly T[],
  none: string,
  columns: Parameters<typeof table<T>>[1],
): Promise<void> {
  if (context.isJson) {
    for (const item of items) await context.json(item);
    return;
  }
  if (items.length === 0) return context.say(none);
  for (const line of table(items, columns)) await context.line(line);
}

export async function sourcesList(context: Context): Promise<void> {
  const sources = await Array.fromAsync(context.client.sources({}, context));
  await rows<Source>(
    context,
    sources,
    'There are no sources yet: brs source add NAME file:/srv/orders.json',
    [
      { name: 'name', value: ({ id }) => id },
      { name: 'kind', value: ({ spec }) => spec.kind },
      { name: 'place', value: ({ shown }) => shown },
      { name: 'changed', value: ({ updatedAt }) => context.show(updatedAt) },
      { name: 'by', value: ({ updatedBy }) => updatedBy },
    ],
  );
}

/** Secrets go as what was typed: references, which the service reads where it is. */
export async function sourceAdd(
  context: Context,
  id: string,
  word: string,
  { scratch, ...options }: PlaceOptions & { scratch?: boolean },
): Promise<void> {
  const spec = { ...sourcePlaceOf(word, options), ...(scratch === true ? { scratch } : {}) };
  const body = spec as NonNullable<CallInput<'putSource'>['body']>;
  const made = await context.client.call('putSource', { params: { id }, body });
  if (context.isJson) return context.json(made);
  context.say(`${made.id} is ${printable(made.shown)}; brs source check ${made.id} tries it`);
}

export async function sourceCheck(context: Context, id: string): Promise<void> {
  const { ok, detail, code, warnings } = await context.client.call('checkSource', { params: { id } });
  if (context.isJson)
    await context.json({ id, ok, detail, ...(code === undefined ? {} : { code }), warnings });
  else {
    for (const warning of warnings) context.say(`warning: ${printable(warning)}`);
    await context.line(
      `${context.style(ok ? 'green' : 'red', ok ? 'ok' : (code ?? 'failed'))}  ${printable(detail)}`,
    );
  }
  if (!ok) throw new CliError('', EXIT.unavailable);
}

export async function sourceRemove(context: Context, id: string, { yes }: { yes?: boolean }): Promise<void> {
  await context.confirm(`Remove the source ${printable(id)}?`, yes);
  await context.client.call('removeSource', { params: { id } });
  context.say(`${printable(id)} is removed`);
}

export interface ScheduleOptions {
  source: string;
  resource: string;
  when: string;
  zone?: string;
  jitter?: number;
  catchUp?: 'one' | 'none';
  type?: 'full' | 'incremental' | 'differential';
  resourceType?: string;
  retentionDays?: number;
  tag?: string[];
  /** commander's `--no-if-changed`. */
  ifChanged?: boolean;
  drillEvery?: number;
  drillInto?: string;
}

export async function scheduleList(context: Context): Promise<void> {
  const schedules = await Array.fromAsync(context.client.schedules({}, context));
  await rows<Schedule>(context, schedules, 'There are no schedules yet: brs schedule add', [
    { name: 'name', value: ({ id }) => id },
    { name: 'resource', value: ({ resourceId }) => resourceId },
    { name: 'source', value: ({ sourceId }) => sourceId },
    { name: 'when', value: ({ when, zone }) => (when.startsWith('every') ? when : `${when} ${zone}`) },
    { name: 'state', value: ({ state }) => state },
    {
      name: 'next',
      value: ({ paused, next }) => (paused || next[0] === undefined ? '' : context.show(next[0].dueAt)),
    },
    {
      name: 'last',
      value: ({ last }) =>
        last === undefined ? 'never' : `${context.show(last.slot)} ${last.code ?? last.status}`,
    },
    { name: 'missed', value: ({ missed }) => (missed === 0 ? '' : String(missed)), right: true },
  ]);
}

export async function scheduleAdd(context: Context, id: string, options: ScheduleOptions): Promise<void> {
  const {
    source,
    resource,
    when,
    zone,
    jitter,
    catchUp,
    type,
    resourceType,
    retentionDays,
    tag = [],
  } = options;
  const tags = Object.fromEntries(tag.map(tagOf));
  const body = {
    ...{ sourceId: source, resourceId: resource, when },
    // Whoever says an hour means that of their own wall.
    ...(zone === undefined && context.settings.tz === undefined ? {} : { zone: zone ?? context.zone }),
    ...(jitter === undefined ? {} : { jitterSeconds: jitter }),
    ...(catchUp === undefined ? {} : { catchUp }),
    ...(type === undefined ? {} : { type }),
    ...(resourceType === undefined ? {} : { resourceType }),
    ...(retentionDays === undefined ? {} : { retentionDays }),
    ...(tag.length === 0 ? {} : { tags }),
    ...(options.ifChanged === false ? { ifChanged: false } : {}),
    ...(options.drillEvery === undefined ? {} : { drillEvery: options.drillEvery }),
    ...(options.drillInto === undefined ? {} : { drillInto: options.drillInto }),
  };
  await told(context, await context.client.call('putSchedule', { params: { id }, body }));
}

function tagOf(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new CliError(`${text} is no tag: say --tag env=prod`);
  return [text.slice(0, at), text.slice(at + 1)];
}

async function told(context: Context, schedule: Schedule): Promise<void> {
  if (context.isJson) return context.json(schedule);
  for (const warning of schedule.warnings) context.say(`warning: ${printable(warning)}`);
  context.say(`${schedule.id}: ${schedule.why}`);
}

export async function schedulePause(
  context: Context,
  id: string,
  { reason }: { reason?: string },
): Promise<void> {
  const body = reason === undefined ? {} : { reason };
  await told(context, await context.client.call('pauseSchedule', { params: { id }, body }));
}

export async function scheduleResume(context: Context, id: string): Promise<void> {
  await told(context, await context.client.call('resumeSchedule', { params: { id } }));
}

export async function scheduleRemove(
  context: Context,
  id: string,
  { yes }: { yes?: boolean },
): Promise<void> {
  await context.confirm(`Remove the schedule ${printable(id)}? Its backups stay.`, yes);
  await context.client.call('removeSchedule', { params: { id } });
  context.say(`${printable(id)} is removed`);
}

/** The coming slots, in the zone of the schedule and in UTC, and why it does not run now. */
export async function scheduleNext(
  context: Context,
  id: string,
  { count }: { count?: number },
): Promise<void> {
  const query = count === undefined ? {} : { next: count };
  const schedule = await context.client.call('getSchedule', { params: { id }, query });
  if (context.isJson) return context.json(schedule);
  for (const line of table(schedule.next, [
    { name: schedule.zone, value: ({ local }) => local },
    { name: 'utc', value: ({ slot }) => slot },
    { name: 'due', value: ({ dueAt }) => context.show(dueAt) },
  ])) {
    await context.line(line);
  }
  context.say(schedule.why);
  for (const { reason, from, to, count: slots } of schedule.skips) {
    const which =
      from === to ? context.show(from) : `${context.show(from)} to ${context.show(to)}, ${slots} slots`;
    context.say(`did not run (${reason}): ${which}`);
  }
}

/** Ends as the run does, if it is waited for. */
export async function scheduleRun(context: Context, id: string, { wait }: { wait?: boolean }): Promise<void> {
  let run = await context.client.call('runSchedule', { params: { id } });
  if (wait === true) {
    const progress = context.progress(printable(id));
    try {
      while (run.status === 'queued' || run.status === 'running') {
        progress.percent(run.progress);
        await sleep(LOOK_MS, undefined, { signal: context.signal });
        run = await context.client.call('getRun', { params: { id: run.id } });
      }
    } finally {
      progress.end();
    }
  }
  if (context.isJson) await context.json(run);
  else await context.line(`${run.id}  ${run.status}${run.backupId === undefined ? '' : `  ${run.backupId}`}`);
  if (run.status === 'failed')
    throw new CliError(printable(run.failure?.detail ?? 'It failed.'), EXIT.failed);
}

export async function scheduleDrill(context: Context, id: string): Promise<void> {
  const drill = await context.client.call('runDrill', { params: { id } });
  await drillsShown(context, [drill]);
  if (!drill.passed) throw new CliError(printable(drill.failure?.detail ?? 'It failed.'), EXIT.integrity);
}

interface ListOptions {
  schedule?: string;
  resource?: string;
  limit: number;
}

const queryOf = ({ schedule, resource, limit }: ListOptions) => ({
  ...(schedule === undefined ? {} : { scheduleId: schedule }),
  ...(resource === undefined ? {} : { resourceId: resource }),
  limit: Math.min(limit, 1000),
});

async function first<T>(items: AsyncIterable<T>, limit: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const item of items) {
    if (taken.length >= limit) break;
    taken.push(item);
  }
  return taken;
}

export async function runs(context: Context, id: string | undefined, options: ListOptions): Promise<void> {
  if (id !== undefined) {
    const run = await context.client.call('getRun', { params: { id } });
    if (context.isJson) return context.json(run);
    await context.line(`${run.id}  ${run.status}  ${run.progress} %`);
    for (const { at, text } of run.log) await context.line(`${context.show(at)}  ${printable(text)}`);
    return;
  }
  const found = await first(context.client.runs(queryOf(options), context), options.limit);
  await rows<Run>(context, found, 'Nothing has run yet.', [
    { name: 'slot', value: ({ slot }) => context.show(slot) },
    { name: 'schedule', value: ({ scheduleId }) => scheduleId },
    {
      name: 'status',
      value: ({ status, progress }) => (status === 'running' ? `${status} ${progress} %` : status),
    },
    { name: 'by', value: ({ trigger, requestedBy }) => (trigger === 'manual' ? requestedBy : trigger) },
    { name: 'read', value: ({ bytes }) => (bytes === undefined ? '' : formatBytes(bytes)), right: true },
    { name: 'backup', value: ({ backupId = '' }) => backupId },
    {
      name: 'why',
      value: ({ failure }) => (failure === undefined ? '' : `${failure.code}: ${failure.detail}`),
    },
    { name: 'id', value: ({ id: run }) => run },
  ]);
}

export async function drills(context: Context, options: ListOptions): Promise<void> {
  await drillsShown(context, await first(context.client.drills(queryOf(options), context), options.limit));
}

async function drillsShown(context: Context, found: readonly Drill[]): Promise<void> {
  await rows<Drill>(context, found, 'No restore has been tried yet.', [
    { name: 'time', value: ({ startedAt }) => context.show(startedAt) },
    { name: 'schedule', value: ({ scheduleId }) => scheduleId },
    { name: 'backup', value: ({ backupId }) => backupId },
    { name: 'of', value: ({ stateOf }) => context.show(stateOf) },
    { name: 'result', value: ({ passed }) => (passed ? 'passed' : 'FAILED') },
    {
      name: 'bytes',
      value: ({ bytes }) => (bytes.found === undefined ? '' : formatBytes(bytes.found)),
      right: true,
    },
    { name: 'rows', value: rowsOf, right: true },
    { name: 'why', value: ({ failure, notes }) => failure?.detail ?? notes.join(' ') },
  ]);
}

function rowsOf({ tables, rowsAgree }: Drill): string {
  if (tables === undefined) return '';
  const sum = tables.reduce((total, one) => total + one.rows, 0);
  return rowsAgree === undefined ? String(sum) : `${sum} ${rowsAgree ? '=' : '!='} came`;
}
