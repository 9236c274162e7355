// Blobs that lie in other blobs' places, put into their own. All of them are taken out first, into a folder where each has
// its own name: so none is in another's way and none replaces another, and after a crash the next rebuild finds them there.

import { existsSync, linkSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { blobPath } from '../blobs/blob-survey.ts';
import { quarantineDirectory } from '../blobs/quarantine.ts';
import { makePrivateDirectory, syncDirectorySync } from '../disk/data-dir.ts';
import { errorCode, fileFailure } from '../disk/failures.ts';

export interface Misplaced {
  /** Which blob it is: proven, and whole. */
  blobId: string;
  path: string;
  /** In whose place it lies; absent if a rebuild that was broken off had taken it out already. */
  at?: string;
}

const passingDirectory = (dataDir: string): string => join(dataDir, 'misplaced');

/** What a rebuild that was broken off has taken out of its place and not put into another. */
export function takenOut(dataDir: string): { blobId: string; path: string }[] {
  const folder = passingDirectory(dataDir);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((blobId) => ({ blobId, path: join(folder, blobId) }));
}

/**
 * Puts whole blobs into their own places. Of two copies of one blob the second goes into the quarantine, and so does what
 * lies in `spoiled` places, under a name by which nothing ever removes it. Throws PortError.
 */
export function putInPlace(
  dataDir: string,
  misplaced: readonly Misplaced[],
  spoiled: readonly string[],
): void {
  if (misplaced.length === 0 && spoiled.length === 0) return;
  const passing = passingDirectory(dataDir);
  const quarantine = quarantineDirectory(dataDir);
  try {
    for (const folder of [passing, quarantine]) makePrivateDirectory(folder);
    for (const blobId of spoiled) {
      renameSync(blobPath(dataDir, blobId), freeName(quarantine, blobId, '.damaged'));
    }
    for (const { blobId, path } of misplaced) {
      const to = join(passing, blobId);
      if (to !== path) renameSync(path, existsSync(to) ? freeName(quarantine, blobId) : to);
    }
    const left = [...spoiled, ...misplaced.flatMap(({ at = [] }) => at)].map((at) =>
      dirname(blobPath(dataDir, at)),
    );
    for (const folder of new Set([passing, quarantine, ...left])) syncDirectorySync(folder);
    for (const { blobId, path } of takenOut(dataDir)) putIn(dataDir, blobId, path);
    for (const folder of [passing, quarantine]) syncDirectorySync(folder);
    rmdirSync(passing);
  } catch (error) {
    throw fileFailure(error, 'a blob cannot be put into its place');
  }
}

function putIn(dataDir: string, blobId: string, from: string): void {
  const to = blobPath(dataDir, blobId);
  makePrivateDirectory(dirname(to));
  try {
    // `link` does not replace what is there, as `rename` would.
    linkSync(from, to);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    renameSync(from, freeName(quarantineDirectory(dataDir), blobId));
    return;
  }
  syncDirectorySync(dirname(to));
  rmSync(from);
}

function freeName(folder: string, blobId: string, end = ''): string {
  for (let now = Date.now(); ; now++) {
    const path = join(folder, `${blobId}.${now}${end}`);
    if (!existsSync(path)) return path;
  }
}
