// What the adapters need in AWS, made anew for each test.

import { randomBytes } from 'node:crypto';
import {
  CreateTableCommand,
  DeleteTableCommand,
  type DynamoDBClient,
  type KeySchemaElement,
} from '@aws-sdk/client-dynamodb';
import { CreateEventBusCommand, type EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { CreateKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import { CreateBucketCommand, PutBucketVersioningCommand, type S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import {
  createDynamoDbClient,
  createEventBridgeClient,
  createKmsClient,
  createS3Client,
  createSqsClient,
} from '../../lib/aws/calls/clients.ts';
import { TABLE } from '../../lib/aws/names/table.ts';
import { LIMITS } from '../../lib/core/records/limits.ts';

export interface Clients {
  s3: S3Client;
  dynamoDb: DynamoDBClient;
  kms: KMSClient;
  sqs: SQSClient;
  eventBridge: EventBridgeClient;
}

export function createClients(): Clients {
  const endpoint = process.env.AWS_ENDPOINT_URL;
  if (endpoint === undefined) throw new Error('these tests run on an emulator: use jest.aws.config.mjs');
  const options = { endpoint };
  return {
    s3: createS3Client(options),
    dynamoDb: createDynamoDbClient(options),
    kms: createKmsClient(options),
    sqs: createSqsClient(options),
    eventBridge: createEventBridgeClient(options),
  };
}

export function destroyClients(clients: Clients): void {
  for (const client of Object.values(clients)) client.destroy();
}

/** As in the deployment: versioned. */
export async function makeBucket(s3: S3Client): Promise<string> {
  const Bucket = newName();
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  return Bucket;
}

export async function makeTable(dynamoDb: DynamoDBClient): Promise<string> {
  const TableName = newName();
  const keys = [TABLE, ...TABLE.indexes].flatMap(({ partitionKey, sortKey }) => [partitionKey, sortKey]);
  await dynamoDb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: schemaOf(TABLE),
      GlobalSecondaryIndexes: TABLE.indexes.map((index) => ({
        IndexName: index.name,
        KeySchema: schemaOf(index),
        Projection: { ProjectionType: 'KEYS_ONLY' },
      })),
    }),
  );
  return TableName;
}

export async function removeTable(dynamoDb: DynamoDBClient, TableName: string): Promise<void> {
  await dynamoDb.send(new DeleteTableCommand({ TableName }));
}

export async function makeKey(kms: KMSClient): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  return KeyMetadata!.Arn!;
}

export interface QueueUrls {
  queueUrl: string;
  deadLetterQueueUrl: string;
}

export async function makeQueue(sqs: SQSClient): Promise<QueueUrls> {
  const dead = await sqs.send(new CreateQueueCommand({ QueueName: newName() }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: dead.QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  const deadLetterTargetArn = Attributes!.QueueArn!;
  const { QueueUrl } = await sqs.send(
    new CreateQueueCommand({
      QueueName: newName(),
      Attributes: {
        RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: LIMITS.jobAttemptsMax }),
      },
    }),
  );
  return { queueUrl: QueueUrl!, deadLetterQueueUrl: dead.QueueUrl! };
}

export async function makeBus(eventBridge: EventBridgeClient): Promise<string> {
  const Name = newName();
  await eventBridge.send(new CreateEventBusCommand({ Name }));
  return Name;
}

export function newName(): string {
  return `test-${randomBytes(8).toString('hex')}`;
}

function schemaOf({ partitionKey, sortKey }: { partitionKey: string; sortKey: string }): KeySchemaElement[] {
  return [
    { AttributeName: partitionKey, KeyType: 'HASH' },
    { AttributeName: sortKey, KeyType: 'RANGE' },
  ];
}
