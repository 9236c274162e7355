// Jobs as SQS hands them to a function: each succeeds or fails by itself, and what fails goes back, or, in the end, to the dead letters.

import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { LIMITS } from '../core/limits.ts';
import type { Logger } from '../log.ts';
import { type Job, PortError, type Queue } from '../ports.ts';
import { parseJob } from './job-text.ts';

export interface BatchDeps {
  queue: Pick<Queue, 'retry'>;
  log: Logger;
  run(job: Job): Promise<void>;
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

/** Whether the job is done. */
async function work({ queue, log, run }: BatchDeps, message: Message): Promise<boolean> {
  const { messageId, body, receiptHandle } = message;
  const attempt = Number(message.attributes.ApproximateReceiveCount);
  try {
    await run(parseJob(body));
    return true;
  } catch (error) {
    const code = error instanceof PortError ? error.code : undefined;
    // Delivered twice, one of the two comes second: that is how it should be.
    if (code === 'conflict') log.info('job is worked on elsewhere', { messageId, attempt });
    else log.error('job failed', { messageId, attempt, error });
    const hopeless = code === 'integrity';
    const delayMs = hopeless ? 0 : LIMITS.jobRetryMs * 2 ** (attempt - 1);
    // If even that fails, the job comes back when its time with us is over.
    await queue.retry(receiptHandle, delayMs).catch((reason: unknown) => {
      log.warn('the job comes back later than it could', { messageId, reason });
    });
    return false;
  }
}
