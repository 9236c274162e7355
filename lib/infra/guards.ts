// What nobody does in ordinary life, and whoever wants to be paid for a key does first: denied to all, administrators included, but to one
// role that is taken out for an emergency. A denial in the policy of a bucket or a key holds whatever a role allows.

import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import type { BlobBucket } from './buckets.ts';
import type { Keys } from './keys.ts';
import { BLOBS, TRAIL } from './privileges.ts';
import type { Settings } from './settings.ts';

/** The role with which `cdk deploy` changes what it has made. */
const DEPLOYING = 'cdk-*-cfn-exec-role-*';

/** Guards the blobs and the keys that are made here. What is taken over has policies of its own; what can be thrown away is not guarded. */
export function guard(blobs: BlobBucket, keys: Keys, { disposable, breakGlassRoleArn }: Settings): void {
  if (disposable) return;
  const { partition, account } = Stack.of(keys);
  const exempt = breakGlassRoleArn === undefined ? [] : [breakGlassRoleArn];
  const deploying = `arn:${partition}:iam::${account}:role/${DEPLOYING}`;
  if (blobs instanceof Bucket) {
    const everything = [blobs.bucketArn, blobs.arnForObjects('*')];
    // Only what deletes without a version leaves something that can be taken back.
    blobs.addToResourcePolicy(
      nobody(
        'NobodyDestroys',
        ['s3:DeleteObjectVersion', 's3:BypassGovernanceRetention'],
        everything,
        exempt,
      ),
    );
    blobs.addToResourcePolicy(
      nobody(
        'NobodyLoosens',
        [
          's3:PutLifecycleConfiguration',
          's3:PutBucketVersioning',
          's3:PutBucketObjectLockConfiguration',
          's3:PutReplicationConfiguration',
        ],
        [blobs.bucketArn],
        [...exempt, deploying],
      ),
    );
    // Blobs and segments are written once: an object must not be there yet. Parts of an object say so as they are joined.
    blobs.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'WrittenOnce',
        effect: iam.Effect.DENY,
        principals: [new iam.AnyPrincipal()],
        actions: ['s3:PutObject'],
        resources: [BLOBS, TRAIL].map((prefix) => blobs.arnForObjects(`${prefix}*`)),
        conditions: {
          Null: { 's3:if-none-match': 'true' },
          Bool: { 's3:ObjectCreationOperation': 'true' },
        },
      }),
    );
  }
  for (const key of [keys.wrapping, keys.storage, ...keys.former]) {
    if (!(key instanceof Key)) continue;
    // In a key policy, "*" means this key.
    key.addToResourcePolicy(
      nobody('NobodyDestroysTheKey', ['kms:ScheduleKeyDeletion', 'kms:DisableKey'], ['*'], exempt),
    );
  }
}

/** Denies it to everybody but these principals. */
export function nobody(
  sid: string,
  actions: string[],
  resources: string[],
  but: string[],
): iam.PolicyStatement {
  return new iam.PolicyStatement({
    sid,
    effect: iam.Effect.DENY,
    principals: [new iam.AnyPrincipal()],
    actions,
    resources,
    ...(but.length === 0 ? {} : { conditions: { ArnNotLike: { 'aws:PrincipalArn': but } } }),
  });
}
