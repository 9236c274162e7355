// A stack that takes over what one of before has left: after a disaster, or where a table was restored under another name.

import { describe, expect, test } from '@jest/globals';
import { resourcesOf, statementsOf, synthesize, textOf } from './synth.ts';

const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555';
const STORAGE_KEY = 'arn:aws:kms:eu-central-1:123456789012:key/99999999-8888-7777-6666-555555555555';
const STREAM =
  'arn:aws:dynamodb:eu-central-1:123456789012:table/restored-table/stream/2026-11-28T00:00:00.000';
export const ADOPTING = {
  bucketName: 'blobs-of-before',
  storageKeyArn: STORAGE_KEY,
  keyArn: KEY,
  tableName: 'restored-table',
  tableStreamArn: STREAM,
};

describe('a stack that takes over', () => {
  const count = (context: Record<string, string>, type: string) =>
    resourcesOf(synthesize(context), type).length;

  test('makes no bucket of blobs, no table and no keys of its own', () => {
    const made = (context: Record<string, string>) =>
      ['AWS::S3::Bucket', 'AWS::DynamoDB::Table', 'AWS::KMS::Key'].map((type) => count(context, type));
    const [buckets, tables, keys] = made({});
    expect(made(ADOPTING)).toEqual([buckets! - 1, tables! - 1, keys! - 2]);
    const { tableName: _name, tableStreamArn: _stream, ...withoutTable } = ADOPTING;
    expect(made(withoutTable)).toEqual([buckets! - 1, tables, keys! - 2]);
  });

  test('its functions know and may use that, and nothing else', () => {
    const template = synthesize(ADOPTING);
    for (const [id, { Properties }] of resourcesOf(template, 'AWS::Lambda::Function')) {
      if (!id.startsWith('Functions')) continue;
      expect((Properties.Environment as { Variables: object }).Variables).toMatchObject({
        BACKUP_BUCKET: 'blobs-of-before',
        BACKUP_TABLE: 'restored-table',
        BACKUP_KEY_ARN: KEY,
      });
    }
    const retention = textOf(statementsOf(template, 'Retention'));
    for (const named of ['s3:::blobs-of-before/blobs/*', ':table/restored-table', KEY, STORAGE_KEY])
      expect(retention).toContain(named);
  });

  test('is kicked by the stream of that table, or, where that is not told, by the clock alone', () => {
    const sources = (context: Record<string, string>) =>
      resourcesOf(synthesize(context), 'AWS::Lambda::EventSourceMapping').map(([, { Properties }]) =>
        textOf(Properties.EventSourceArn),
      );
    expect(sources(ADOPTING)).toContain(JSON.stringify(STREAM));
    const { tableStreamArn: _stream, ...withoutStream } = ADOPTING;
    expect(sources(withoutStream)).toHaveLength(sources({}).length - 1);
  });
});
