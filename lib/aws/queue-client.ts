// Makes the SQS client, for the few calls that queue a job.

import { SQSClient } from '@aws-sdk/client-sqs';
import { type ClientOptions, common } from './client-options.ts';

export function createSqsClient(options: ClientOptions = {}): SQSClient {
  return new SQSClient(common(options));
}
