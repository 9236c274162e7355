// Works off jobs: one that is handed over by its home's queue, or all of a queue that is polled.

import { LIMITS } from '../core/limits.ts';
import { type Delivery, type Job, PortError } from '../ports.ts';
import type { Deps } from './deps.ts';
import { runBackupRequest } from './request.ts';
import { runRestoreJob } from './restore.ts';

const JOBS_AT_ONCE = 2;

/** Takes jobs until there are none, or it is told to stop. A job that fails for a reason that may pass comes back later. */
export async function workQueue(deps: Deps, isStopping: () => boolean = () => false): Promise<void> {
  while (!isStopping()) {
    const deliveries = await deps.queue.receive(JOBS_AT_ONCE);
    if (deliveries.length === 0) return;
    await Promise.all(deliveries.map((delivery) => work(deps, delivery)));
  }
}

/** Brings one job to its end. A throw means that it may go better later: the queue delivers it again. */
export async function runJob(deps: Deps, job: Job): Promise<void> {
  if (job.kind === 'restore') await runRestoreJob(deps, job.id);
  else await runBackupRequest(deps, job.id);
}

async function work(deps: Deps, { job, receipt, attempt }: Delivery): Promise<void> {
  try {
    await runJob(deps, job);
  } catch (error) {
    // Delivered twice, one of the two comes second: that is how it should be.
    const isRace = error instanceof PortError && error.code === 'conflict';
    if (isRace) deps.log.info('job is worked on elsewhere', { ...job, attempt });
    else deps.log.error('job failed', { ...job, attempt, error });
    await deps.queue.retry(receipt, LIMITS.jobRetryMs * 2 ** (attempt - 1));
    return;
  }
  await deps.queue.ack(receipt);
}
