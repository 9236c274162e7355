// What a use case writes to the table, in the units that DynamoDB charges: counted from the requests as they are sent, and from
// the items before and after them. A unit is a KB of the larger of the two; in a transaction it is charged twice. An index that
// an item enters, leaves or moves in is charged once more for each, transaction or not, and one that it stays in for nothing, as
// our indexes hold keys only.

import { type AttributeValue, type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { TABLE } from '../../lib/aws/names/table.ts';

type Item = Record<string, AttributeValue>;

const UNIT_BYTES = 1024;

/** One item that was written. */
export interface WrittenItem {
  /** The fixed words of its key. */
  name: string;
  bytes: number;
  table: number;
  /** By index. */
  indexes: Record<string, number>;
}

export interface UnitCount {
  units: number;
  items: WrittenItem[];
}

export interface UnitLog {
  /** What is written while `work` runs, by everything that uses the client. */
  during(work: () => Promise<unknown>): Promise<UnitCount>;
}

interface Write {
  table: string;
  key: Item;
  inTransaction: boolean;
}

/** `beside` is another client of the same table: it looks at the items, and is not counted. */
export function createUnitLog(client: DynamoDBClient, beside: DynamoDBClient): UnitLog {
  let written: WrittenItem[] = [];
  let isCounting = false;
  const itemAt = async ({ table: TableName, key: Key }: Write): Promise<Item | undefined> =>
    (await beside.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }))).Item;

  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const writes = isCounting ? writesOf(commandName, args.input) : [];
        if (writes.length === 0) return next(args);
        const before = await Promise.all(writes.map(itemAt));
        let isRefused = false;
        try {
          return await next(args);
        } catch (error) {
          isRefused = true;
          throw error;
        } finally {
          const after = isRefused ? before : await Promise.all(writes.map(itemAt));
          for (const [i, write] of writes.entries()) written.push(unitsOf(write, before[i], after[i]));
        }
      },
    { step: 'initialize', priority: 'high', name: 'countUnits' },
  );

  return {
    async during(work) {
      written = [];
      isCounting = true;
      try {
        await work();
      } finally {
        isCounting = false;
      }
      const units = written.reduce((sum, { table, indexes }) => sum + table + sumOf(indexes), 0);
      return { units, items: written };
    },
  };
}

function sumOf(indexes: Record<string, number>): number {
  return Object.values(indexes).reduce((sum, units) => sum + units, 0);
}

interface OneWrite {
  TableName: string;
  Item?: Item;
  Key?: Item;
}

function writesOf(command: string, input: unknown): Write[] {
  const one = ({ TableName: table, Item, Key }: OneWrite, inTransaction: boolean): Write => {
    const { pk, sk } = (Item ?? Key)!;
    return { table, key: { pk: pk!, sk: sk! }, inTransaction };
  };
  switch (command) {
    case 'PutItemCommand':
    case 'UpdateItemCommand':
    case 'DeleteItemCommand':
      return [one(input as OneWrite, false)];
    case 'TransactWriteItemsCommand': {
      const { TransactItems } = input as { TransactItems: Record<string, OneWrite>[] };
      return TransactItems.flatMap((entry) => Object.values(entry).map((write) => one(write, true)));
    }
    default:
      if (/Write|Put|Update|Delete/.test(command)) throw new Error(`the units of ${command} are not counted`);
      return [];
  }
}

function unitsOf(
  { key, inTransaction }: Write,
  before: Item | undefined,
  after: Item | undefined,
): WrittenItem {
  const bytes = Math.max(sizeOf(before), sizeOf(after));
  const indexes: Record<string, number> = {};
  for (const { name, partitionKey, sortKey } of TABLE.indexes) {
    const entryOf = (item: Item | undefined): Item | undefined =>
      item?.[partitionKey] === undefined || item[sortKey] === undefined
        ? undefined
        : {
            pk: item.pk!,
            sk: item.sk!,
            [partitionKey]: item[partitionKey],
            [sortKey]: item[sortKey],
          };
    const [left, entered] = [entryOf(before), entryOf(after)];
    if (JSON.stringify(left) === JSON.stringify(entered)) continue;
    indexes[name] = [left, entered].reduce((sum, entry) => sum + (entry ? kilobytes(sizeOf(entry)) : 0), 0);
  }
  return { name: nameOf(key), bytes, table: kilobytes(bytes) * (inTransaction ? 2 : 1), indexes };
}

function nameOf({ pk, sk }: Item): string {
  const words = [pk?.S, sk?.S].map((text = '') => text.split('#')[0]);
  return words.filter((word) => word !== '-' && !/^\d/.test(word!)).join(' ');
}

/** At least one: what is not there is charged too. */
function kilobytes(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / UNIT_BYTES));
}

/** As DynamoDB measures an item. */
function sizeOf(item: Item | undefined): number {
  return Object.entries(item ?? {}).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + bytesOf(value),
    0,
  );
}

function bytesOf({ S, N, B, BOOL, NULL, ...rest }: AttributeValue): number {
  if (S !== undefined) return Buffer.byteLength(S);
  if (B !== undefined) return B.length;
  // Two digits a byte, and one for sign and exponent.
  if (N !== undefined) return Math.ceil(N.replace(/\D/g, '').length / 2) + 1;
  if (BOOL !== undefined || NULL !== undefined) return 1;
  throw new Error(`an attribute of a kind that is not counted: ${Object.keys(rest)}`);
}

/** As lines, an item each. */
export function unitTable(rows: readonly (readonly [string, UnitCount])[]): string {
  const lines = rows.flatMap(([name, { units, items }]) => [
    `${name}: ${units} write units`,
    ...items.map(({ name: item, bytes, table, indexes }) => {
      const entered = Object.entries(indexes).map(([index, count]) => ` ${index} +${count}`);
      return `  ${item.padEnd(12)} ${String(bytes).padStart(5)} bytes ${String(table).padStart(3)}${entered.join('')}`;
    }),
  ]);
  return `\n${lines.join('\n')}\n`;
}
