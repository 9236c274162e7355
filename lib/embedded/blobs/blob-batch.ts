// Small blobs, many at a time: those that come while others are being flushed share the next flush. A flush of one
// file makes a journaling file system write down everything that is under way, so many at once cost little more than one.
//
// They get their own names before they are flushed: nobody knows a blob's name before a record says it, so there is
// nothing to hide, and file and name are flushed together. What a crash leaves half written is an orphan that no record
// names. They are made in another folder all the same: file systems keep the files of a folder together, and new files
// in as many places as there are shards cost several times as much.

import { closeSync, linkSync, openSync, unlinkSync } from 'node:fs';
import type { BlobDigest } from '../../ports/blob-store.ts';
import { closeAnyway, discard, syncFile } from '../disk/data-dir.ts';
import { demandSame, digestOfSmall, writeSmall } from './blob-file.ts';

export interface BlobBatch {
  /**
   * Writes a new file, flushes it and its name, reads it again, and gives the digest of what was read. Throws PortError
   * `exists`, `integrity` if it is not `expected`, and errors of node:fs. After any throw the file is not there.
   */
  write(file: NewFile): Promise<BlobDigest>;
}

export interface NewFile {
  /** Where it is made. */
  passing: string;
  /** The folder where it belongs, which must be there, and its path in it. */
  folder: string;
  path: string;
  bytes: Uint8Array;
  expected: BlobDigest;
}

/** Bounds the files that are open at once. */
const FILES_MAX = 64;

interface Task extends NewFile {
  resolve: (digest: BlobDigest) => void;
  reject: (reason: unknown) => void;
}

export function createBlobBatch(): BlobBatch {
  let waiting: Task[] = [];
  let running = false;

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const tasks = waiting.slice(0, FILES_MAX);
      waiting = waiting.slice(FILES_MAX);
      await writeTogether(tasks);
    }
    running = false;
  }

  return {
    write: (file) =>
      new Promise((resolve, reject) => {
        waiting.push({ ...file, resolve, reject });
        if (running) return;
        running = true;
        // Whoever comes in this turn of the event loop comes along.
        setImmediate(run);
      }),
  };
}

interface Written {
  task: Task;
  fd: number;
}

/** Settles every task, and never rejects itself. */
async function writeTogether(tasks: readonly Task[]): Promise<void> {
  const folders = new Map<string, number>();
  const written: Written[] = [];
  for (const task of tasks) {
    try {
      // First, so that with few handles left at least some have both.
      if (!folders.has(task.folder)) folders.set(task.folder, openSync(task.folder, 'r'));
      written.push({ task, fd: create(task) });
    } catch (error) {
      task.reject(error);
    }
  }
  // Only now that all are written: one turn of the file system's journal then takes them all.
  const [files, names] = await Promise.all([
    Promise.allSettled(written.map(({ fd }) => syncFile(fd))),
    Promise.allSettled([...folders.values()].map((fd) => syncFile(fd))),
  ]);
  const nameOf = new Map([...folders.keys()].map((folder, i) => [folder, names[i]!]));
  for (const [i, one] of written.entries()) settle(one, [files[i]!, nameOf.get(one.task.folder)!]);
  for (const fd of folders.values()) closeAnyway(fd);
}

function create({ passing, path, bytes }: Task): number {
  const fd = openSync(passing, 'wx+', 0o600);
  try {
    writeSmall(fd, bytes);
    // `link` does not replace what is there, as `rename` would.
    linkSync(passing, path);
  } catch (error) {
    closeAnyway(fd);
    throw discard(passing, error);
  }
  try {
    unlinkSync(passing);
    return fd;
  } catch (error) {
    closeAnyway(fd);
    throw discard(path, discard(passing, error));
  }
}

function settle({ task, fd }: Written, flushes: PromiseSettledResult<unknown>[]): void {
  let stored: BlobDigest;
  try {
    for (const flush of flushes) if (flush.status === 'rejected') throw flush.reason;
    stored = digestOfSmall(fd, task.bytes.length);
    demandSame(stored, task.expected);
  } catch (error) {
    closeAnyway(fd);
    task.reject(discard(task.path, error));
    return;
  }
  try {
    // On some file systems only this tells that a write has failed.
    closeSync(fd);
    task.resolve(stored);
  } catch (error) {
    task.reject(discard(task.path, error));
  }
}
