// Whether the files of the catalog are still those that were opened, as we left them: somebody may have moved, replaced or
// overwritten them under the running service, and all that is committed from then on would be lost with the process.

import { type BigIntStats, statSync } from 'node:fs';
import { errorCode } from '../disk/failures.ts';

export interface FileWatch {
  /** Why they are not what they were, in words for an operator; undefined if they are. */
  fault(): string | undefined;
  /** Takes them as they are now for what they should be: to be called right after our own writes. */
  accept(): void;
}

/** Watches a database and its write-ahead log. */
export function watchFiles(database: string, log: string): FileWatch {
  let known = { database: look(database), log: look(log) };
  return {
    fault() {
      const now = { database: look(database), log: look(log) };
      if (!isSameFile(known.database, now.database))
        return 'catalog.sqlite has been moved, removed or replaced';
      if (known.database?.mtimeNs !== now.database?.mtimeNs)
        return 'catalog.sqlite has been written by somebody else';
      if (known.log !== undefined && !isSameFile(known.log, now.log)) {
        return 'catalog.sqlite-wal has been moved, removed or replaced';
      }
      return undefined;
    },
    accept() {
      known = { database: look(database), log: look(log) };
    },
  };
}

function look(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

function isSameFile(a: BigIntStats | undefined, b: BigIntStats | undefined): boolean {
  return a?.ino === b?.ino && a?.dev === b?.dev;
}
