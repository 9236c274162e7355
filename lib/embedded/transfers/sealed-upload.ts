// An upload as it waits on the disk: sealed while it comes in, opened as it is read. What has been changed, cut, or put in the
// place of another does not open, and nothing of it is given out before it has been proven.
//
// "BKUP upload 1\n", a salt of 32 bytes, then records of AES-256-GCM (NIST SP 800-38D), each with its tag of 16 bytes: pieces of
// the text, 64 KiB each but for the last, and in the end the SHA-256 of all of it. The key is the upload's own, expanded with the
// salt (HKDF-SHA-256, RFC 5869), so the number of a record is nonce enough. Each is bound to its number and to being the last or
// not (STREAM, Hoang, Reyhanitabar, Rogaway and Vizar, 2015).

import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { PortError } from '../../ports/errors.ts';
import type { Random } from '../../ports/random.ts';

const MAGIC = Buffer.from('BKUP upload 1\n');
const SALT_BYTES = 32;
const HEADER_BYTES = MAGIC.length + SALT_BYTES;
const PIECE_BYTES = 256 * 1024;
const TAG_BYTES = 16;
const SHA256_BYTES = 32;
const END_BYTES = SHA256_BYTES + TAG_BYTES;
/** Records read or written at once: a call of its own for each would cost more than sealing it. */
const RECORDS_AT_ONCE = 4;

export interface UploadDigest {
  bytes: number;
  /** Lower-case hex. */
  sha256: string;
}

/** Writes a new file and flushes it. Throws what `body` throws, and errors of node:fs. */
export async function writeSealed(
  path: string,
  dataKey: Uint8Array,
  body: AsyncIterable<Uint8Array>,
  random: Random,
): Promise<UploadDigest> {
  const salt = random.bytes(SALT_BYTES);
  const seal = sealerOf(dataKey, salt);
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await open(path, 'wx', 0o600);
  try {
    let waiting: Buffer[] = [Buffer.concat([MAGIC, salt])];
    let writing = Promise.resolve();
    // While one batch is being written the next one is sealed.
    const flush = async (): Promise<void> => {
      await writing;
      // Unlike `write`, it does not end before all is written.
      writing = file.writeFile(Buffer.concat(waiting));
      // Whoever awaits it next hears of it; until then a failure must not count as unhandled.
      writing.catch(() => undefined);
      waiting = [];
    };
    for await (const piece of pieces(body)) {
      bytes += piece.length;
      hash.update(piece);
      waiting.push(...seal(piece, false));
      if (waiting.length >= 2 * RECORDS_AT_ONCE) await flush();
    }
    const digest = hash.digest();
    waiting.push(...seal(digest, true));
    await flush();
    await writing;
    await file.sync();
    return { bytes, sha256: digest.toString('hex') };
  } finally {
    await file.close();
  }
}

/** What a sealed file holds, by its own end. Throws PortError `integrity`, and errors of node:fs. */
export async function readDigest(path: string, dataKey: Uint8Array): Promise<UploadDigest> {
  return withFile(path, async (file) => {
    const { openRecord, records, bytes, endAt } = await openSealed(file, dataKey);
    const end = await readExactly(file, endAt, END_BYTES);
    return { bytes, sha256: openRecord(end, records, true).toString('hex') };
  });
}

/** The text, piece by piece, each proven. Throws PortError `integrity`, and errors of node:fs. */
export async function* readSealed(path: string, dataKey: Uint8Array): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const { openRecord, records, endAt } = await openSealed(file, dataKey);
    const recordBytes = PIECE_BYTES + TAG_BYTES;
    for (let n = 0; n < records; ) {
      const from = HEADER_BYTES + n * recordBytes;
      const read = await readExactly(file, from, Math.min(RECORDS_AT_ONCE * recordBytes, endAt - from));
      for (let at = 0; at < read.length; at += recordBytes, n++) {
        yield openRecord(read.subarray(at, at + recordBytes), n, false);
      }
    }
    openRecord(await readExactly(file, endAt, END_BYTES), records, true);
  } finally {
    await file.close();
  }
}

async function openSealed(file: FileHandle, dataKey: Uint8Array) {
  const { size } = await file.stat();
  const endAt = size - END_BYTES;
  const sealedBytes = endAt - HEADER_BYTES;
  if (sealedBytes < 0) throw changed();
  const header = await readExactly(file, 0, HEADER_BYTES);
  if (!header.subarray(0, MAGIC.length).equals(MAGIC)) throw changed();
  const records = Math.ceil(sealedBytes / (PIECE_BYTES + TAG_BYTES));
  const openRecord = openerOf(dataKey, header.subarray(MAGIC.length));
  return { openRecord, records, bytes: sealedBytes - records * TAG_BYTES, endAt };
}

/** Pieces of one size, but for the last; what is kept from one chunk to the next is copied, for the chunk may be used again. */
async function* pieces(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const held = Buffer.allocUnsafe(PIECE_BYTES);
  let filled = 0;
  for await (const chunk of body) {
    let at = 0;
    if (filled > 0) {
      at = Math.min(PIECE_BYTES - filled, chunk.length);
      held.set(chunk.subarray(0, at), filled);
      filled += at;
      if (filled < PIECE_BYTES) continue;
      yield held;
      filled = 0;
    }
    for (; chunk.length - at >= PIECE_BYTES; at += PIECE_BYTES) yield chunk.subarray(at, at + PIECE_BYTES);
    held.set(chunk.subarray(at), 0);
    filled = chunk.length - at;
  }
  if (filled > 0) yield held.subarray(0, filled);
}

function sealerOf(dataKey: Uint8Array, salt: Uint8Array): (piece: Uint8Array, isLast: boolean) => Buffer[] {
  const key = keyOf(dataKey, salt);
  let number = 0;
  return (piece, isLast) => {
    const { nonce, about } = placeOf(number++, isLast);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    cipher.setAAD(about);
    const sealed = cipher.update(piece);
    cipher.final();
    return [sealed, cipher.getAuthTag()];
  };
}

function openerOf(
  dataKey: Uint8Array,
  salt: Uint8Array,
): (record: Buffer, number: number, isLast: boolean) => Buffer {
  const key = keyOf(dataKey, salt);
  return (record, number, isLast) => {
    if (record.length < TAG_BYTES) throw changed();
    const { nonce, about } = placeOf(number, isLast);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(about);
    decipher.setAuthTag(record.subarray(record.length - TAG_BYTES));
    const piece = decipher.update(record.subarray(0, record.length - TAG_BYTES));
    try {
      decipher.final();
    } catch (cause) {
      throw changed(cause);
    }
    return piece;
  };
}

function keyOf(dataKey: Uint8Array, salt: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', dataKey, salt, 'upload', 32));
}

function placeOf(number: number, isLast: boolean): { nonce: Buffer; about: Buffer } {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(number, 6, 6);
  return { nonce, about: Buffer.from([isLast ? 1 : 0]) };
}

async function readExactly(file: FileHandle, at: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(bytes);
  for (let read = 0; read < bytes; ) {
    const { bytesRead } = await file.read(buffer, read, bytes - read, at + read);
    if (bytesRead === 0) throw changed();
    read += bytesRead;
  }
  return buffer;
}

async function withFile<T>(path: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, 'r');
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

function changed(cause?: unknown): PortError {
  return new PortError('integrity', 'the upload is not what was written', { cause });
}
