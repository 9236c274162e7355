// Tells others what has happened, and what has not: the only function that sends anything to where callers have said. Called by its
// schedules, one a task.

import type { Context } from 'aws-lambda';
import { openHome } from '../lib/aws/home.ts';
import { AWS_BOUNDS } from '../lib/aws/names/bounds.ts';
import { isNotifyTask } from '../lib/aws/names/upkeep.ts';
import { notifyTasks } from '../lib/aws/notify-tasks.ts';
import { createUpkeep } from '../lib/service/upkeep/runner.ts';

const home = openHome(process.env, { storesNothing: true });
const { deps, log, meter, records } = home;
const upkeep = createUpkeep({ clock: deps.clock, log, meter, records }, notifyTasks(home, process.env));

export async function handler(
  { task }: { task: string },
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<object> {
  if (!isNotifyTask(task)) throw new Error(`there is no task ${JSON.stringify(task)}`);
  return upkeep.run(task, context.getRemainingTimeInMillis() - AWS_BOUNDS.notifyMarginMs);
}
