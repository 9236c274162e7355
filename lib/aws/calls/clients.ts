// Makes the SDK clients, all with the same patience. One function a service, so that a bundle holds only what it uses.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';

export interface ClientOptions {
  region?: string;
  /** Where an emulator listens; the services of AWS themselves without it. */
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string; expiration?: Date };
}

/** The SDK backs off between attempts; in adaptive mode it also slows down by itself while it is throttled. */
const ATTEMPTS_MAX = 4;
const CONNECTION_TIMEOUT_MS = 2000;
/** For the whole of one attempt at a small request. */
const REQUEST_TIMEOUT_MS = 8000;
/** The same for S3, where an attempt carries up to 16 MB. */
const OBJECT_REQUEST_TIMEOUT_MS = 60_000;
/** A restore reads the blobs of a whole chain at once, each in several ranges. */
const SOCKETS_MAX = 96;

export function createS3Client(options: ClientOptions = {}): S3Client {
  return new S3Client({
    ...common(options, OBJECT_REQUEST_TIMEOUT_MS),
    // We send a SHA-256 of our own with every write. By default the SDK would also sign the checksum of an empty body
    // into the URLs that it presigns, and then no client could use them.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    // Blobs carry a MAC of their own, and ranges have no checksum.
    responseChecksumValidation: 'WHEN_REQUIRED',
    // An emulator has no host name for each bucket.
    forcePathStyle: options.endpoint !== undefined,
  });
}

export function createDynamoDbClient(options: ClientOptions = {}): DynamoDBClient {
  return new DynamoDBClient(common(options));
}

export function createKmsClient(options: ClientOptions = {}): KMSClient {
  return new KMSClient(common(options));
}

export function createSqsClient(options: ClientOptions = {}): SQSClient {
  return new SQSClient(common(options));
}

export function createEventBridgeClient(options: ClientOptions = {}): EventBridgeClient {
  return new EventBridgeClient(common(options));
}

function common({ region, endpoint, credentials }: ClientOptions, requestTimeoutMs = REQUEST_TIMEOUT_MS) {
  const agent = { keepAlive: true, maxSockets: SOCKETS_MAX };
  return {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: ATTEMPTS_MAX,
    retryMode: 'adaptive',
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: requestTimeoutMs,
      // Without this the SDK only logs that the time is over, and goes on waiting.
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
  };
}
