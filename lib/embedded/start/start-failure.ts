// Why the service did not start, in one sentence: which path, which user, which process, and what to do about it.

import { statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';
import { errorCode, sqliteResult } from '../disk/failures.ts';
import { portOwner } from '../process/port-owner.ts';

export interface Started {
  dataDir: string;
  host: string;
  port: number;
}

const NOT_A_DATABASE = 26;
const CORRUPT = 11;

/** The sentence for an error of the start. What is not known here says itself what it is. */
export function startFailure(error: unknown, { dataDir, host, port }: Started): string {
  const own = error instanceof Error ? error.message : String(error);
  const chain = causesOf(error);
  const socket = chain.find((one) => ['listen', 'bind', 'getaddrinfo'].includes(String(one.syscall)));
  if (socket !== undefined) return listenFailure(errorCode(socket) ?? '', host, port) ?? own;
  const database = chain.map(sqliteResult).find((code) => code === NOT_A_DATABASE || code === CORRUPT);
  const folder = resolve(dataDir);
  if (database !== undefined) {
    const what = database === CORRUPT ? 'is damaged' : 'is not a SQLite database';
    const said = own.startsWith('catalog.sqlite')
      ? `${folder}/${own}`
      : `${folder}/catalog.sqlite ${what}: ${own}`;
    // Where blobs are, the error says how many, and what makes a catalog of them.
    return own.includes('blobs') ? said : `${said}. Put a copy of it back, or move it away to begin anew.`;
  }
  const file = chain.find((one) => typeof one.syscall === 'string' && typeof one.path === 'string');
  const about = file && fileFailureOf(errorCode(file) ?? '', String(file.path), folder);
  return about ?? own;
}

function listenFailure(code: string, host: string, port: number): string | undefined {
  switch (code) {
    case 'EADDRINUSE': {
      const owner = portOwner(port);
      const by = owner === undefined ? 'by another process' : `by process ${owner.pid} (${owner.command})`;
      return `Port ${port} of ${host} is in use (${code}) ${by}: stop that, or choose another port with PORT=....`;
    }
    case 'EACCES':
      return `Port ${port} may not be used by ${user()} (${code}): choose one above 1023 with PORT=....`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `HOST is ${host}, which is no address of this machine (${code}).`;
    default:
      return undefined;
  }
}

function fileFailureOf(code: string, path: string, folder: string): string | undefined {
  const obstacle = notAFolder(folder);
  if (obstacle !== undefined) {
    return `The data folder ${folder} cannot be used: ${obstacle} is a file, not a folder. Choose another with BACKUP_DATA_DIR.`;
  }
  const at = resolve(path);
  const what = at === folder ? `The data folder ${folder}` : `${at} (data folder ${folder})`;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return `${what} cannot be used by ${user()} (${code})${ownerOf(at)}: give it to that user, or choose another folder with BACKUP_DATA_DIR.`;
    case 'EROFS':
      return `${what} is on a file system that can only be read (${code}): make it writable, or choose another folder with BACKUP_DATA_DIR.`;
    case 'ENOSPC':
    case 'EDQUOT':
      return `${what} cannot be written: the disk is full (${code}).`;
    case 'EMFILE':
    case 'ENFILE':
      return `${what} cannot be opened: too many files are open (${code}; see ulimit -n).`;
    default:
      return undefined;
  }
}

/** What of the way to a folder is there, but is no folder. */
function notAFolder(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    try {
      return statSync(at).isDirectory() ? undefined : at;
    } catch {
      // Not there, or not to be looked at: then what is above it says more.
    }
    if (at === dirname(at)) return undefined;
  }
}

/** `user 1000 (alice)`. */
function user(): string {
  try {
    const { uid, username } = userInfo();
    return `user ${uid} (${username})`;
  } catch {
    // A container's user may have no name.
    return `user ${process.getuid?.() ?? '?'}`;
  }
}

/** Of what is there on the way: whose it is, and who may do what. */
function ownerOf(path: string): string {
  for (let at = path; ; at = dirname(at)) {
    try {
      const { uid, mode } = statSync(at);
      return `; ${at} belongs to user ${uid} and has mode ${(mode & 0o7777).toString(8).padStart(4, '0')}`;
    } catch {
      // Not there, or not to be looked at: then what is above it says more.
    }
    if (at === dirname(at)) return '';
  }
}

type SystemError = Error & { syscall?: unknown; path?: unknown; code?: unknown };

function causesOf(error: unknown): SystemError[] {
  const causes: SystemError[] = [];
  for (let at = error; at instanceof Error && causes.length < 10; at = at.cause) causes.push(at);
  return causes;
}
