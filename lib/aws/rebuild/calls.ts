// What a rebuild has cost so far: its calls, counted where they are sent, and the units that the table charges.

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { S3Client } from '@aws-sdk/client-s3';

export interface Clients {
  s3: S3Client;
  dynamoDb: DynamoDBClient;
  kms: KMSClient;
}

export interface Counts {
  /** By command, attempts that failed included. */
  calls: Record<string, number>;
  writeUnits: number;
  readUnits: number;
}

/** List prices of us-east-1 in 2026, in US dollars, as docs/cost.md has them. */
const PRICES: Record<string, number> = {
  ListObjectsV2: 5e-6,
  PutObject: 5e-6,
  CreateMultipartUpload: 5e-6,
  UploadPart: 5e-6,
  CompleteMultipartUpload: 5e-6,
  GetObject: 0.4e-6,
  Decrypt: 3e-6,
};
const WRITE_UNIT = 0.625e-6;
const READ_UNIT = 0.125e-6;

/** From now on every call of these clients counts. */
export function countCalls({ s3, dynamoDb, kms }: Clients, counts: Counts): void {
  const count = (name: string): void => {
    const command = name.replace(/Command$/, '');
    counts.calls[command] = (counts.calls[command] ?? 0) + 1;
  };
  // Behind the SDK's own retries, so that each attempt is one: each is charged.
  const where = { step: 'deserialize', name: 'countCalls' } as const;
  s3.middlewareStack.add(
    (next, { commandName = '' }) =>
      (args) => {
        count(commandName);
        return next(args);
      },
    where,
  );
  kms.middlewareStack.add(
    (next, { commandName = '' }) =>
      (args) => {
        count(commandName);
        return next(args);
      },
    where,
  );
  dynamoDb.middlewareStack.add(
    (next, { commandName = '' }) =>
      (args) => {
        count(commandName);
        return next(args);
      },
    where,
  );
}

export function dollarsOf({ calls, writeUnits, readUnits }: Counts): number {
  const called = Object.entries(calls).map(([command, count]) => count * (PRICES[command] ?? 0));
  return called.reduce((sum, one) => sum + one, writeUnits * WRITE_UNIT + readUnits * READ_UNIT);
}
