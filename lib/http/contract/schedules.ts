// Schedules: when a source is read, what becomes of its states, and how that goes.

import * as z from 'zod/mini';
import { once } from './once.ts';
import { PageQuery } from './requests.ts';
import type { Route } from './route.ts';
import { DRILL, RUN } from './runs-examples.ts';
import { shapes } from './shapes.ts';
import { ShortPath } from './sources.ts';
import {
  drillEvery,
  jitterSeconds,
  name,
  nextCount,
  retentionDays,
  shortName,
  tags,
  times,
  timeZone,
  yesOrNo,
} from './values.ts';

const RETENTION_DAYS = 30;

const ScheduleFields = once(() => {
  const { about } = shapes();
  return z.strictObject({
    sourceId: shortName(),
    resourceId: name(),
    resourceType: z._default(name(), 'generic'),
    when: times().check(
      about(
        'Five fields of cron (minute, hour, day, month, day of the week), or `every 15m`, `every 6h`, `every 1d`',
      ),
    ),
    zone: z
      ._default(timeZone(), 'UTC')
      .check(about('Of the IANA database: whose wall the fields are read on')),
    jitterSeconds: z
      ._default(jitterSeconds(), 0)
      .check(about('Runs come by up to so much later, a resource always by the same')),
    catchUp: z
      ._default(z.enum(['one', 'none']), 'one')
      .check(
        about(
          'What becomes of the last slot that was missed: it runs late, unless the next is near; or not at all',
        ),
      ),
    type: z._default(z.enum(['full', 'incremental', 'differential']), 'incremental'),
    retentionDays: z._default(retentionDays(), RETENTION_DAYS),
    tags: z._default(tags(), {}),
    ifChanged: z._default(z.boolean(), true).check(about('An unchanged state makes no backup, and is noted')),
    drillEvery: z
      ._default(drillEvery(), 0)
      .check(about('So many runs that ended well are followed by a restore that is tried; 0 for none')),
    drillInto: z
      .exactOptional(shortName())
      .check(
        about(
          'A source that is marked as scratch: drills are put there too, read back and compared. What it has is lost; never what any source reads',
        ),
      ),
  });
});

const PutQuery = once(() => {
  const { about } = shapes();
  return z.strictObject({
    dryRun: z
      .exactOptional(yesOrNo())
      .check(
        about(
          '`true` looks at all of it and gives how it would stand, its coming slots too, and keeps nothing',
        ),
      ),
  });
});

const REASON_CHARS_MAX = 200;

const PauseFields = once(() => {
  const { about } = shapes();
  return z.strictObject({
    reason: z
      .exactOptional(
        z
          .string()
          .check(
            z.minLength(1),
            z.maxLength(REASON_CHARS_MAX),
            z.regex(/^[^\p{Cc}]*$/u, 'must be without control characters'),
          ),
      )
      .check(about('Told to whoever asks why it does not run, and in the trail')),
  });
});

const GetQuery = once(() => z.strictObject({ next: z.exactOptional(nextCount()) }));

const NIGHTLY = {
  sourceId: 'shop-db',
  resourceId: 'shop',
  resourceType: 'postgresql',
  when: '30 2 * * *',
  zone: 'Europe/Berlin',
  jitterSeconds: 300,
  catchUp: 'one',
  type: 'incremental',
  retentionDays: 30,
  tags: {},
  ifChanged: true,
  drillEvery: 7,
} as const;

const SHOWN = {
  id: 'nightly',
  ...NIGHTLY,
  paused: false,
  state: 'waiting',
  why: 'It is due at 2025-01-02T01:32:10.000Z.',
  next: [
    {
      slot: '2025-01-02T01:30:00.000Z',
      dueAt: '2025-01-02T01:32:10.000Z',
      local: '2025-01-02T02:30:00+01:00',
    },
  ],
  last: {
    runId: RUN.id,
    slot: RUN.slot,
    status: 'completed',
    finishedAt: '2025-01-01T01:32:14.000Z',
    backupId: 'backup-7',
  },
  lastSuccessAt: '2025-01-01T01:32:14.000Z',
  failuresInARow: 0,
  missed: 0,
  skips: [],
  warnings: [],
  createdAt: '2025-01-01T00:00:00.000Z',
  updatedAt: '2025-01-01T00:00:00.000Z',
  updatedBy: 'ci',
} as const;

const ONE = { 200: { description: 'The schedule', schema: 'Schedule' } } as const;

export const SCHEDULE_ROUTES = {
  listSchedules: {
    method: 'GET',
    path: '/schedules',
    summary: 'List schedules, each with its next slot and how it stands',
    tag: 'Schedules',
    scope: 'schedule:read',
    query: PageQuery,
    answers: { 200: { description: 'One page, by name', schema: 'ScheduleList' } },
    errors: ['invalid_cursor'],
    examples: { answers: { 200: { schedules: [SHOWN], count: 1 } } },
  },
  getSchedule: {
    method: 'GET',
    path: '/schedules/{id}',
    summary: 'Get a schedule: the coming slots in its zone and in UTC, and why it does not run now',
    tag: 'Schedules',
    scope: 'schedule:read',
    params: ShortPath,
    query: GetQuery,
    answers: ONE,
    errors: ['schedule_not_found'],
    examples: { answers: { 200: SHOWN } },
  },
  putSchedule: {
    method: 'PUT',
    path: '/schedules/{id}',
    summary: 'Set a schedule, or replace all that is said of it; nothing runs because of that',
    tag: 'Schedules',
    details:
      'A time that the wall skips runs once, at the first moment after it; one that it shows twice runs the first time; where no hour is named each ' +
      'hour that passes has its slots. What was due before a change of its times is skipped, with an event. Only for who may touch every resource: ' +
      'whoever chooses what a source is read into may read it.',
    scope: 'schedule:manage',
    params: ShortPath,
    query: PutQuery,
    body: { name: 'ScheduleInput', fields: ScheduleFields },
    answers: ONE,
    errors: ['source_not_found', 'write_conflict', 'too_many_requests'],
    examples: {
      requests: {
        nightly: NIGHTLY,
        often: { sourceId: 'orders-file', resourceId: 'orders', when: 'every 15m' },
      },
      answers: { 200: SHOWN },
    },
  },
  removeSchedule: {
    method: 'DELETE',
    path: '/schedules/{id}',
    summary: 'Remove a schedule; its backups and runs stay',
    tag: 'Schedules',
    scope: 'schedule:manage',
    params: ShortPath,
    answers: { 200: { description: 'It is gone', schema: 'ScheduleRemoved' } },
    errors: ['schedule_not_found', 'write_conflict'],
    examples: { answers: { 200: { id: 'nightly', status: 'removed' } } },
  },
  pauseSchedule: {
    method: 'POST',
    path: '/schedules/{id}/pause',
    summary: 'Pause a schedule, with a reason: each slot that passes is skipped, with an event',
    tag: 'Schedules',
    scope: 'schedule:manage',
    params: ShortPath,
    body: { name: 'PauseInput', fields: PauseFields, optional: true },
    answers: ONE,
    errors: ['schedule_not_found', 'write_conflict'],
    examples: {
      requests: { migration: { reason: 'the database is being moved' }, plain: {} },
      answers: {
        200: {
          ...{ ...SHOWN, paused: true, state: 'paused' },
          why: 'It is paused since 2025-01-01T12:00:00.000Z by ci: the database is being moved.',
          pause: { at: '2025-01-01T12:00:00.000Z', by: 'ci', reason: 'the database is being moved' },
        },
      },
    },
  },
  resumeSchedule: {
    method: 'POST',
    path: '/schedules/{id}/resume',
    summary: 'Let a schedule go on; what it has missed meanwhile does not run',
    tag: 'Schedules',
    scope: 'schedule:manage',
    params: ShortPath,
    answers: ONE,
    errors: ['schedule_not_found', 'write_conflict'],
    examples: { answers: { 200: SHOWN } },
  },
  runSchedule: {
    method: 'POST',
    path: '/schedules/{id}/run',
    summary: 'Run it now, whether or not it is paused',
    tag: 'Schedules',
    details:
      'The run is queued, and begun within a moment (on AWS within a minute); `GET /runs/{id}` says how far it is.',
    scope: 'schedule:manage',
    params: ShortPath,
    answers: { 202: { description: 'The run', schema: 'Run' } },
    errors: ['schedule_not_found', 'run_under_way', 'write_conflict'],
    examples: {
      answers: {
        202: {
          ...{
            id: 'run-20250101T120000.000Z-nightly',
            scheduleId: 'nightly',
            sourceId: 'shop-db',
            resourceId: 'shop',
          },
          ...{
            slot: '2025-01-01T12:00:00.000Z',
            trigger: 'manual',
            requestedBy: 'ci',
            status: 'queued',
            progress: 0,
          },
          ...{ attempt: 0, queuedAt: '2025-01-01T12:00:00.000Z', warnings: [] },
          log: [{ at: '2025-01-01T12:00:00.000Z', text: 'Asked for by ci.' }],
        },
      },
    },
  },
  runDrill: {
    method: 'POST',
    path: '/schedules/{id}/drill',
    summary:
      'Try a restore of the newest backup now, in memory and in its scratch target, and keep what came of it',
    tag: 'Schedules',
    scope: 'schedule:manage',
    params: ShortPath,
    answers: { 200: { description: 'The drill: that it failed is no error', schema: 'Drill' } },
    errors: [
      'schedule_not_found',
      'backup_not_found',
      'payload_too_large',
      'too_many_requests',
      'write_conflict',
    ],
    examples: { answers: { 200: DRILL } },
  },
} as const satisfies Record<string, Route>;
