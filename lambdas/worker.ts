// Processes what is too large for a call: called by the queue of jobs.

import type { SQSHandler } from 'aws-lambda';
import { workBatch } from '../lib/aws/catalog/batch.ts';
import { openHome, s3Transfers, sqsQueue, temporaryScratch } from '../lib/aws/home.ts';
import { runJob } from '../lib/service/jobs/worker.ts';

const { deps, log } = openHome(process.env, {
  queue: sqsQueue,
  transfers: s3Transfers,
  scratch: temporaryScratch,
});

export const handler: SQSHandler = ({ Records }) =>
  workBatch({ queue: deps.queue, log, run: (job, attempt) => runJob(deps, job, attempt) }, Records);
