// When retention runs: often, for each run ends within its time and the next goes on; every minute the trail; and, seldom, the search for orphans.

import { Duration } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { RETENTION_TASKS, type RetentionTask } from '../aws/names/retention-task.ts';
import type { Settings } from './settings.ts';

/** Lists every blob there is, so it is seldom: what it finds, only a crash can have left. */
const ORPHANS_EVERY_DAYS = 7;
/** What was committed stands in the trail within a minute or two; with nothing to write a run takes a tenth of a second. */
const TRAIL_EVERY_MINUTES = 1;

export class Schedule extends Construct {
  readonly sweep: events.Rule;
  readonly orphans: events.Rule;
  readonly trail: events.Rule;

  constructor(scope: Construct, id: string, settings: Settings, retention: IFunction) {
    super(scope, id);
    const every = (name: string, task: RetentionTask, rate: Duration): events.Rule =>
      new events.Rule(this, name, {
        description: `Runs the retention function: ${task}`,
        schedule: events.Schedule.rate(rate),
        targets: [
          new LambdaFunction(retention, {
            event: events.RuleTargetInput.fromObject({ task }),
            // The next run does what this one did not.
            retryAttempts: 0,
            maxEventAge: Duration.minutes(5),
          }),
        ],
      });
    this.sweep = every('Sweep', RETENTION_TASKS.sweep, Duration.minutes(settings.retentionEveryMinutes));
    this.trail = every('Trail', RETENTION_TASKS.trail, Duration.minutes(TRAIL_EVERY_MINUTES));
    this.orphans = every('Orphans', RETENTION_TASKS.orphans, Duration.days(ORPHANS_EVERY_DAYS));
  }
}
