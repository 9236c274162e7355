// The functions, cut by privilege: what each is for, how much it gets, how long it may take.

import type { CfnElement } from 'aws-cdk-lib';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { AWS_BOUNDS } from '../aws/names/bounds.ts';
import type { Environment } from '../aws/names/env.ts';
import { acknowledge } from './acknowledge.ts';
import { ServiceFunction, type ServiceFunctionProps } from './function.ts';
import { BLOBS, type Privileges, QUARANTINE, RESULTS, type Stores, TRAIL, UPLOADS } from './privileges.ts';
import type { Settings } from './settings.ts';

/** One whole processor: compression and encryption are all that a call waits for. */
const API_MEMORY_MIB = 1769;
/** What a young account may have at most; holds the largest upload, its base and their delta. */
const HEAVY_MEMORY_MIB = 3008;
/** Jobs at once: more would only make each other's resources wait. */
const WORKERS_MAX = 10;

export interface FunctionsProps {
  settings: Settings;
  projectRoot: string;
  environment: Environment;
  privileges: Privileges;
  jobs: IQueue;
}

export class Functions extends Construct {
  readonly backups: ServiceFunction;
  readonly restores: ServiceFunction;
  readonly worker: ServiceFunction;
  readonly retention: ServiceFunction;

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
      timeoutSeconds: AWS_BOUNDS.workerSeconds,
      privileges: privileges.worker,
    });
    this.retention = make('Retention', {
      entry: 'retention',
      description: 'Expires backups and removes their bytes: the only one that can',
      memoryMiB: HEAVY_MEMORY_MIB,
      timeoutSeconds: AWS_BOUNDS.retentionSeconds,
      // The next sweep does what this one did not; three at once would only be in each other's way.
      retryAttempts: 0,
      privileges: privileges.retention,
    });
    this.worker.lambda.addEventSource(
      new SqsEventSource(props.jobs, {
        // A job may fill the memory alone.
        batchSize: 1,
        maxConcurrency: WORKERS_MAX,
        reportBatchItemFailures: true,
      }),
    );
  }

  /** In the order in which they are shown. */
  get all(): Record<'backups' | 'restores' | 'worker' | 'retention', ServiceFunction> {
    const { backups, restores, worker, retention } = this;
    return { backups, restores, worker, retention };
  }
}

/** Blobs, uploads and results are named when they are written: their names cannot be listed in a policy. */
export function acknowledgeObjectNames(functions: Functions, { blobs, staging }: Stores): void {
  const { stack } = blobs;
  const arnIn = (bucket: Stores['blobs']) =>
    `<${stack.getLogicalId(bucket.node.defaultChild as CfnElement)}.Arn>`;
  for (const objects of [
    `${arnIn(blobs)}/*`,
    `${arnIn(blobs)}/${BLOBS}*`,
    `${arnIn(blobs)}/${QUARANTINE}*`,
    `${arnIn(blobs)}/${TRAIL}*`,
    `${arnIn(staging)}/${UPLOADS}*`,
    `${arnIn(staging)}/${RESULTS}*`,
  ]) {
    acknowledge(functions, {
      [`IAM5[Resource::${objects}]`]:
        'Objects get their unguessable names as they are written; bucket, prefix and actions are stated.',
    });
  }
}
