// S3 and DynamoDB as sources and targets, on an emulator.

import {
  CreateTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, expect, test } from '@jest/globals';
import type { Source } from '../../lib/ports/source.ts';
import { ALL, given, openSources, readAll, soon } from '../sources/given.ts';
import { capabilities } from './capabilities.ts';
import { createClients, destroyClients, makeBucket } from './resources.ts';

const clients = createClients();
const { s3, dynamoDb } = clients;
afterAll(() => destroyClients(clients));

const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'none',
    (error: { code: string }) => error.code,
  );
const PLAIN = '{"n":12345678901234567890.10,"t":"\\u00e9 \\" \\n","l":[1,2.50,-0]}';

test('an object: read, not read again while it is the same, put back unless somebody has written since', async () => {
  const Bucket = await makeBucket(s3);
  const open = (): Promise<Source> => openSources().open({ kind: 's3', bucket: Bucket, key: 'a/state.json' });
  expect(await code(open().then(readAll))).toBe('not_found');
  const put = (Body: string, Key = 'a/state.json') => s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  const source = await open();
  expect(await source.target!.restore(given(PLAIN), { modes: ALL }, soon())).toMatchObject({
    parts: [{ insert: 1 }],
    isExact: true,
  });
  const { text, reading } = await readAll(source);
  expect(text).toBe(PLAIN);
  expect(await source.read(soon(), reading.mark)).toBe('unchanged');
  await put('{"other":1}');
  expect((await readAll(source)).text).toBe('{"other":1}');
  expect(await source.target!.restore(given(PLAIN), { modes: ALL, path: '/l' }, soon())).toMatchObject({
    parts: [{ update: 1 }],
    isExact: true,
  });
  const found = await s3.send(new GetObjectCommand({ Bucket, Key: 'a/state.json' }));
  expect(await found.Body!.transformToString()).toBe('[1,2.50,-0]');
  expect((await source.check(soon())).detail).toContain('11 bytes');
  expect(
    await code(
      openSources().open({ kind: 's3', bucket: 'there-is-none-of-that-name', key: 'a' }).then(readAll),
    ),
  ).toBe('not_found');
});

test('an object that nobody takes is let go by its signal, and ends no process', async () => {
  const Bucket = await makeBucket(s3);
  const source = await openSources().open({ kind: 's3', bucket: Bucket, key: 'large.json' });
  await s3.send(new PutObjectCommand({ Bucket, Key: 'large.json', Body: `"${'x'.repeat(8 << 20)}"` }));
  const reason = new Error('not any more');
  for (const isBegun of [false, true]) {
    const ended = new AbortController();
    const reading = await source.read(ended.signal);
    if (reading === 'unchanged') throw new Error('it was never read');
    const chunks = reading.chunks[Symbol.asyncIterator]();
    if (isBegun) await chunks.next();
    ended.abort(reason);
    await new Promise((done) => setTimeout(done, 100));
    await expect(
      (async () => {
        while (!(await chunks.next()).done);
      })(),
    ).rejects.toBe(reason);
  }
});

test('the JSON objects under a prefix', async () => {
  const Bucket = await makeBucket(s3);
  const objects = {
    'p/b.json': '[1,2.50]',
    'p/a/c.json': '{"x":12345678901234567890}',
    'p/notes.txt': 'x',
    'q/d.json': '1',
  };
  for (const [Key, Body] of Object.entries(objects))
    await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  const source = await openSources().open({ kind: 's3', bucket: Bucket, prefix: 'p/' });
  const { text, reading } = await readAll(source);
  expect(text).toBe('{"a/c.json":{"x":12345678901234567890},"b.json":[1,2.50]}');
  expect(reading.warnings).toHaveLength(1);
  await s3.send(new PutObjectCommand({ Bucket, Key: 'p/new.json', Body: 'null' }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'p/b.json', Body: '0' }));
  const outcome = await source.target!.restore(given(text), { modes: ALL }, soon());
  expect(outcome.isExact).toBe(true);
  expect((await readAll(source)).text).toBe(text);
});

async function tableOf(client: DynamoDBClient): Promise<string> {
  const TableName = `sources-${Date.now()}-${Math.random().toString(36).slice(2)}`;
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'N' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
  return TableName;
}

test('a table of DynamoDB: every kind of value, whole and one item', async () => {
  const TableName = await tableOf(dynamoDb);
  const put = (pk: string, sk: string, more: object = {}) =>
    dynamoDb.send(new PutItemCommand({ TableName, Item: { pk: { S: pk }, sk: { N: sk }, ...more } }));
  await put('a', '1', {
    n: { N: '12345678901234567890.123456789012345678' },
    t: { BOOL: false },
    z: { NULL: true },
    e: { S: '' },
    l: { L: [{ N: '1' }, { M: { $n: { S: 'x' } } }, { NULL: true }] },
    m: { M: { a: { N: '-0.5' }, $ss: { SS: ['y', 'x'] } } },
    ss: { SS: ['b', 'a'] },
    ns: { NS: ['10', '9'] },
    ...(capabilities().projectsBinaries
      ? { b: { B: new Uint8Array([0, 255]) }, bs: { BS: [new Uint8Array([2]), new Uint8Array([1])] } }
      : {}),
  });
  for (let i = 0; i < 130; i++) await put('many', String(i), { v: { N: String(i) } });
  const source = await openSources().open({ kind: 'dynamodb', table: TableName });
  const { text, reading } = await readAll(source);
  expect(reading.warnings).toHaveLength(1);
  const item = JSON.parse(text).items['["a",1]'];
  expect(item).toMatchObject({
    ...(capabilities().projectsBinaries ? { b: { $b: 'AP8=' }, bs: { $bs: ['AQ==', 'Ag=='] } } : {}),
    t: false,
    z: null,
    e: '',
    ss: { $ss: ['a', 'b'] },
    ns: { $ns: ['10', '9'] },
    m: { $m: { $ss: { $ss: ['x', 'y'] } } },
    l: [1, { $m: { $n: 'x' } }, null],
  });
  expect(text).toContain('"n":12345678901234567890.123456789012345678');

  await put('a', '1', { v: { S: 'lost' } });
  await put('new', '1');
  for (const i of [1, 2]) await put('many', String(i), { v: { N: '0' } });
  const path = '/items/["many",1]';
  expect(await source.target!.restore(given(text), { modes: ALL, path }, soon())).toMatchObject({
    parts: [{ insert: 0, update: 1, delete: 0 }],
    isExact: true,
  });
  const plan = await source.target!.plan(given(text), { modes: ALL }, soon());
  expect(plan.parts).toEqual([{ name: TableName, insert: 0, update: 2, delete: 1, same: 129 }]);
  expect(await source.target!.restore(given(text), { modes: ALL }, soon())).toMatchObject({
    parts: plan.parts,
    isExact: true,
  });
  const again = JSON.parse((await readAll(source)).text);
  expect(again.items['["a",1]']).toEqual(item);
  const { Item } = await dynamoDb.send(
    new GetItemCommand({ TableName, Key: { pk: { S: 'a' }, sk: { N: '1' } } }),
  );
  expect(Item).toMatchObject({
    n: { N: '12345678901234567890.123456789012345678' },
    ns: { NS: expect.arrayContaining(['9', '10']) },
    m: { M: { $ss: { SS: expect.arrayContaining(['x', 'y']) } } },
  });
  expect(
    await source.target!.restore(given(text), { modes: ALL, path: '/items/["new",1]' }, soon()),
  ).toMatchObject({ parts: [{ delete: 0 }] });
  expect(await code(openSources().open({ kind: 'dynamodb', table: 'there-is-none' }).then(readAll))).toBe(
    'not_found',
  );
  expect(await code(source.target!.plan(given('{}'), { modes: ALL }, soon()))).toBe('integrity');
});
