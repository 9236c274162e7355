// The functions, cut by privilege: what each is for, how much it gets, how long it may take.

import { type CfnElement, Duration, Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct, type IConstruct } from 'constructs';
import { AWS_BOUNDS } from '../aws/names/bounds.ts';
import type { Environment } from '../aws/names/env.ts';
import { PARTITIONS, TABLE } from '../aws/names/table.ts';
import { acknowledge } from './acknowledge.ts';
import { ServiceFunction, type ServiceFunctionProps } from './function.ts';
import {
  BLOBS,
  callsItself,
  type Privileges,
  QUARANTINE,
  RESULTS,
  type Stores,
  TRAIL,
  UPLOADS,
} from './privileges.ts';
import type { Settings } from './settings.ts';
import type { Catalog } from './table.ts';

/** One whole processor: compression and encryption are all that a call waits for. */
const API_MEMORY_MIB = 1769;
/** What a young account may have at most; holds the largest state that deltas are made of, its base and their delta. */
const HEAVY_MEMORY_MIB = 3008;
/** A segment of the trail, and what the events of its commits leave behind. */
const TRAIL_MEMORY_MIB = 1024;
/** Pages of heads and of what is due. */
const NOTIFY_MEMORY_MIB = 512;
/** Keys of events: of so many one call has room. */
const KICK_RECORDS_MAX = 1000;
/** Older ones the schedule has seen to. */
const KICK_AGE_SECONDS_MAX = 60;
/** What the keys of events begin with. */
const EVENT_KEYS = PARTITIONS.events.slice(0, -1);

export interface FunctionsProps {
  settings: Settings;
  projectRoot: string;
  environment: Environment;
  privileges: Privileges;
  jobs: IQueue;
  table: Catalog;
}

export class Functions extends Construct {
  readonly backups: ServiceFunction;
  readonly restores: ServiceFunction;
  readonly worker: ServiceFunction;
  readonly retention: ServiceFunction;
  readonly trail: ServiceFunction;
  readonly schedules: ServiceFunction;
  readonly notify: ServiceFunction;

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    const { settings, projectRoot, environment, privileges } = props;
    const make = (
      name: string,
      own: Omit<ServiceFunctionProps, 'settings' | 'projectRoot' | 'environment'>,
    ): ServiceFunction => new ServiceFunction(this, name, { settings, projectRoot, environment, ...own });

    this.backups = make('Backups', {
      entry: 'backups',
      description: 'Takes backups in, lists and hides them',
      memoryMiB: API_MEMORY_MIB,
      timeoutSeconds: AWS_BOUNDS.apiSeconds,
      privileges: privileges.backups,
    });
    this.restores = make('Restores', {
      entry: 'restores',
      description: 'Gives states back; can store no backup',
      memoryMiB: API_MEMORY_MIB,
      timeoutSeconds: AWS_BOUNDS.apiSeconds,
      privileges: privileges.restores,
    });
    this.worker = make('Worker', {
      entry: 'worker',
      description: 'Processes what is too large for a call',
      memoryMiB: HEAVY_MEMORY_MIB,
      scratchMiB: AWS_BOUNDS.scratchMiB,
      timeoutSeconds: AWS_BOUNDS.workerSeconds,
      privileges: privileges.worker,
    });
    this.retention = make('Retention', {
      entry: 'retention',
      description: 'Expires backups and removes their bytes: the only one that can',
      memoryMiB: HEAVY_MEMORY_MIB,
      timeoutSeconds: AWS_BOUNDS.retentionSeconds,
      // The next sweep does what this one did not.
      retryAttempts: 0,
      callSecondsMax: AWS_BOUNDS.retentionSeconds,
      privileges: privileges.retention,
    });
    // By a policy of its own: the function's own waits for that of its role.
    new iam.Policy(this, 'RetentionRoleCalls', {
      roles: [this.retention.lambda.role!],
      statements: [callsItself(this.retention.lambda.functionArn)],
    });
    this.trail = make('Trail', {
      entry: 'trail',
      description: 'Writes the trail and publishes its events: the only one that can',
      memoryMiB: TRAIL_MEMORY_MIB,
      timeoutSeconds: AWS_BOUNDS.trailSeconds,
      // The next run does what this one did not.
      retryAttempts: 0,
      privileges: privileges.trail,
    });
    this.schedules = make('Schedules', {
      entry: 'schedules',
      description: 'Reads sources and makes backups of what they have: the only one that reads secrets',
      memoryMiB: HEAVY_MEMORY_MIB,
      timeoutSeconds: AWS_BOUNDS.schedulesSeconds,
      scratchMiB: AWS_BOUNDS.scratchMiB,
      // The next run does what this one did not.
      retryAttempts: 0,
      privileges: privileges.schedules,
    });
    this.notify = make('Notify', {
      entry: 'notify',
      description: 'Tells others what has happened; reads no blob and opens no key',
      memoryMiB: NOTIFY_MEMORY_MIB,
      timeoutSeconds: AWS_BOUNDS.notifySeconds,
      retryAttempts: 0,
      privileges: privileges.notify,
    });
    this.kickTrail(props.table);
    this.worker.lambda.addEventSource(
      new SqsEventSource(props.jobs, {
        // A job may fill the memory alone.
        batchSize: 1,
        maxConcurrency: props.settings.workersMax,
        reportBatchItemFailures: true,
      }),
    );
  }

  /** In the order in which they are shown. */
  get all(): Record<
    'backups' | 'restores' | 'worker' | 'retention' | 'trail' | 'schedules' | 'notify',
    ServiceFunction
  > {
    const { backups, restores, worker, retention, trail, schedules, notify } = this;
    return { backups, restores, worker, retention, trail, schedules, notify };
  }

  /**
   * Within seconds of a commit; whatever a call of the stream does not do, the schedule's does. The CDK's own event source would
   * also let the function list the streams of all tables.
   */
  private kickTrail({ tableStreamArn }: Catalog): void {
    if (tableStreamArn === undefined) return;
    const { lambda: target } = this.trail;
    const mapping = new lambda.EventSourceMapping(this, 'TrailStream', {
      target,
      eventSourceArn: tableStreamArn,
      startingPosition: lambda.StartingPosition.LATEST,
      batchSize: KICK_RECORDS_MAX,
      maxBatchingWindow: Duration.seconds(AWS_BOUNDS.trailGatherSeconds),
      retryAttempts: 0,
      maxRecordAge: Duration.seconds(KICK_AGE_SECONDS_MAX),
      // New events only: that one was written or published, or that it aged, is nothing to write.
      filters: [
        lambda.FilterCriteria.filter({
          eventName: lambda.FilterRule.isEqual('INSERT'),
          dynamodb: { Keys: { [TABLE.partitionKey]: { S: lambda.FilterRule.beginsWith(EVENT_KEYS) } } },
        }),
      ],
    });
    // Lambda asks whether the role may read the stream as the mapping is made.
    mapping.node.addDependency(target.role!);
  }
}

/**
 * Blobs, uploads and results are named when they are written, and a stream when it is switched on: their names cannot be listed in
 * a policy.
 */
export function acknowledgeNames(
  functions: Functions,
  rebuild: IConstruct,
  { blobs, staging, table }: Stores,
): void {
  const { stack } = blobs;
  /** As the finding names what is made here, or what was taken over. */
  const arnIn = ({ node }: Pick<IConstruct, 'node'>, otherwise: string) =>
    node.defaultChild === undefined
      ? otherwise
      : `<${stack.getLogicalId(node.defaultChild as CfnElement)}.Arn>`;
  /** Where account and region are not told, the finding has their names in their place. */
  const named = (value: string, name: string) => (Token.isUnresolved(value) ? `<AWS::${name}>` : value);
  const partition = named(stack.partition, 'Partition');
  const place = `${named(stack.region, 'Region')}:${named(stack.account, 'AccountId')}`;
  const tableArn = arnIn(table, `arn:${partition}:dynamodb:${place}:table/${table.tableName}`);
  acknowledge(functions.trail, {
    [`IAM5[Resource::${tableArn}/stream/*]`]:
      'A table that was restored has another stream; table and actions are stated.',
  });
  for (const who of [functions.schedules, functions.notify])
    acknowledge(who, {
      [`IAM5[Resource::arn:${partition}:secretsmanager:${place}:secret:${stack.stackName}/*]`]:
        'Secrets of sources and channels are made by operators, under names that begin with that of the stack.',
    });
  const blobsArn = arnIn(blobs, `arn:${partition}:s3:::${blobs.bucketName}`);
  const stagingArn = arnIn(staging, '');
  for (const objects of [
    `${blobsArn}/*`,
    `${blobsArn}/${BLOBS}*`,
    `${blobsArn}/${QUARANTINE}*`,
    `${blobsArn}/${TRAIL}*`,
    `${stagingArn}/${UPLOADS}*`,
    `${stagingArn}/${RESULTS}*`,
  ]) {
    for (const who of [functions, rebuild]) {
      acknowledge(who, {
        [`IAM5[Resource::${objects}]`]:
          'Objects get their unguessable names as they are written; bucket, prefix and actions are stated.',
      });
    }
  }
}
