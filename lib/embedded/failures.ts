// What the operating system and SQLite say, in the words of the ports. What is not listed is a bug, and stays as it is.

import { PortError, type PortErrorCode } from '../ports.ts';

const FILE_CODES: Record<string, PortErrorCode> = {
  ENOENT: 'not_found',
  ENOSPC: 'unavailable',
  EDQUOT: 'unavailable',
  EIO: 'unavailable',
  EROFS: 'unavailable',
  EMFILE: 'unavailable',
  ENFILE: 'unavailable',
  EACCES: 'denied',
  EPERM: 'denied',
};

/** Primary result codes of SQLite, https://www.sqlite.org/rescode.html */
const SQLITE_CODES: Record<number, PortErrorCode> = {
  3: 'denied', // PERM
  5: 'unavailable', // BUSY
  7: 'unavailable', // NOMEM
  8: 'unavailable', // READONLY
  10: 'unavailable', // IOERR
  11: 'integrity', // CORRUPT
  13: 'unavailable', // FULL
  14: 'unavailable', // CANTOPEN
  26: 'integrity', // NOTADB
};

/** The PortError for an error of node:fs, or the error itself. `doing` says what failed, without any path. */
export function fileFailure(error: unknown, doing: string): unknown {
  const code = FILE_CODES[errorCode(error) ?? ''];
  return code === undefined ? error : new PortError(code, `${doing}: ${errorCode(error)}`, { cause: error });
}

/** The PortError for an error of node:sqlite, or the error itself. */
export function sqliteFailure(error: unknown): unknown {
  if (errorCode(error) === 'ERR_INVALID_STATE') {
    return new PortError('unavailable', 'the catalog is closed', { cause: error });
  }
  const result = sqliteResult(error);
  const code = result === undefined ? undefined : SQLITE_CODES[result];
  return code === undefined
    ? error
    : new PortError(code, `the catalog failed (SQLite result ${result})`, {
        cause: error,
        ...(code === 'integrity' ? { reason: 'catalog_damaged' } : {}),
      });
}

/** SQLite's primary result code, if the error is one of SQLite's. */
export function sqliteResult(error: unknown): number | undefined {
  if (errorCode(error) !== 'ERR_SQLITE_ERROR') {
    return undefined;
  }
  const { errcode } = error as { errcode?: unknown };
  // The upper bits tell variants of one result apart.
  return typeof errcode === 'number' ? errcode & 0xff : undefined;
}

export function errorCode(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
