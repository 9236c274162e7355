// Columns of numbers as sections of bytes. Like bytes stand together: the low bytes of all numbers, then the next ones.

import {
  type Packed,
  pack,
  packedBytes,
  pushNumber,
  readNumber,
  readSection,
  type SectionReader,
  type SectionWriter,
  unsound,
  writeNumber,
  writeSection,
} from './sections.ts';

/** Numbers are below 2^53; more planes than this cannot be needed. */
const PLANES_MAX = 6;
const NUMBER_BYTES_MAX = 8;
/** Stands where the number of planes would, if the numbers are written one after the other. */
const IN_ROW = 7;

/** Appends a column of safe integers from 0 on: how it is laid out, then its sections. */
export function writeNumbers(writer: SectionWriter, numbers: ArrayLike<number>): void {
  const planes = planesOf(numbers);
  const row = pack(rowOf(numbers));
  const ofPlanes = planes.reduce((sum, plane) => sum + packedBytes(plane) + 2, 0);
  const inRow = planes.length > PLANES_MAX || packedBytes(row) + 2 < ofPlanes;
  writeNumber(writer, inRow ? IN_ROW : planes.length);
  for (const section of inRow ? [row] : planes) writeSection(writer, section);
}

/** A column of `count` numbers. Throws ServiceError `integrity_error`. */
export function readNumbers(reader: SectionReader, count: number): Float64Array {
  const layout = readNumber(reader);
  if (layout === IN_ROW) return readRow(readSection(reader, count, count * NUMBER_BYTES_MAX), count);
  if (layout > PLANES_MAX) throw unsound('has a column of an unknown layout');
  // Read before the column is allocated: a count that the sections do not bear out must cost nothing.
  const planes = Array.from({ length: layout }, () => readSection(reader, count));
  const numbers = new Float64Array(count);
  let unit = 1;
  for (const plane of planes) {
    for (let k = 0; k < count; k++) numbers[k]! += plane[k]! * unit;
    unit *= 256;
  }
  return numbers;
}

/** 0, -1, 1, -2, 2 ... as 0, 1, 2, 3, 4 ... */
export function fromSigned(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

export function toSigned(value: number): number {
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
}

function planesOf(numbers: ArrayLike<number>): Packed[] {
  let most = 0;
  for (let k = 0; k < numbers.length; k++) most = Math.max(most, numbers[k]!);
  const planes: Packed[] = [];
  for (let unit = 1; unit <= most; unit *= 256) {
    const plane = new Uint8Array(numbers.length);
    for (let k = 0; k < plane.length; k++) plane[k] = Math.floor(numbers[k]! / unit) % 256;
    planes.push(pack(plane));
  }
  return planes;
}

function rowOf(numbers: ArrayLike<number>): Uint8Array {
  const bytes: number[] = [];
  for (let k = 0; k < numbers.length; k++) pushNumber(bytes, numbers[k]!);
  return Uint8Array.from(bytes);
}

function readRow(bytes: Buffer, count: number): Float64Array {
  const reader = { bytes, at: 0 };
  const numbers = new Float64Array(count);
  for (let k = 0; k < count; k++) numbers[k] = readNumber(reader);
  if (reader.at !== bytes.length) throw unsound('has a column of another length');
  return numbers;
}
