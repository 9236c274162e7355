// Expires backups and removes their bytes: the only function that can. Called by its schedules.

import type { Context } from 'aws-lambda';
import { eventBridgeSink, openHome, sqsQueue, trailOf } from '../lib/aws/home.ts';
import { AWS_BOUNDS } from '../lib/aws/names/bounds.ts';
import { RETENTION_TASKS, type RetentionTask } from '../lib/aws/names/retention-task.ts';
import { LIMITS } from '../lib/core/records/limits.ts';
import { relayEvents } from '../lib/service/kit/events.ts';
import { resumeJobs } from '../lib/service/kit/jobs.ts';
import { findOrphans } from '../lib/service/retention/orphans.ts';
import { demandCurrentCatalog } from '../lib/service/retention/rollback.ts';
import { sweep } from '../lib/service/retention/sweep.ts';
import { writeEvents } from '../lib/service/trail/write.ts';
import { type CensusBounds, takeCensus } from '../lib/service/upkeep/census.ts';
import { scrub } from '../lib/service/upkeep/scrub.ts';

const home = openHome(process.env, { events: eventBridgeSink, queue: sqsQueue });
const { deps, log } = home;
const trail = trailOf(home);

export async function handler(
  { task }: { task: RetentionTask },
  context: Pick<Context, 'getRemainingTimeInMillis'>,
) {
  const deadline = deps.clock.now() + context.getRemainingTimeInMillis() - AWS_BOUNDS.retentionMarginMs;
  // The search for orphans looks for itself, and is the one that takes a proof back.
  if (task !== RETENTION_TASKS.orphans) await demandCurrentCatalog(deps);
  if (task === RETENTION_TASKS.trail) {
    // Nothing is published that does not stand in the trail.
    const written = await writeEvents(trail, deadline);
    const relayed = await relayEvents(deps);
    if (written.events + relayed > 0) log.info('trail written', { ...written, relayed });
    return written;
  }
  if (task === RETENTION_TASKS.sweep) {
    const summary = await sweep(deps, deadline);
    log.info('retention swept', { ...summary });
    const scrubbed = await scrub(deps, {
      backupsMin: LIMITS.scrubBackupsMin,
      ageMs: LIMITS.scrubAgeMs,
      deadline: Math.min(deadline, deps.clock.now() + AWS_BOUNDS.scrubMs),
    });
    log.info('backups proven', { ...scrubbed });
    await count({ deadline, blobsMax: AWS_BOUNDS.censusBlobsMax });
    const sent = await resumeJobs(deps);
    if (sent > 0) log.warn('lost jobs were sent again', { sent });
    return summary;
  }
  if (task === RETENTION_TASKS.orphans) {
    const search = await findOrphans(deps);
    log.info('orphans looked for', { ...search });
    await count({ deadline });
    return search;
  }
  throw new Error(`there is no task ${JSON.stringify(task)}`);
}

/** Whether every blob is there. */
async function count(bounds: CensusBounds): Promise<void> {
  const census = await takeCensus(deps, bounds);
  if (census !== undefined && census.incomplete > 0) log.error('blobs are missing', { ...census });
}
