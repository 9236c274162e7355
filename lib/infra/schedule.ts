// When the periodic work is done: each task by a schedule of its own, so that none waits for another.

import { Duration } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import {
  AWS_TASKS,
  type AwsTask,
  awsPlans,
  isNotifyTask,
  SCHEDULES_TASK,
  TRAIL_TASK,
} from '../aws/names/upkeep.ts';
import type { Settings } from './settings.ts';

/** What is called. */
export interface Callees {
  retention: IFunction;
  trail: IFunction;
  schedules: IFunction;
  notify: IFunction;
}

export class Schedule extends Construct {
  readonly rules: Readonly<Record<AwsTask, events.Rule>>;

  constructor(scope: Construct, id: string, settings: Settings, functions: Callees) {
    super(scope, id);
    const plans = awsPlans(settings.retentionEveryMinutes);
    const rules = AWS_TASKS.map((task) => [task, this.every(task, plans[task].everyMs, functions)]);
    this.rules = Object.fromEntries(rules) as Record<AwsTask, events.Rule>;
  }

  private every(task: AwsTask, everyMs: number, functions: Callees): events.Rule {
    const name = calleeOf(task);
    return new events.Rule(this, nameOf(task), {
      description: `Runs the ${name} function: ${task}`,
      schedule: events.Schedule.rate(Duration.minutes(everyMs / 60_000)),
      targets: [
        new LambdaFunction(functions[name], {
          event: events.RuleTargetInput.fromObject({ task }),
          // The next run does what this one did not.
          retryAttempts: 0,
          maxEventAge: Duration.minutes(5),
        }),
      ],
    });
  }
}

function calleeOf(task: AwsTask): keyof Callees {
  if (task === TRAIL_TASK || task === SCHEDULES_TASK) return task;
  return isNotifyTask(task) ? 'notify' : 'retention';
}

/** As CloudFormation's names are written: `LostJobs`. */
function nameOf(task: AwsTask): string {
  return task
    .split('_')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');
}
