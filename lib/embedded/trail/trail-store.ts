// The trail's segments as files: `trail/0000000000000001`, each made whole under a passing name first.

import { closeSync, linkSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PortError } from '../../ports/errors.ts';
import type { TrailStore } from '../../ports/trail.ts';
import { writeSmall } from '../blobs/blob-file.ts';
import { closeAnyway, discard, makePrivateDirectory, syncDirectory, syncFile } from '../disk/data-dir.ts';
import { errorCode, readFailure, writeFailure } from '../disk/failures.ts';
import { segmentNumbers, trailDirectory } from '../disk/store-mark.ts';

const DIGITS = 16;

/** Only the owner of the folder may append (see `openDatabase`). */
export function createTrailStore(dataDir: string): TrailStore {
  const folder = trailDirectory(dataDir);
  const pathOf = (number: number): string => join(folder, String(number).padStart(DIGITS, '0'));

  return {
    async append(number, segment) {
      const passing = join(folder, `${number}.new`);
      try {
        makePrivateDirectory(folder);
        await writeFlushed(passing, segment);
        // `link` does not replace what is there, as `rename` would.
        linkSync(passing, pathOf(number));
        rmSync(passing);
        await syncDirectory(folder);
      } catch (failure) {
        const error = discard(passing, failure);
        if (errorCode(error) === 'EEXIST') {
          throw new PortError('exists', 'a segment with that number exists', { cause: error });
        }
        throw writeFailure(error, 'the trail cannot be written', folder);
      }
    },

    async list(after = 0) {
      return segmentNumbers(dataDir).filter((number) => number > after);
    },

    async read(number) {
      try {
        return readFileSync(pathOf(number));
      } catch (error) {
        throw readFailure(error, 'the trail cannot be read');
      }
    },
  };
}

async function writeFlushed(path: string, bytes: Uint8Array): Promise<void> {
  const fd = openSync(path, 'w', 0o600);
  try {
    writeSmall(fd, bytes);
    await syncFile(fd);
  } catch (error) {
    closeAnyway(fd);
    throw error;
  }
  // On some file systems only this tells that a write has failed.
  closeSync(fd);
}
