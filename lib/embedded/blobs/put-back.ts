// The quarantine of a data folder, for people: what lies there and what it says of itself, and the way back. It asks no
// catalog, so it works on a folder whose service does not start; and beside one that runs, as each blob is one name that moves.

import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { BlobHeader } from '../../core/blob/header.ts';
import { LIMITS } from '../../core/records/limits.ts';
import { PortError } from '../../ports/errors.ts';
import { makePrivateDirectory } from '../disk/data-dir.ts';
import { fileFailure } from '../disk/failures.ts';
import { blobsDirectory } from '../disk/store-mark.ts';
import { blobPath, headerAt } from './blob-survey.ts';
import { type AsideEntry, asideEntries, createQuarantine } from './quarantine.ts';

export interface AsideBlob {
  blobId: string;
  bytes: number;
  /** Epoch milliseconds: since when it lies there, and from when on the service removes it if nothing names it by then. */
  since: number;
  keptUntil: number;
  /** What its header says, unproven; undefined if it has none. */
  header?: BlobHeader;
}

/** Throws PortError `not_found` if this is no data folder, `denied` or `unavailable` if it cannot be read. */
export async function* listQuarantine(dataDir: string): AsyncGenerator<AsideBlob, void, undefined> {
  for (const { blobId, since, path } of entriesOf(dataDir)) {
    const bytes = sizeOf(path);
    // Removed or put back since the folder was read.
    if (bytes === undefined) continue;
    const header = await headerAt(path);
    yield { blobId, bytes, since, keptUntil: since + LIMITS.quarantineMs, ...(header && { header }) };
  }
}

/** `taken`: a blob of that id is in the store, so this one stays aside. */
export type PutBack = 'put_back' | 'not_aside' | 'taken';

/**
 * Puts these blobs back, or all there are, and says of each what became of it, when that is durable. Throws as
 * `listQuarantine`; what has been put back by then stays so.
 */
export async function* putBack(
  dataDir: string,
  which: readonly string[] | 'all',
): AsyncGenerator<{ blobId: string; outcome: PutBack }, void, undefined> {
  const aside = new Set(entriesOf(dataDir).map(({ blobId }) => blobId));
  const quarantine = createQuarantine(dataDir, Date.now);
  for (const blobId of which === 'all' ? aside : new Set(which)) {
    yield { blobId, outcome: aside.has(blobId) ? await putOneBack(blobId) : 'not_aside' };
  }

  async function putOneBack(blobId: string): Promise<PutBack> {
    try {
      // The folders of the store may be what was lost.
      makePrivateDirectory(dirname(blobPath(dataDir, blobId)));
    } catch (error) {
      throw fileFailure(error, 'the folder of the blob cannot be made');
    }
    try {
      await quarantine.putBack(blobId);
      return 'put_back';
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      if (error.code === 'not_found') return 'not_aside';
      if (error.code === 'exists') return 'taken';
      throw error;
    }
  }
}

/** A wrong path must not look like an empty quarantine. */
function entriesOf(dataDir: string): AsideEntry[] {
  try {
    const entries = asideEntries(dataDir);
    if (entries.length > 0 || existsSync(blobsDirectory(dataDir))) return entries;
  } catch (error) {
    throw fileFailure(error, 'the quarantine cannot be read');
  }
  throw new PortError('not_found', `${dataDir} has neither blobs/ nor quarantine/: it is no data folder`);
}

function sizeOf(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size;
  } catch (error) {
    throw fileFailure(error, 'the quarantine cannot be read');
  }
}
