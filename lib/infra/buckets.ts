// Where bytes are: blobs for as long as a backup lives, staged transfers for a day, and the record of who touched either.

import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { consoleOf, type Settings } from './settings.ts';

/** After the retention function has removed a blob, its bytes can still be rescued for this long. */
const RESCUE_DAYS = 7;
const STAGING_DAYS = 1;
const ACCESS_LOG_DAYS = 90;

/** What a page may do with the links that it is given. */
const FROM_PAGES: s3.CorsRule = {
  allowedOrigins: ['*'],
  allowedMethods: [s3.HttpMethods.GET, s3.HttpMethods.PUT],
  allowedHeaders: ['*'],
  exposedHeaders: ['ETag'],
  maxAge: 3600,
};

/** What is used of the blobs' bucket, whoever has made it. */
export type BlobBucket = Pick<s3.IBucket, 'bucketName' | 'bucketArn' | 'arnForObjects' | 'stack' | 'node'>;

export class Buckets extends Construct {
  readonly blobs: BlobBucket;
  /** Not versioned and not locked: what is staged must go. */
  readonly staging: s3.Bucket;

  constructor(scope: Construct, id: string, settings: Settings, key: IKey) {
    super(scope, id);
    const { disposable, adopted } = settings;
    // What is thrown away is emptied first (Emptying); nobody logs access to it, for the logs would come meanwhile.
    const common = {
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy: disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    };
    const logged = disposable ? () => ({}) : this.accessLogs(common);
    const encrypted = {
      ...common,
      encryption: s3.BucketEncryption.KMS,
      encryptionKey: key,
      bucketKeyEnabled: true,
    };
    this.blobs =
      adopted.bucketName === undefined
        ? this.blobBucket({ ...encrypted, ...logged('blobs/') }, settings)
        : s3.Bucket.fromBucketName(this, 'Blobs', adopted.bucketName);
    this.staging = new s3.Bucket(this, 'Staging', {
      ...encrypted,
      // The links are what lets in, whoever holds them; the console of any address may.
      ...(consoleOf(settings) === undefined ? {} : { cors: [FROM_PAGES] }),
      ...logged('staging/'),
      lifecycleRules: [
        {
          id: 'forget',
          expiration: Duration.days(STAGING_DAYS),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
    });
    if (disposable && this.blobs instanceof s3.Bucket) {
      const reason =
        'A stage that can be thrown away logs no access: the logs would keep its buckets from being emptied.';
      for (const bucket of [this.blobs, this.staging]) acknowledge(bucket, { S1: reason });
    }
  }

  private blobBucket(
    common: s3.BucketProps,
    { disposable, objectLockDays, objectLockMode }: Settings,
  ): s3.Bucket {
    return new s3.Bucket(this, 'Blobs', {
      ...common,
      versioned: true,
      lifecycleRules: [
        {
          id: 'rescue-then-forget',
          noncurrentVersionExpiration: Duration.days(disposable ? 1 : RESCUE_DAYS),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
        { id: 'delete-markers', expiredObjectDeleteMarker: true },
      ],
      ...(objectLockDays === undefined
        ? {}
        : {
            objectLockEnabled: true,
            objectLockDefaultRetention: lockFor(objectLockDays, objectLockMode),
          }),
    });
  }

  /** A bucket for the access logs of the others; gives what another needs to write them there, under a prefix. */
  private accessLogs(common: s3.BucketProps): (prefix: string) => s3.BucketProps {
    const accessLogs = new s3.Bucket(this, 'AccessLogs', {
      ...common,
      // The log delivery service cannot write under a key of ours.
      encryption: s3.BucketEncryption.S3_MANAGED,
      lifecycleRules: [{ id: 'forget', expiration: Duration.days(ACCESS_LOG_DAYS) }],
    });
    acknowledge(accessLogs, { S1: 'It holds the access logs; logging access to them would never end.' });
    return (serverAccessLogsPrefix) => ({
      serverAccessLogsBucket: accessLogs as s3.IBucket,
      serverAccessLogsPrefix,
    });
  }
}

/** Governance can be overruled by those who hold that permission; compliance by nobody, the account's root included. */
function lockFor(days: number, mode: Settings['objectLockMode']): s3.ObjectLockRetention {
  const duration = Duration.days(days);
  return mode === 'compliance'
    ? s3.ObjectLockRetention.compliance(duration)
    : s3.ObjectLockRetention.governance(duration);
}
