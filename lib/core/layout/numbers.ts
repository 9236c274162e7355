// How a layout is written down: whole numbers behind each other, and bytes, deflated where that is shorter.

import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { ServiceError } from '../records/errors.ts';

/** Fast, and nearly as short as the slower ones. */
const LEVEL = 3;
/** deflate cannot do better than this (RFC 1951). */
const INFLATION_MAX = 1032;

export interface Writer {
  bytes: Buffer;
  length: number;
}

export function createWriter(capacity = 1024): Writer {
  return { bytes: Buffer.allocUnsafe(capacity), length: 0 };
}

/** Appends a safe integer from 0 on: seven bits a byte, the lowest first, all bytes but the last with the eighth set. */
export function putNumber(writer: Writer, value: number): void {
  if (writer.length + 8 > writer.bytes.length) grow(writer, 8);
  const { bytes } = writer;
  let rest = value;
  while (rest > 127) {
    bytes[writer.length++] = (rest % 128) + 128;
    rest = Math.floor(rest / 128);
  }
  bytes[writer.length++] = rest;
}

/** Appends any safe integer: 0, -1, 1, -2, 2 ... as 0, 1, 2, 3, 4 ... */
export function putSigned(writer: Writer, value: number): void {
  putNumber(writer, value < 0 ? -2 * value - 1 : 2 * value);
}

/** Appends bytes with their length before them. */
export function putBytes(writer: Writer, bytes: Uint8Array): void {
  putNumber(writer, bytes.length);
  if (writer.length + bytes.length > writer.bytes.length) grow(writer, bytes.length);
  writer.bytes.set(bytes, writer.length);
  writer.length += bytes.length;
}

/** Appends what another writer has, deflated. */
export function putDeflated(writer: Writer, { bytes, length }: Writer): void {
  putNumber(writer, length);
  putBytes(writer, deflateRawSync(bytes.subarray(0, length), { level: LEVEL }));
}

export function written({ bytes, length }: Writer): Uint8Array {
  return bytes.subarray(0, length);
}

function grow(writer: Writer, more: number): void {
  const bytes = Buffer.allocUnsafe(Math.max(writer.bytes.length * 2, writer.length + more));
  writer.bytes.copy(bytes, 0, 0, writer.length);
  writer.bytes = bytes;
}

export interface Reader {
  bytes: Uint8Array;
  at: number;
}

/** Throws ServiceError `integrity_error`, as all of these. */
export function takeNumber(reader: Reader): number {
  const { bytes } = reader;
  let at = reader.at;
  let byte = bytes[at++]!;
  let value = byte & 127;
  for (let unit = 128; byte > 127; unit *= 128) {
    byte = bytes[at++]!;
    value += (byte & 127) * unit;
  }
  if (at > bytes.length || !(value <= Number.MAX_SAFE_INTEGER)) throw unsound();
  reader.at = at;
  return value;
}

export function takeSigned(reader: Reader): number {
  const value = takeNumber(reader);
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
}

export function takeBytes(reader: Reader): Uint8Array {
  const length = takeNumber(reader);
  const { bytes, at } = reader;
  if (length > bytes.length - at) throw unsound();
  reader.at = at + length;
  return bytes.subarray(at, at + length);
}

export function takeDeflated(reader: Reader): Reader {
  const length = takeNumber(reader);
  const deflated = takeBytes(reader);
  if (length > deflated.length * INFLATION_MAX) throw unsound();
  let bytes: Uint8Array;
  try {
    bytes = inflateRawSync(deflated, { maxOutputLength: Math.max(1, length) });
  } catch (cause) {
    throw unsound(cause);
  }
  if (bytes.length !== length) throw unsound();
  return { bytes, at: 0 };
}

/** Throws ServiceError `integrity_error` unless all was read. */
export function demandEnd({ bytes, at }: Reader): void {
  if (at !== bytes.length) throw unsound();
}

/** What every fault of a layout is thrown as. */
export function unsound(cause?: unknown): ServiceError {
  return new ServiceError('integrity_error', 'A layout is not what was written.', { cause });
}
