// The parts of a stored delta: lists of bytes, each deflated on its own where that is shorter. Numbers and values of
// different kinds then have Huffman tables of their own, which a delta of a few KiB gains a third by.

import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { ServiceError } from '../../records/errors.ts';

/** Longer sections stay as they are: the blob's own compression does those, in parallel and off the main thread. */
const DEFLATED_BYTES_MAX = 1024 * 1024;
/** Shorter ones are not worth the attempt. */
const DEFLATED_BYTES_MIN = 24;
/** Up to here all strategies of zlib are tried. */
const TRIED_BYTES_MAX = 64 * 1024;
const STRATEGIES = [constants.Z_DEFAULT_STRATEGY, constants.Z_FILTERED, constants.Z_HUFFMAN_ONLY];
/** deflate cannot do better than this (RFC 1951): nothing larger need be allocated. */
const INFLATION_MAX = 1032;
const NUMBER_BYTES_MAX = 7;

/** Writes numbers and sections behind each other. */
export interface SectionWriter {
  parts: Uint8Array[];
}

/** Appends a safe integer from 0 on: seven bits a byte, the lowest first, all bytes but the last with the eighth set. */
export function writeNumber(writer: SectionWriter, value: number): void {
  const bytes: number[] = [];
  pushNumber(bytes, value);
  writer.parts.push(Uint8Array.from(bytes));
}

/** The same, into a list. */
export function pushNumber(bytes: number[], value: number): void {
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}

/** Bytes as they will stand in a section. */
export interface Packed {
  bytes: Uint8Array;
  /** Bytes that it inflates to; absent if it is not deflated. */
  inflatedBytes?: number;
}

/** The shorter of the bytes and what deflate makes of them. */
export function pack(bytes: Uint8Array): Packed {
  let best: Packed = { bytes };
  if (bytes.length < DEFLATED_BYTES_MIN || bytes.length > DEFLATED_BYTES_MAX) return best;
  const strategies = bytes.length > TRIED_BYTES_MAX ? STRATEGIES.slice(0, 1) : STRATEGIES;
  for (const strategy of strategies) {
    const options = { level: 9, memLevel: constants.Z_MAX_MEMLEVEL, strategy };
    const deflated = deflateRawSync(bytes, options);
    if (packedBytes({ bytes: deflated }) + 2 < packedBytes(best)) {
      best = { bytes: deflated, inflatedBytes: bytes.length };
    }
  }
  return best;
}

/** What a section costs where the blob will not compress it any more. */
export function packedBytes({ bytes }: Packed): number {
  return bytes.length;
}

/** Appends a section: twice its length, plus 1 if it is deflated; then the length that it inflates to; its bytes. */
export function writeSection(writer: SectionWriter, { bytes, inflatedBytes }: Packed): void {
  writeNumber(writer, bytes.length * 2 + (inflatedBytes === undefined ? 0 : 1));
  if (inflatedBytes !== undefined) writeNumber(writer, inflatedBytes);
  writer.parts.push(bytes);
}

export interface SectionReader {
  bytes: Buffer;
  at: number;
}

/** Throws ServiceError `integrity_error` if there is none, or it is longer than a safe integer needs. */
export function readNumber(reader: SectionReader): number {
  let value = 0;
  let unit = 1;
  for (let k = 0; k <= NUMBER_BYTES_MAX; k++) {
    const byte = reader.bytes[reader.at++];
    if (byte === undefined) break;
    value += (byte % 128) * unit;
    if (byte < 128) {
      if (value > Number.MAX_SAFE_INTEGER) break;
      return value;
    }
    unit *= 128;
  }
  throw unsound('has a number that cannot be');
}

/** The next `length` bytes as they are. Throws ServiceError `integrity_error` if there are fewer. */
export function readBytes(reader: SectionReader, length: number): Buffer {
  const { bytes, at } = reader;
  if (length > bytes.length - at) throw unsound('is cut short');
  reader.at = at + length;
  return bytes.subarray(at, at + length);
}

/**
 * A section of `bytesMin` to `bytesMax` bytes. Nothing is inflated beyond what the delta says, and what it says is
 * believed only as far as deflate can go. Throws ServiceError `integrity_error`.
 */
export function readSection(reader: SectionReader, bytesMin: number, bytesMax = bytesMin): Buffer {
  const kind = readNumber(reader);
  const storedBytes = Math.floor(kind / 2);
  const isDeflated = kind % 2 === 1;
  const plainBytes = isDeflated ? readNumber(reader) : storedBytes;
  const stored = readBytes(reader, storedBytes);
  if (plainBytes < bytesMin || plainBytes > bytesMax) throw unsound('has a section of another length');
  if (!isDeflated) return stored;
  if (plainBytes > DEFLATED_BYTES_MAX || plainBytes > storedBytes * INFLATION_MAX) {
    throw unsound('has a section that cannot be');
  }
  return inflated(stored, plainBytes);
}

function inflated(stored: Buffer, plainBytes: number): Buffer {
  let result: { buffer: Buffer; engine: { bytesWritten: number } };
  try {
    const options = { info: true, maxOutputLength: Math.max(1, plainBytes) };
    result = inflateRawSync(stored, options) as unknown as typeof result;
  } catch (cause) {
    throw unsound('has a section that does not inflate', cause);
  }
  if (result.buffer.length !== plainBytes || result.engine.bytesWritten !== stored.length) {
    throw unsound('has a section that does not hold what it should');
  }
  return result.buffer;
}

/** What every fault of a stored delta is thrown as. */
export function unsound(what: string, cause?: unknown): ServiceError {
  return new ServiceError('integrity_error', `A stored delta ${what}.`, { cause });
}
