// The one SQLite file of the embedded home: who owns it, how it is made durable, and the few verbs the adapters need.

import {
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PortError } from '../../ports/errors.ts';
import { systemRandom } from '../../random.ts';
import { closeAnyway, makePrivateDirectory, syncDirectorySync } from '../disk/data-dir.ts';
import { errorCode, fileFailure, sqliteFailure, sqliteResult } from '../disk/failures.ts';
import type { Room } from '../disk/room.ts';
import type { GenerationFile } from '../disk/store-mark.ts';
import { bringToFormat } from './catalog-format.ts';
import { watchFiles } from './file-watch.ts';
import { createGroupCommit } from './group-commit.ts';
import { openReadOnly, type ReadOnlyDatabase } from './read-only-database.ts';
import { demandSameStore, matchStore } from './same-store.ts';
import { type Statement, statementsOf } from './statements.ts';

export interface Database {
  /** The statement for this text, prepared once. */
  statement<Row extends object = Record<string, never>>(sql: string): Statement<Row>;
  /**
   * Runs `work`, which must be synchronous, as one atomic part of the next group commit. Resolves with its result
   * once that is durable. Rejects with what `work` throws, or PortError `unavailable` if the group cannot be committed.
   * On a full disk the reserve is given up for what `makesRoom`; `work` may then run twice.
   */
  write<T>(work: () => T, makesRoom?: boolean): Promise<T>;
  /** From now on nothing is written any more, for this reason. The first one stays. */
  distrust(reason: PortError): void;
  /** Why nothing is written any more, if that is so: the files are not those that were opened, or a row is damaged. */
  fault(): PortError | undefined;
  /** Commits what waits and frees the folder for another process. Twice is no error. */
  close(): void;
}

const FILE_NAME = 'catalog.sqlite';
/** Long enough for a predecessor that is just closing; short enough to tell a user at once. */
const BUSY_TIMEOUT_MS = 250;
const PROBE_BYTES = 64 * 1024;
const BUSY = 5;
/** IOERR and CANTOPEN: SQLite knows why, and does not say. */
const SILENT = [10, 14];
const NOT_A_DATABASE = 26;
const WAL_BYTES_MAX = 64 * 1024 * 1024;
/** Of its pages in memory: those on the way to a row of millions, which a commit would else read one by one from the file. */
const CACHE_KIB = 32 * 1024;

/**
 * Opens the catalog in `dataDir`, creating both if need be, and owns the folder until closed or dead: the lock is the
 * kernel's, on the open file, so nothing is left behind by a crash. Throws PortError `unavailable` if another process
 * owns it, `denied` without permission or if a newer release wrote it, `integrity` if the file is damaged, is of another
 * store than the blobs, or has fewer commits than were acknowledged. `isSound`: its pages have been checked just now;
 * `random` gives a new store its id.
 */
export function openDatabase(dataDir: string, room?: Room, isSound = false, random = systemRandom): Database {
  const path = join(dataDir, FILE_NAME);
  if (room?.isReadOnly === true) return readOnly(path, dataDir);
  const native = openOwned(dataDir, isSound);
  let mark: GenerationFile;
  try {
    mark = matchStore(native, dataDir, random);
  } catch (error) {
    // Where there is no room for a copy it is not closed, and the end of the process leaves the log as it is.
    if (keepLog(path)) native.close();
    throw storeFailure(error);
  }
  const statement = statementsOf(native);
  const watch = watchFiles(path, `${path}-wal`);
  const raise = native.prepare('UPDATE store SET generation = generation + 1 RETURNING generation');
  let isOpen = true;
  let fault: PortError | undefined;
  let generation = 0;

  const look = (): void => {
    const found = fault === undefined ? watch.fault() : undefined;
    if (found === undefined) return;
    fault = new PortError('unavailable', `${found}: restart the service to see what is there`, {
      reason: 'catalog_replaced',
    });
  };
  const group = createGroupCommit(native, {
    before() {
      look();
      if (fault !== undefined) throw refusalOf(fault);
    },
    within() {
      generation = Number(raise.get()?.generation);
    },
    after() {
      watch.accept();
      mark.write(generation);
    },
    // What failed may have written something all the same.
    failed: () => watch.accept(),
    tidy() {
      try {
        native.exec('PRAGMA wal_checkpoint(TRUNCATE)');
        return true;
      } catch {
        // The database itself would have to grow for it: then it does not help, and what failed before says why.
        return false;
      } finally {
        watch.accept();
      }
    },
    giveReserve: () => room?.give() === true,
    reasonOf: (error) => (SILENT.includes(sqliteResult(error) ?? 0) ? reasonOfDisk(dataDir) : undefined),
  });

  return {
    statement,

    async write(work, makesRoom) {
      if (!isOpen) {
        throw new PortError('unavailable', 'the catalog is closed');
      }
      return group.run(work, makesRoom);
    },

    distrust(reason) {
      fault ??= reason;
    },

    fault() {
      if (isOpen) look();
      return fault;
    },

    close() {
      if (isOpen) {
        isOpen = false;
        group.flush();
        native.close();
        mark.sync();
        mark.close();
      }
    },
  };
}

/** Whatever would write is refused. */
function readOnly(path: string, dataDir: string): Database {
  let opened: ReadOnlyDatabase;
  try {
    opened = openReadOnly(path);
  } catch (error) {
    throw storeFailure(error);
  }
  const { native, close } = opened;
  try {
    demandSameStore(native, dataDir);
  } catch (error) {
    close();
    throw storeFailure(error);
  }
  const refused = new PortError('unavailable', 'the data folder can only be read', { reason: 'read_only' });
  let isOpen = true;
  let fault: PortError | undefined;
  return {
    statement: statementsOf(native),
    async write() {
      throw refused;
    },
    distrust(reason) {
      fault ??= reason;
    },
    fault: () => fault,
    close() {
      if (isOpen) close();
      isOpen = false;
    },
  };
}

function openOwned(dataDir: string, isSound: boolean): DatabaseSync {
  const path = join(dataDir, FILE_NAME);
  try {
    makePrivateDirectory(dataDir);
    createPrivateFile(dataDir, path);
  } catch (error) {
    throw fileFailure(error, 'the data folder cannot be made');
  }
  let native: DatabaseSync | undefined;
  try {
    native = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: false });
    configure(native);
    bringToFormat(native, path, isSound);
    return native;
  } catch (error) {
    native?.close();
    if (error instanceof PortError) throw error;
    if (sqliteResult(error) === BUSY) {
      throw new PortError(
        'unavailable',
        'another process owns the data folder; only one can use it at a time',
        {
          cause: error,
        },
      );
    }
    if (sqliteResult(error) === NOT_A_DATABASE) {
      const message = 'catalog.sqlite is not a SQLite database';
      throw new PortError('integrity', message, { cause: error, reason: 'catalog_damaged' });
    }
    throw sqliteFailure(error);
  }
}

/** Why nothing can be written in the folder, found by trying. */
function reasonOfDisk(dataDir: string): string | undefined {
  const path = join(dataDir, `.probe-${process.pid}`);
  try {
    const fd = openSync(path, 'w', 0o600);
    try {
      writeSync(fd, Buffer.alloc(PROBE_BYTES));
      fsyncSync(fd);
    } finally {
      closeAnyway(fd);
    }
    return undefined;
  } catch (error) {
    const failure = fileFailure(error, 'the folder cannot be written');
    return failure instanceof PortError ? failure.reason : undefined;
  } finally {
    rmSync(path, { force: true });
  }
}

/** Nothing more is written. For who only reads that is as on a disk that can only be read. */
function refusalOf(fault: PortError): PortError {
  return new PortError('unavailable', `nothing is written any more: ${fault.message}`, {
    cause: fault,
    ...(fault.reason === undefined ? {} : { reason: fault.reason }),
  });
}

/** SQLite would create the file readable for all. An existing one is not even opened: closing it would drop our own locks (POSIX). */
function createPrivateFile(dataDir: string, path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
    syncDirectorySync(dataDir);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') {
      throw error;
    }
  }
}

function configure(native: DatabaseSync): void {
  // Exclusive before WAL: then the index of the log lives on our heap, and no other process gets in at all.
  demand(native, 'locking_mode', 'EXCLUSIVE', 'exclusive');
  demand(native, 'journal_mode', 'WAL', 'wal');
  // A commit has been acknowledged only once it is on the disk; on macOS a plain fsync does not even say that.
  native.exec('PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON');
  native.exec(`PRAGMA journal_size_limit = ${WAL_BYTES_MAX}; PRAGMA cache_size = -${CACHE_KIB}`);
  // Takes the lock now, so that a second owner is refused at the door and not in the middle of its work.
  native.exec('BEGIN EXCLUSIVE; COMMIT');
}

function demand(native: DatabaseSync, pragma: string, value: string, answer: string): void {
  const row = native.prepare(`PRAGMA ${pragma} = ${value}`).get();
  if (row?.[pragma] !== answer) {
    throw new PortError('unavailable', `this file system does not allow ${pragma} ${value}`);
  }
}

/**
 * Closing takes the log into the database, up to its first bad frame: of what is refused, all of it is kept. The first
 * copy stays: the starts after it have less to keep.
 *
 * @returns false if there is no room for it
 */
function keepLog(path: string): boolean {
  const log = `${path}-wal`;
  if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) === 0) return true;
  try {
    copyFileSync(log, `${log}.refused`, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    return errorCode(error) === 'EEXIST';
  }
}

function storeFailure(error: unknown): unknown {
  return error instanceof PortError
    ? error
    : fileFailure(sqliteFailure(error), 'the mark of the store cannot be read');
}
