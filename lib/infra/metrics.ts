// What the alarms and the dashboard look at.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Rule } from 'aws-cdk-lib/aws-events';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { ServiceFunction } from './function.ts';

const NAMESPACE = 'BackupRestore';
const FIVE_MINUTES = Duration.minutes(5);

export interface MetricsProps {
  stackName: string;
  functions: Record<string, ServiceFunction>;
  table: Table;
  sweep: Rule;
  trail: Rule;
}

export class Metrics extends Construct {
  /** Errors in the log that say that stored bytes are not what was written. */
  readonly integrityErrors: cloudwatch.IMetric;
  /** Errors in the log that say that a key, or the right to use it, is not there. */
  readonly keyErrors: cloudwatch.IMetric;
  /** Errors in the log that say that something we depend on does not answer. */
  readonly dependencyErrors: cloudwatch.IMetric;
  readonly throttledWrites: cloudwatch.IMetric;
  readonly throttledReads: cloudwatch.IMetric;
  readonly failedSweeps: cloudwatch.IMetric;
  /** Calls by each rule: the function that they call is called by others too. */
  readonly sweeps: cloudwatch.Metric;
  readonly trailsWritten: cloudwatch.Metric;

  constructor(scope: Construct, id: string, { stackName, functions, table, sweep, trail }: MetricsProps) {
    super(scope, id);
    this.integrityErrors = this.countInLogs('IntegrityErrors', stackName, functions, INTEGRITY_PATTERN);
    this.keyErrors = this.countInLogs('KeyErrors', stackName, functions, KEY_PATTERN);
    this.dependencyErrors = this.countInLogs('DependencyErrors', stackName, functions, DEPENDENCY_PATTERN);
    // Every commit is a transaction, every list a query. One metric an alarm: no sums, which not every emulator takes.
    const throttled = (Operation: string) =>
      countOf('AWS/DynamoDB', 'ThrottledRequests', { TableName: table.tableName, Operation });
    this.throttledWrites = throttled('TransactWriteItems');
    this.throttledReads = throttled('Query');
    this.failedSweeps = countOf('AWS/Events', 'FailedInvocations', { RuleName: sweep.ruleName });
    this.sweeps = countOf('AWS/Events', 'Invocations', { RuleName: sweep.ruleName });
    this.trailsWritten = countOf('AWS/Events', 'Invocations', { RuleName: trail.ruleName });
  }

  /** One metric over the logs of all functions. */
  private countInLogs(
    metricName: string,
    stackName: string,
    functions: Record<string, ServiceFunction>,
    filterPattern: logs.IFilterPattern,
  ): cloudwatch.IMetric {
    const metricNamespace = `${NAMESPACE}/${stackName}`;
    for (const [name, { logGroup }] of Object.entries(functions)) {
      new logs.MetricFilter(this, `${metricName}-${name}`, {
        logGroup,
        metricNamespace,
        metricName,
        filterPattern,
        metricValue: '1',
      });
    }
    return countOf(metricNamespace, metricName);
  }
}

/** `code` is how the HTTP layer, the worker and retention log a ServiceError. */
const INTEGRITY_PATTERN = logs.FilterPattern.any(
  logs.FilterPattern.stringValue('$.code', '=', 'integrity_error'),
  logs.FilterPattern.stringValue('$.code', '=', 'broken_chain'),
  logs.FilterPattern.stringValue('$.error.code', '=', 'integrity_error'),
  logs.FilterPattern.stringValue('$.error.code', '=', 'broken_chain'),
);

/** KMS by its own names, in the message of what the keyring or, for its key, S3 threw; and every refusal. What a use case has made of it stands before its cause. */
const KEY_PATTERN = logs.FilterPattern.any(
  logs.FilterPattern.stringValue('$.error.message', '=', '*data key*'),
  logs.FilterPattern.stringValue('$.error.message', '=', '*KMS*'),
  logs.FilterPattern.stringValue('$.error.code', '=', 'denied'),
  logs.FilterPattern.stringValue('$.error.cause.code', '=', 'denied'),
);

const DEPENDENCY_PATTERN = logs.FilterPattern.any(
  logs.FilterPattern.stringValue('$.error.code', '=', 'unavailable'),
  logs.FilterPattern.stringValue('$.error.cause.code', '=', 'unavailable'),
);

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
