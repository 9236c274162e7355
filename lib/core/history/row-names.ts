// What the rows of a large array are called, from its text's index: made at the first question, so that the next ones read a row or two.

import { bufferOf } from '../bytes/buffer.ts';
import { type RowKey, rowKeyOf } from './row-key.ts';
import { KEY_BYTES_MAX, stepOf } from './row-step.ts';
import { hashOf, type RowNames } from './text-index.ts';
import { type Child, childrenFrom, containerOf, countChildren, TakesTime, type Ways } from './ways.ts';

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

/** The rows that may be called so, and no others are; undefined where all have to be asked. */
export function rowsCalled(ways: Ways, array: number, keys: readonly RowKey[]): Iterable<Child> | undefined {
  if (keys.some(({ value }) => value.length > KEY_CHARS_MAX)) return undefined;
  const members = keys.map(({ name }) => name);
  const names = namesOf(ways, array, members);
  if (names === undefined) return undefined;
  const step = keys
    .map(({ name, value, isString }) => rowKeyOf(name, isString ? JSON.stringify(value) : value))
    .join(',');
  return rowsOfHash(ways, names, hashOf(step));
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
