// One blob as a file: written and proven under a passing name, read in one piece or in several.
//
// What is small is read and written in place, because a trip through the thread pool takes longer than the call.
// Only what waits for the disk itself, fsync, never blocks the event loop.

import { createHash, hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, read, readSync, write, writeSync, writev } from 'node:fs';
import { promisify } from 'node:util';
import type { Chunks } from '../../core/bytes/chunks.ts';
import type { BlobDigest } from '../../ports/blob-store.ts';
import { PortError } from '../../ports/errors.ts';
import { closeAnyway, syncFile } from '../disk/data-dir.ts';
import { readFailure } from '../disk/failures.ts';

const readAsync = promisify(read);
const writeAsync = promisify(write);
const writevAsync = promisify(writev);

/** Whatever the caller's own stream has thrown, kept apart from the errors of the disk. */
export class BodyFailure extends Error {
  constructor(cause: unknown) {
    super('the body of the blob failed', { cause });
  }
}

/** Up to here a blob is small. */
const SMALL_BYTES = 64 * 1024;
const PIECE_BYTES = 1024 * 1024;

/**
 * Writes a new file of any size, flushes it, reads it again, and gives the digest of what was read. Throws PortError `integrity`
 * if that is not `expected`, or not what came out of `body`; what `body` throws; and errors of node:fs.
 */
export async function writeProven(path: string, body: Chunks, expected?: BlobDigest): Promise<BlobDigest> {
  const fd = openSync(path, 'wx+', 0o600);
  let stored: BlobDigest;
  try {
    const given = await writeBody(fd, body, expected);
    await syncFile(fd);
    stored = await digestOf(fd, given.bytes);
    demandSame(stored, given);
  } catch (error) {
    closeAnyway(fd);
    throw error;
  }
  // On some file systems only this tells that a write has failed.
  closeSync(fd);
  return stored;
}

/** Throws PortError `integrity` if the digests differ. */
export function demandSame(stored: BlobDigest, given: BlobDigest): void {
  if (stored.bytes !== given.bytes || stored.sha256 !== given.sha256) {
    throw new PortError('integrity', 'the stored blob is not what was given');
  }
}

/** What the file should hold: as announced, or else as counted on the way. */
async function writeBody(fd: number, body: Chunks, expected: BlobDigest | undefined): Promise<BlobDigest> {
  // Hashing costs more than writing, so it is not done twice for a caller who has done it already.
  const sha256 = expected === undefined ? createHash('sha256') : undefined;
  let bytes = 0;
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  for await (const chunk of body) {
    sha256?.update(chunk);
    bytes += chunk.length;
    waiting.push(chunk);
    waitingBytes += chunk.length;
    if (waitingBytes >= PIECE_BYTES) {
      await writeAll(fd, waiting, waitingBytes);
      waiting = [];
      waitingBytes = 0;
    }
  }
  await writeAll(fd, waiting, waitingBytes);
  return expected ?? { bytes, sha256: sha256!.digest('hex') };
}

/** Writes all of a small blob. */
export function writeSmall(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

export interface Beginning {
  bytes: Uint8Array;
  /** What follows, for a body that is not small. */
  rest?: AsyncGenerator<Uint8Array>;
}

/** The whole of a small body, or the beginning of a larger one. Throws BodyFailure if `body` throws. */
export async function takeSmall(body: Chunks): Promise<Beginning> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const rest = watched(body);
  for (;;) {
    const { done, value } = await rest.next();
    if (done === true) return { bytes: joined(chunks) };
    chunks.push(value);
    bytes += value.length;
    if (bytes > SMALL_BYTES) return { bytes: joined(chunks), rest };
  }
}

async function* watched(body: Chunks): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw new BodyFailure(error);
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

/** The kernel may take less than it is given: what is left is then written in one piece. */
async function writeAll(fd: number, chunks: Uint8Array[], bytes: number): Promise<void> {
  if (bytes === 0) return;
  const { bytesWritten } = await writevAsync(fd, chunks);
  if (bytesWritten === bytes) return;
  const left = Buffer.concat(chunks).subarray(bytesWritten);
  for (let at = 0; at < left.length; ) at += (await writeAsync(fd, left, at)).bytesWritten;
}

/** Reads to the end, wherever that is: `bytesExpected` only decides how. */
async function digestOf(fd: number, bytesExpected: number): Promise<BlobDigest> {
  if (bytesExpected <= SMALL_BYTES) return digestOfSmall(fd, bytesExpected);
  const sha256 = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
  let bytes = 0;
  for (;;) {
    const { bytesRead } = await readAsync(fd, buffer, 0, PIECE_BYTES, bytes);
    if (bytesRead === 0) {
      return { bytes, sha256: sha256.digest('hex') };
    }
    sha256.update(buffer.subarray(0, bytesRead));
    bytes += bytesRead;
  }
}

/** The digest of a small file, read from its start, and of whatever may follow the bytes expected. */
export function digestOfSmall(fd: number, bytesExpected: number): BlobDigest {
  const buffer = Buffer.allocUnsafe(bytesExpected + 1);
  const bytes = readFullSync(fd, buffer);
  return { bytes, sha256: hash('sha256', buffer.subarray(0, bytes), 'hex') };
}

function readFullSync(fd: number, buffer: Uint8Array): number {
  for (let at = 0; ; ) {
    const bytes = at < buffer.length ? readSync(fd, buffer, at, buffer.length - at, at) : 0;
    if (bytes === 0) {
      return at;
    }
    at += bytes;
  }
}

/**
 * The chunks of a file. Throws errors of node:fs if it cannot be opened, PortError `integrity` if it is no regular file; a
 * large one is opened again when it is read.
 */
export function readChunks(path: string): AsyncIterable<Uint8Array> {
  const fd = openRegular(path);
  try {
    const { size } = fstatSync(fd);
    if (size > SMALL_BYTES) {
      // Nobody may ever read it, so nothing is held open until somebody does.
      return readPieces(path, size);
    }
    const buffer = Buffer.allocUnsafeSlow(size);
    demandWhole(readFullSync(fd, buffer), size);
    return oneChunk(buffer);
  } finally {
    closeAnyway(fd);
  }
}

/** The bytes [from, to) of a file, fewer if it ends before. Throws as `readChunks`. */
export async function readRange(path: string, from: number, to: number): Promise<Uint8Array> {
  const fd = openRegular(path);
  try {
    const buffer = Buffer.allocUnsafeSlow(to - from);
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await readAsync(fd, buffer, filled, buffer.length - filled, from + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  } finally {
    closeAnyway(fd);
  }
}

/** A pipe would keep whoever opens it waiting for its other end; a link may lead anywhere. */
const OPEN_REGULAR = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

/** Opens a file to read it. Throws PortError `integrity` if it is anything else, errors of node:fs if it cannot be opened. */
function openRegular(path: string): number {
  const fd = openSync(path, OPEN_REGULAR);
  let isFile: boolean;
  try {
    isFile = fstatSync(fd).isFile();
  } catch (error) {
    closeAnyway(fd);
    throw error;
  }
  if (isFile) return fd;
  closeAnyway(fd);
  throw new PortError('integrity', 'something else than a file is in the place of a blob');
}

async function* oneChunk(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  if (chunk.length > 0) {
    yield chunk;
  }
}

async function* readPieces(path: string, size: number): AsyncGenerator<Uint8Array> {
  let fd: number | undefined;
  try {
    fd = openRegular(path);
    let at = 0;
    while (at < size) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, size - at));
      const { bytesRead } = await readAsync(fd, buffer, 0, buffer.length, at);
      if (bytesRead === 0) {
        break;
      }
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
    demandWhole(at, size);
  } catch (error) {
    throw readFailure(error, 'the blob cannot be read');
  } finally {
    if (fd !== undefined) closeAnyway(fd);
  }
}

function demandWhole(bytes: number, size: number): void {
  if (bytes !== size) {
    throw new PortError('integrity', 'the blob is shorter than its file says');
  }
}
