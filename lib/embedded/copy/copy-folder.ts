// A folder as the place of a second copy.

import { existsSync, linkSync, readdirSync, rmSync, unlinkSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { BLOB_ID } from '../../core/records/ids.ts';
import { PortError } from '../../ports/errors.ts';
import { readChunks, writeProven } from '../blobs/blob-file.ts';
import { blobPath } from '../blobs/blob-survey.ts';
import { discard, makePrivateDirectory, syncDirectory, syncDirectorySync } from '../disk/data-dir.ts';
import { errorCode, fileFailure, readFailure, writeFailure } from '../disk/failures.ts';
import { segmentNumbers } from '../disk/store-mark.ts';
import { createTrailStore } from '../trail/trail-store.ts';
import {
  type CopyOf,
  type CopyPlace,
  isToBegin,
  MARK,
  newMark,
  readMark,
  refused,
  SHARDS,
  writeMark,
} from './copy-place.ts';

/** Opens nothing yet. Throws PortError `denied` if one folder lies in the other. */
export function createCopyFolder(target: string, of: CopyOf): CopyPlace {
  const { dataDir } = of;
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
    const begun = newMark(of);
    // The copy first: a crash in between leaves a copy of this store that nobody knows, which is taken for its own.
    for (const path of [mark, known]) writeMark(path, begun);
    syncDirectorySync(target);
    syncDirectorySync(dataDir);
  }

  function idsIn(shard: string): Set<string> {
    try {
      return new Set(readdirSync(join(target, 'blobs', shard)).filter((name) => BLOB_ID.test(name)));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return new Set();
      throw readFailure(error, 'the second copy cannot be read');
    }
  }

  return {
    async open() {
      made.clear();
      try {
        if (isToBegin(readMark(mark), of, target)) begin();
        makePrivateDirectory(temporary);
        for (const left of readdirSync(temporary)) rmSync(join(temporary, left), { force: true });
      } catch (error) {
        throw error instanceof PortError ? error : fileFailure(error, 'the second copy cannot be opened');
      }
    },

    async *shards() {
      for (const shard of SHARDS) yield { shard, ids: idsIn(shard) };
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

    lastSegment: async () => segmentNumbers(target).at(-1) ?? 0,

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
