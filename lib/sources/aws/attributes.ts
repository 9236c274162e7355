// Values of DynamoDB in JSON: plain where JSON has the same, and by their kind where it has not. Numbers keep all their digits.

import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { PortError } from '../../ports/errors.ts';

export type Item = Record<string, AttributeValue>;

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const bytes = (value: Uint8Array): string => Buffer.from(value).toString('base64');
const list = (items: readonly string[]): string => `[${items.join(',')}]`;
/** Sets have no order: one is given to them, so that the same set is the same text. */
const sorted = (items: readonly string[]): string[] => [...items].sort();

function written(value: AttributeValue): string {
  if (value.S !== undefined) return JSON.stringify(value.S);
  if (value.N !== undefined) return NUMBER.test(value.N) ? value.N : `{"$n":${JSON.stringify(value.N)}}`;
  if (value.BOOL !== undefined) return String(value.BOOL);
  if (value.NULL !== undefined) return 'null';
  if (value.L !== undefined) return list(value.L.map(written));
  if (value.M !== undefined) {
    const text = itemText(value.M);
    // What looks like one of ours is put into one.
    return Object.keys(value.M).some((name) => name.startsWith('$')) ? `{"$m":${text}}` : text;
  }
  if (value.B !== undefined) return `{"$b":"${bytes(value.B)}"}`;
  if (value.SS !== undefined) return `{"$ss":${list(sorted(value.SS).map((one) => JSON.stringify(one)))}}`;
  if (value.NS !== undefined) return `{"$ns":${list(sorted(value.NS).map((one) => JSON.stringify(one)))}}`;
  if (value.BS !== undefined) return `{"$bs":${list(sorted(value.BS.map(bytes)).map((one) => `"${one}"`))}}`;
  throw new PortError('integrity', 'the table has a value of a kind that is not known');
}

/** Its attributes in the order of their names: the store has none. */
export function itemText(item: Item): string {
  return `{${sorted(Object.keys(item))
    .map((name) => `${JSON.stringify(name)}:${written(item[name]!)}`)
    .join(',')}}`;
}

/** A number as it is written. */
class Digits {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

/** Throws PortError `integrity` for what no item can be. */
export function itemOf(text: string): Item {
  const value = JSON.parse(text, (_name, found: unknown, context?: { source?: string }) =>
    typeof found === 'number' ? new Digits(context!.source!) : found,
  ) as unknown;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw notOurs();
  return mapOf(value as Record<string, unknown>);
}

function mapOf(value: Record<string, unknown>): Item {
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, readBack(one)]));
}

function readBack(value: unknown): AttributeValue {
  if (value === null) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'boolean') return { BOOL: value };
  if (value instanceof Digits) return { N: value.source };
  if (Array.isArray(value)) return { L: value.map(readBack) };
  const [[kind, content] = [], ...more] = Object.entries(value as Record<string, unknown>);
  if (kind?.startsWith('$') && more.length === 0) return special(kind, content);
  return { M: mapOf(value as Record<string, unknown>) };
}

function special(kind: string, content: unknown): AttributeValue {
  const texts =
    Array.isArray(content) && content.every((one) => typeof one === 'string')
      ? (content as string[])
      : undefined;
  const binary = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
  if (kind === '$n' && typeof content === 'string') return { N: content };
  if (kind === '$b' && typeof content === 'string') return { B: binary(content) };
  if (kind === '$m' && typeof content === 'object' && content !== null)
    return { M: mapOf(content as Record<string, unknown>) };
  if (kind === '$ss' && texts !== undefined) return { SS: texts };
  if (kind === '$ns' && texts !== undefined) return { NS: texts };
  if (kind === '$bs' && texts !== undefined) return { BS: texts.map(binary) };
  throw notOurs();
}

export function notOurs(): PortError {
  return new PortError('integrity', 'the state was not read from DynamoDB');
}

/** The name of an item: its key's text where there is one of text, else JSON of its values. */
export function itemName(key: readonly string[], item: Item): string {
  const values = key.map((name) => item[name]);
  if (values.some((value) => value === undefined)) throw notOurs();
  const [only] = values;
  if (values.length === 1 && only!.S !== undefined) return only!.S;
  if (values.length === 1) return written(only!);
  return list(values.map((value) => written(value!)));
}
