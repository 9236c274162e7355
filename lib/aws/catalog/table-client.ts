// The few things that the catalog does with its table, each strongly consistent where DynamoDB can be. There is no Scan.

import {
  BatchGetItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { forEachAtOnce } from '../../core/at-once.ts';
import { PortError } from '../../ports/errors.ts';
import { backOff, call } from '../calls/call.ts';
import { gathered } from '../calls/gathered.ts';
import { batchesOf } from '../calls/parallel.ts';
import type { IndexName } from '../names/table.ts';
import type { Key } from './catalog-keys.ts';
import { type Item, keyOf } from './item.ts';

/** Of BatchGetItem. */
const BATCH_KEYS_MAX = 100;
const BATCHES_AT_ONCE = 4;
const BATCH_ATTEMPTS_MAX = 8;

/** Of entries of an index that one call counts, or what a megabyte holds of them. */
const COUNTED_MAX = 100_000;

export interface Condition {
  expression: string;
  values?: Item;
}

export interface RangeQuery {
  /** The table itself, strongly consistent, without it. */
  index?: IndexName;
  pk: string;
  /** First and last sort key, both included. */
  from: string;
  to: string;
  direction: 'rising' | 'falling';
  /** Items that one call reads. */
  pageItems: number;
}

export interface TableClient {
  readonly dynamoDb: DynamoDBClient;
  readonly name: string;
  get(key: Key): Promise<Item | undefined>;
  /** Those that are there, by `addressOf` their keys. `attributes` leaves out all others but the key. */
  getMany(keys: readonly Key[], attributes?: readonly string[]): Promise<Map<string, Item>>;
  /** Likewise, of attributes that are never changed once they are there: for half the price. */
  getUnchanging(keys: readonly Key[], attributes: readonly string[]): Promise<Map<string, Item>>;
  /** The items of a range, page by page as they are asked for. */
  query(range: RangeQuery): AsyncGenerator<Item>;
  /** How many entries of an index stand under a key: page by page, as they are asked for. */
  counts(index: IndexName, pk: string, pageItems: number): AsyncGenerator<number>;
  /** False if the condition does not hold. */
  put(item: Item, condition?: Condition): Promise<boolean>;
  /** False if there is no such item, or the condition does not hold. */
  removeAttributes(key: Key, attributes: readonly string[], condition?: Condition): Promise<boolean>;
  /** Sets texts; false if the condition does not hold. */
  setTexts(key: Key, texts: Readonly<Record<string, string>>, condition: Condition): Promise<boolean>;
  /** False if the condition does not hold. */
  delete(key: Key, condition: Condition): Promise<boolean>;
}

/** How items are read: consistently, and whole, if nothing is said. */
type Reading = { ConsistentRead?: boolean } & Partial<ReturnType<typeof projectionOf>>;

export interface TableOptions {
  /** Whether items that are asked for in one turn of the event loop are read together. */
  isGathering?: boolean;
}

export function createTableClient(
  dynamoDb: DynamoDBClient,
  name: string,
  { isGathering = false }: TableOptions = {},
): TableClient {
  async function getBatch(
    found: Map<string, Item>,
    keys: Key[],
    { ConsistentRead = true, ...projection }: Reading,
  ): Promise<void> {
    let Keys = keys.map(attributesOf);
    for (let n = 0; Keys.length > 0; n += 1) {
      if (n === BATCH_ATTEMPTS_MAX) throw new PortError('unavailable', 'the catalog is throttled');
      if (n > 0) await backOff(n);
      const answer = await call('the catalog cannot be read', (options) =>
        dynamoDb.send(
          new BatchGetItemCommand({
            RequestItems: { [name]: { Keys, ConsistentRead, ...projection } },
          }),
          options,
        ),
      );
      for (const item of answer.Responses?.[name] ?? []) {
        found.set(addressOf(keyOf(item)), item);
      }
      // Too many bytes for one answer, or throttled.
      Keys = (answer.UnprocessedKeys?.[name]?.Keys ?? []) as ReturnType<typeof attributesOf>[];
    }
  }

  async function getAll(keys: readonly Key[], options: Reading): Promise<Map<string, Item>> {
    const found = new Map<string, Item>();
    // The same key twice in one batch would be refused.
    const distinct = [...new Map(keys.map((key) => [addressOf(key), key])).values()];
    await forEachAtOnce(batchesOf(distinct, BATCH_KEYS_MAX), BATCHES_AT_ONCE, (batch) =>
      getBatch(found, batch, options),
    );
    return found;
  }

  async function getOne(key: Key): Promise<Item | undefined> {
    const { Item } = await call('the catalog cannot be read', (options) =>
      dynamoDb.send(
        new GetItemCommand({ TableName: name, Key: attributesOf(key), ConsistentRead: true }),
        options,
      ),
    );
    return Item;
  }

  return {
    dynamoDb,
    name,

    get: isGathering ? gathered(addressOf, getOne, (keys) => getAll(keys, {})) : getOne,

    getMany: (keys, attributes) =>
      getAll(keys, attributes === undefined ? {} : projectionOf(['pk', 'sk', ...attributes])),

    async getUnchanging(keys, attributes) {
      const projection = projectionOf(['pk', 'sk', ...attributes]);
      const found = await getAll(keys, { ...projection, ConsistentRead: false });
      // What has only just been written may not be everywhere yet.
      const isWhole = (item: Item | undefined) => attributes.every((name) => item?.[name] !== undefined);
      const missing = keys.filter((key) => !isWhole(found.get(addressOf(key))));
      for (const [address, item] of await getAll(missing, projection)) found.set(address, item);
      return found;
    },

    async *query({ index, pk, from, to, direction, pageItems }) {
      if (from > to) return;
      const [hash, sort] = index === undefined ? ['pk', 'sk'] : [`${index}pk`, `${index}sk`];
      let start: Item | undefined;
      do {
        const page = await call('the catalog cannot be read', (options) =>
          dynamoDb.send(
            new QueryCommand({
              TableName: name,
              ...(index === undefined ? { ConsistentRead: true } : { IndexName: index }),
              KeyConditionExpression: '#hash = :hash AND #sort BETWEEN :from AND :to',
              ExpressionAttributeNames: { '#hash': hash!, '#sort': sort! },
              ExpressionAttributeValues: { ':hash': { S: pk }, ':from': { S: from }, ':to': { S: to } },
              ScanIndexForward: direction === 'rising',
              Limit: pageItems,
              ...(start === undefined ? {} : { ExclusiveStartKey: start }),
            }),
            options,
          ),
        );
        yield* page.Items ?? [];
        start = page.LastEvaluatedKey;
      } while (start !== undefined);
    },

    async *counts(IndexName, pk, pageItems) {
      let start: Item | undefined;
      do {
        const page = await call('the catalog cannot be read', (options) =>
          dynamoDb.send(
            new QueryCommand({
              ...{ TableName: name, IndexName, Select: 'COUNT', KeyConditionExpression: '#hash = :hash' },
              ExpressionAttributeNames: { '#hash': `${IndexName}pk` },
              ExpressionAttributeValues: { ':hash': { S: pk } },
              Limit: Math.min(pageItems, COUNTED_MAX),
              ...(start === undefined ? {} : { ExclusiveStartKey: start }),
            }),
            options,
          ),
        );
        yield page.Count ?? 0;
        start = page.LastEvaluatedKey;
      } while (start !== undefined);
    },

    async put(item, condition) {
      return holds('the catalog cannot be written', (options) =>
        dynamoDb.send(
          new PutItemCommand({
            TableName: name,
            Item: item,
            ...(condition === undefined ? {} : expressionOf(condition)),
          }),
          options,
        ),
      );
    },

    async removeAttributes(key, attributes, condition = { expression: 'attribute_exists(pk)' }) {
      return holds('the catalog cannot be written', (options) =>
        dynamoDb.send(
          new UpdateItemCommand({
            TableName: name,
            Key: attributesOf(key),
            UpdateExpression: `REMOVE ${attributes.join(', ')}`,
            ...expressionOf(condition),
          }),
          options,
        ),
      );
    },

    async setTexts(key, texts, { expression, values }) {
      const entries = Object.entries(texts).map(([attribute, text], i) => ({
        attribute,
        text,
        to: `:set${i}`,
      }));
      const set = Object.fromEntries(entries.map(({ to, text }) => [to, { S: text }]));
      return holds('the catalog cannot be written', (options) =>
        dynamoDb.send(
          new UpdateItemCommand({
            TableName: name,
            Key: attributesOf(key),
            UpdateExpression: `SET ${entries.map(({ attribute, to }) => `${attribute} = ${to}`).join(', ')}`,
            ConditionExpression: expression,
            ExpressionAttributeValues: { ...values, ...set },
          }),
          options,
        ),
      );
    },

    async delete(key, condition) {
      return holds('the catalog cannot be written', (options) =>
        dynamoDb.send(
          new DeleteItemCommand({ TableName: name, Key: attributesOf(key), ...expressionOf(condition) }),
          options,
        ),
      );
    },
  };
}

/** Tells keys apart in a map. */
export function addressOf({ pk, sk }: Key): string {
  return JSON.stringify([pk, sk]);
}

export function attributesOf({ pk, sk }: Key): { pk: { S: string }; sk: { S: string } } {
  return { pk: { S: pk }, sk: { S: sk } };
}

export function expressionOf({ expression, values }: Condition) {
  return {
    ConditionExpression: expression,
    ...(values === undefined ? {} : { ExpressionAttributeValues: values }),
  };
}

/** What sets some attributes, removes others, and leaves the rest. By placeholders, because DynamoDB reserves many words. */
export function updateOf(set: Item, removed: readonly string[], condition?: Condition) {
  const sets = Object.entries(set).map(([name, value], i) => ({ name, value, at: `#s${i}`, to: `:s${i}` }));
  const removes = removed.map((name, i) => ({ name, at: `#r${i}` }));
  const values = {
    ...condition?.values,
    ...Object.fromEntries(sets.map(({ to, value }) => [to, value])),
  };
  const parts = [
    ...(sets.length === 0 ? [] : [`SET ${sets.map(({ at, to }) => `${at} = ${to}`).join(', ')}`]),
    ...(removes.length === 0 ? [] : [`REMOVE ${removes.map(({ at }) => at).join(', ')}`]),
  ];
  return {
    UpdateExpression: parts.join(' '),
    ExpressionAttributeNames: Object.fromEntries([...sets, ...removes].map(({ at, name }) => [at, name])),
    ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: values }),
    ...(condition === undefined ? {} : { ConditionExpression: condition.expression }),
  };
}

/** By placeholders, because DynamoDB reserves many words. */
function projectionOf(attributes: readonly string[]) {
  const names = attributes.map((attribute, i) => [`#${i}`, attribute] as const);
  return {
    ProjectionExpression: names.map(([placeholder]) => placeholder).join(', '),
    ExpressionAttributeNames: Object.fromEntries(names),
  };
}

async function holds(
  doing: string,
  send: (options: { abortSignal: AbortSignal }) => Promise<unknown>,
): Promise<boolean> {
  try {
    await call(doing, send);
    return true;
  } catch (error) {
    if (error instanceof PortError && error.code === 'conflict') return false;
    throw error;
  }
}
