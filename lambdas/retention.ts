// Expires backups and removes their bytes: the only function that can. Called by its schedules, one a task, and by itself where much has expired.

import type { Context } from 'aws-lambda';
import { openHome, ownSweepers, sqsQueue } from '../lib/aws/home.ts';
import { AWS_BOUNDS } from '../lib/aws/names/bounds.ts';
import { isRetentionTask } from '../lib/aws/names/upkeep.ts';
import { helpingTask, retentionTasks } from '../lib/aws/upkeep.ts';
import { createUpkeep } from '../lib/service/upkeep/runner.ts';

const home = openHome(process.env, {
  queue: sqsQueue,
  sweepers: ownSweepers(process.env),
  isGathering: true,
});
const { deps, log, meter, records } = home;
const { clock } = deps;
const upkeep = createUpkeep({ clock, log, meter, records }, retentionTasks(home));
// How the sweep goes is said by the one that its schedule has called.
const unwritten = { list: async () => [], put: async () => {} };
const helping = createUpkeep({ clock, log, meter, records: unwritten }, { sweep: helpingTask(home) });

export async function handler(
  { task, helps = false }: { task: string; helps?: boolean },
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<object> {
  if (!isRetentionTask(task)) throw new Error(`there is no task ${JSON.stringify(task)}`);
  const { run } = helps ? helping : upkeep;
  return run(task, context.getRemainingTimeInMillis() - AWS_BOUNDS.retentionMarginMs);
}
