// Expires backups and removes their bytes: the only function that can. Called by its schedules, one a task.

import type { Context } from 'aws-lambda';
import { openHome, sqsQueue } from '../lib/aws/home.ts';
import { AWS_BOUNDS } from '../lib/aws/names/bounds.ts';
import { isRetentionTask } from '../lib/aws/names/upkeep.ts';
import { retentionTasks } from '../lib/aws/upkeep.ts';
import { createUpkeep } from '../lib/service/upkeep/runner.ts';

const home = openHome(process.env, { queue: sqsQueue });
const { deps, log, meter, records } = home;
const upkeep = createUpkeep({ clock: deps.clock, log, meter, records }, retentionTasks(home));

export async function handler(
  { task }: { task: string },
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<object> {
  if (!isRetentionTask(task)) throw new Error(`there is no task ${JSON.stringify(task)}`);
  return upkeep.run(task, context.getRemainingTimeInMillis() - AWS_BOUNDS.retentionMarginMs);
}
