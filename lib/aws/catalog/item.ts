// An item of the table: its key, the record in it, and where it stands in the indexes.

import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { IndexName } from '../names/table.ts';
import type { Key } from './catalog-keys.ts';
import { unpacked } from './packed.ts';

export type Item = Record<string, AttributeValue>;

/** A record with an optimistic lock. */
export function document(key: Key, record: unknown, version: number, more: Item = {}): Item {
  return item(key, { doc: { S: JSON.stringify(record) }, version: whole(version), ...more });
}

export function item({ pk, sk }: Key, attributes: Item): Item {
  return { pk: { S: pk }, sk: { S: sk }, ...attributes };
}

export function whole(value: number): AttributeValue {
  return { N: String(value) };
}

/** The record in an item. One that has chains is read by `chain-links.ts`. */
export function recordOf<T>(stored: Item): T {
  return (
    stored.packed?.B === undefined ? JSON.parse(textOf(stored, 'doc')) : unpacked(stored.packed.B)
  ) as T;
}

/** A text attribute; empty if it is not there. */
export function textOf(stored: Item, attribute: string): string {
  return stored[attribute]?.S ?? '';
}

export function keyOf(stored: Item): Key {
  return { pk: textOf(stored, 'pk'), sk: textOf(stored, 'sk') };
}

export function versionOf(stored: Item): number {
  return Number(stored.version?.N);
}

/** As attributes of an item that stands in an index. */
export function indexed(index: IndexName, partition: string, sort: string): Item {
  return { [`${index}pk`]: { S: partition }, [`${index}sk`]: { S: sort } };
}
