// Who may do what: every statement of every function's role, in one place. No wildcard actions; a wildcard in a
// resource stands only where objects are named when they are written.

import { Stack } from 'aws-cdk-lib';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import {
  PARTITIONS,
  TABLE,
  WRITTEN_BY_NOTIFY,
  WRITTEN_BY_RESTORES,
  WRITTEN_BY_TRAIL,
} from '../aws/names/table.ts';
import type { BlobBucket } from './buckets.ts';
import type { Catalog } from './table.ts';

/** Of the staging bucket, as the transfers use them; a test holds them equal. */
export const UPLOADS = 'uploads/';
export const RESULTS = 'results/';
/** Of the blobs' bucket, likewise. */
export const BLOBS = 'blobs/';
export const QUARANTINE = 'quarantine/';
export const TRAIL = 'trail/';

export interface Stores {
  blobs: BlobBucket;
  staging: Bucket;
  table: Catalog;
  /** Keys that have wrapped data keys before. */
  formerKeyArns: readonly string[];
  wrappingKey: IKey;
  storageKey: IKey;
  jobs: IQueue;
  /** Absent where no event goes to it. */
  events?: EventBus;
  /** Topics that may be told. */
  topicArns: readonly string[];
  /** Whether the blobs' bucket locks objects. */
  isLocked: boolean;
}

export interface Privileges {
  backups: iam.PolicyStatement[];
  restores: iam.PolicyStatement[];
  worker: iam.PolicyStatement[];
  retention: iam.PolicyStatement[];
  trail: iam.PolicyStatement[];
  notify: iam.PolicyStatement[];
  rebuild: iam.PolicyStatement[];
  schedules: iam.PolicyStatement[];
}

/** The privileges of each function. */
export function privilegesOver(stores: Stores): Privileges {
  const { blobs, staging } = stores;
  return {
    // Takes states in, and reads the base of a delta.
    backups: [
      ...usesTable(stores),
      leavesTrail(stores),
      mayFind('FindObjects', [blobs, staging]),
      may('ReadBlobs', ['s3:GetObject'], objects(blobs)),
      mayWrite('WriteBlobs', objects(blobs, BLOBS)),
      may('ReadUploads', ['s3:GetObject'], objects(staging, UPLOADS)),
      mayWrite('SignUploads', objects(staging, UPLOADS)),
      encryptsStorage(stores),
      may('MakeAndOpenDataKeys', ['kms:GenerateDataKey', 'kms:Decrypt'], [stores.wrappingKey.keyArn]),
      ...opensFormerKeys(stores),
      may('CheckWrappingKey', ['kms:DescribeKey'], [stores.wrappingKey.keyArn]),
      may('QueueJobs', ['sqs:SendMessage'], [stores.jobs.queueArn]),
    ],
    // Gives states back. Can store no blob and make no key, and changes no backup, head or policy.
    restores: [
      ...usesTable(stores, WRITTEN_BY_RESTORES),
      mayFind('FindObjects', [blobs, staging]),
      may('ReadBlobs', ['s3:GetObject'], objects(blobs)),
      may('SignResults', ['s3:GetObject'], objects(staging, RESULTS)),
      decryptsStorage(stores),
      may('OpenDataKeys', ['kms:Decrypt'], [stores.wrappingKey.keyArn]),
      ...opensFormerKeys(stores),
      may('QueueJobs', ['sqs:SendMessage'], [stores.jobs.queueArn]),
    ],
    // Both, in the background: makes backups of uploads, stages results. The event source adds taking from the queue.
    worker: [
      ...usesTable(stores),
      leavesTrail(stores),
      mayFind('FindObjects', [blobs, staging]),
      may('ReadBlobs', ['s3:GetObject'], objects(blobs)),
      mayWrite('WriteBlobs', objects(blobs, BLOBS)),
      may('ReadUploads', ['s3:GetObject'], objects(staging, UPLOADS)),
      may('ReadResults', ['s3:GetObject'], objects(staging, RESULTS)),
      mayWrite('StageResults', objects(staging, RESULTS)),
      encryptsStorage(stores),
      may('MakeAndOpenDataKeys', ['kms:GenerateDataKey', 'kms:Decrypt'], [stores.wrappingKey.keyArn]),
      ...opensFormerKeys(stores),
      may('QueueJobs', ['sqs:SendMessage'], [stores.jobs.queueArn]),
    ],
    // The only one that removes bytes. It writes blobs too, to free live backups of expired ones.
    retention: [
      ...usesTable(stores),
      leavesTrail(stores),
      mayFind('FindObjects', [blobs]),
      may('ReadBlobs', ['s3:GetObject'], objects(blobs)),
      mayWrite('WriteBlobs', [...objects(blobs, BLOBS), ...objects(blobs, QUARANTINE)]),
      may('DeleteBlobs', ['s3:DeleteObject'], [...objects(blobs, BLOBS), ...objects(blobs, QUARANTINE)]),
      ...(stores.isLocked ? [may('LockBlobs', LOCKING, objects(blobs, BLOBS))] : []),
      encryptsStorage(stores),
      may('OpenDataKeys', ['kms:Decrypt'], [stores.wrappingKey.keyArn]),
      ...opensFormerKeys(stores),
      may('QueueJobs', ['sqs:SendMessage'], [stores.jobs.queueArn]),
    ],
    // The only one that writes the trail and publishes events: it reads no blob, and removes nothing.
    trail: [
      ...usesTable(stores, WRITTEN_BY_TRAIL),
      // Any stream of the table: one that was restored has another.
      may('ReadStream', STREAM_READS, [`${stores.table.tableArn}/stream/*`]),
      mayFind('FindObjects', [blobs]),
      may('ReadTrail', ['s3:GetObject'], objects(blobs, TRAIL)),
      // Beside the blobs, and not among them: what is written there can be removed by no function.
      mayWrite('WriteTrail', objects(blobs, TRAIL)),
      encryptsStorage(stores),
      // Each segment has a data key of its own; the one of another run is opened.
      may('MakeAndOpenTrailKeys', ['kms:GenerateDataKey', 'kms:Decrypt'], [stores.wrappingKey.keyArn]),
      ...opensFormerKeys(stores),
      ...(stores.events === undefined
        ? []
        : [may('PublishEvents', ['events:PutEvents'], [stores.events.eventBusArn])]),
    ],
    // Sends what callers have said to where they have said: so it reads no blob, opens no key and changes no backup.
    notify: [
      ...usesTable(stores, WRITTEN_BY_NOTIFY),
      ...(stores.topicArns.length === 0 ? [] : [may('TellTopics', ['sns:Publish'], [...stores.topicArns])]),
      may('ReadSecretsOfChannels', ['secretsmanager:GetSecretValue'], [secretsOf(stores)]),
    ],
    // By hand, and no function: reads all that lies there, and fills the table. It may empty that, and removes no blob.
    rebuild: [
      may(
        'FillTable',
        [
          ...['dynamodb:GetItem', 'dynamodb:Scan', 'dynamodb:BatchWriteItem'],
          ...['dynamodb:PutItem', 'dynamodb:DeleteItem'],
        ],
        [stores.table.tableArn],
      ),
      mayFind('FindObjects', [blobs]),
      may('ReadBlobs', ['s3:GetObject'], objects(blobs)),
      // From quarantine, back into their places.
      mayWrite('PutBackBlobs', objects(blobs, BLOBS)),
      encryptsStorage(stores),
      may('OpenDataKeys', ['kms:Decrypt'], [stores.wrappingKey.keyArn]),
      ...opensFormerKeys(stores),
    ],
    // Makes backups of what sources have. It reads secrets: those whose names begin with that of the stack.
    schedules: [
      ...usesTable(stores),
      leavesTrail(stores),
      mayFind('FindObjects', [blobs]),
      may('ReadBlobs', ['s3:GetObject'], objects(blobs)),
      mayWrite('WriteBlobs', objects(blobs, BLOBS)),
      encryptsStorage(stores),
      may('MakeAndOpenDataKeys', ['kms:GenerateDataKey', 'kms:Decrypt'], [stores.wrappingKey.keyArn]),
      ...opensFormerKeys(stores),
      may('ReadSecretsOfSources', ['secretsmanager:GetSecretValue'], [secretsOf(stores)]),
    ],
  };
}

/** `STACK/...`: who sets a source names one of these, and no other secret of the account. */
function secretsOf({ storageKey }: Stores): string {
  const stack = Stack.of(storageKey);
  return `arn:${stack.partition}:secretsmanager:${stack.region}:${stack.account}:secret:${stack.stackName}/*`;
}

function may(sid: string, actions: string[], resources: string[]): iam.PolicyStatement {
  return new iam.PolicyStatement({ sid, actions, resources });
}

/** What was sealed before the key was exchanged still opens; nothing new is made under it. */
function opensFormerKeys({ formerKeyArns }: Stores): iam.PolicyStatement[] {
  if (formerKeyArns.length === 0) return [];
  return [may('OpenFormerDataKeys', ['kms:Decrypt'], [...formerKeyArns])];
}

function objects(bucket: Pick<BlobBucket, 'arnForObjects'>, prefix = ''): string[] {
  return [bucket.arnForObjects(`${prefix}*`)];
}

/** Besides listing and HeadBucket: only who may list is told that an object is missing; others hear that it is forbidden. */
function mayFind(sid: string, buckets: Pick<BlobBucket, 'bucketArn'>[]): iam.PolicyStatement {
  return may(
    sid,
    ['s3:ListBucket'],
    buckets.map(({ bucketArn }) => bucketArn),
  );
}

/** In one piece or in parts. Aborting takes back parts that never became an object. */
function mayWrite(sid: string, resources: string[]): iam.PolicyStatement {
  return may(sid, ['s3:PutObject', 's3:AbortMultipartUpload'], resources);
}

/** Looks at locks, sets and prolongs them; to shorten one in governance takes another right, which nobody is given. */
const LOCKING = [
  's3:GetObjectRetention',
  's3:GetObjectLegalHold',
  's3:PutObjectRetention',
  's3:PutObjectLegalHold',
];

/** What Lambda does with the role of a function that a stream calls. */
const STREAM_READS = [
  'dynamodb:DescribeStream',
  'dynamodb:GetRecords',
  'dynamodb:GetShardIterator',
  'dynamodb:ListStreams',
];

const TABLE_WRITES = ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'];

/**
 * By key and by index, one item or one transaction at a time. There is no Scan. `written`: the partitions that may be changed; all of
 * them, if they are left out.
 */
function usesTable({ table }: Stores, written?: readonly string[]): iam.PolicyStatement[] {
  return [
    may(
      'ReadTable',
      ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query', 'dynamodb:ConditionCheckItem'],
      [table.tableArn],
    ),
    new iam.PolicyStatement({
      sid: 'WriteTable',
      actions: TABLE_WRITES,
      resources: [table.tableArn],
      ...(written === undefined
        ? {}
        : { conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...written] } } }),
    }),
    may(
      'QueryIndexes',
      ['dynamodb:Query'],
      TABLE.indexes.map(({ name }) => `${table.tableArn}/index/${name}`),
    ),
  ];
}

/** What more has expired of than one should do alone, it does with others of its own. */
export function callsItself(functionArn: string): iam.PolicyStatement {
  return may('CallSweepers', ['lambda:InvokeFunction'], [functionArn]);
}

/** Where the trail stands is for the function to say that writes it: who could say otherwise could have events passed over. */
function leavesTrail({ table }: Stores): iam.PolicyStatement {
  return new iam.PolicyStatement({
    effect: iam.Effect.DENY,
    sid: 'LeaveTrail',
    actions: TABLE_WRITES,
    resources: [table.tableArn],
    conditions: { 'ForAnyValue:StringEquals': { 'dynamodb:LeadingKeys': [PARTITIONS.trail] } },
  });
}

/** Encryption at rest, on S3's behalf only: it opens no data key, for those are wrapped by the other key. */
function encryptsStorage(stores: Stores): iam.PolicyStatement {
  return forS3('EncryptStorage', ['kms:GenerateDataKey', 'kms:Decrypt'], stores);
}

function decryptsStorage(stores: Stores): iam.PolicyStatement {
  return forS3('DecryptStorage', ['kms:Decrypt'], stores);
}

function forS3(sid: string, actions: string[], { storageKey }: Stores): iam.PolicyStatement {
  const { region } = Stack.of(storageKey);
  return new iam.PolicyStatement({
    sid,
    actions,
    resources: [storageKey.keyArn],
    conditions: { StringEquals: { 'kms:ViaService': `s3.${region}.amazonaws.com` } },
  });
}
