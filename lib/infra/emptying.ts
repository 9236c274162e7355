// Empties the buckets of a stage that is thrown away when its stack is destroyed: CloudFormation deletes no bucket that holds
// anything. (Why it is not the CDK's own: docs/decisions/0017.)

import { type CfnElement, CustomResource, Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { AWS_BOUNDS } from '../aws/names/bounds.ts';
import { EMPTIED_BUCKET } from '../aws/names/env.ts';
import { acknowledge } from './acknowledge.ts';
import type { BlobBucket } from './buckets.ts';
import { ServiceFunction } from './function.ts';
import type { Settings } from './settings.ts';

const MEMORY_MIB = 512;

export interface EmptyingProps {
  settings: Settings;
  projectRoot: string;
  buckets: Record<string, BlobBucket>;
}

/** What writes into the buckets has to depend on it, so that it is gone before they are emptied. */
export class Emptying extends Construct {
  constructor(scope: Construct, id: string, { settings, projectRoot, buckets }: EmptyingProps) {
    super(scope, id);
    const all = Object.values(buckets);
    const objects = all.map((bucket) => bucket.arnForObjects('*'));
    const emptier = new ServiceFunction(this, 'Emptier', {
      settings,
      projectRoot,
      entry: 'empty-buckets',
      description: 'Empties the buckets of a stage that is thrown away',
      memoryMiB: MEMORY_MIB,
      timeoutSeconds: AWS_BOUNDS.emptyingSeconds,
      environment: {},
      privileges: [
        new iam.PolicyStatement({
          sid: 'ListAll',
          actions: ['s3:ListBucketVersions'],
          resources: all.map(({ bucketArn }) => bucketArn),
        }),
        new iam.PolicyStatement({
          sid: 'RemoveAll',
          actions: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
          resources: objects,
        }),
      ],
    });
    for (const [name, bucket] of Object.entries(buckets)) {
      new CustomResource(this, name, {
        resourceType: 'Custom::EmptiedBucket',
        serviceToken: emptier.lambda.functionArn,
        serviceTimeout: Duration.seconds(AWS_BOUNDS.emptyingSeconds),
        properties: { [EMPTIED_BUCKET]: bucket.bucketName },
      });
      const logicalId = bucket.stack.getLogicalId(bucket.node.defaultChild as CfnElement);
      acknowledge(emptier, {
        [`IAM5[Resource::<${logicalId}.Arn>/*]`]: 'It is there to remove every object, whatever its name.',
      });
    }
  }
}
