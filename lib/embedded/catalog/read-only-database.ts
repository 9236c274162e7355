// The catalog of a data folder that can only be read: a disk that was mounted so, or made so after an error. Nothing is
// written, locked or made beside it; what its write-ahead log holds counts.

import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { PortError } from '../../ports/errors.ts';
import { fileFailure } from '../disk/failures.ts';
import { bringToFormat } from './catalog-format.ts';
import { MIGRATIONS } from './schema.ts';

export interface ReadOnlyDatabase {
  native: DatabaseSync;
  close(): void;
}

/** Without the locks of the operating system, which could not be taken: nobody writes where nobody can. */
const UNLOCKED_VFS = process.platform === 'win32' ? 'win32-none' : 'unix-none';

/**
 * Opens the catalog at `path`. One of an older format is brought to ours in a copy elsewhere, which goes with the process.
 * Throws errors of node:sqlite, and PortError if such a copy cannot be made.
 */
export function openReadOnly(path: string): ReadOnlyDatabase {
  const native = openInPlace(path);
  const format = Number(native.prepare('PRAGMA user_version').get()?.user_version);
  if (format >= MIGRATIONS.length) {
    bringToFormat(native, path);
    return { native, close: () => native.close() };
  }
  native.close();
  return openCopy(path);
}

function openInPlace(path: string): DatabaseSync {
  const url = pathToFileURL(path);
  // SQLite reads a log only where it could make one; where there is none, it must be told that nothing changes.
  const isLogged = logBytes(path) > 0;
  url.search = isLogged ? `?mode=ro&vfs=${UNLOCKED_VFS}` : '?immutable=1';
  const native = new DatabaseSync(url, { readOnly: true, enableForeignKeyConstraints: false });
  // Then the index of the log lives on our heap.
  if (isLogged) native.prepare('PRAGMA locking_mode = EXCLUSIVE').get();
  return native;
}

function logBytes(path: string): number {
  return statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}

function openCopy(path: string): ReadOnlyDatabase {
  let folder: string | undefined;
  const remove = (): void => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  };
  try {
    folder = mkdtempSync(join(tmpdir(), 'backup-catalog-'));
    const copy = join(folder, 'catalog.sqlite');
    copyFileSync(path, copy);
    if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${copy}-wal`);
    const native = new DatabaseSync(copy, { enableForeignKeyConstraints: false });
    bringToFormat(native, copy);
    return {
      native,
      close() {
        native.close();
        remove();
      },
    };
  } catch (error) {
    remove();
    const failure = fileFailure(error, 'the catalog is of an older release, and cannot be copied to be read');
    throw failure instanceof PortError
      ? new PortError('unavailable', failure.message, { cause: error })
      : failure;
  }
}
