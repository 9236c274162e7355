// The index of a text, written down: coarser than the one that stands beside a text in memory, and with the keys of the rows it marks, so
// that it leads to a row of a text that is not there.

import { keyAt, type RowOrder } from '../history/row-order.ts';
import type { TextIndex } from '../history/text-index.ts';
import {
  createWriter,
  demandEnd,
  putBytes,
  putDeflated,
  putNumber,
  type Reader,
  takeBytes,
  takeDeflated,
  takeNumber,
  unsound,
  written,
} from './numbers.ts';

/** Of the marks in memory every so-manieth. */
const COARSER = 2;

/** `text` is what the index is of. */
export function encodePlaces(index: TextIndex, text: Uint8Array): Uint8Array {
  const numbers = createWriter(1 << 16);
  const { starts, ends, counts, firstMarks, marks, stride, rowsMin, orders } = index;
  for (const number of [text.length, stride * COARSER, rowsMin, starts.length]) putNumber(numbers, number);
  let before = 0;
  for (const [i, start] of starts.entries()) {
    putNumber(numbers, start - before);
    putNumber(numbers, ends[i]! - start);
    putNumber(numbers, counts[i]!);
    before = start;
  }
  for (const [i, start] of starts.entries()) {
    let at = start;
    for (let k = firstMarks[i]!; k < firstMarks[i + 1]!; k += COARSER) {
      putNumber(numbers, marks[k]! - at);
      at = marks[k]!;
    }
  }
  putNumber(numbers, orders.length);
  for (const order of orders) {
    putNumber(numbers, starts.indexOf(order.array));
    putBytes(numbers, Buffer.from(order.name));
    putKeys(numbers, index, order, text);
  }
  const all = createWriter();
  putDeflated(all, numbers);
  return written(all);
}

const AS_TEXT = 0;
/** Of integers each by what it is more than the one before. */
const BY_STEPS = 1;
const STRINGS = 2;
/** Stands in no key. */
const BETWEEN = '"';

function putKeys(
  numbers: ReturnType<typeof createWriter>,
  { starts, firstMarks, marks }: TextIndex,
  order: RowOrder,
  text: Uint8Array,
): void {
  const container = starts.indexOf(order.array);
  const keys: string[] = [];
  for (let k = firstMarks[container]!; k < firstMarks[container + 1]!; k += COARSER) {
    keys.push(keyAt(text, marks[k]!, order).toString());
  }
  const isCounted = !order.isString && keys.every((key) => Number.isSafeInteger(Number(key)));
  putNumber(numbers, order.isString ? STRINGS : isCounted ? BY_STEPS : AS_TEXT);
  if (!isCounted) {
    putBytes(numbers, Buffer.from(keys.join(BETWEEN)));
    return;
  }
  let before = 0;
  for (const key of keys) {
    putNumber(numbers, Number(key) - before);
    before = Number(key);
  }
}

export interface Places {
  /** Of the text. */
  bytes: number;
  index: TextIndex;
}

/** Throws ServiceError `integrity_error` if that is not what was written. */
export function decodePlaces(bytes: Uint8Array): Places {
  const outer: Reader = { bytes, at: 0 };
  const reader = takeDeflated(outer);
  demandEnd(outer);
  const [textBytes, stride, rowsMin, large] = [0, 0, 0, 0].map(() => takeNumber(reader)) as [
    number,
    number,
    number,
    number,
  ];
  // Each takes three bytes at least.
  if (stride === 0 || large > reader.bytes.length) throw unsound();
  const starts = new Uint32Array(large);
  const ends = new Uint32Array(large);
  const counts = new Uint32Array(large);
  const firstMarks = new Uint32Array(large + 1);
  let at = 0;
  for (let i = 0; i < large; i++) {
    at += takeNumber(reader);
    starts[i] = at;
    ends[i] = at + takeNumber(reader);
    counts[i] = takeNumber(reader);
    firstMarks[i + 1] = firstMarks[i]! + Math.ceil(counts[i]! / stride);
    if (ends[i]! > textBytes) throw unsound();
  }
  const marked = firstMarks[large]!;
  if (marked > reader.bytes.length) throw unsound();
  const marks = new Uint32Array(marked);
  for (let i = 0; i < large; i++) {
    let mark = starts[i]!;
    for (let k = firstMarks[i]!; k < firstMarks[i + 1]!; k++) {
      mark += takeNumber(reader);
      if (mark >= ends[i]!) throw unsound();
      marks[k] = mark;
    }
  }
  const orders: RowOrder[] = [];
  for (let left = takeNumber(reader); left > 0; left--) {
    const container = takeNumber(reader);
    const array = starts[container];
    if (array === undefined) throw unsound();
    const name = Buffer.from(takeBytes(reader)).toString();
    const kind = takeNumber(reader);
    const keys = takeKeys(reader, kind, firstMarks[container + 1]! - firstMarks[container]!);
    orders.push({ array, name, isString: kind === STRINGS, keys });
  }
  demandEnd(reader);
  const index: TextIndex = {
    ...{ starts, ends, counts, firstMarks, marks, stride, rowsMin, orders },
    names: [],
    members: [],
  };
  return { bytes: textBytes, index };
}

function takeKeys(reader: Reader, kind: number, count: number): string[] {
  if (kind === AS_TEXT || kind === STRINGS) {
    const keys = Buffer.from(takeBytes(reader)).toString().split(BETWEEN);
    if (keys.length !== count) throw unsound();
    return keys;
  }
  if (kind !== BY_STEPS) throw unsound();
  let key = 0;
  return Array.from({ length: count }, () => {
    key += takeNumber(reader);
    return String(key);
  });
}
