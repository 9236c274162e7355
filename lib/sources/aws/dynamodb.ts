// A table of DynamoDB as a state: every item under its key; and items put back, one batch after the other.

import { setTimeout as sleep } from 'node:timers/promises';
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ScanCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { escapeToken, parsePointer } from '../../core/json/pointer.ts';
import type { DynamodbSource } from '../../core/records/source.ts';
import { wordOfSource } from '../../core/records/source-words.ts';
import { PortError } from '../../ports/errors.ts';
import type { GivenState, PlannedPart, RestoreOptions, RestorePlan, Source } from '../../ports/source.ts';
import { JsonReader, type Piece } from '../kit/json-reader.ts';
import { type Item, itemName, itemOf, itemText, notOurs } from './attributes.ts';
import { faultOf, PATIENCE } from './faults.ts';

const FORMAT = 'dynamodb/1';
const GET_MAX = 100;
const WRITE_MAX = 25;
const BATCH_BYTES = 64 * 1024;
const RETRIES_MAX = 12;
const RETRY_MS = 50;

export function openDynamodb(spec: DynamodbSource): Source {
  const { table: TableName, region, endpoint } = spec;
  const client = new DynamoDBClient({
    ...PATIENCE,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  const word = wordOfSource(spec);

  async function call<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      throw faultOf(word, error, signal);
    }
  }

  async function keyOf(signal: AbortSignal): Promise<{ key: string[]; items: number }> {
    const { Table } = await call(signal, () =>
      client.send(new DescribeTableCommand({ TableName }), { abortSignal: signal }),
    );
    const schema = Table?.KeySchema ?? [];
    const of = (type: string) =>
      schema.filter(({ KeyType }) => KeyType === type).map((one) => one.AttributeName!);
    return { key: [...of('HASH'), ...of('RANGE')], items: Table?.ItemCount ?? 0 };
  }

  async function* scan(signal: AbortSignal, only?: string[]): AsyncGenerator<Item[], void, undefined> {
    let from: Item | undefined;
    do {
      const names = only?.map((name, i) => [`#k${i}`, name] as const);
      const page = await call(signal, () =>
        client.send(
          new ScanCommand({
            TableName,
            ConsistentRead: true,
            ...(names === undefined
              ? {}
              : {
                  ProjectionExpression: names.map(([place]) => place).join(','),
                  ExpressionAttributeNames: Object.fromEntries(names),
                }),
            ...(from === undefined ? {} : { ExclusiveStartKey: from }),
          }),
          { abortSignal: signal },
        ),
      );
      yield page.Items ?? [];
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
  }

  async function* chunksOf(key: string[], signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    yield Buffer.from(
      `{"format":"${FORMAT}","table":${JSON.stringify(TableName)},"key":${JSON.stringify(key)},"items":{`,
    );
    let comma = '';
    for await (const items of scan(signal)) {
      if (items.length === 0) continue;
      const texts = items.map((item) => `${JSON.stringify(itemName(key, item))}:${itemText(item)}`);
      yield Buffer.from(comma + texts.join(','));
      comma = ',';
    }
    yield Buffer.from('}}');
  }

  /** What of a table is there under these keys. */
  async function found(
    items: readonly Item[],
    key: string[],
    signal: AbortSignal,
  ): Promise<Map<string, string>> {
    const there = new Map<string, string>();
    for (let at = 0; at < items.length; at += GET_MAX) {
      let Keys = items.slice(at, at + GET_MAX).map((item) => keysIn(item, key));
      for (let tries = 0; Keys.length > 0; tries++) {
        if (tries > 0) await waitFor(tries, signal);
        const answer = await call(signal, () =>
          client.send(
            new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys, ConsistentRead: true } } }),
            { abortSignal: signal },
          ),
        );
        for (const item of answer.Responses?.[TableName] ?? [])
          there.set(itemName(key, item), itemText(item));
        Keys = answer.UnprocessedKeys?.[TableName]?.Keys ?? [];
      }
    }
    return there;
  }

  async function write(requests: readonly WriteRequest[], signal: AbortSignal): Promise<void> {
    for (let at = 0; at < requests.length; at += WRITE_MAX) {
      let left: WriteRequest[] = requests.slice(at, at + WRITE_MAX);
      for (let tries = 0; left.length > 0; tries++) {
        if (tries > 0) await waitFor(tries, signal);
        const answer = await call(signal, () =>
          client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: left } }), {
            abortSignal: signal,
          }),
        );
        left = answer.UnprocessedItems?.[TableName] ?? [];
      }
    }
  }

  async function waitFor(tries: number, signal: AbortSignal): Promise<void> {
    if (tries > RETRIES_MAX) throw new PortError('unavailable', `${word} is throttled`);
    await sleep(Math.min(RETRY_MS * 2 ** tries, 10_000), undefined, { signal });
  }

  async function go(
    state: GivenState,
    { path, modes }: RestoreOptions,
    signal: AbortSignal,
    isDone: boolean,
  ): Promise<PlannedPart> {
    const { key } = await keyOf(signal);
    const part: PlannedPart = { name: TableName, insert: 0, update: 0, delete: 0, same: 0 };
    const only = onlyOf(path);
    const kept = new Set<string>();
    for await (const batch of comingOf(state, only)) {
      const items = batch.map(({ value }) => itemOf(Buffer.from(value).toString()));
      const there = await found(items, key, signal);
      const requests: WriteRequest[] = [];
      for (const item of items) {
        const name = itemName(key, item);
        kept.add(name);
        const now = there.get(name);
        if (now === itemText(item)) part.same++;
        else if (now === undefined ? modes.create : modes.update) {
          if (now === undefined) part.insert++;
          else part.update++;
          requests.push({ PutRequest: { Item: item } });
        }
      }
      if (isDone) await write(requests, signal);
    }
    if (!modes.delete) return part;
    for await (const items of scan(signal, key)) {
      const extra = items.filter((item) => {
        const name = itemName(key, item);
        return !kept.has(name) && (only === undefined || only === name);
      });
      part.delete += extra.length;
      if (isDone)
        await write(
          extra.map((item) => ({ DeleteRequest: { Key: keysIn(item, key) } })),
          signal,
        );
    }
    return part;
  }

  const isWhole = ({ modes }: RestoreOptions): boolean => modes.create && modes.update && modes.delete;

  return {
    async check(signal) {
      const { key, items } = await keyOf(signal);
      return { detail: `${word}, key ${key.join(', ')}, about ${items} items`, warnings: [] };
    },
    async read(signal) {
      const { key } = await keyOf(signal);
      return {
        chunks: chunksOf(key, signal),
        warnings: [
          'A scan is not of one instant: items that are written meanwhile are as they were before or after',
        ],
      };
    },
    target: {
      async plan(state, options, signal): Promise<RestorePlan> {
        const part = await go(state, options, signal, false);
        return {
          parts: [part],
          missing: [],
          warnings: ['Items are written one batch after the other, not all at once'],
          isExact: isWhole(options),
        };
      },
      async restore(state, options, signal) {
        const part = await go(state, options, signal, true);
        const after = await go(state, options, signal, false);
        return {
          parts: [part],
          warnings: [],
          isExact: isWhole(options) && after.insert + after.update + after.delete === 0,
        };
      },
    },
  };
}

function keysIn(item: Item, key: readonly string[]): Item {
  return Object.fromEntries(key.map((name) => [name, item[name]!]));
}

/** The one item that is meant; undefined for all. */
function onlyOf(path: string | undefined): string | undefined {
  const steps = parsePointer(path ?? '');
  if (steps?.length === 0 || (steps?.length === 1 && steps[0] === 'items')) return undefined;
  if (steps?.length === 2 && steps[0] === 'items') return steps[1];
  throw new PortError(
    'not_found',
    `${path} is no part that can be put back by itself: give an item, as /items/KEY`,
  );
}

async function* comingOf(
  state: GivenState,
  only: string | undefined,
): AsyncGenerator<Piece[], void, undefined> {
  if (only !== undefined) {
    const format = await state.part('/format');
    if (format === undefined || Buffer.from(format).toString() !== `"${FORMAT}"`) throw notOurs();
    const value = await state.part(`/items/${escapeToken(only)}`);
    if (value !== undefined) yield [{ name: undefined, value }];
    return;
  }
  const reader = new JsonReader(state.chunks());
  let isOurs = false;
  try {
    if ((await reader.peek()) !== 0x7b) throw notOurs();
    for await (const member of reader.members()) {
      if (member === 'format') isOurs = Buffer.from(await reader.value()).toString() === `"${FORMAT}"`;
      else if (!isOurs) throw notOurs();
      else if (member === 'items') yield* reader.pieces(BATCH_BYTES);
      else await reader.skip();
    }
    if (!isOurs) throw notOurs();
  } finally {
    await reader.close();
  }
}
