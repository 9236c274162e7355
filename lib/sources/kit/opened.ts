// What every kind of source is opened with, and how it says no.

import { PortError, type PortErrorCode } from '../../ports/errors.ts';
import type { SecretReader } from '../../ports/secrets.ts';

/** What the home lets its sources do. */
export interface SourceContext {
  secrets: SecretReader;
  /** `any`, or the names of the hosts that may have private and link-local addresses; all other hosts must have public ones. */
  privateHosts: 'any' | readonly string[];
  /** Whether credentials count that a client finds by itself (PGPASSWORD, a profile of the user): of a command, never of a service. */
  usesAmbient?: boolean;
}

const BY_SYSTEM: Readonly<Record<string, PortErrorCode>> = {
  ENOENT: 'not_found',
  ENOTDIR: 'not_found',
  EISDIR: 'not_found',
  ENOTFOUND: 'not_found',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
};

/** A fault of the system or a library as the port says it; `what` begins its message. What is a PortError already, or an abort, stays as it is. */
export function portError(what: string, cause: unknown, code?: PortErrorCode): unknown {
  if (cause instanceof PortError || (cause as Error)?.name === 'AbortError') return cause;
  const { code: system, message = String(cause) } = cause as NodeJS.ErrnoException;
  return new PortError(code ?? BY_SYSTEM[system ?? ''] ?? 'unavailable', `${what}: ${message}`, { cause });
}
