// Bounds the bytes of all request bodies together: a burst is asked to come back, it does not exhaust memory. What counts
// is what has come, never what was announced: a client that announces much and sends nothing holds up nobody.

import { ServiceError } from '../../core/records/errors.ts';

export interface Reservation {
  /** Makes the reservation at least this many bytes. Throws `too_many_requests` if they are not free. */
  reach(bytes: number): void;
  /** Reserves nothing. Throws `too_many_requests` if so many bytes would not be free now: then they need not be sent. */
  foresee(bytes: number): void;
  /** Gives everything back; further calls do nothing. */
  free(): void;
}

export interface ByteBudget {
  /** A new, empty reservation; whoever takes it must free it. */
  open(): Reservation;
  /** Bytes reserved now, all together. */
  readonly usedBytes: number;
}

export interface BudgetOptions {
  /** Reservations of at most so many bytes each have a room of their own: no number of large ones can refuse them. */
  small?: { bytesMax: number; eachBytesMax: number };
  /** Called when something had to be refused: whoever only stands in the way may be let go. */
  onFull?: () => void;
}

interface Pool {
  readonly bytesMax: number;
  used: number;
}

export function createByteBudget(bytesMax: number, { small, onFull }: BudgetOptions = {}): ByteBudget {
  const large: Pool = { bytesMax, used: 0 };
  const few: Pool = { bytesMax: small?.bytesMax ?? 0, used: 0 };
  const poolOf = (bytes: number): Pool => (bytes <= (small?.eachBytesMax ?? 0) ? few : large);

  function refuse(): never {
    onFull?.();
    const detail = 'The service is receiving as much as it can hold. Nothing was stored; try again.';
    throw new ServiceError('too_many_requests', detail, { retryAfterSeconds: 1 });
  }

  function open(): Reservation {
    let held = 0;
    const move = (bytes: number): void => {
      const from = poolOf(held);
      const to = poolOf(bytes);
      if (to.used + bytes - (from === to ? held : 0) > to.bytesMax) refuse();
      from.used -= held;
      to.used += bytes;
      held = bytes;
    };
    return {
      reach(bytes) {
        if (bytes > held) move(bytes);
      },
      foresee(bytes) {
        const pool = poolOf(bytes);
        if (bytes > held && pool.used + bytes - held > pool.bytesMax) refuse();
      },
      free() {
        poolOf(held).used -= held;
        held = 0;
      },
    };
  }

  return {
    open,
    get usedBytes() {
      return large.used + few.used;
    },
  };
}
