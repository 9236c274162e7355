// The queue of background jobs, and where jobs go that never succeed. Messages hold ids, never data.

import { Duration } from 'aws-cdk-lib';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { LIMITS } from '../core/records/limits.ts';

/** Long enough to come back from a holiday to. */
const DEAD_LETTER_DAYS = 14;

export class Queues extends Construct {
  readonly jobs: sqs.Queue;
  readonly deadLetters: sqs.Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const common = { encryption: sqs.QueueEncryption.SQS_MANAGED, enforceSSL: true };
    this.deadLetters = new sqs.Queue(this, 'DeadLetters', {
      ...common,
      retentionPeriod: Duration.days(DEAD_LETTER_DAYS),
    });
    this.jobs = new sqs.Queue(this, 'Jobs', {
      ...common,
      visibilityTimeout: Duration.millis(LIMITS.jobVisibilityMs),
      retentionPeriod: Duration.days(1),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: LIMITS.jobAttemptsMax },
    });
  }
}
