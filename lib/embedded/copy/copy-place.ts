// Where a second copy stands: `blobs/` and `trail/` as in a data folder, and a mark that says of which store. Nothing is ever changed
// or removed there.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BlobCopy } from '../../ports/blob-copy.ts';
import type { BlobDigest } from '../../ports/blob-store.ts';
import { PortError } from '../../ports/errors.ts';
import { type Random, randomHex } from '../../ports/random.ts';
import { errorCode } from '../disk/failures.ts';

export interface CopyPlace extends BlobCopy {
  /**
   * Demands that it is the copy of this store, or makes it that, in an empty place, the first time. Throws PortError `denied` if it is
   * anything else: the mount of a disk that is not there is an empty folder, too.
   */
  open(): Promise<void>;
  /** The ids that are there, for each of the 256 shards in their order. */
  shards(): AsyncIterable<{ shard: string; ids: ReadonlySet<string> }>;
  /** Durable before resolving; one that is there stays as it is. Throws PortError `integrity` if it is not what was announced. */
  put(blobId: string, body: AsyncIterable<Uint8Array>, expected?: BlobDigest): Promise<boolean>;
  lastSegment(): Promise<number>;
  putSegment(number: number, segment: Uint8Array): Promise<void>;
}

/** Of whom a copy is. */
export interface CopyOf {
  dataDir: string;
  storeId: string;
  random: Random;
}

/** What a data folder remembers of its copy, and what stands in the copy: the same. */
export interface Mark {
  store: string;
  copy: string;
}

/** Of the mark, in a data folder and in its copy. */
export const MARK = 'copy.json';

export const SHARDS: readonly string[] = Array.from({ length: 256 }, (_, i) =>
  i.toString(16).padStart(2, '0'),
);

export function newMark({ storeId, random }: CopyOf): Mark {
  return { store: storeId, copy: randomHex(random, 8) };
}

/**
 * Whether a copy is to be begun. False if what was found there is the copy of this store, which the data folder then knows. Throws PortError `denied`
 * if it is another's, or if the one that was begun is not there.
 */
export function isToBegin(found: Mark | undefined, { dataDir, storeId }: CopyOf, place: string): boolean {
  const known = join(dataDir, MARK);
  const ours = readMark(known);
  if (found === undefined) {
    if (ours === undefined || ours.store !== storeId) return true;
    const what = `is not the copy that was begun. To begin another, remove ${known}`;
    throw refused(place, what, 'copy_not_there');
  }
  if (found.store !== storeId) throw refused(place, 'is the copy of another store', 'copy_of_another');
  if (ours?.copy !== found.copy) writeMark(known, found);
  return false;
}

export function refused(place: string, what: string, reason?: string): PortError {
  const message = `BACKUP_COPY_TO: ${place} ${what}`;
  return new PortError('denied', message, reason === undefined ? {} : { reason });
}

export function readMark(path: string): Mark | undefined {
  try {
    return markOf(readFileSync(path, 'utf8'), path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Throws PortError `integrity` for what is no mark. */
export function markOf(text: string, path: string): Mark {
  try {
    const { store, copy } = JSON.parse(text) as Mark;
    if (typeof store === 'string' && typeof copy === 'string') return { store, copy };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new PortError('integrity', `${path} cannot be read`);
}

export const markText = (mark: Mark): string => `${JSON.stringify(mark)}\n`;

export function writeMark(path: string, mark: Mark): void {
  const passing = `${path}.new`;
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
  writeFileSync(passing, markText(mark), { mode: 0o600, flush: true });
  renameSync(passing, path);
}
