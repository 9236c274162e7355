// One page that says whether the service is well: alarms first, then what callers feel, then what works behind it.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { AlarmsProps } from './alarms.ts';
import type { ServiceFunction } from './function.ts';

const WIDTH = 24;
const HEIGHT = 6;

export type DashboardProps = Pick<AlarmsProps, 'api' | 'functions' | 'queues' | 'metrics'> & {
  alarms: cloudwatch.IAlarm[];
};

export class Dashboard extends Construct {
  readonly dashboard: cloudwatch.Dashboard;

  constructor(scope: Construct, id: string, { api, functions, queues, metrics, alarms }: DashboardProps) {
    super(scope, id);
    const each = (of: (name: string, one: ServiceFunction) => cloudwatch.IMetric) =>
      Object.entries(functions).map(([name, one]) => of(name, one));
    this.dashboard = new cloudwatch.Dashboard(this, 'Dashboard', { defaultInterval: Duration.days(1) });
    this.dashboard.addWidgets(
      new cloudwatch.AlarmStatusWidget({ title: 'Alarms', alarms, width: WIDTH, height: HEIGHT }),
    );
    this.dashboard.addWidgets(
      graph('Calls', [api.metricCount(), api.metricClientError(), api.metricServerError()]),
      graph('Time to answer', [
        api.metricLatency({ statistic: 'p50' }),
        api.metricLatency({ statistic: 'p99' }),
      ]),
    );
    this.dashboard.addWidgets(
      graph(
        'Errors',
        each((name, one) => one.lambda.metricErrors({ label: name })),
      ),
      graph(
        'Duration, p99',
        each((name, one) => one.lambda.metricDuration({ label: name, statistic: 'p99' })),
      ),
    );
    this.dashboard.addWidgets(
      graph('Jobs', [
        queues.jobs.metricApproximateNumberOfMessagesVisible(),
        queues.deadLetters.metricApproximateNumberOfMessagesVisible({ label: 'dead letters' }),
        queues.jobs.metricApproximateAgeOfOldestMessage({ label: 'oldest, seconds' }),
      ]),
      graph('Integrity and keys', [metrics.integrityErrors, metrics.keyErrors]),
    );
    this.dashboard.addWidgets(
      graph('Backups', [
        ...['full', 'incremental', 'differential'].map((type) => metrics.backups(type).with({ label: type })),
        metrics.backupFailures,
      ]),
      graph('Restores', [metrics.restores, metrics.restoresFailed]),
    );
    this.dashboard.addWidgets(
      graph('Time to make a backup, p99, milliseconds', [metrics.backupDuration]),
      graph('The largest state, bytes', [metrics.backupSize]),
    );
    this.dashboard.addWidgets(
      graph('Retention: expired, due', [metrics.expired, metrics.due]),
      graph('Retention: the longest overdue, milliseconds', [metrics.overdue]),
    );
    this.dashboard.addWidgets(
      graph('Table: throttled', [metrics.throttledWrites, metrics.throttledReads, metrics.throttledGets]),
      graph('Dependencies that do not answer', [metrics.dependencyErrors]),
    );
  }
}

function graph(title: string, left: cloudwatch.IMetric[]): cloudwatch.GraphWidget {
  return new cloudwatch.GraphWidget({ title, left, width: WIDTH / 2, height: HEIGHT });
}
