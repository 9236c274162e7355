// Processes jobs: one that is handed over by its home's queue, or all of a queue that is polled.

import { setTimeout as pause } from 'node:timers/promises';
import { LIMITS } from '../../core/records/limits.ts';
import { PortError } from '../../ports/errors.ts';
import type { Delivery, Job, JobOutcome } from '../../ports/queue.ts';
import type { Deps } from '../contract/deps.ts';
import { mayPass, reasonOf } from '../kit/jobs.ts';
import { failRestore, runRestoreJob } from '../restores/restore.ts';
import { failRequest, noteWaiting, runBackupRequest } from '../uploads/request-run.ts';

const JOBS_AT_ONCE = 2;
/** A job that cannot be given back is tried to be given back after so long, and then after twice that, up to the most. */
const GIVE_BACK_MS = 200;
const GIVE_BACK_MS_MAX = 5000;

/** Takes jobs until there are none, or it is told to stop. A job that fails for a reason that may pass comes back later. */
export async function workQueue(deps: Deps, isStopping: () => boolean = () => false): Promise<void> {
  while (!isStopping()) {
    const deliveries = await deps.queue.receive(JOBS_AT_ONCE);
    if (deliveries.length === 0) return;
    await Promise.all(deliveries.map((delivery) => work(deps, delivery, isStopping)));
  }
}

/**
 * Brings one job to its end, or says what is to become of it: work that waits for something to pass is never given up, and says
 * what it waits for; what fails for another reason every time has failed for good. Never throws.
 */
export async function runJob(deps: Deps, job: Job, attempt: number): Promise<JobOutcome> {
  try {
    if (job.kind === 'restore') await runRestoreJob(deps, job.id);
    else await runBackupRequest(deps, job.id);
    return { is: 'done' };
  } catch (error) {
    return afterFailure(deps, job, attempt, error);
  }
}

async function afterFailure(deps: Deps, job: Job, attempt: number, error: unknown): Promise<JobOutcome> {
  const { log } = deps;
  const isLast = attempt >= LIMITS.jobAttemptsMax;
  const again = (delayMs: number): JobOutcome => ({ is: isLast ? 'anew' : 'again', delayMs });
  const delayMs = LIMITS.jobRetryMs * 2 ** (attempt - 1);
  if (error instanceof PortError && error.code === 'not_found') {
    // Sent for what was then not committed, or has been forgotten since.
    log.info('job is about nothing', { ...job, attempt });
    return { is: 'done' };
  }
  if (error instanceof PortError && error.code === 'conflict') {
    // Delivered twice, one of the two comes second: that is how it should be.
    log.info('job is worked on elsewhere', { ...job, attempt });
    return again(Math.min(delayMs, LIMITS.jobAgainMs));
  }
  if (!mayPass(error)) {
    log.error('job failed', { ...job, attempt, error });
    return isLast ? giveUp(deps, job) : { is: 'again', delayMs };
  }
  if (job.kind === 'restore') {
    log.error('job failed', { ...job, attempt, error });
    return again(Math.min(delayMs, LIMITS.jobAgainMs));
  }
  const reason = reasonOf(error);
  const waited = deps.clock.now() - (await noteWaiting(deps, job.id, reason));
  // News once; that it still waits stands in its request.
  if (waited <= 0) log.error('backup waits', { backupId: job.id, ...reason, error });
  else log.warn('backup still waits', { backupId: job.id, ...reason, error });
  // The longer it has waited, the longer it may wait until the next try, up to a bound.
  return again(Math.min(Math.max(LIMITS.jobRetryMs, waited), LIMITS.jobAgainMs));
}

/** Says that the work has failed for good. If even that cannot be written, the job goes on. */
export async function giveUp(deps: Deps, job: Job): Promise<JobOutcome> {
  const reason = {
    code: 'internal_error',
    detail: `It was tried ${LIMITS.jobAttemptsMax} times; the log says what happened.`,
  };
  try {
    if (job.kind === 'restore') await failRestore(deps, job.id, reason);
    else await failRequest(deps, job.id, reason);
    return { is: 'dead' };
  } catch (error) {
    deps.log.error('a job that has failed cannot be ended', { ...job, error });
    return { is: 'anew', delayMs: LIMITS.jobAgainMs };
  }
}

async function work(
  deps: Deps,
  { job, receipt, attempt }: Delivery,
  isStopping: () => boolean,
): Promise<void> {
  const { queue, log } = deps;
  const outcome = await runJob(deps, job, attempt);
  let isSent = false;
  const settle = async (): Promise<void> => {
    if (outcome.is === 'again') return queue.retry(receipt, outcome.delayMs);
    // After the last delivery it goes to the dead letters.
    if (outcome.is === 'dead') return queue.retry(receipt, 0);
    if (outcome.is === 'anew' && !isSent) {
      await queue.send(job, outcome.delayMs);
      isSent = true;
    }
    await queue.ack(receipt);
  };
  // Otherwise the job would be nobody's until its time is over, for a failure that has passed in a second.
  for (let delayMs = GIVE_BACK_MS; ; delayMs = Math.min(2 * delayMs, GIVE_BACK_MS_MAX)) {
    try {
      return await settle();
    } catch (error) {
      if (!mayPass(error)) throw error;
      log.warn('a job cannot be given back yet', { ...job, error });
      if (isStopping()) return;
      await pause(delayMs);
    }
  }
}
