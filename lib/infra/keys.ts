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
  readonly wrapping: kms.IKey;
  /** Have wrapped data keys in this stack before, and open them. */
  readonly former: readonly kms.IKey[];
  /** Encrypts buckets and alarm messages at rest. */
  readonly storage: kms.IKey;

  constructor(scope: Construct, id: string, { disposable, adopted, replica }: Settings) {
    super(scope, id);
    const common = {
      enableKeyRotation: true,
      removalPolicy: disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
      pendingWindow: Duration.days(disposable ? PENDING_DAYS_DISPOSABLE : PENDING_DAYS),
    };
    const key = (name: string, arn: string | undefined, description: string): kms.IKey =>
      arn === undefined
        ? new kms.Key(this, name, { ...common, description })
        : kms.Key.fromKeyArn(this, name, arn);
    const wrapping = key('Wrapping', adopted.keyArn, 'Wraps the data keys of backups');
    if (replica === undefined || adopted.keyArn !== undefined) {
      this.wrapping = wrapping;
      this.former = [];
    } else {
      // A key cannot become one of several regions. The one of before stays and opens what it has wrapped: a stack that gets a replica later
      // would else have lost all that it had.
      const description = 'Wraps the data keys of backups, in several regions';
      this.wrapping = new kms.Key(this, 'WrappingEverywhere', { ...common, description, multiRegion: true });
      this.former = [wrapping];
    }
    this.storage = key(
      'Storage',
      adopted.storageKeyArn,
      'Encrypts the storage of the backup service at rest',
    );
    // CloudWatch could otherwise not tell the encrypted alarm topic anything. One that is taken over has it.
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
