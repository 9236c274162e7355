// Works off the queue: for homes that poll. A home whose queue calls it uses `runRestoreJob` itself.

import { LIMITS } from '../core/limits.ts';
import type { Delivery } from '../ports.ts';
import type { Deps } from './deps.ts';
import { runRestoreJob } from './restore.ts';

const JOBS_AT_ONCE = 2;

/** Takes jobs until there are none. A job that fails for a reason that may pass comes back later. */
export async function workQueue(deps: Deps): Promise<void> {
  for (;;) {
    const deliveries = await deps.queue.receive(JOBS_AT_ONCE);
    if (deliveries.length === 0) return;
    await Promise.all(deliveries.map((delivery) => work(deps, delivery)));
  }
}

async function work(deps: Deps, { job, receipt, attempt }: Delivery): Promise<void> {
  try {
    await runRestoreJob(deps, job.operationId);
  } catch (error) {
    deps.log.error('job failed', { operationId: job.operationId, attempt, error });
    await deps.queue.retry(receipt, LIMITS.jobRetryMs * 2 ** (attempt - 1));
    return;
  }
  await deps.queue.ack(receipt);
}
