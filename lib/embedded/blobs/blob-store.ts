// Blobs as files. A large one is written under a passing name in `tmp`, flushed and proven, and only then linked to its
// own: so it is never half there, and what a crash leaves behind is in one folder, to be emptied. Small ones are written
// together (see `blob-batch.ts`).

import { hash, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync, rmSync, unlinkSync } from 'node:fs';
import { lstat, open, readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { BLOB_ID } from '../../core/records/ids.ts';
import type { BlobInfo, BlobStore } from '../../ports/blob-store.ts';
import { decodeCursor, encodeCursor } from '../../ports/checks.ts';
import { PortError } from '../../ports/errors.ts';
import {
  discard,
  makePrivateDirectory,
  syncDirectory,
  syncDirectorySync,
  temporaryDirectory,
} from '../disk/data-dir.ts';
import { errorCode, fileFailure, readFailure, writeFailure } from '../disk/failures.ts';
import type { Room } from '../disk/room.ts';
import { createBlobBatch } from './blob-batch.ts';
import { BodyFailure, readChunks, readRange, takeSmall, writeProven } from './blob-file.ts';
import { removeLayouts } from './layout-store.ts';
import { createQuarantine } from './quarantine.ts';

/** Folders by the first two digits of the id, so that none of them grows too large to list. */
const SHARDS = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

/**
 * Opens the blobs in `dataDir`, creating the folders if need be, and removes what a crash left half written: so only
 * the owner of the folder may call it (see `openDatabase`). Throws PortError `unavailable` or `denied`.
 */
export function openBlobStore(dataDir: string, now: () => number = Date.now, room?: Room): BlobStore {
  const root = join(dataDir, 'blobs');
  const temporary = temporaryDirectory(dataDir);
  try {
    if (room?.isReadOnly !== true) makeFolders(root, temporary);
  } catch (error) {
    throw fileFailure(error, 'the blob folders cannot be made');
  }
  const shardOf = (blobId: string) => join(root, blobId.slice(0, 2));
  const pathOf = (blobId: string) => join(shardOf(blobId), blobId);
  const small = createBlobBatch();
  let writes = 0;
  // The folder was empty at the start, and nobody else writes blobs into it.
  const newTemporaryPath = () => join(temporary, `blob-${++writes}`);

  return {
    async put(blobId, body, expected) {
      if (!BLOB_ID.test(blobId)) {
        throw new PortError('not_found', 'there is no place for a blob with that id');
      }
      room?.demandRoom();
      try {
        const { bytes, rest } = await takeSmall(body);
        const [passing, path, folder] = [newTemporaryPath(), pathOf(blobId), shardOf(blobId)];
        if (rest === undefined) {
          const digest = expected ?? { bytes: bytes.length, sha256: hash('sha256', bytes, 'hex') };
          return await small.write({ passing, folder, path, bytes, expected: digest });
        }
        try {
          const digest = await writeProven(passing, whole(bytes, rest), expected);
          await place(passing, path, folder);
          return digest;
        } catch (error) {
          // Where nobody has begun to read it, it must still be told that it is over.
          await rest.return(undefined);
          throw discard(passing, error);
        }
      } catch (error) {
        throw putFailure(error, root);
      }
    },

    async get(blobId) {
      if (!BLOB_ID.test(blobId)) {
        throw new PortError('not_found', 'there is no blob with that id');
      }
      try {
        return readChunks(pathOf(blobId));
      } catch (error) {
        throw readFailure(error, 'the blob cannot be read');
      }
    },

    async getRange(blobId, from, to) {
      if (!BLOB_ID.test(blobId)) throw new PortError('not_found', 'there is no blob with that id');
      try {
        return await readRange(pathOf(blobId), from, to);
      } catch (error) {
        throw readFailure(error, 'the blob cannot be read');
      }
    },

    async delete(blobId) {
      if (!BLOB_ID.test(blobId)) {
        return;
      }
      try {
        removeLayouts(dataDir, blobId);
        await unlinkIfThere(pathOf(blobId));
        // Even if it was gone already: perhaps by a call that failed right here.
        await syncDirectory(shardOf(blobId));
      } catch (error) {
        throw writeFailure(error, 'the blob cannot be removed', root);
      }
    },

    async list(request) {
      const after = decodeCursor('blobs', ['string'], request)?.[0] ?? '';
      try {
        // One more than asked for tells whether this page is the last.
        const found = await findBlobs(root, after, request.writtenBefore, request.limit + 1);
        const items = found.slice(0, request.limit);
        const last = items.at(-1);
        return last !== undefined && found.length > items.length
          ? { items, cursor: encodeCursor('blobs', [last.blobId]) }
          : { items };
      } catch (error) {
        throw writeFailure(error, 'the blobs cannot be listed');
      }
    },

    ...createQuarantine(dataDir, now),

    async check() {
      room?.demandRoom();
      const probe = newTemporaryPath();
      try {
        await writeProbe(probe);
        await unlink(probe);
      } catch (error) {
        throw putFailure(discard(probe, error), root);
      }
    },
  };
}

async function* whole(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

/** All folders at once: a put need never make one, nor wait for its name to be durable. */
function makeFolders(root: string, temporary: string): void {
  makePrivateDirectory(root);
  makePrivateDirectory(temporary);
  for (const shard of SHARDS) {
    mkdirSync(join(root, shard), { recursive: true, mode: 0o700 });
  }
  syncDirectorySync(root);
  for (const leftover of readdirSync(temporary)) {
    rmSync(join(temporary, leftover), { force: true, recursive: true });
  }
}

/** Gives a proven file its own name, durably, unless that is taken: `link` does not replace, as `rename` would. */
async function place(passing: string, path: string, shard: string): Promise<void> {
  linkSync(passing, path);
  try {
    unlinkSync(passing);
    await syncDirectory(shard);
  } catch (error) {
    throw discard(path, error);
  }
}

/** Flushed too: on a disk that fails, a write often only seems to succeed. */
async function writeProbe(path: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile('probe');
    await file.sync();
  } finally {
    await file.close();
  }
}

function putFailure(error: unknown, root: string): unknown {
  if (error instanceof BodyFailure) {
    return error.cause;
  }
  if (errorCode(error) === 'EEXIST') {
    return new PortError('exists', 'a blob with that id exists', { cause: error });
  }
  return writeFailure(error, 'the blob store cannot be written', root);
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    if (!(await isFolder(path))) throw error;
    // Not ours, so not ours to empty: it is put beside, under a name that no blob has, and that nobody
    // asks for: so it need not follow from a seed.
    await rename(path, `${path}.${randomBytes(4).toString('hex')}.strange`);
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch {
    // Then it is not known to be one, and what failed before this says more.
    return false;
  }
}

async function findBlobs(
  root: string,
  after: string,
  writtenBefore: number,
  limit: number,
): Promise<BlobInfo[]> {
  const found: BlobInfo[] = [];
  for (const shard of SHARDS.filter((name) => name >= after.slice(0, 2))) {
    const names = (await readdir(join(root, shard))).filter((name) => BLOB_ID.test(name) && name > after);
    for (const blobId of names.sort()) {
      const info = await blobInfo(join(root, shard, blobId), blobId);
      if (info !== undefined && info.writtenAt < writtenBefore) {
        found.push(info);
      }
      if (found.length === limit) {
        return found;
      }
    }
  }
  return found;
}

/** Undefined if the blob was removed since its folder was read, or something that is no file is in its place. */
async function blobInfo(path: string, blobId: string): Promise<BlobInfo | undefined> {
  try {
    const found = await lstat(path);
    if (!found.isFile()) return undefined;
    return { blobId, bytes: found.size, writtenAt: Math.floor(found.mtimeMs) };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}
