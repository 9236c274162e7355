// Blobs that nothing names, kept apart from those that something does: out of the store, and out of nobody's reach. A name
// there tells since when: `<blob id>.<epoch milliseconds>`.

import { linkSync, readdirSync, unlinkSync } from 'node:fs';
import { rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ASIDE_NAME } from '../../core/records/ids.ts';
import type { BlobInfo, BlobStore } from '../../ports/blob-store.ts';
import { decodeCursor, encodeCursor } from '../../ports/checks.ts';
import { PortError } from '../../ports/errors.ts';
import { makePrivateDirectory, syncDirectory } from '../disk/data-dir.ts';
import { errorCode, fileFailure } from '../disk/failures.ts';
import { blobPath } from './blob-survey.ts';
import { removeLayouts } from './layout-store.ts';

export const quarantineDirectory = (dataDir: string): string => join(dataDir, 'quarantine');

type Quarantine = Pick<BlobStore, 'setAside' | 'listAside' | 'putBack' | 'deleteAside'>;

export interface AsideEntry {
  blobId: string;
  /** Epoch milliseconds. */
  since: number;
  path: string;
}

/** What lies there, in id order. Of an id that was set aside twice the later one counts, and comes first. */
export function asideEntries(dataDir: string): AsideEntry[] {
  const folder = quarantineDirectory(dataDir);
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
  const found = names.flatMap((name) => {
    const [, blobId, since] = ASIDE_NAME.exec(name) ?? [];
    return blobId === undefined ? [] : [{ blobId, since: Number(since), path: join(folder, name) }];
  });
  return found.sort((a, b) => (a.blobId === b.blobId ? b.since - a.since : a.blobId < b.blobId ? -1 : 1));
}

/** The part of a blob store that sets blobs aside. `now` dates them. */
export function createQuarantine(dataDir: string, now: () => number): Quarantine {
  const folder = quarantineDirectory(dataDir);
  const entries = () => asideEntries(dataDir);
  const entryOf = (blobId: string) => entries().find((entry) => entry.blobId === blobId);

  return {
    async setAside(blobId) {
      const from = blobPath(dataDir, blobId);
      try {
        // Its own name has to be durable too, or a loss of power takes all that is moved there.
        makePrivateDirectory(folder);
        removeLayouts(dataDir, blobId);
        await rename(from, join(folder, `${blobId}.${now()}`));
        await syncDirectory(folder);
        await syncDirectory(join(from, '..'));
      } catch (error) {
        if (errorCode(error) === 'ENOENT') return;
        throw fileFailure(error, 'the blob cannot be set aside');
      }
    },

    async listAside(request) {
      const after = decodeCursor('aside', ['string'], request)?.[0] ?? '';
      try {
        const rest = entries().filter(({ blobId }) => blobId > after);
        const items: BlobInfo[] = [];
        for (const { blobId, since, path } of rest.slice(0, request.limit)) {
          items.push({ blobId, bytes: (await stat(path)).size, writtenAt: since });
        }
        const last = items.at(-1);
        return last !== undefined && rest.length > items.length
          ? { items, cursor: encodeCursor('aside', [last.blobId]) }
          : { items };
      } catch (error) {
        throw fileFailure(error, 'what was set aside cannot be listed');
      }
    },

    async putBack(blobId) {
      const to = blobPath(dataDir, blobId);
      try {
        const entry = entryOf(blobId);
        if (entry === undefined) throw new PortError('not_found', 'no blob with that id was set aside');
        // `link` does not replace what is there, as `rename` would.
        linkSync(entry.path, to);
        await syncDirectory(join(to, '..'));
        unlinkSync(entry.path);
        await syncDirectory(folder);
      } catch (error) {
        if (error instanceof PortError) throw error;
        if (errorCode(error) === 'EEXIST') {
          throw new PortError('exists', 'a blob with that id exists', { cause: error });
        }
        throw fileFailure(error, 'the blob cannot be put back');
      }
    },

    async deleteAside(blobId) {
      try {
        const entry = entryOf(blobId);
        if (entry === undefined) return;
        await unlink(entry.path);
        await syncDirectory(folder);
      } catch (error) {
        throw fileFailure(error, 'what was set aside cannot be removed');
      }
    },
  };
}
