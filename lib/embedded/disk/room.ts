// Room on the disk that is kept for making room: on a full one, deletes and sweeps still have to write before they can free
// anything. A file of bytes that mean nothing is given up for them, and made anew once there is room. New backups never get
// any of it: while it is given up, they are refused, as on a disk without a free byte.

import { randomFillSync } from 'node:crypto';
import { accessSync, closeSync, constants, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { PortError } from '../../ports/errors.ts';
import { closeAnyway, discard, syncFile } from './data-dir.ts';
import { errorCode, freeBytes, writeFailure } from './failures.ts';

export interface Room {
  /** Whether nothing at all can be written here. */
  readonly isReadOnly: boolean;
  /** Gives the reserve up. False if there was none to give. */
  give(): boolean;
  /**
   * Throws PortError `unavailable` where there is no room for anything new: with the reason `disk_full` while the reserve is
   * given up, with `read_only` where nothing can be written.
   */
  demandRoom(): void;
  /** Makes it, if it is not there and there is room. Throws PortError, but not for want of room. */
  make(): Promise<void>;
}

const FILE_NAME = 'reserve';
const BYTES_MAX = 16 * 1024 * 1024;
const BYTES_MIN = 1024 * 1024;
/** A small disk is not filled with it. */
const PART_OF_DISK = 16;
/** So many times its size must be free for it to be made: else it would be what fills the disk. */
const ROOM_TO_SPARE = 2;
const PIECE_BYTES = 1024 * 1024;

/**
 * The room in a data folder, and the reserve, which may be there already; else `make` makes it.
 */
export function createRoom(dataDir: string): Room {
  return isReadOnly(dataDir) ? NOTHING_WRITTEN : createReserve(dataDir);
}

const NOTHING_WRITTEN: Room = {
  isReadOnly: true,
  give: () => false,
  demandRoom() {
    throw new PortError('unavailable', 'the data folder can only be read', { reason: 'read_only' });
  },
  async make() {},
};

/** Whether what is there can be read, and nothing written beside it. A folder without a catalog is not begun read-only. */
function isReadOnly(dataDir: string): boolean {
  try {
    accessSync(join(dataDir, 'catalog.sqlite'), constants.R_OK);
  } catch {
    return false;
  }
  try {
    accessSync(dataDir, constants.W_OK);
    return false;
  } catch (error) {
    return ['EROFS', 'EACCES', 'EPERM'].includes(errorCode(error) ?? '');
  }
}

function createReserve(dataDir: string): Room {
  const path = join(dataDir, FILE_NAME);
  let isGiven = false;

  return {
    isReadOnly: false,

    give() {
      const wasThere = sizeOf(path) > 0;
      try {
        rmSync(path, { force: true });
      } catch {
        // On a disk that fails altogether there is nothing to give.
        return false;
      }
      isGiven = true;
      return wasThere;
    },

    demandRoom() {
      if (!isGiven) return;
      const free = freeBytes(dataDir);
      if (free !== undefined && free >= sizeFor(dataDir) * ROOM_TO_SPARE) {
        // There is room again: it is made anew in a moment.
        isGiven = false;
        return;
      }
      const words = free === undefined ? '' : `, ${free} bytes are free`;
      throw new PortError('unavailable', `the disk is full${words}, which are kept for deletes`, {
        reason: 'disk_full',
      });
    },

    async make() {
      const bytes = sizeFor(dataDir);
      if (sizeOf(path) >= bytes) {
        isGiven = false;
        return;
      }
      const free = freeBytes(dataDir);
      // Some file systems say 0 whatever there is.
      if (free !== undefined && free > 0 && free < bytes * ROOM_TO_SPARE) {
        isGiven = true;
        return;
      }
      try {
        await write(path, bytes);
        isGiven = false;
      } catch (error) {
        const failure = writeFailure(discard(path, error), 'the reserve cannot be made');
        if (!(failure instanceof PortError) || failure.reason !== 'disk_full') throw failure;
        isGiven = true;
      }
    },
  };
}

function sizeFor(dataDir: string): number {
  const { blocks, bsize } = statfsSync(dataDir);
  const part = Math.floor((blocks * bsize) / PART_OF_DISK);
  // Some file systems do not say how large they are.
  return part === 0 ? BYTES_MAX : Math.max(BYTES_MIN, Math.min(BYTES_MAX, part));
}

function sizeOf(path: string): number {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found?.isFile() === true ? found.size : 0;
  } catch {
    // What cannot be looked at is not there to be given.
    return 0;
  }
}

/** Random bytes, so that no file system stores fewer than it is told to; nobody reads them, so they are the machine's. */
async function write(path: string, bytes: number): Promise<void> {
  const fd = openSync(path, 'w', 0o600);
  try {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    for (let at = 0; at < bytes; ) {
      randomFillSync(piece);
      at += writeSync(fd, piece, 0, Math.min(PIECE_BYTES, bytes - at));
      // It is written beside requests, which are not to wait for all of it.
      await syncFile(fd);
    }
  } catch (error) {
    closeAnyway(fd);
    throw error;
  }
  closeSync(fd);
}
