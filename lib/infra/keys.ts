// Two keys: one wraps the data keys of backups, the other encrypts storage at rest. Whoever can read the bucket cannot, by that, read a backup.

import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { Settings } from './settings.ts';

/** A key scheduled for deletion can be rescued for this long. */
const PENDING_DAYS = 30;
const PENDING_DAYS_DISPOSABLE = 7;

export class Keys extends Construct {
  /** Wraps data keys. Without it, every encrypted backup is lost: it is never deleted with the stack. */
  readonly wrapping: kms.Key;
  /** Encrypts buckets and alarm messages at rest. */
  readonly storage: kms.Key;

  constructor(scope: Construct, id: string, { disposable }: Settings) {
    super(scope, id);
    const common = {
      enableKeyRotation: true,
      removalPolicy: disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
      pendingWindow: Duration.days(disposable ? PENDING_DAYS_DISPOSABLE : PENDING_DAYS),
    };
    this.wrapping = new kms.Key(this, 'Wrapping', {
      ...common,
      description: 'Wraps the data keys of backups',
    });
    this.storage = new kms.Key(this, 'Storage', {
      ...common,
      description: 'Encrypts the storage of the backup service at rest',
    });
    // CloudWatch could otherwise not tell the encrypted alarm topic anything.
    this.storage.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'AlarmsReachTheirTopic',
        principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        // In a key policy, "*" means this key.
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
  }
}
