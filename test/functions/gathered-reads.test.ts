// What is read of the table in one turn is asked for in one call, where a function says so.

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, test } from '@jest/globals';
import { createTableClient } from '../../lib/aws/catalog/table-client.ts';

type Key = Record<'pk' | 'sk', { S: string }>;
interface Sent {
  name: string;
  keys: string[];
  isConsistent: boolean;
}

/** A table whose every item says its key, but for those that are not there. */
function table(missing: readonly string[] = [], leaves = 0) {
  const sent: Sent[] = [];
  let left = leaves;
  const itemOf = (key: Key) => ({ ...key, doc: { S: `of ${key.pk.S}` } });
  const isThere = ({ pk }: Key) => !missing.includes(pk.S);
  const dynamoDb = {
    async send(command: { constructor: { name: string }; input: Record<string, never> }) {
      const { name } = command.constructor;
      const { Key, ConsistentRead, RequestItems } = command.input as unknown as {
        Key?: Key;
        ConsistentRead?: boolean;
        RequestItems?: Record<string, { Keys: Key[]; ConsistentRead: boolean }>;
      };
      if (Key !== undefined) {
        sent.push({ name, keys: [Key.pk.S], isConsistent: ConsistentRead === true });
        return isThere(Key) ? { Item: itemOf(Key) } : {};
      }
      const { Keys, ConsistentRead: isConsistent } = RequestItems!.catalog!;
      sent.push({ name, keys: Keys.map(({ pk }) => pk.S), isConsistent });
      if (Keys.some(({ pk }) => pk.S === 'breaks')) throw Object.assign(new Error(), { name: 'SlowDown' });
      // Too many bytes for one answer.
      const given = Keys.slice(0, Keys.length - left);
      const later = Keys.slice(given.length);
      left = 0;
      return {
        Responses: { catalog: given.filter(isThere).map(itemOf) },
        UnprocessedKeys: later.length === 0 ? {} : { catalog: { Keys: later } },
      };
    },
  } as unknown as DynamoDBClient;
  return { client: createTableClient(dynamoDb, 'catalog', { isGathering: true }), sent };
}

const key = (pk: string) => ({ pk, sk: '-' });
const docOf = (item: Record<string, unknown> | undefined) => (item?.doc as { S: string } | undefined)?.S;

test('those of one turn go together, each once, and each gets its own, or nothing', async () => {
  const { client, sent } = table(['b']);
  const names = ['a', 'b', 'c', 'a'];
  const found = await Promise.all(names.map((name) => client.get(key(name))));
  expect(found.map(docOf)).toEqual(['of a', undefined, 'of c', 'of a']);
  expect(sent).toEqual([{ name: 'BatchGetItemCommand', keys: ['a', 'b', 'c'], isConsistent: true }]);
});

test('one alone is one call, and those of another turn another', async () => {
  const { client, sent } = table();
  expect(docOf(await client.get(key('a')))).toBe('of a');
  expect(docOf(await client.get(key('b')))).toBe('of b');
  expect(sent).toEqual([
    { name: 'GetItemCommand', keys: ['a'], isConsistent: true },
    { name: 'GetItemCommand', keys: ['b'], isConsistent: true },
  ]);
});

test('more than a call takes are several, and what one leaves is asked for again', async () => {
  const { client, sent } = table([], 30);
  const names = Array.from({ length: 250 }, (_, n) => String(n));
  const found = await Promise.all(names.map((name) => client.get(key(name))));
  expect(found.map(docOf)).toEqual(names.map((name) => `of ${name}`));
  expect(sent.every(({ keys }) => keys.length <= 100)).toBe(true);
  expect(sent.flatMap(({ keys }) => keys)).toHaveLength(280);
});

test('a call that fails fails for those who wait for it, and for nobody after them', async () => {
  const { client } = table();
  const both = await Promise.allSettled([client.get(key('breaks')), client.get(key('a'))]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect((both[0] as PromiseRejectedResult).reason).toMatchObject({ code: 'unavailable' });
  expect(docOf(await client.get(key('a')))).toBe('of a');
});
