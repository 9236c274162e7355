// The folder of a second copy: `blobs/` and `trail/` as in a data folder, and a mark that says of which store. Nothing is ever changed
// or removed there.

import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { BLOB_ID } from '../../core/records/ids.ts';
import type { BlobCopy } from '../../ports/blob-copy.ts';
import type { BlobDigest } from '../../ports/blob-store.ts';
import { PortError } from '../../ports/errors.ts';
import { type Random, randomHex } from '../../ports/random.ts';
import { readChunks, writeProven } from '../blobs/blob-file.ts';
import { blobPath } from '../blobs/blob-survey.ts';
import { discard, makePrivateDirectory, syncDirectory, syncDirectorySync } from '../disk/data-dir.ts';
import { errorCode, fileFailure, readFailure, writeFailure } from '../disk/failures.ts';
import { segmentNumbers } from '../disk/store-mark.ts';
import { createTrailStore } from '../trail/trail-store.ts';

const MARK = 'copy.json';

export interface CopyFolder extends BlobCopy {
  /**
   * Demands that it is the copy of this store, or makes it that, in an empty folder, the first time. Throws PortError `denied` if it is
   * anything else: the mount of a disk that is not there is an empty folder, too.
   */
  open(): void;
  /** The ids of a shard that are there. */
  idsIn(shard: string): Set<string>;
  /** Durable before resolving; one that is there stays as it is. Throws PortError `integrity` if it is not what was announced. */
  put(blobId: string, body: AsyncIterable<Uint8Array>, expected?: BlobDigest): Promise<boolean>;
  lastSegment(): number;
  putSegment(number: number, segment: Uint8Array): Promise<void>;
}

/** What a data folder remembers of its copy, and what stands in the copy: the same. */
interface Mark {
  store: string;
  copy: string;
}

/** Opens nothing yet. Throws PortError `denied` if one folder lies in the other. */
export function createCopyFolder(
  dataDir: string,
  target: string,
  { storeId, random }: { storeId: string; random: Random },
): CopyFolder {
  const [inner, outer] = [resolve(target), resolve(dataDir)];
  if (inner === outer || inner.startsWith(outer + sep) || outer.startsWith(inner + sep)) {
    throw refused(
      target,
      'lies in the data folder, or the other way round: whatever takes the one takes both',
    );
  }
  const temporary = join(target, 'tmp');
  const known = join(dataDir, MARK);
  const mark = join(target, MARK);
  const made = new Set<string>();
  let writes = 0;

  function begin(): void {
    if (existsSync(target) && readdirSync(target).some((name) => name !== 'lost+found')) {
      throw refused(
        target,
        'holds something, and no copy of this store: name an empty folder',
        'copy_not_empty',
      );
    }
    makePrivateDirectory(target);
    const begun: Mark = { store: storeId, copy: randomHex(random, 8) };
    // The copy first: a crash in between leaves a copy of this store that nobody knows, which is taken for its own.
    for (const path of [mark, known]) writeMark(path, begun);
    syncDirectorySync(target);
    syncDirectorySync(dataDir);
  }

  return {
    open() {
      made.clear();
      try {
        const there = readMark(mark);
        const ours = readMark(known);
        if (there === undefined) {
          if (ours !== undefined && ours.store === storeId) {
            const what = `is not the copy that was begun: is its disk there? To begin another, remove ${known}`;
            throw refused(target, what, 'copy_not_there');
          }
          begin();
        } else if (there.store !== storeId)
          throw refused(target, 'is the copy of another store', 'copy_of_another');
        else if (ours?.copy !== there.copy) writeMark(known, there);
        makePrivateDirectory(temporary);
        for (const left of readdirSync(temporary)) rmSync(join(temporary, left), { force: true });
      } catch (error) {
        throw error instanceof PortError ? error : fileFailure(error, 'the second copy cannot be opened');
      }
    },

    idsIn(shard) {
      try {
        return new Set(readdirSync(join(target, 'blobs', shard)).filter((name) => BLOB_ID.test(name)));
      } catch (error) {
        if (errorCode(error) === 'ENOENT') return new Set();
        throw readFailure(error, 'the second copy cannot be read');
      }
    },

    async put(blobId, body, expected) {
      const shard = join(target, 'blobs', blobId.slice(0, 2));
      const passing = join(temporary, `blob-${++writes}`);
      try {
        if (!made.has(shard)) makePrivateDirectory(shard);
        made.add(shard);
        await writeProven(passing, body, expected);
        linkSync(passing, blobPath(target, blobId));
        unlinkSync(passing);
        await syncDirectory(shard);
        return true;
      } catch (failure) {
        const error = discard(passing, failure);
        if (errorCode(error) === 'EEXIST') return false;
        throw writeFailure(error, 'the second copy cannot be written', target);
      }
    },

    lastSegment: () => segmentNumbers(target).at(-1) ?? 0,

    async putSegment(number, segment) {
      await createTrailStore(target)
        .append(number, segment)
        .catch((error: unknown) => {
          if (!(error instanceof PortError && error.code === 'exists')) throw error;
        });
    },

    async get(blobId) {
      try {
        return readChunks(blobPath(target, blobId));
      } catch (error) {
        throw readFailure(error, 'the second copy cannot be read');
      }
    },
  };
}

function refused(target: string, what: string, reason?: string): PortError {
  const message = `BACKUP_COPY_TO: ${target} ${what}`;
  return new PortError('denied', message, reason === undefined ? {} : { reason });
}

function readMark(path: string): Mark | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Mark;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    if (!(error instanceof SyntaxError)) throw error;
    throw new PortError('integrity', `${path} cannot be read`, { cause: error });
  }
}

function writeMark(path: string, mark: Mark): void {
  const passing = `${path}.new`;
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
  writeFileSync(passing, `${JSON.stringify(mark)}\n`, { mode: 0o600, flush: true });
  renameSync(passing, path);
}
