// Upkeep: what the service does by itself, and how that goes.

import * as z from 'zod/mini';
import type { TaskStatus } from '../../core/records/upkeep.ts';
import type { Answer } from './answers.ts';
import { formatInstant } from './instant.ts';
import { once } from './once.ts';
import type { Route } from './route.ts';
import { serviceAnswers } from './service.ts';
import { shapes } from './shapes.ts';

export const UPKEEP_ROUTES = {
  getUpkeep: {
    method: 'GET',
    path: '/upkeep',
    summary: 'See how the periodic work goes, and what an operator should know of',
    tag: 'Service',
    scope: 'admin',
    answers: { 200: { description: 'Every task, and all notices', schema: 'Upkeep' } },
    errors: [],
    examples: {
      answers: {
        200: {
          tasks: [
            {
              name: 'sweep',
              about: 'Hides what has expired, and removes bytes that nothing needs any more',
              everySeconds: 3600,
              deadlineSeconds: 900,
              running: false,
              lastStartedAt: '2025-01-01T12:00:00.000Z',
              lastSucceededAt: '2025-01-01T12:00:02.000Z',
              lastDurationMs: 2000,
              nextAt: '2025-01-01T13:00:02.000Z',
            },
          ],
          count: 1,
          notices: [],
        },
      },
    },
  },
} as const satisfies Record<string, Route>;

/** Made on demand. */
export const upkeepAnswers = once(() => {
  const { about, time, count } = shapes();
  const { Notice } = serviceAnswers();
  const Task = z.object({
    name: z.string(),
    about: z.string(),
    everySeconds: count.check(about('From the end of a run to the next; 0 for never')),
    deadlineSeconds: count.check(about('A run that takes longer is told of')),
    running: z.boolean().check(about('In the process that answers')),
    lastStartedAt: z.exactOptional(time),
    lastSucceededAt: z.exactOptional(time),
    lastDurationMs: z.exactOptional(count),
    nextAt: z.exactOptional(time).check(about('When the next run is due')),
    lastFault: z
      .exactOptional(
        z.object({
          code: z.string(),
          detail: z.string(),
          at: time,
          failedRuns: count.check(about('In a row; 0 once one has ended well again')),
        }),
      )
      .check(about('The last that failed')),
  });
  const Upkeep = z.object({
    tasks: z.array(Task),
    count,
    notices: z.array(Notice).check(about('What an operator should know of, until it has passed')),
  });
  return { Task, Upkeep };
});

export function viewTask(task: TaskStatus): Answer<'Task'> {
  const { name, about, everyMs, deadlineMs, isRunning, startedAt, succeededAt, durationMs, nextAt, fault } =
    task;
  return {
    name,
    about,
    everySeconds: Math.round(everyMs / 1000),
    deadlineSeconds: Math.round(deadlineMs / 1000),
    running: isRunning,
    ...(startedAt === undefined ? {} : { lastStartedAt: formatInstant(startedAt) }),
    ...(succeededAt === undefined ? {} : { lastSucceededAt: formatInstant(succeededAt) }),
    ...(durationMs === undefined ? {} : { lastDurationMs: durationMs }),
    ...(nextAt === undefined || everyMs === 0 ? {} : { nextAt: formatInstant(nextAt) }),
    ...(fault === undefined
      ? {}
      : {
          lastFault: {
            code: fault.code,
            detail: fault.detail,
            at: formatInstant(fault.at),
            failedRuns: fault.inARow,
          },
        }),
  };
}
