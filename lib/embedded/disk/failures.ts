// What the operating system and SQLite say, in the words of the ports. Whatever they may say has a word: only what neither
// of them has said is a bug, and stays as it is.

import { statfsSync } from 'node:fs';
import { constants } from 'node:os';
import { PortError, type PortErrorCode } from '../../ports/errors.ts';

/** What is not listed is the disk's own trouble, and may pass. */
const FILE_CODES: Record<string, PortErrorCode> = {
  ENOENT: 'not_found',
  EACCES: 'denied',
  EPERM: 'denied',
};

/** What a file that cannot be opened as one says: something else stands in its place. */
const NO_FILE_CODES = new Set(['EISDIR', 'ENOTDIR', 'ELOOP', 'ENXIO', 'EOPNOTSUPP']);

const FILE_REASONS: Record<string, string> = {
  ENOSPC: 'disk_full',
  EDQUOT: 'disk_full',
  EROFS: 'read_only',
};

/**
 * Primary result codes of SQLite, https://www.sqlite.org/rescode.html. What is not listed says that it does not work now.
 */
const SQLITE_CODES: Record<number, PortErrorCode> = {
  3: 'denied', // PERM
  11: 'integrity', // CORRUPT
  19: 'integrity', // CONSTRAINT: every statement says what to do on a conflict, so the rows contradict themselves
  20: 'integrity', // MISMATCH
  23: 'denied', // AUTH
  24: 'integrity', // FORMAT
  26: 'integrity', // NOTADB
};

const SQLITE_READONLY = 8;
const SQLITE_FULL = 13;
const SQLITE_REASONS: Record<number, string> = { [SQLITE_READONLY]: 'read_only', [SQLITE_FULL]: 'disk_full' };

/** By number: libuv has no name for some of them, EDQUOT above all, and calls them "Unknown system error -122". */
const NAMES_BY_NUMBER = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]));

/**
 * The PortError for an error of node:fs, or the error itself. `doing` says what failed, without any path. With the folder
 * `at`, a full disk says how much is free there.
 */
export function fileFailure(error: unknown, doing: string, at?: string): unknown {
  const name = systemErrorName(error);
  if (name === undefined) return error;
  const reason = FILE_REASONS[name];
  return new PortError(FILE_CODES[name] ?? 'unavailable', `${doing}: ${wordsFor(reason, at)}${name}`, {
    cause: error,
    ...(reason === undefined ? {} : { reason }),
  });
}

/** As `fileFailure`, where the file is something that we have written: what is no file is not what was written. */
export function readFailure(error: unknown, doing: string, at?: string): unknown {
  const name = systemErrorName(error);
  if (name === undefined || !NO_FILE_CODES.has(name)) return fileFailure(error, doing, at);
  return new PortError('integrity', `${doing}: something else than a file is in its place (${name})`, {
    cause: error,
  });
}

/** As `fileFailure`, where we write: what is missing there is one of our own folders, and no answer to the caller. */
export function writeFailure(error: unknown, doing: string, at?: string): unknown {
  const translated = fileFailure(error, doing, at);
  return translated instanceof PortError && translated !== error && translated.code === 'not_found'
    ? new PortError('unavailable', `${doing}: a folder is missing`, { cause: error })
    : translated;
}

/** The PortError for an error of node:sqlite, or the error itself. With the folder `at`, a full disk says how much is free there. */
export function sqliteFailure(error: unknown, at?: string): unknown {
  if (errorCode(error) === 'ERR_INVALID_STATE') {
    return new PortError('unavailable', 'the catalog is closed', { cause: error });
  }
  const result = sqliteResult(error);
  if (result === undefined) return error;
  const code = SQLITE_CODES[result] ?? 'unavailable';
  const reason = code === 'integrity' ? 'catalog_damaged' : SQLITE_REASONS[result];
  const message = `the catalog failed (${wordsFor(reason, at)}SQLite result ${result})`;
  return new PortError(code, message, { cause: error, ...(reason === undefined ? {} : { reason }) });
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

/** The errno of an error that a call to the operating system gave, by its name. */
function systemErrorName(error: unknown): string | undefined {
  const code = errorCode(error);
  if (code === undefined) return undefined;
  const { errno, syscall } = error as { errno?: unknown; syscall?: unknown };
  if (code in constants.errno) return code;
  if (typeof errno !== 'number' || typeof syscall !== 'string') return undefined;
  return NAMES_BY_NUMBER.get(Math.abs(errno)) ?? code;
}

function wordsFor(reason: string | undefined, at: string | undefined): string {
  if (reason === 'read_only') return 'the disk can only be read, ';
  if (reason !== 'disk_full') return '';
  const free = at === undefined ? undefined : freeBytes(at);
  return free === undefined ? 'the disk is full, ' : `the disk is full, ${free} bytes are free, `;
}

/** Bytes that we may still write on the disk of a folder; undefined if it does not say. */
export function freeBytes(folder: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    // It only makes another error's message more exact.
    return undefined;
  }
}
