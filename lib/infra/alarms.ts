// What wakes somebody: one line an alarm, each with its section in the runbook (docs/operations.md).

import { Duration, Stack } from 'aws-cdk-lib';
import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { DAY_MS } from '../core/records/limits.ts';
import type { Functions } from './functions.ts';
import type { Metrics } from './metrics.ts';
import type { Queues } from './queues.ts';
import { REPLICATION_RULE } from './replica.ts';
import type { Settings } from './settings.ts';

/** Where the sections are. */
export const RUNBOOK = 'docs/operations.md';

interface Alarm {
  /** Of the runbook's section: `alarm-<name>`. */
  name: string;
  says: string;
  metric: cloudwatch.IMetric;
  /** Reached, it alarms. */
  atLeast?: number;
  /** Undershot, it alarms; and so does silence. */
  below?: number;
  periods?: number;
}

export interface AlarmsProps {
  api: RestApi;
  functions: Functions['all'];
  queues: Queues;
  settings: Settings;
  metrics: Metrics;
  storageKey: IKey;
  /** The buckets that S3 copies from and to. */
  replication?: { source: string; copy: string };
}

const SERVER_ERRORS_MAX = 3;
const CALL_ERRORS_MAX = 3;
const DEPENDENCY_ERRORS_MAX = 3;
const OLDEST_JOB_SECONDS = 10 * 60;
/** What waits because it looks wrong does so for a day, and is due from then on. */
const OVERDUE_MS = 3 * DAY_MS;
/** Part of its time that a function may take before it is too near the end. */
const DURATION_RATIO = 0.8;
/** It is called every minute. */
const TRAIL_SILENT_MINUTES = 15;
/** It is called every minute, and what is due within five is on time. */
const SCHEDULES_SILENT_MINUTES = 15;
/** Sweeps that may be missed. */
const SWEEPS_MISSED_MAX = 4;

export class Alarms extends Construct {
  readonly topic: sns.Topic;
  readonly all: cloudwatch.Alarm[] = [];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const { alarmEmail } = props.settings;
    this.topic = new sns.Topic(this, 'Topic', { enforceSSL: true, masterKey: props.storageKey });
    // A policy of its own takes the place of the one that lets the account publish: without this every alarm is mute.
    this.topic.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'AlarmsMayPublish',
        principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    if (alarmEmail !== undefined) this.topic.addSubscription(new EmailSubscription(alarmEmail));
    const action = new SnsAction(this.topic);
    for (const line of linesOf(props)) {
      const alarm = new cloudwatch.Alarm(this, line.name, {
        metric: line.metric,
        alarmDescription: `${line.says} Runbook: ${RUNBOOK}#alarm-${line.name}`,
        evaluationPeriods: line.periods ?? 1,
        ...boundOf(line),
      });
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
      this.all.push(alarm);
    }
  }
}

function boundOf({ atLeast, below }: Alarm) {
  const { ComparisonOperator, TreatMissingData } = cloudwatch;
  return below === undefined
    ? {
        threshold: atLeast ?? 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }
    : {
        threshold: below,
        comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
        treatMissingData: TreatMissingData.BREACHING,
      };
}

function linesOf({ settings, api, functions, queues, metrics, replication }: AlarmsProps): Alarm[] {
  const period = Duration.minutes(5);
  const { backups, restores, worker, retention, trail, schedules, notify } = functions;
  const errors = (name: string, of: typeof backups, atLeast: number): Alarm => ({
    name: `${name}-errors`,
    says: `The function ${name} fails.`,
    metric: of.lambda.metricErrors({ period }),
    atLeast,
  });
  const slow = (name: string, of: typeof backups): Alarm => ({
    name: `${name}-duration`,
    says: `The function ${name} is near its time limit.`,
    metric: of.lambda.metricDuration({ period, statistic: 'Maximum' }),
    atLeast: of.timeoutSeconds * 1000 * DURATION_RATIO,
  });
  const throttled = (name: string, of: typeof backups): Alarm => ({
    name: `${name}-throttled`,
    says: `Calls of the function ${name} are refused: too many at once.`,
    metric: of.lambda.metricThrottles({ period }),
  });
  return [
    {
      name: 'integrity',
      says: 'Stored bytes are not what was written: a backup may not be restorable.',
      metric: metrics.integrityErrors,
    },
    { name: 'keys', says: 'A key, or the right to use it, is missing.', metric: metrics.keyErrors },
    {
      name: 'api-server-errors',
      says: 'The API answers with 5xx.',
      metric: api.metricServerError({ period, statistic: 'Sum' }),
      atLeast: SERVER_ERRORS_MAX,
    },
    errors('backups', backups, CALL_ERRORS_MAX),
    errors('restores', restores, CALL_ERRORS_MAX),
    errors('worker', worker, CALL_ERRORS_MAX),
    errors('retention', retention, 1),
    errors('trail', trail, CALL_ERRORS_MAX),
    errors('schedules', schedules, CALL_ERRORS_MAX),
    errors('notify', notify, CALL_ERRORS_MAX),
    slow('backups', backups),
    slow('restores', restores),
    slow('worker', worker),
    slow('trail', trail),
    throttled('backups', backups),
    throttled('restores', restores),
    throttled('worker', worker),
    throttled('retention', retention),
    throttled('trail', trail),
    throttled('schedules', schedules),
    throttled('notify', notify),
    {
      name: 'dead-letters',
      says: 'A job was given up.',
      metric: queues.deadLetters.metricApproximateNumberOfMessagesVisible({ period, statistic: 'Maximum' }),
    },
    ...(replication === undefined ? [] : [notCopied(replication)]),
    {
      name: 'queue-age',
      says: 'Jobs wait too long.',
      metric: queues.jobs.metricApproximateAgeOfOldestMessage({ period, statistic: 'Maximum' }),
      atLeast: OLDEST_JOB_SECONDS,
    },
    {
      name: 'retention-silent',
      says: 'No sweep of retention has ended well.',
      metric: metrics.done('sweep').with({
        period: Duration.minutes(settings.retentionEveryMinutes * SWEEPS_MISSED_MAX),
      }),
      below: 1,
    },
    {
      name: 'retention-late',
      says: 'Backups stay longer than they should: sweeps do not keep up.',
      metric: metrics.overdue.with({ period: Duration.hours(1) }),
      atLeast: OVERDUE_MS,
    },
    {
      name: 'trail-silent',
      says: 'The trail is not written.',
      metric: metrics.done('trail').with({ period: Duration.minutes(TRAIL_SILENT_MINUTES) }),
      below: 1,
    },
    {
      name: 'schedules-silent',
      says: 'Nobody looks at what of the schedules is due.',
      metric: metrics.done('schedules').with({ period: Duration.minutes(SCHEDULES_SILENT_MINUTES) }),
      below: 1,
    },
    {
      name: 'notify-silent',
      says: 'Nobody is told of anything.',
      metric: metrics.done('notify').with({ period: Duration.minutes(TRAIL_SILENT_MINUTES) }),
      below: 1,
    },
    { name: 'schedule', says: 'The schedule cannot call retention.', metric: metrics.failedSweeps },
    { name: 'table-writes', says: 'The table throttles writes.', metric: metrics.throttledWrites },
    { name: 'table-reads', says: 'The table throttles lists.', metric: metrics.throttledReads },
    { name: 'table-gets', says: 'The table throttles reads by key.', metric: metrics.throttledGets },
    // On demand an index takes what its table takes. Provisioned, each has its own.
    ...(settings.provisioned === undefined
      ? []
      : Object.entries(metrics.throttledIndexes).map(([index, metric]) => ({
          name: `${index}-writes`,
          says: `The index ${index} of the table throttles writes.`,
          metric,
        }))),
    {
      name: 'dependencies',
      says: 'S3, DynamoDB, KMS, SQS or EventBridge do not answer.',
      metric: metrics.dependencyErrors,
      atLeast: DEPENDENCY_ERRORS_MAX,
    },
  ];
}

function notCopied({ source, copy }: { source: string; copy: string }): Alarm {
  return {
    name: 'not-copied',
    says: 'S3 has not copied something into the second bucket, and does not try again.',
    metric: new cloudwatch.Metric({
      namespace: 'AWS/S3',
      metricName: 'OperationsFailedReplication',
      dimensionsMap: { SourceBucket: source, DestinationBucket: copy, RuleId: REPLICATION_RULE },
      statistic: 'Sum',
      period: Duration.minutes(5),
    }),
  };
}
