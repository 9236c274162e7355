// How a command ends: one number for each kind of end, so that scripts can tell them apart.

import { BackupError } from '../../client/client.ts';
import { PortError, type PortErrorCode } from '../../ports/errors.ts';

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  /** Some of what was asked for is done, some is not. */
  partly: 3,
  notFound: 4,
  conflict: 5,
  integrity: 6,
  denied: 7,
  /** Try again: unavailable, throttled, timed out. */
  unavailable: 8,
  /** Nothing was done, because nobody said yes. */
  refused: 9,
  interrupted: 130,
} as const;

/** An end with a sentence for a person. */
export class CliError extends Error {
  readonly exit: number;
  constructor(message: string, exit: number = EXIT.usage) {
    super(message);
    this.name = 'CliError';
    this.exit = exit;
  }
}

/** What a source or a target said. */
const OF_PORTS: Readonly<Record<PortErrorCode, number>> = {
  not_found: EXIT.notFound,
  exists: EXIT.conflict,
  conflict: EXIT.conflict,
  integrity: EXIT.integrity,
  denied: EXIT.denied,
  unavailable: EXIT.unavailable,
};

const INTEGRITY = ['integrity_error', 'broken_chain', 'checksum_mismatch', 'catalog_damaged'];

export function exitOf(error: unknown): number {
  if (error instanceof CliError) return error.exit;
  if (error instanceof PortError) return OF_PORTS[error.code];
  if (!(error instanceof BackupError)) return EXIT.failed;
  const { code, status, problem } = error;
  // What failed in the background says by itself why.
  const codes = [code, problem.code];
  if (INTEGRITY.some((one) => codes.includes(one))) return EXIT.integrity;
  if (code === 'network_error' || [408, 429, 502, 503, 504].includes(status)) return EXIT.unavailable;
  if (status === 401 || status === 403 || status === 421) return EXIT.denied;
  if (status === 404) return EXIT.notFound;
  if ([409, 412, 423].includes(status)) return EXIT.conflict;
  if (status >= 400 && status < 500) return EXIT.usage;
  return EXIT.failed;
}
