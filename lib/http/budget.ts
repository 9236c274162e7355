// Bounds the bytes of all request bodies together: a burst is asked to come back, it does not exhaust memory.

import { ServiceError } from '../core/errors.ts';

export interface Reservation {
  /** Makes the reservation at least this many bytes. Throws `too_many_requests` if they are not free. */
  reach(bytes: number): void;
  /** Gives everything back; further calls do nothing. */
  release(): void;
}

export interface ByteBudget {
  /** A new, empty reservation; whoever takes it must release it. */
  open(): Reservation;
  /** Bytes reserved now. */
  readonly usedBytes: number;
}

export function createByteBudget(bytesMax: number): ByteBudget {
  let used = 0;

  function open(): Reservation {
    let held = 0;
    return {
      reach(bytes) {
        const more = bytes - held;
        if (more <= 0) return;
        if (used + more > bytesMax) {
          const detail = 'The service is receiving as much as it can hold. Nothing was stored; try again.';
          throw new ServiceError('too_many_requests', detail, { retryAfterSeconds: 1 });
        }
        used += more;
        held = bytes;
      },
      release() {
        used -= held;
        held = 0;
      },
    };
  }

  return {
    open,
    get usedBytes() {
      return used;
    },
  };
}
