// What checkov says of our templates and is so on purpose, each with its reason. A finding on anything else, and a line that finds nothing any more,
// fails `npm run lint:aws`. (cfn-lint's and cdk-nag's are none: cdk-nag's acknowledgements stand beside the resources, in lib/infra.)

export interface Accepted {
  /** Parts of logical ids: on these resources alone. On all without. */
  on?: string[];
  why: string;
}

export const ACCEPTED: Record<string, Accepted> = {
  // S3
  CKV_AWS_18: {
    on: ['BucketsAccessLogs'],
    why: 'The bucket is where the others log to: its own log would be in it, and about it.',
  },
  CKV_AWS_21: {
    on: ['BucketsAccessLogs', 'BucketsStaging'],
    why: 'Access logs are written once by S3 and expire. Uploads and results are there for hours, under names that nobody else has: versions would keep states that their owner has deleted.',
  },
  // DynamoDB, SQS, CloudWatch
  CKV_AWS_119: {
    on: ['CatalogTable'],
    why: "Records name, date and measure backups; no content of a state is among them. With a key of the customer's, each list would be a call of KMS, and whoever destroys that key would take the way to every blob along. The table is encrypted by AWS's own key.",
  },
  CKV_AWS_27: {
    on: ['QueuesDeadLetters', 'QueuesJobs'],
    why: 'SQS encrypts by itself (SSE-SQS is on unless it is turned off). A job holds the id of a record, and is signed.',
  },
  CKV_AWS_158: {
    why: 'Logs hold ids, codes and durations: never a state, a token, a key or an address of a source with its password (`npm test -- log`). CloudWatch encrypts them by itself.',
  },
  // Lambda
  CKV_AWS_116: {
    why: 'Nothing is lost with a call of a function: jobs are in a queue with dead letters of its own, and all that runs by the clock looks at the table, which knows what is due. A dead letter there would be a tick of a clock. Failures ring alarms.',
  },
  CKV_AWS_117: {
    why: 'The functions talk to services of AWS alone, by TLS and under roles that name their resources; a VPC would add NAT or endpoints for each, and their price, and closes nothing. Sources in a VPC are read by `brs run` beside them.',
  },
  CKV_AWS_115: {
    why: 'A new account has ten executions at once and may reserve none of them. The settings maxRequestsPerSecond and workersMax bound what is called.',
  },
  CKV_AWS_173: {
    why: 'Names and ARNs, no secret: those are named by where they stand (decision 53). Lambda encrypts them by itself.',
  },
  // API Gateway
  CKV_AWS_73: {
    why: 'A call is followed by its X-Request-Id through access log, log lines and trail; X-Ray would be paid for each and say less.',
  },
  CKV_AWS_120: { why: 'A state out of a cache would be a state of before.' },
  CKV_AWS_59: {
    on: ['ApiRestGET', 'ApiResthealthGET', 'ApiRestopenapijsonGET'],
    why: 'Public on purpose: the index, whether it lives, and what it can do. None of them says anything of what is stored (`npm test -- doors`).',
  },
};
