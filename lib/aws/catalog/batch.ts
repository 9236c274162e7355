// Jobs as SQS hands them to a function: each succeeds or fails by itself, and what fails goes back, or, in the end, to the dead letters.

import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import type { Logger } from '../../log.ts';
import type { Job, JobOutcome, Queue } from '../../ports/queue.ts';
import { parseJob } from '../messages/job-text.ts';

export interface BatchDeps {
  queue: Pick<Queue, 'retry' | 'send'>;
  log: Logger;
  run(job: Job, attempt: number): Promise<JobOutcome>;
}

type Message = Pick<SQSRecord, 'messageId' | 'body' | 'receiptHandle'> & {
  attributes: Pick<SQSRecord['attributes'], 'ApproximateReceiveCount'>;
};

/**
 * Runs every job of a batch. The answer names what failed; only that is delivered again, sooner each time than the
 * queue would by itself. What is no job at all fails like any other, so that the dead letters show it.
 */
export async function workBatch(deps: BatchDeps, messages: Message[]): Promise<SQSBatchResponse> {
  const outcomes = await Promise.all(messages.map((message) => work(deps, message)));
  const failed = messages.filter((_message, i) => !outcomes[i]);
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

/** Whether the message is done with: its job is, or a new message has taken its place. */
async function work({ queue, log, run }: BatchDeps, message: Message): Promise<boolean> {
  const { messageId, body, receiptHandle } = message;
  const attempt = Number(message.attributes.ApproximateReceiveCount);
  const giveBack = async (delayMs: number): Promise<false> => {
    // If even that fails, the job comes back when its time with us is over.
    await queue.retry(receiptHandle, delayMs).catch((reason: unknown) => {
      log.warn('the job comes back later than it could', { messageId, reason });
    });
    return false;
  };
  let job: Job;
  try {
    job = parseJob(body);
  } catch (error) {
    log.error('job failed', { messageId, attempt, error });
    return giveBack(0);
  }
  const outcome = await run(job, attempt);
  if (outcome.is === 'done') return true;
  if (outcome.is === 'again') return giveBack(outcome.delayMs);
  // It goes to the dead letters, where somebody looks.
  if (outcome.is === 'dead') return giveBack(0);
  try {
    await queue.send(job, outcome.delayMs);
    return true;
  } catch (error) {
    log.error('the job cannot be sent anew', { messageId, attempt, error });
    return giveBack(outcome.delayMs);
  }
}
