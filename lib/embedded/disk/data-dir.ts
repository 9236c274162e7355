// The data folder. A new name in a folder is durable only once the folder itself has been synced.

import { closeSync, fsync, fsyncSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { PortError } from '../../ports/errors.ts';
import { fileFailure } from './failures.ts';

/** Flushes an open file to the disk. */
export const syncFile = promisify(fsync);

/** Makes the names in a folder durable. */
export async function syncDirectory(path: string): Promise<void> {
  const fd = openSync(path, 'r');
  try {
    await syncFile(fd);
  } finally {
    closeAnyway(fd);
  }
}

/**
 * Closes a handle that has given all that was wanted of it, or has failed already: what it was flushed with, or what was
 * read, stands whatever the close says, and the handle is gone either way.
 */
export function closeAnyway(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // Whoever closes what must not fail calls `closeSync`.
  }
}

export function syncDirectorySync(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeAnyway(fd);
  }
}

/** Creates a folder, private to its owner, and what is missing above it, durably. One that is there stays as it is. */
export function makePrivateDirectory(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (first === undefined) {
    return;
  }
  const above = dirname(resolve(first));
  for (let at = dirname(resolve(path)); ; at = dirname(at)) {
    syncDirectorySync(at);
    if (at === above) {
      return;
    }
  }
}

export const temporaryDirectory = (dataDir: string): string => join(dataDir, 'tmp');

/** Removes what a failed write has made, and gives its error back. If that fails as well, both are told. */
export function discard(path: string, error: unknown): unknown {
  try {
    rmSync(path, { force: true });
    return error;
  } catch (second) {
    const cause = new AggregateError([error, second]);
    const first = fileFailure(error, 'a failed write');
    const reason = first instanceof PortError ? first.reason : undefined;
    const message = 'a failed write could not be cleaned up';
    return new PortError('unavailable', message, { cause, ...(reason === undefined ? {} : { reason }) });
  }
}
