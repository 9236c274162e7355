// gzip in members of 1 MiB, so that both ways run in parallel, in bounded memory, and off the main thread.
//
// The result is a standard multi-member gzip file (RFC 1952, section 2.2): any gunzip reads it. Each member carries its
// own length in an extra field, as in BGZF (SAM/BAM specification, section 4.1), so that a reader finds the next member
// without inflating this one. All members but the last hold exactly 1 MiB; a text has one sequence of members.

import { Buffer } from 'node:buffer';
import { promisify } from 'node:util';
import { constants, createGzip, type Gzip, gunzip, gunzipSync, gzipSync, type ZlibReset } from 'node:zlib';
import { ServiceError } from '../records/errors.ts';
import {
  type ByteReader,
  type Bytes,
  type Chunks,
  chunksOf,
  joined,
  mapInOrder,
  readerOf,
  recycle,
  totalBytes,
} from './chunks.ts';

const KIB = 1024;
/** Bytes of text in a member; only the last one of a text has fewer. */
export const MEMBER_BYTES = 1024 * KIB;
/** Up to here a trip to the thread pool takes longer than it saves. */
const SYNC_BYTES_MAX = 64 * KIB;
const LEVEL = { level: 6, memLevel: constants.Z_MAX_MEMLEVEL };
/** Members in work at once: as many as libuv's pool has threads unless it is told otherwise, whatever the machine. */
export const IN_FLIGHT = 4;
/** Output buffers, which members share: a larger one would wait long to be filled, a smaller one hold few of them whole. */
const OUTPUT_BYTES = 1024 * KIB;

const PLAIN_HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
/**
 * What every member begins with (RFC 1952, section 2.3): magic, deflate, FEXTRA; no time, no level, unknown system (so that
 * the header is the same on all of them); then 8 bytes of extra field: subfield "BK" of 4 bytes, the member's whole length
 * (u32 LE), which follows here.
 */
const MEMBER_START = Buffer.from([...[0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255], ...[8, 0, 0x42, 0x4b, 4, 0]]);
const MEMBER_HEADER_BYTES = MEMBER_START.length + 4;
/** deflate stores what it cannot compress at a cost of far less than 1 %; a longer member was not written by us. */
const MEMBER_LENGTH_MAX = MEMBER_BYTES + 16 * KIB;

const gunzipInPool = promisify<Uint8Array, object, unknown>(gunzip);

/**
 * Compresses with gzip level 6 (RFC 1951, RFC 1952).
 *
 * @returns the gzip stream. It depends on the bytes only, not on how they are cut into chunks.
 */
export async function compress(text: Bytes): Promise<Uint8Array[]> {
  const chunks = chunksOf(text);
  const bytes = totalBytes(chunks);
  if (bytes <= MEMBER_BYTES) return compressBlock(joined(chunks));
  const blocks = blocksOf(readerOf(chunks), bytes);
  const members: Uint8Array[] = [];
  for await (const member of mapInOrder(blocks, IN_FLIGHT, compressBlock)) members.push(...member);
  return members;
}

/**
 * Decompresses what `compress` made, and hands the text over in order, in chunks of at most 1 MiB, none of them kept.
 * Never inflates more than `expectedBytes`, whatever the stream holds.
 *
 * @param expectedBytes length of the text, from a source that is trusted
 * @throws ServiceError integrity_error if the stream holds more or less than `expectedBytes`, is cut short, goes on after
 * its end, fails a CRC, or was not made by `compress`. What was handed over before that must then be discarded.
 */
export async function decompressInto(
  stream: Chunks,
  expectedBytes: number,
  onChunk: (chunk: Uint8Array) => void,
): Promise<void> {
  for await (const block of decompress(stream, expectedBytes)) onChunk(block);
}

/**
 * Decompresses as `decompressInto` does, as fast as the chunks are taken. A chunk of the stream may be gone once the next
 * one is asked for.
 */
export function decompress(
  stream: Chunks,
  expectedBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  return mapInOrder(membersOf(stream, expectedBytes), IN_FLIGHT, inflateMember);
}

/**
 * Decompresses into one buffer of `expectedBytes`, allocated once.
 *
 * @param onChunk sees each chunk as it is written, to hash it while the next ones are being inflated; it may not keep it
 * @throws ServiceError integrity_error, as `decompressInto`
 */
export async function decompressToBuffer(
  stream: Chunks,
  expectedBytes: number,
  onChunk: (chunk: Uint8Array) => void = () => undefined,
): Promise<Uint8Array> {
  let text: Uint8Array | undefined;
  let filled = 0;
  await decompressInto(stream, expectedBytes, (chunk) => {
    onChunk(chunk);
    if (chunk.length === expectedBytes) {
      text = chunk;
      return;
    }
    text ??= Buffer.allocUnsafeSlow(expectedBytes);
    text.set(chunk, filled);
    filled += chunk.length;
    recycle(chunk);
  });
  return text as Uint8Array;
}

/** A gzip member as `compress` makes them. */
export interface Member {
  gzip: Uint8Array;
  /** Of the text inside. */
  bytes: number;
}

/** Lengths of the texts of the members, in order. An empty text has one member too: an empty gzip stream is no gzip stream. */
function* blockLengths(textBytes: number): Generator<number> {
  let missing = textBytes;
  do {
    const bytes = Math.min(missing, MEMBER_BYTES);
    yield bytes;
    missing -= bytes;
  } while (missing > 0);
}

async function* blocksOf(reader: ByteReader, textBytes: number): AsyncGenerator<Uint8Array> {
  for (const bytes of blockLengths(textBytes)) yield (await reader.take(bytes)) as Uint8Array;
}

/** The member of a block of text: MEMBER_BYTES of it, or the last of it. The block must not change until it resolves. */
export async function compressBlock(block: Uint8Array): Promise<Uint8Array[]> {
  const isSmall = block.length <= SYNC_BYTES_MAX;
  const plain = isSmall
    ? gzipSync(block, { ...LEVEL, chunkSize: block.length + KIB })
    : await gzipInPool(block);
  const rest = plain.subarray(PLAIN_HEADER_BYTES);
  const header = Buffer.allocUnsafe(MEMBER_HEADER_BYTES);
  header.set(MEMBER_START);
  header.writeUInt32LE(MEMBER_HEADER_BYTES + rest.length, MEMBER_START.length);
  return isSmall ? [Buffer.concat([header, rest])] : [header, rest];
}

/** Compressors that wait for the next block: each has 450 KB of tables, which the collector would run for. */
const idle: Compressor[] = [];

function newCompressor(): Compressor {
  const options = {
    ...LEVEL,
    // Each block is written at once, and is a whole gzip file.
    flush: constants.Z_FINISH,
    chunkSize: OUTPUT_BYTES,
    // None of it is read before all of it is there.
    readableHighWaterMark: MEMBER_LENGTH_MAX,
  };
  return createGzip(options) as Compressor;
}

/** As documented: `reset` begins the next file. */
type Compressor = Gzip & ZlibReset;

/** What `gzip` gives, in the thread pool. */
function gzipInPool(block: Uint8Array): Promise<Uint8Array> {
  const compressor = idle.pop() ?? newCompressor();
  return new Promise((resolve, reject) => {
    compressor.once('error', reject);
    compressor.write(block, (error) => {
      // The event tells it.
      if (error) return;
      compressor.off('error', reject);
      const plain = compressor.read() as Uint8Array;
      compressor.reset();
      if (idle.length < IN_FLIGHT) idle.push(compressor);
      else compressor.destroy();
      resolve(plain);
    });
  });
}

/** The members of a stream that `compress` made of a text of so many bytes. Throws ServiceError `integrity_error` if it has others. */
export async function* membersOf(stream: Chunks, expectedBytes: number): AsyncGenerator<Member> {
  const reader = readerOf(stream);
  try {
    for (const bytes of blockLengths(expectedBytes)) yield { gzip: await takeMember(reader), bytes };
    if (!(await reader.ended())) throw damaged('it goes on after its end');
  } finally {
    await reader.close();
  }
}

/** The next member, found by the length in its header, unproven: a copy, as the stream may let go of what it has given. */
async function takeMember(reader: ByteReader): Promise<Uint8Array> {
  const header = Buffer.allocUnsafe(MEMBER_HEADER_BYTES);
  if (!(await reader.fill(header))) throw damaged('it is cut short');
  if (!MEMBER_START.equals(header.subarray(0, MEMBER_START.length))) throw damaged('a header is wrong');
  const length = header.readUInt32LE(MEMBER_START.length);
  if (length < MEMBER_HEADER_BYTES + TRAILER_BYTES || length > MEMBER_LENGTH_MAX) {
    throw damaged('a length is wrong');
  }
  const member = length <= SYNC_BYTES_MAX ? Buffer.allocUnsafe(length) : Buffer.allocUnsafeSlow(length);
  member.set(header);
  if (!(await reader.fill(member.subarray(MEMBER_HEADER_BYTES)))) throw damaged('it is cut short');
  return member;
}

/** The text of one member, which is not the caller's any more. Throws ServiceError `integrity_error` if that is not what it holds. */
export async function inflateMember({ gzip: member, bytes }: Member): Promise<Uint8Array> {
  const options = {
    info: true,
    // One byte more than needed: zlib then sees the end of the member in its first call.
    chunkSize: Math.max(constants.Z_MIN_CHUNK, bytes + 1),
    maxOutputLength: Math.max(1, bytes),
  };
  let result: unknown;
  try {
    result = bytes <= SYNC_BYTES_MAX ? gunzipSync(member, options) : await gunzipInPool(member, options);
  } catch (cause) {
    throw damaged('it does not decompress to its length and CRC', cause);
  }
  // `info` makes zlib give its engine too, which knows how much it has read: zlib itself passes over zeros after the end.
  // It also reads on into a gzip member that follows within this one; then the last length (ISIZE) is not that of the text.
  const { buffer, engine } = result as { buffer: Uint8Array; engine: { bytesWritten: number } };
  const isize = new DataView(member.buffer, member.byteOffset).getUint32(member.length - 4, true);
  if (buffer.length !== bytes || isize !== bytes || engine.bytesWritten !== member.length) {
    throw damaged('a member does not hold what it should');
  }
  recycle(member);
  return buffer;
}

function damaged(what: string, cause?: unknown): ServiceError {
  return new ServiceError('integrity_error', `The compressed data is damaged: ${what}`, { cause });
}
