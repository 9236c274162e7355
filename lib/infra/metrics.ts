// What the alarms and the dashboard look at.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { DIMENSIONS, FIGURES, namespaceOf } from '../aws/names/figures.ts';
import type { IndexName } from '../aws/names/table.ts';
import type { AwsTask } from '../aws/names/upkeep.ts';
import type { Schedule } from './schedule.ts';
import type { Catalog } from './table.ts';

const FIVE_MINUTES = Duration.minutes(5);

export interface MetricsProps {
  stackName: string;
  table: Pick<Catalog, 'tableName'>;
  schedule: Schedule;
}

export class Metrics extends Construct {
  /** Given by the functions themselves, by code (`lib/aws/messages/emf.ts`). */
  readonly integrityErrors: cloudwatch.IMetric;
  readonly keyErrors: cloudwatch.IMetric;
  readonly dependencyErrors: cloudwatch.IMetric;
  readonly backups: (type: string) => cloudwatch.Metric;
  readonly backupFailures: cloudwatch.Metric;
  readonly restores: cloudwatch.Metric;
  readonly restoresFailed: cloudwatch.Metric;
  /** Milliseconds, and bytes. */
  readonly backupDuration: cloudwatch.Metric;
  readonly backupSize: cloudwatch.Metric;
  readonly expired: cloudwatch.Metric;
  readonly due: cloudwatch.Metric;
  /** Milliseconds. */
  readonly overdue: cloudwatch.Metric;
  readonly throttledWrites: cloudwatch.IMetric;
  readonly throttledReads: cloudwatch.IMetric;
  /** By key, also where only some of a batch were refused: a batch counts as throttled when all of it is. */
  readonly throttledGets: cloudwatch.IMetric;
  /** Of each index by itself; what it refuses its table refuses too, and does not say why. */
  readonly throttledIndexes: Record<IndexName, cloudwatch.IMetric>;
  readonly failedSweeps: cloudwatch.IMetric;
  /** Runs that ended well: a call that failed is none. */
  readonly done: (task: AwsTask) => cloudwatch.Metric;
  readonly failed: (task: AwsTask) => cloudwatch.Metric;

  constructor(scope: Construct, id: string, { stackName, table, schedule }: MetricsProps) {
    super(scope, id);
    const own = (name: string, dimensions?: Record<string, string>) =>
      countOf(namespaceOf(stackName), name, dimensions);
    this.integrityErrors = own(FIGURES.integrityErrors);
    this.keyErrors = own(FIGURES.keyErrors);
    this.dependencyErrors = own(FIGURES.dependencyErrors);
    this.backups = (type) => own(FIGURES.backups, { [DIMENSIONS.type]: type });
    this.backupFailures = own(FIGURES.backupFailures);
    this.restores = own(FIGURES.restores);
    this.restoresFailed = own(FIGURES.restoresFailed);
    this.backupDuration = own(FIGURES.backupDuration).with({ statistic: 'p99' });
    this.backupSize = own(FIGURES.backupSize).with({ statistic: 'Maximum' });
    this.expired = own(FIGURES.retentionExpired);
    this.due = own(FIGURES.retentionDue).with({ statistic: 'Maximum' });
    this.overdue = own(FIGURES.retentionOverdue).with({ statistic: 'Maximum' });
    const runs = (outcome: string) => (task: AwsTask) =>
      own(FIGURES.upkeepRuns, { [DIMENSIONS.task]: task, [DIMENSIONS.outcome]: outcome });
    this.done = runs('done');
    this.failed = runs('failed');
    // Every commit is a transaction, every list a query. One metric an alarm: no sums, which not every emulator takes.
    const throttled = (Operation: string) =>
      countOf('AWS/DynamoDB', 'ThrottledRequests', { TableName: table.tableName, Operation });
    this.throttledWrites = throttled('TransactWriteItems');
    this.throttledReads = throttled('Query');
    this.throttledGets = countOf('AWS/DynamoDB', 'ReadThrottleEvents', { TableName: table.tableName });
    const throttledIndex = (GlobalSecondaryIndexName: IndexName) =>
      countOf('AWS/DynamoDB', 'WriteThrottleEvents', {
        TableName: table.tableName,
        GlobalSecondaryIndexName,
      });
    this.throttledIndexes = {
      gsi1: throttledIndex('gsi1'),
      gsi2: throttledIndex('gsi2'),
      gsi3: throttledIndex('gsi3'),
    };
    this.failedSweeps = countOf('AWS/Events', 'FailedInvocations', {
      RuleName: schedule.rules.sweep.ruleName,
    });
  }
}

function countOf(
  namespace: string,
  metricName: string,
  dimensionsMap: Record<string, string> = {},
): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace,
    metricName,
    dimensionsMap,
    statistic: 'Sum',
    period: FIVE_MINUTES,
  });
}
