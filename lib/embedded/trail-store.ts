// The trail's segments as files: `trail/0000000000000001`, each made whole under a passing name first.

import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { PortError, type TrailStore } from '../ports.ts';
import { makePrivateDirectory, syncDirectory } from './data-dir.ts';
import { errorCode, fileFailure } from './failures.ts';
import { trailDirectory } from './store-mark.ts';

const DIGITS = 16;
const SEGMENT = /^\d{16}$/;

/** Only the owner of the folder may append (see `openDatabase`). */
export function createTrailStore(dataDir: string): TrailStore {
  const folder = trailDirectory(dataDir);
  const pathOf = (number: number): string => join(folder, String(number).padStart(DIGITS, '0'));

  return {
    async append(number, segment) {
      const passing = join(folder, `${number}.new`);
      try {
        makePrivateDirectory(folder);
        const fd = openSync(passing, 'w', 0o600);
        try {
          writeFileSync(fd, segment);
          fsyncSync(fd);
        } finally {
          closeSync(fd);
        }
        // `link` does not replace what is there, as `rename` would.
        linkSync(passing, pathOf(number));
        rmSync(passing);
        await syncDirectory(folder);
      } catch (error) {
        rmSync(passing, { force: true });
        if (errorCode(error) === 'EEXIST') {
          throw new PortError('exists', 'a segment with that number exists', { cause: error });
        }
        throw fileFailure(error, 'the trail cannot be written');
      }
    },

    list: async () => segmentNumbers(dataDir),

    async read(number) {
      try {
        return readFileSync(pathOf(number));
      } catch (error) {
        throw fileFailure(error, 'the trail cannot be read');
      }
    },
  };
}

/** The numbers of the segments in a data folder, rising. */
export function segmentNumbers(dataDir: string): number[] {
  try {
    return readdirSync(trailDirectory(dataDir))
      .filter((name) => SEGMENT.test(name))
      .map(Number)
      .sort((a, b) => a - b);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
    throw fileFailure(error, 'the trail cannot be read');
  }
}
