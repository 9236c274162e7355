// Scratch files: what does not fit into memory while a request is served. A file has no name once it is open, so no crash
// leaves it behind, and it is encrypted under a key that only this process ever has.

import { type Cipheriv, createCipheriv, createDecipheriv } from 'node:crypto';
import { closeSync, openSync, read, rmSync, write } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Scratch } from './core/bytes/packed.ts';
import { PortError } from './ports/errors.ts';
import { type Random, randomHex } from './ports/random.ts';

const readAsync = promisify(read);
const writeAsync = promisify(write);

const PIECE_BYTES = 1024 * 1024;
const CIPHER = 'aes-256-ctr';

export interface ScratchOptions {
  /** Where they are made; it has to be there. */
  folder: string;
  random: Random;
  /** What is thrown for an error of the file system. */
  failure(error: unknown, message: string): unknown;
}

/** Throws what `failure` makes of an error, when a file is opened, written and read. */
export function createScratchFiles({ folder, random, failure }: ScratchOptions): Scratch {
  return {
    async open() {
      const path = join(folder, `${randomHex(random, 16)}.scratch`);
      let fd: number | undefined;
      const close = (): void => {
        if (fd !== undefined) closeAnyway(fd);
        fd = undefined;
      };
      try {
        fd = openSync(path, 'wx+', 0o600);
        rmSync(path);
      } catch (error) {
        close();
        throw failure(error, 'a scratch file cannot be made');
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
          const fd = opened();
          try {
            bytes += await append(fd, bytes, chunk, cipher);
          } catch (error) {
            throw failure(error, 'a scratch file cannot be written');
          }
        },
        read: () => pieces(opened, bytes, createDecipheriv(CIPHER, key, iv), failure),
        async close() {
          close();
        },
      };
    },
  };
}

/** Nothing of it is to be kept, so whatever the system says as it is closed changes nothing. */
function closeAnyway(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // It has no name, and goes with the process at the latest.
  }
}

async function append(fd: number, at: number, chunk: Uint8Array, cipher: Cipheriv): Promise<number> {
  const sealed = cipher.update(chunk);
  // The kernel may take less than it is given.
  for (let written = 0; written < sealed.length; ) {
    const length = sealed.length - written;
    written += (await writeAsync(fd, sealed, written, length, at + written)).bytesWritten;
  }
  return sealed.length;
}

async function* pieces(
  opened: () => number,
  bytes: number,
  decipher: ReturnType<typeof createDecipheriv>,
  failure: ScratchOptions['failure'],
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes; ) {
    const buffer = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, bytes - at));
    const fd = opened();
    const { bytesRead } = await readAsync(fd, buffer, 0, buffer.length, at).catch((error: unknown) => {
      throw failure(error, 'a scratch file cannot be read');
    });
    if (bytesRead === 0)
      throw new PortError('unavailable', 'a scratch file is shorter than what was written');
    at += bytesRead;
    yield decipher.update(buffer.subarray(0, bytesRead));
  }
}
