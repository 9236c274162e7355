// How adapters say no.

import type { Change } from './change.ts';

export type PortErrorCode =
  /** What was asked for is not there. */
  | 'not_found'
  /** A create-only write found something in its place. */
  | 'exists'
  /** A condition of a commit does not hold; nothing of it was written. */
  | 'conflict'
  /** The bytes are not what they should be. */
  | 'integrity'
  /** The dependency refuses us (permissions, disabled key): retrying does not help. */
  | 'denied'
  /** The dependency is down, full or throttling: retrying later may help. */
  | 'unavailable';

/** The only error an adapter throws on purpose. Anything else is a bug. */
export class PortError extends Error {
  readonly code: PortErrorCode;
  /** For `conflict`: the kind of the change whose condition failed. */
  readonly change: Change['kind'] | undefined;
  /** Why, in one word for people and their scripts, where it is known: `disk_full`, `read_only`. */
  readonly reason: string | undefined;

  constructor(
    code: PortErrorCode,
    message: string,
    options: { cause?: unknown; change?: Change['kind']; reason?: string } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'PortError';
    this.code = code;
    this.change = options.change;
    this.reason = options.reason;
  }
}
