// Which periodic work is done here, and how often its schedule calls for it.

import { type TaskName, type TaskPlan, UPKEEP } from '../../core/records/upkeep.ts';

const MINUTE_MS = 60_000;

/** Done by the retention function, each by a schedule of its own: none waits for another. */
export const AWS_TASKS = [
  'sweep',
  'abandoned',
  'scrub',
  'census',
  'orphans',
  'trail',
  'lost_jobs',
] as const satisfies readonly TaskName[];

export type AwsTask = (typeof AWS_TASKS)[number];

/** Where a call costs, what is not urgent is rarer than in a process of one's own. */
const EVERY_MINUTES: Record<Exclude<AwsTask, 'sweep'>, number> = {
  abandoned: 5,
  scrub: 15,
  census: 60,
  // Lists every blob there is: what it finds, only a crash can have left.
  orphans: 7 * 24 * 60,
  // What was committed stands in the trail within a minute or two.
  trail: 1,
  lost_jobs: 5,
};

/** The plans of a deployment whose sweep runs every `sweepEveryMinutes`. */
export function awsPlans(sweepEveryMinutes: number): Record<AwsTask, TaskPlan> {
  const minutes = { ...EVERY_MINUTES, sweep: sweepEveryMinutes };
  const plans = AWS_TASKS.map((name) => [name, { ...UPKEEP[name], everyMs: minutes[name] * MINUTE_MS }]);
  return Object.fromEntries(plans) as Record<AwsTask, TaskPlan>;
}

/** Whether a name is one of these tasks: a schedule says it. */
export function isAwsTask(name: unknown): name is AwsTask {
  return (AWS_TASKS as readonly unknown[]).includes(name);
}
