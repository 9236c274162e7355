// Tables as releases of before had written them, and the blobs that they tell of: real items, made by the code of these commits.

import { readFileSync } from 'node:fs';
import { type AttributeValue, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { BackupRecord, ResourceHead } from '../../../lib/core/records/model.ts';
import type { BlobStore } from '../../../lib/ports/blob-store.ts';

type Name = 'f1' | 'i2' | 'i3' | 'i4' | 'd5' | 'i6' | 'i7' | 'g1' | 'g2';

/** What each kept otherwise than is kept now. */
export const RELEASES = {
  f88b999: 'the first one: no trail, no place by time for what is hidden, all of a chain in each record',
  a8552ba: 'all of a chain in each record, each pointer in an item, each type in an index',
  bb85bf3: 'a link for each blob, an event by itself, what nobody has looked at in an index',
} as const;
export type Release = keyof typeof RELEASES;

export interface Before {
  /** What the clock said when it was last written. */
  now: number;
  /** Of `config`: f1, i2, i3 (deleted), i4, d5, i6, i7. Of `other`: g1, g2. The first letter says the type. */
  made: Record<Name, { id: string; state: string }>;
  records: Record<Name, BackupRecord>;
  heads: Record<'config' | 'other', ResourceHead>;
  items: Record<string, Record<string, unknown>>[];
  blobs: Record<string, string>;
}

export function readBefore(release: Release): Before {
  return JSON.parse(readFileSync(`test/aws/before/${release}.json`, 'utf8')) as Before;
}

/** The item of a backup's record. */
export function recordItemIn({ items }: Before, id: string): Record<string, AttributeValue> {
  const stored = items.find(({ pk }) => pk?.S === `BACKUP#=${id}`)!;
  return Object.fromEntries(Object.entries(stored).map(([name, value]) => [name, attributeOf(value)]));
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
