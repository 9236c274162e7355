// Scratch files: what does not fit into memory while a request is served. A file has no name once it is open, so no crash
// leaves it behind, and it is encrypted under a key that only this process ever has.

import { type Cipheriv, createCipheriv, createDecipheriv } from 'node:crypto';
import { openSync, read, rmSync, write } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Scratch } from '../../core/bytes/packed.ts';
import { PortError } from '../../ports/errors.ts';
import { type Random, randomHex } from '../../ports/random.ts';
import { closeAnyway, makePrivateDirectory, temporaryDirectory } from '../disk/data-dir.ts';
import { writeFailure } from '../disk/failures.ts';
import type { Room } from '../disk/room.ts';

const readAsync = promisify(read);
const writeAsync = promisify(write);

const PIECE_BYTES = 1024 * 1024;
const CIPHER = 'aes-256-ctr';

/** Throws PortError `unavailable` or `denied` if there is no place for them. Only the owner of the folder may call it (see `openDatabase`). */
export function createScratch(dataDir: string, random: Random, room?: Pick<Room, 'isReadOnly'>): Scratch {
  const folder = temporaryDirectory(dataDir);
  try {
    if (room?.isReadOnly !== true) makePrivateDirectory(folder);
  } catch (error) {
    throw writeFailure(error, 'the folder for scratch files cannot be made', dataDir);
  }
  return {
    async open() {
      const path = join(folder, `${randomHex(random, 16)}.scratch`);
      let fd: number | undefined;
      try {
        fd = openSync(path, 'wx+', 0o600);
        rmSync(path);
      } catch (error) {
        if (fd !== undefined) closeAnyway(fd);
        throw writeFailure(error, 'a scratch file cannot be made', dataDir);
      }
      const [key, iv] = [random.bytes(32), random.bytes(16)];
      const cipher = createCipheriv(CIPHER, key, iv);
      let bytes = 0;
      const opened = (): number => {
        if (fd === undefined) throw new Error('a scratch file was used after it was closed');
        return fd;
      };
      return {
        async append(chunk) {
          bytes += await append(opened(), bytes, chunk, cipher);
        },
        read: () => pieces(opened, bytes, createDecipheriv(CIPHER, key, iv)),
        async close() {
          if (fd !== undefined) closeAnyway(fd);
          fd = undefined;
        },
      };
    },
  };
}

async function append(fd: number, at: number, chunk: Uint8Array, cipher: Cipheriv): Promise<number> {
  const sealed = cipher.update(chunk);
  try {
    // The kernel may take less than it is given.
    for (let written = 0; written < sealed.length; ) {
      const length = sealed.length - written;
      written += (await writeAsync(fd, sealed, written, length, at + written)).bytesWritten;
    }
  } catch (error) {
    throw writeFailure(error, 'a scratch file cannot be written');
  }
  return sealed.length;
}

async function* pieces(
  opened: () => number,
  bytes: number,
  decipher: ReturnType<typeof createDecipheriv>,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes; ) {
    const buffer = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, bytes - at));
    const { bytesRead } = await readPiece(opened(), buffer, at);
    if (bytesRead === 0)
      throw new PortError('unavailable', 'a scratch file is shorter than what was written');
    at += bytesRead;
    yield decipher.update(buffer.subarray(0, bytesRead));
  }
}

async function readPiece(fd: number, buffer: Uint8Array, at: number): Promise<{ bytesRead: number }> {
  try {
    return await readAsync(fd, buffer, 0, buffer.length, at);
  } catch (error) {
    throw writeFailure(error, 'a scratch file cannot be read');
  }
}
