// Makes the SDK clients that every function begins with. Those that few calls need are in files of their own, which are
// loaded when one of these calls comes.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { type ClientOptions, common } from './client-options.ts';

export type { ClientOptions } from './client-options.ts';

/** For S3, where an attempt carries up to 16 MB. */
const OBJECT_REQUEST_TIMEOUT_MS = 60_000;

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
