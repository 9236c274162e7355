// Runs of schedules, and drills: how each went.

import * as z from 'zod/mini';
import type { DrilledInto, DrillRecord, RunRecord } from '../../core/schedule/records.ts';
import type { Answer } from './answers.ts';
import { formatInstant } from './instant.ts';
import { once } from './once.ts';
import { IdPath, page } from './requests.ts';
import type { Route } from './route.ts';
import { DRILL, RUN } from './runs-examples.ts';
import { shapes } from './shapes.ts';
import { name, shortName } from './values.ts';

const RunQuery = once(() =>
  z.strictObject({
    scheduleId: z.exactOptional(shortName()),
    resourceId: z.exactOptional(name()),
    ...page(),
  }),
);

export const RUN_ROUTES = {
  listRuns: {
    method: 'GET',
    path: '/runs',
    summary: 'List runs, newest first: queued, running, and how they ended',
    tag: 'Schedules',
    details: 'Of one resource a page may be short, or empty, and have a cursor. Runs are listed for 90 days.',
    scope: 'schedule:read',
    query: RunQuery,
    answers: { 200: { description: 'One page', schema: 'RunList' } },
    errors: ['invalid_cursor'],
    examples: { answers: { 200: { runs: [RUN], count: 1 } } },
  },
  getRun: {
    method: 'GET',
    path: '/runs/{id}',
    summary: 'Get a run: how far it is, what it has logged, what came of it',
    tag: 'Schedules',
    scope: 'schedule:read',
    params: IdPath,
    answers: { 200: { description: 'The run', schema: 'Run' } },
    errors: ['run_not_found'],
    examples: { answers: { 200: RUN } },
  },
  listDrills: {
    method: 'GET',
    path: '/drills',
    summary: 'List drills, newest first: restores that were tried, as evidence',
    tag: 'Schedules',
    details:
      'Each says which backup was restored, its checksum and rows as they should be and as they were. Pages are those of runs.',
    scope: 'schedule:read',
    query: RunQuery,
    answers: { 200: { description: 'One page', schema: 'DrillList' } },
    errors: ['invalid_cursor'],
    examples: { answers: { 200: { drills: [DRILL], count: 1 } } },
  },
} as const satisfies Record<string, Route>;

/** Made on demand. */
export const runAnswers = once(() => {
  const { about, time, count, percent, checksum } = shapes();
  const failure = z.exactOptional(z.object({ code: z.string(), detail: z.string() }));
  const Run = z.object({
    id: z.string(),
    scheduleId: z.string(),
    sourceId: z.string(),
    resourceId: z.string(),
    slot: time.check(about('The moment that it is for; by hand, when it was asked for')),
    trigger: z.enum(['schedule', 'catch_up', 'manual']),
    requestedBy: z.string(),
    status: z.enum(['queued', 'running', 'completed', 'unchanged', 'failed']),
    progress: percent,
    attempt: count.check(about('How often it was begun')),
    queuedAt: time,
    startedAt: z.exactOptional(time),
    finishedAt: z.exactOptional(time),
    bytes: z.exactOptional(count).check(about('Read so far')),
    backupId: z.exactOptional(z.string()).check(about('Made, or found to have the state already')),
    failure,
    warnings: z.array(z.string()),
    log: z.array(z.object({ at: time, text: z.string() })).check(about('The last lines')),
  });
  const RunList = z.object({ runs: z.array(Run), count, nextCursor: z.exactOptional(z.string()) });
  const Drill = z.object({
    id: z.string(),
    scheduleId: z.string(),
    resourceId: z.string(),
    backupId: z.string(),
    stateOf: time.check(about('When the state of the backup was accepted')),
    startedAt: time,
    finishedAt: time,
    requestedBy: z.string(),
    passed: z.boolean(),
    checksum: z.object({ expected: checksum(), found: z.exactOptional(checksum()) }),
    bytes: z.object({ expected: count, found: z.exactOptional(count) }),
    tables: z
      .exactOptional(z.array(z.object({ pointer: z.string(), rows: count })))
      .check(about('Rows as they were restored')),
    rowsAgree: z.exactOptional(z.boolean()).check(about('Whether they are as many as came')),
    into: z
      .exactOptional(
        z.object({
          sourceId: z.string(),
          place: z.exactOptional(z.string()),
          written: z
            .exactOptional(count)
            .check(about('Rows, items or files that were made, changed or removed')),
          isExact: z
            .exactOptional(z.boolean())
            .check(about('Whether the target itself has found it the same')),
          checksum: z.exactOptional(z.object({ expected: checksum(), found: z.exactOptional(checksum()) })),
          rowsAgree: z.exactOptional(z.boolean()),
          warnings: z.exactOptional(z.array(z.string())),
        }),
      )
      .check(
        about('The same in a scratch target: put there, read back, compared but for the name of the place'),
      ),
    failure,
    notes: z.array(z.string()),
  });
  const DrillList = z.object({ drills: z.array(Drill), count, nextCursor: z.exactOptional(z.string()) });
  return { Run, RunList, Drill, DrillList };
});

export function viewRun(run: RunRecord): Answer<'Run'> {
  const { id, scheduleId, sourceId, resourceId, slot, trigger, requestedBy, status, progress, attempt } = run;
  const { queuedAt, startedAt, finishedAt, bytes, backupId, failure, warnings = [], log } = run;
  return {
    ...{
      id,
      scheduleId,
      sourceId,
      resourceId,
      slot: formatInstant(slot),
      trigger,
      requestedBy,
      status,
      progress,
    },
    ...{ attempt, queuedAt: formatInstant(queuedAt) },
    ...(startedAt === undefined ? {} : { startedAt: formatInstant(startedAt) }),
    ...(finishedAt === undefined ? {} : { finishedAt: formatInstant(finishedAt) }),
    ...(bytes === undefined ? {} : { bytes }),
    ...(backupId === undefined ? {} : { backupId }),
    ...(failure === undefined ? {} : { failure: { code: failure.code, detail: failure.detail } }),
    warnings,
    log: log.map(({ at, text }) => ({ at: formatInstant(at), text })),
  };
}

export function viewDrill(drill: DrillRecord): Answer<'Drill'> {
  const { id, scheduleId, resourceId, backupId, stateOf, startedAt, finishedAt, requestedBy, passed, notes } =
    drill;
  const { checksum, bytes, tables, rowsAgree, into, failure } = drill;
  return {
    ...{ id, scheduleId, resourceId, backupId, stateOf: formatInstant(stateOf) },
    ...{ startedAt: formatInstant(startedAt), finishedAt: formatInstant(finishedAt), requestedBy, passed },
    checksum: {
      expected: `sha256:${checksum.expected}`,
      ...(checksum.found === undefined ? {} : { found: `sha256:${checksum.found}` }),
    },
    bytes: { expected: bytes.expected, ...(bytes.found === undefined ? {} : { found: bytes.found }) },
    ...(tables === undefined ? {} : { tables: tables.map(({ pointer, rows }) => ({ pointer, rows })) }),
    ...(rowsAgree === undefined ? {} : { rowsAgree }),
    ...(into === undefined ? {} : { into: viewInto(into) }),
    ...(failure === undefined ? {} : { failure: { code: failure.code, detail: failure.detail } }),
    notes,
  };
}

function viewInto({
  tables: _counted,
  checksum,
  ...more
}: DrilledInto): NonNullable<Answer<'Drill'>['into']> {
  if (checksum === undefined) return more;
  const { expected, found } = checksum;
  return {
    ...more,
    checksum: {
      expected: `sha256:${expected}`,
      ...(found === undefined ? {} : { found: `sha256:${found}` }),
    },
  };
}
