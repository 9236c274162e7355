// Writes the log to standard output. A terminal that is closed, a reader that is gone or a disk that is full takes lines
// away, never the service: it goes on, and says how many are missing as soon as it can.

import { writeSync } from 'node:fs';
import { errorCode } from '../disk/failures.ts';

const STDOUT = 1;
const STDERR = 2;

/** A pipe that its reader has set to non-blocking and lets fill up. */
const AGAIN_MAX = 50;
const AGAIN_MS = 2;

export type WriteBytes = (fd: number, bytes: Uint8Array) => number;

/**
 * Takes finished lines, without their newline. It never throws: what cannot be written is counted, and the count is
 * written before the next line that can. That something is lost at all is told on standard error, once.
 */
export function createLineWriter(write: WriteBytes = writeSync): (line: string) => void {
  let lost = 0;
  let isTold = false;

  const attempt = (fd: number, text: string): string | undefined => {
    try {
      writeAll(write, fd, Buffer.from(`${text}\n`));
      return undefined;
    } catch (error) {
      return errorCode(error) ?? 'unknown';
    }
  };

  return (line) => {
    if (lost > 0) {
      const note = {
        time: new Date().toISOString(),
        level: 'warn',
        message: 'lines of the log were lost',
        lost,
      };
      if (attempt(STDOUT, JSON.stringify(note)) === undefined) lost = 0;
    }
    const failure = attempt(STDOUT, line);
    if (failure === undefined) return;
    lost++;
    if (isTold) return;
    isTold = true;
    attempt(STDERR, `the log cannot be written (${failure}); the service goes on without it`);
  };
}

/** Not through `process.stdout`: that is closed for good by its first failure. */
function writeAll(write: WriteBytes, fd: number, bytes: Uint8Array): void {
  let again = 0;
  for (let at = 0; at < bytes.length; ) {
    try {
      at += write(fd, bytes.subarray(at));
    } catch (error) {
      if (errorCode(error) !== 'EAGAIN' || ++again > AGAIN_MAX) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, AGAIN_MS);
    }
  }
}
