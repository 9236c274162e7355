// Expires backups and removes their bytes: the only function that can. Called by its schedules.

import type { Context } from 'aws-lambda';
import { AWS_BOUNDS } from '../lib/aws/bounds.ts';
import { eventBridgeSink, openHome, sqsQueue } from '../lib/aws/home.ts';
import { RETENTION_TASKS, type RetentionTask } from '../lib/aws/retention-task.ts';
import { resumeJobs } from '../lib/service/jobs.ts';
import { findOrphans } from '../lib/service/orphans.ts';
import { sweep } from '../lib/service/retention.ts';

const { deps, log } = openHome(process.env, { events: eventBridgeSink, queue: sqsQueue });

export async function handler(
  { task }: { task: RetentionTask },
  context: Pick<Context, 'getRemainingTimeInMillis'>,
) {
  if (task === RETENTION_TASKS.sweep) {
    const remainingMs = context.getRemainingTimeInMillis() - AWS_BOUNDS.retentionMarginMs;
    const summary = await sweep(deps, deps.clock.now() + remainingMs);
    log.info('retention swept', { ...summary });
    const sent = await resumeJobs(deps);
    if (sent > 0) log.warn('lost jobs were sent again', { sent });
    return summary;
  }
  if (task === RETENTION_TASKS.orphans) {
    const search = await findOrphans(deps);
    log.info('orphans looked for', { ...search });
    return search;
  }
  throw new Error(`there is no task ${JSON.stringify(task)}`);
}
