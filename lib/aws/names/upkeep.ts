// Which periodic work is done here, and how often its schedule calls for it.

import { type TaskName, type TaskPlan, UPKEEP } from '../../core/records/upkeep.ts';

const MINUTE_MS = 60_000;

/** Done by the retention function. */
const RETENTION_TASKS = [
  'sweep',
  'abandoned',
  'scrub',
  'census',
  'orphans',
  'locks',
  'lost_jobs',
] as const satisfies readonly TaskName[];

export type RetentionTask = (typeof RETENTION_TASKS)[number];

/** What the retention function says to others of its own, to sweep beside it. */
export const SWEEP_HELP = { task: 'sweep', helps: true } as const;

/** Done by the trail function, which does nothing else. */
export const TRAIL_TASK = 'trail' satisfies TaskName;

/** Done by the function that reads sources: what is due is decided, and then what was queued is worked on. */
export const SCHEDULES_TASK = 'schedules' satisfies TaskName;
export const RUNS_TASK = 'runs' satisfies TaskName;

/** Done by the function that tells others. */
const NOTIFY_TASKS = ['notify', 'conditions'] as const satisfies readonly TaskName[];

export type NotifyTask = (typeof NOTIFY_TASKS)[number];

/** Each is called by a schedule of its own: none waits for another. */
export const AWS_TASKS = [...RETENTION_TASKS, TRAIL_TASK, SCHEDULES_TASK, ...NOTIFY_TASKS] as const;

export type AwsTask = (typeof AWS_TASKS)[number];

/** Where a call costs, what is not urgent is rarer than in a process of one's own. */
const EVERY_MINUTES: Record<Exclude<AwsTask, 'sweep'>, number> = {
  abandoned: 5,
  scrub: 15,
  census: 60,
  // Goes on with a search until it is through, and then rests (`AWS_BOUNDS.orphansRestMs`).
  orphans: 60,
  // Asks for each blob of each live backup: 2.4 dollars a month for 50,000.
  locks: 6 * 60,
  // For what the table's stream has not told.
  trail: 1,
  lost_jobs: 5,
  // As often as cron can say.
  schedules: 1,
  notify: 1,
  conditions: 5,
};

/** The plans of a deployment whose sweep runs every `sweepEveryMinutes`. */
export function awsPlans(sweepEveryMinutes: number): Record<AwsTask | typeof RUNS_TASK, TaskPlan> {
  const minutes = { ...EVERY_MINUTES, sweep: sweepEveryMinutes, runs: EVERY_MINUTES.schedules };
  const names = [...AWS_TASKS, RUNS_TASK] as const;
  const plans = names.map((name) => [name, { ...UPKEEP[name], everyMs: minutes[name] * MINUTE_MS }]);
  return Object.fromEntries(plans) as ReturnType<typeof awsPlans>;
}

/** Whether a name is one of the retention function's tasks: a schedule says it. */
export function isRetentionTask(name: unknown): name is RetentionTask {
  return (RETENTION_TASKS as readonly unknown[]).includes(name);
}

/** Whether a name is one of the tasks of the function that tells others. */
export function isNotifyTask(name: unknown): name is NotifyTask {
  return (NOTIFY_TASKS as readonly unknown[]).includes(name);
}
