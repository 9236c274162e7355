// Layouts as files beside the blobs. Nothing waits for the disk: one that a crash cuts short does not open, and is made anew.

import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BLOB_ID } from '../../core/records/ids.ts';
import { PortError } from '../../ports/errors.ts';
import type { LayoutStore } from '../../ports/layouts.ts';
import { temporaryDirectory } from '../disk/data-dir.ts';
import { errorCode, readFailure, writeFailure } from '../disk/failures.ts';
import type { Room } from '../disk/room.ts';

const PARTS = ['sources', 'places'] as const;

/** Throws PortError where nothing can be written or read; `not_found` for what is no id of a blob. */
export function openLayoutStore(dataDir: string, room?: Room): LayoutStore {
  let writes = 0;
  const pathOf = (blobId: string, part: string): string => {
    if (!BLOB_ID.test(blobId)) throw new PortError('not_found', 'there is no blob with that id');
    return layoutPath(dataDir, blobId, part);
  };
  return {
    async write(blobId, part, bytes) {
      const path = pathOf(blobId, part);
      room?.demandRoom();
      const passing = join(temporaryDirectory(dataDir), `layout-${++writes}`);
      try {
        mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
        writeFileSync(passing, bytes, { mode: 0o600 });
        renameSync(passing, path);
      } catch (error) {
        rmSync(passing, { force: true });
        throw writeFailure(error, 'a layout cannot be written', dataDir);
      }
    },

    async read(blobId, part) {
      try {
        // Of a chain all are asked for at once: between one and the next others have their turn.
        return await readFile(pathOf(blobId, part));
      } catch (error) {
        if (errorCode(error) === 'ENOENT') return undefined;
        throw readFailure(error, 'a layout cannot be read');
      }
    },
  };
}

/** Removes what is kept of a blob, before the blob itself: so nothing is left of one that is gone. */
export function removeLayouts(dataDir: string, blobId: string): void {
  for (const part of PARTS) rmSync(layoutPath(dataDir, blobId, part), { force: true });
}

function layoutPath(dataDir: string, blobId: string, part: string): string {
  return join(dataDir, 'layouts', blobId.slice(0, 2), `${blobId}.${part}`);
}
