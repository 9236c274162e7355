// The stack: only what belongs to what.

import { CfnOutput, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { ENV, type Environment } from '../aws/names/env.ts';
import { namespaceOf } from '../aws/names/figures.ts';
import { Alarms } from './alarms.ts';
import { Api } from './api.ts';
import { Authorizer } from './authorizer.ts';
import { Buckets } from './buckets.ts';
import { usesBus } from './bus-settings.ts';
import { ConsoleSite } from './console.ts';
import { Dashboard } from './dashboard.ts';
import { Emptying } from './emptying.ts';
import { Events } from './events.ts';
import { acknowledgeNames, Functions } from './functions.ts';
import { guard } from './guards.ts';
import { Keys } from './keys.ts';
import { Metrics } from './metrics.ts';
import { privilegesOver, type Stores } from './privileges.ts';
import { Queues } from './queues.ts';
import { Rebuild } from './rebuild.ts';
import { Replication } from './replica.ts';
import { Schedule } from './schedule.ts';
import type { Settings } from './settings.ts';
import { CatalogTable } from './table.ts';

export interface BackupStackProps extends StackProps {
  settings: Settings;
  /** Where the project's package.json is. */
  projectRoot: string;
}

export class BackupStack extends Stack {
  constructor(scope: Construct, id: string, { settings, projectRoot, ...props }: BackupStackProps) {
    super(scope, id, {
      description: 'Backup & Restore Service',
      terminationProtection: !settings.disposable,
      ...props,
    });
    Tags.of(this).add('service', 'backup-restore');
    Tags.of(this).add('stage', settings.stage);

    const keys = new Keys(this, 'Keys', settings);
    const { blobs, staging } = new Buckets(this, 'Buckets', settings, keys.storage);
    guard(blobs, keys, settings);
    const { replica } = settings;
    const replication =
      replica === undefined || !(blobs instanceof Bucket)
        ? undefined
        : new Replication(this, 'Replication', { blobs, storageKey: keys.storage, settings, replica });
    const formerKeyArns = [...settings.formerKeyArns, ...keys.former.map(({ keyArn }) => keyArn)];
    const { table } = new CatalogTable(this, 'Catalog', settings);
    const queues = new Queues(this, 'Queues');
    const { bus } = new Events(this, 'Events', settings);

    const stores: Stores = {
      blobs,
      staging,
      table,
      wrappingKey: keys.wrapping,
      formerKeyArns,
      storageKey: keys.storage,
      jobs: queues.jobs,
      ...(usesBus(settings) ? { events: bus } : {}),
      topicArns: settings.notifyTopicArns,
      isLocked: settings.objectLockDays !== undefined,
    };
    const environment: Environment = {
      [ENV.bucket]: blobs.bucketName,
      [ENV.stagingBucket]: staging.bucketName,
      [ENV.table]: table.tableName,
      [ENV.tableCapacity]: settings.provisioned === undefined ? 'on-demand' : 'provisioned',
      [ENV.keyArn]: keys.wrapping.keyArn,
      [ENV.formerKeyArns]: formerKeyArns.join(','),
      [ENV.queueUrl]: queues.jobs.queueUrl,
      [ENV.deadLetterQueueUrl]: queues.deadLetters.queueUrl,
      [ENV.eventBus]: bus.eventBusName,
      [ENV.busEvents]: settings.busEvents.join(','),
      [ENV.allowUnencrypted]: String(settings.allowUnencrypted),
      [ENV.graceSeconds]: String(settings.graceSeconds),
      [ENV.expiryHoldSeconds]: String(settings.expiryHoldSeconds),
      [ENV.auditDays]: String(settings.auditDays),
      [ENV.objectLock]:
        settings.objectLockDays === undefined ? '' : `${settings.objectLockDays} ${settings.objectLockMode}`,
      [ENV.retentionEveryMinutes]: String(settings.retentionEveryMinutes),
      [ENV.sweepersMax]: String(settings.sweepersMax),
      [ENV.metricsNamespace]: namespaceOf(id),
      [ENV.sourcePrivateHosts]: settings.sourcePrivateHosts.join(','),
      [ENV.notifyPrivateHosts]: settings.notifyPrivateHosts.join(','),
      [ENV.basePath]: settings.basePath === '/' ? '' : settings.basePath,
      [ENV.auth]: settings.auth.kind,
    };
    const privileges = privilegesOver(stores);
    const functions = new Functions(this, 'Functions', {
      settings,
      projectRoot,
      environment,
      privileges,
      jobs: queues.jobs,
      table,
    });
    const rebuild = new Rebuild(this, 'Rebuild', privileges.rebuild);
    acknowledgeNames(functions, rebuild, stores);
    if (settings.disposable) {
      const buckets = { Blobs: blobs, Staging: staging };
      functions.node.addDependency(new Emptying(this, 'Emptying', { settings, projectRoot, buckets }));
    }
    const { backups, restores, retention, trail, schedules, notify } = functions;

    const authorizer = new Authorizer(this, 'Authorizer', settings, projectRoot);
    const api = new Api(this, 'Api', {
      settings,
      functions: { backups: backups.lambda, restores: restores.lambda, schedules: schedules.lambda },
      methodOptions: authorizer.methodOptions,
    });
    if (settings.auth.kind === 'jwt' && settings.auth.console !== undefined) {
      const { auth } = settings;
      new ConsoleSite(this, 'Console', {
        ...{ settings, auth, projectRoot, staging, api: api.rest },
        client: settings.auth.console,
      });
      // Outside the address may be another, and this one is still good.
      this.output({ ConsoleUrl: api.rest.urlForPath('/console/overview') });
    }
    const schedule = new Schedule(this, 'Schedule', settings, {
      retention: retention.lambda,
      trail: trail.lambda,
      schedules: schedules.lambda,
      notify: notify.lambda,
    });

    const observed = { api: api.rest, functions: functions.all, queues };
    const metrics = new Metrics(this, 'Metrics', {
      table,
      schedule,
      stackName: id,
    });
    const watched = { ...observed, metrics };
    const alarms = new Alarms(this, 'Alarms', {
      ...{ ...watched, settings, storageKey: keys.storage },
      ...(replication === undefined
        ? {}
        : { replication: { source: blobs.bucketName, copy: replication.bucketName } }),
    });
    new Dashboard(this, 'Dashboard', { ...watched, alarms: alarms.all });

    this.output({
      ApiUrl: api.rest.url,
      BucketName: blobs.bucketName,
      StagingBucketName: staging.bucketName,
      TableName: table.tableName,
      KeyArn: keys.wrapping.keyArn,
      StorageKeyArn: keys.storage.keyArn,
      ...(table.tableStreamArn === undefined ? {} : { TableStreamArn: table.tableStreamArn }),
      QueueUrl: queues.jobs.queueUrl,
      DeadLetterQueueUrl: queues.deadLetters.queueUrl,
      EventBusName: bus.eventBusName,
      AlarmTopicArn: alarms.topic.topicArn,
      BackupsFunction: functions.backups.lambda.functionName,
      RestoresFunction: functions.restores.lambda.functionName,
      WorkerFunction: functions.worker.lambda.functionName,
      RetentionFunction: functions.retention.lambda.functionName,
      TrailFunction: functions.trail.lambda.functionName,
      NotifyFunction: functions.notify.lambda.functionName,
      RebuildRoleArn: rebuild.role.roleArn,
      SchedulesFunction: functions.schedules.lambda.functionName,
    });
  }

  /** What operators, the CLI and the tests ask the stack for. */
  private output(values: Record<string, string>): void {
    for (const [name, value] of Object.entries(values)) new CfnOutput(this, name, { value });
  }
}
