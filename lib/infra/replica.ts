// A second copy elsewhere: a bucket of another region, or of another account as well, into which S3 copies every blob and every segment of the trail.
// What is deleted here is deleted there for a while only: its bytes stay, locked, for days.

import { Aws, CfnOutput, Duration, RemovalPolicy, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { nobody } from './guards.ts';
import type { Replica, Settings } from './settings.ts';

/** Of the only rule: metrics of the replication carry it. */
export const REPLICATION_RULE = 'everything';

/** Where a copy is: named, and not referred to, for the stacks stand in different regions. */
function namesOf(stage: string, { region, elsewhere }: Replica) {
  const account = elsewhere?.account ?? Aws.ACCOUNT_ID;
  return {
    bucket: `backups-${stage}-${account}-${region}`,
    keyAlias: `alias/backups-${stage}-replica`,
    /** In the account of the source. */
    role: `backups-${stage}-replication`,
  };
}

export interface ReplicaStackProps extends StackProps {
  settings: Settings;
  replica: Replica;
}

/** What stands at the other end. Deployed first: a bucket cannot be replicated to what is not there. */
export class ReplicaStack extends Stack {
  constructor(scope: Construct, id: string, { settings, replica, ...props }: ReplicaStackProps) {
    super(scope, id, {
      description: 'Backup & Restore Service: the second copy',
      terminationProtection: true,
      ...props,
    });
    Tags.of(this).add('service', 'backup-restore');
    Tags.of(this).add('stage', settings.stage);
    const names = namesOf(settings.stage, replica);
    const exempt = settings.breakGlassRoleArn === undefined ? [] : [settings.breakGlassRoleArn];

    const key = new kms.Key(this, 'Storage', {
      alias: names.keyAlias,
      description: 'Encrypts the second copy of the backup service at rest',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
      pendingWindow: Duration.days(30),
    });
    key.addToResourcePolicy(
      nobody('NobodyDestroysTheKey', ['kms:ScheduleKeyDeletion', 'kms:DisableKey'], ['*'], exempt),
    );
    const lock = Duration.days(replica.lockDays);
    const bucket = new s3.Bucket(this, 'Copy', {
      bucketName: names.bucket,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy: RemovalPolicy.RETAIN,
      encryption: s3.BucketEncryption.KMS,
      encryptionKey: key,
      bucketKeyEnabled: true,
      versioned: true,
      objectLockEnabled: true,
      objectLockDefaultRetention:
        replica.lockMode === 'compliance'
          ? s3.ObjectLockRetention.compliance(lock)
          : s3.ObjectLockRetention.governance(lock),
      lifecycleRules: [
        {
          id: 'keep-what-was-deleted',
          noncurrentVersionExpiration: lock,
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
        { id: 'delete-markers', expiredObjectDeleteMarker: true },
      ],
    });
    acknowledge(bucket, {
      S1: 'Nobody but S3 itself writes to it, and nobody reads it but after a disaster: CloudTrail says who did.',
    });
    bucket.addToResourcePolicy(
      nobody(
        'NobodyDestroys',
        ['s3:DeleteObjectVersion', 's3:BypassGovernanceRetention'],
        [bucket.bucketArn, bucket.arnForObjects('*')],
        exempt,
      ),
    );
    if (replica.elsewhere !== undefined) {
      const { sourceAccount } = replica.elsewhere;
      const role = `arn:${Aws.PARTITION}:iam::${sourceAccount}:role/${names.role}`;
      // By condition: a policy that names a role which is not there yet would be refused.
      const replicates = (sid: string, actions: string[], resources: string[]) =>
        new iam.PolicyStatement({
          sid,
          principals: [new iam.AccountPrincipal(sourceAccount)],
          actions,
          resources,
          conditions: { ArnEquals: { 'aws:PrincipalArn': role } },
        });
      bucket.addToResourcePolicy(replicates('TakesCopies', [...COPIES, OWNS], [bucket.arnForObjects('*')]));
      key.addToResourcePolicy(replicates('EncryptsCopies', ENCRYPTS, ['*']));
    }
    new CfnOutput(this, 'BucketName', { value: bucket.bucketName });
    new CfnOutput(this, 'StorageKeyArn', { value: key.keyArn });
  }
}

const COPIES = ['s3:ReplicateObject', 's3:ReplicateDelete', 's3:ReplicateTags'];
const OWNS = 's3:ObjectOwnerOverrideToBucketOwner';
const ENCRYPTS = ['kms:Encrypt', 'kms:GenerateDataKey'];

/** Has S3 copy whatever is written into the bucket of blobs. */
export class Replication extends Construct {
  /** Of the bucket at the other end, as metrics name it. */
  readonly bucketName: string;

  constructor(
    scope: Construct,
    id: string,
    {
      blobs,
      storageKey,
      settings,
      replica,
    }: { blobs: s3.Bucket; storageKey: kms.IKey; settings: Settings; replica: Replica },
  ) {
    super(scope, id);
    const { region, elsewhere } = replica;
    const account = elsewhere?.account;
    const names = namesOf(settings.stage, replica);
    this.bucketName = names.bucket;
    const copy = `arn:${Aws.PARTITION}:s3:::${names.bucket}`;
    const keys = `arn:${Aws.PARTITION}:kms:${region}:${account ?? Aws.ACCOUNT_ID}`;

    const role = new iam.Role(this, 'Role', {
      roleName: names.role,
      assumedBy: new iam.ServicePrincipal('s3.amazonaws.com'),
      description: 'S3 copies blobs and trail into the second bucket',
    });
    const may = (sid: string, actions: string[], resources: string[], conditions?: object) =>
      role.addToPolicy(
        new iam.PolicyStatement({ sid, actions, resources, ...(conditions && { conditions }) }),
      );
    may('LooksAtTheSource', ['s3:GetReplicationConfiguration', 's3:ListBucket'], [blobs.bucketArn]);
    may(
      'ReadsWhatIsCopied',
      [
        's3:GetObjectVersionForReplication',
        's3:GetObjectVersionAcl',
        's3:GetObjectVersionTagging',
        's3:GetObjectRetention',
        's3:GetObjectLegalHold',
      ],
      [blobs.arnForObjects('*')],
    );
    may('DecryptsTheSource', ['kms:Decrypt'], [storageKey.keyArn]);
    may('WritesTheCopy', account === undefined ? COPIES : [...COPIES, OWNS], [`${copy}/*`]);
    // Which key that is only its alias says; S3 alone may use it so, and for that bucket.
    may('EncryptsTheCopy', ENCRYPTS, [`${keys}:key/*`], {
      StringLike: {
        'kms:ViaService': `s3.${region}.amazonaws.com`,
        'kms:EncryptionContext:aws:s3:arn': `${copy}*`,
      },
    });
    const owner = account ?? '<AWS::AccountId>';
    const named = 'Objects are named when they are written.';
    acknowledge(role, {
      [`IAM5[Resource::<${logicalIdOf(blobs)}.Arn>/*]`]: named,
      [`IAM5[Resource::arn:<AWS::Partition>:s3:::backups-${settings.stage}-${owner}-${region}/*]`]: named,
      [`IAM5[Resource::arn:<AWS::Partition>:kms:${region}:${owner}:key/*]`]:
        'The key of the copy stands in another region, under an alias: S3 alone may use it through this role, and for that bucket only.',
    });

    const bucket = blobs.node.defaultChild as s3.CfnBucket;
    bucket.replicationConfiguration = {
      role: role.roleArn,
      rules: [
        {
          id: REPLICATION_RULE,
          priority: 1,
          status: 'Enabled',
          filter: { prefix: '' },
          // So that what has expired goes there, too, after the days of its lock. The removal of a version is never copied.
          deleteMarkerReplication: { status: 'Enabled' },
          sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: 'Enabled' } },
          destination: {
            bucket: copy,
            ...(account === undefined ? {} : { account, accessControlTranslation: { owner: 'Destination' } }),
            encryptionConfiguration: { replicaKmsKeyId: `${keys}:${names.keyAlias}` },
            metrics: { status: 'Enabled' },
          },
        },
      ],
    };
  }
}

function logicalIdOf(bucket: s3.Bucket): string {
  return Stack.of(bucket).getLogicalId(bucket.node.defaultChild as s3.CfnBucket);
}
