// A table as the release before had written it, and the blobs that it tells of: real items of commit a8552ba, which kept all of a chain
// in each record, each pointer in an item, and each type in an index.

import { readFileSync } from 'node:fs';
import { type AttributeValue, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { BackupRecord, ResourceHead } from '../../../lib/core/records/model.ts';
import type { BlobStore } from '../../../lib/ports/blob-store.ts';

type Name = 'f1' | 'i2' | 'i3' | 'i4' | 'd5' | 'i6' | 'i7' | 'g1' | 'g2';

interface Before {
  /** What the clock said when it was last written. */
  now: number;
  /** Of `config`: f1, i2, i3 (deleted), i4, d5, i6, i7. Of `other`: g1, g2. The first letter says the type. */
  made: Record<Name, { id: string; state: string }>;
  records: Record<Name, BackupRecord>;
  heads: Record<'config' | 'other', ResourceHead>;
  items: Record<string, Record<string, unknown>>[];
  blobs: Record<string, string>;
}

export function readBefore(): Before {
  return JSON.parse(readFileSync('test/aws/before/items.json', 'utf8')) as Before;
}

export async function fill(
  { items, blobs }: Before,
  dynamoDb: DynamoDBClient,
  TableName: string,
  store: BlobStore,
): Promise<void> {
  for (const stored of items) {
    const attributes = Object.entries(stored).map(([name, value]) => [name, attributeOf(value)]);
    await dynamoDb.send(new PutItemCommand({ TableName, Item: Object.fromEntries(attributes) }));
  }
  for (const [blobId, text] of Object.entries(blobs)) await store.put(blobId, [Buffer.from(text, 'base64')]);
}

/** Bytes stand as Base64 under `$`. */
function attributeOf(value: Record<string, unknown>): AttributeValue {
  const { B } = value as { B?: { $: string } };
  return B === undefined ? (value as unknown as AttributeValue) : { B: Buffer.from(B.$, 'base64') };
}
