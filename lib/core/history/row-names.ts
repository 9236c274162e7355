// What the rows of a large array are called, from its text's index: made at the first question, so that the next ones read a row or two.

import { bufferOf } from '../bytes/buffer.ts';
import { type RowKey, rowKeyOf } from './row-key.ts';
import { compareInOrder, keyAt, keyIn, type RowOrder } from './row-order.ts';
import { KEY_BYTES_MAX, stepOf } from './row-step.ts';
import { hashOf, type RowNames } from './text-index.ts';
import {
  type Child,
  childrenFrom,
  containerOf,
  countChildren,
  demandThere,
  skip,
  TakesTime,
  type Ways,
} from './ways.ts';

/** A value may have six bytes a character, and only short ones are names. */
const KEY_CHARS_MAX = Math.floor(KEY_BYTES_MAX / 6);
/** Arrays and members that are kept of one text. */
const TABLES_MAX = 4;

/** Whether the index keeps what the rows of this array are called: where there is none, or it has few rows, they are read each time. */
export function isTable(ways: Ways, array: number): boolean {
  const container = containerOf(ways, array);
  return container >= 0 && ways.index!.counts[container]! >= ways.index!.rowsMin;
}

/** What its rows are called by these members; undefined where that is not kept (`isTable`). */
export function namesOf(ways: Ways, array: number, members: readonly string[]): RowNames | undefined {
  const { text, index, from = 0 } = ways;
  if (index === undefined || !isTable(ways, array)) return undefined;
  const key = JSON.stringify(members);
  const place = array + from;
  const known = index.names.findIndex((one) => one.array === place && one.members === key);
  if (known >= 0) {
    const [found] = index.names.splice(known, 1);
    index.names.push(found!);
    return found;
  }
  if (ways.isQuick === true) throw new TakesTime();
  const hashes = new Uint32Array(countChildren(ways, array));
  for (const { number, start } of childrenFrom(ways, array, 0)) {
    const step = stepOf(bufferOf(text), start, members);
    if (step !== undefined) hashes[number] = hashOf(step);
  }
  const made = { array: place, members: key, hashes, sorted: hashes.toSorted() };
  index.names.push(made);
  if (index.names.length > TABLES_MAX) index.names.shift();
  return made;
}

/** The order of the array's rows, where they stand in one by this member alone. */
export function orderBy(ways: Ways, array: number, members: readonly string[]): RowOrder | undefined {
  const { index, from = 0 } = ways;
  const order = index?.orders.find((one) => one.array === array + from);
  return order !== undefined && members.length === 1 && members[0] === order.name ? order : undefined;
}

/** The rows that may be called so, and no others are; undefined where all have to be asked. */
export function rowsCalled(ways: Ways, array: number, keys: readonly RowKey[]): Iterable<Child> | undefined {
  const order = orderBy(
    ways,
    array,
    keys.map(({ name }) => name),
  );
  if (order !== undefined) return rowsAround(ways, array, order, keys[0]!);
  if (keys.some(({ value }) => value.length > KEY_CHARS_MAX)) return undefined;
  const members = keys.map(({ name }) => name);
  const names = namesOf(ways, array, members);
  if (names === undefined) return undefined;
  const step = keys
    .map(({ name, value, isString }) => rowKeyOf(name, isString ? JSON.stringify(value) : value))
    .join(',');
  return rowsOfHash(ways, names, hashOf(step));
}

/** Those among which a key would stand: between two marks of the index. */
function* rowsAround(ways: Ways, array: number, order: RowOrder, key: RowKey): Generator<Child> {
  const wanted = keyIn(order, key);
  if (wanted === undefined) return;
  const { text, from = 0 } = ways;
  const { firstMarks, marks, stride } = ways.index!;
  const container = containerOf(ways, array);
  const first = firstMarks[container]!;
  const keyOf = (mark: number): Buffer => {
    const known = order.keys?.[mark - first];
    if (known !== undefined) return Buffer.from(known);
    const row = marks[mark]! - from;
    demandThere(ways, row, skip(ways, row));
    return keyAt(text, row, order);
  };
  let low = first;
  let high = firstMarks[container + 1]! - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (compareInOrder(keyOf(middle), wanted, order) <= 0) low = middle;
    else high = middle - 1;
  }
  let left = stride;
  for (const child of childrenFrom(ways, array, (low - first) * stride)) {
    yield child;
    if (--left === 0) return;
  }
}

/** The rows of a hash, by their numbers. */
export function* rowsOfHash(ways: Ways, { array, hashes }: RowNames, hash: number): Generator<Child> {
  for (let row = hashes.indexOf(hash); row >= 0; row = hashes.indexOf(hash, row + 1)) {
    for (const child of childrenFrom(ways, array - (ways.from ?? 0), row)) {
      yield child;
      break;
    }
  }
}

/** How many rows have the hash. */
export function countOfHash({ sorted }: RowNames, hash: number): number {
  return firstAbove(sorted, hash) - firstAbove(sorted, hash - 1);
}

function firstAbove(sorted: Uint32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
