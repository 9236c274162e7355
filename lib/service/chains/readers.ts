// Bounds the memory of states that are being read: while they are loaded, and until the last byte has gone out. A reader
// for whom there is no room waits for a moment; then it is asked to come back, before anything has been loaded for it.

import { STRETCHES_BYTES_MAX } from '../../core/layout/stretches.ts';
import { ServiceError } from '../../core/records/errors.ts';
import type { BackupRecord } from '../../core/records/model.ts';
import type { Deps } from '../contract/deps.ts';
import type { Held, Readers } from '../contract/parts.ts';
import type { Text } from '../contract/text.ts';

export interface ReadersOptions {
  bytesMax: number;
  /** Reads of at most so many bytes each have a room of their own, which no number of large ones can fill. */
  small: { bytesMax: number; eachBytesMax: number };
  waitMs: number;
  /** Called when a reader has to wait: whoever only stands in the way may be let go. */
  onFull?: () => void;
}

interface Waiting {
  bytes: number;
  enter(): void;
}

interface Room {
  readonly bytesMax: number;
  used: number;
  waiting: Waiting[];
}

export function createReaders({ bytesMax, small, waitMs, onFull }: ReadersOptions): Readers {
  const large: Room = { bytesMax, used: 0, waiting: [] };
  const few: Room = { bytesMax: small.bytesMax, used: 0, waiting: [] };

  const fits = (room: Room, bytes: number): boolean => room.used === 0 || room.used + bytes <= room.bytesMax;

  /** In the order in which they came: one that needs much is not passed by for ever. */
  const letIn = (room: Room): void => {
    for (let next = room.waiting[0]; next !== undefined && fits(room, next.bytes); next = room.waiting[0]) {
      room.waiting.shift();
      room.used += next.bytes;
      next.enter();
    }
  };

  const hold = (room: Room, bytes: number): Held => {
    let held = bytes;
    const shrink = (to: number): void => {
      if (to >= held) return;
      room.used -= held - to;
      held = to;
      letIn(room);
    };
    return { shrink, free: () => shrink(0) };
  };

  const wait = (room: Room, bytes: number): Promise<Held> =>
    new Promise((resolve, reject) => {
      const waiting: Waiting = {
        bytes,
        enter() {
          clearTimeout(timer);
          resolve(hold(room, bytes));
        },
      };
      const timer = setTimeout(() => {
        room.waiting = room.waiting.filter((one) => one !== waiting);
        onFull?.();
        const detail = 'Others are reading as much as the service can hold. Nothing was begun; try again.';
        reject(new ServiceError('too_many_requests', detail, { retryAfterSeconds: 5 }));
        letIn(room);
      }, waitMs);
      room.waiting.push(waiting);
    });

  return {
    async take(bytes) {
      const room = bytes <= small.eachBytesMax ? few : large;
      if (room.waiting.length > 0 || !fits(room, bytes)) {
        onFull?.();
        return wait(room, bytes);
      }
      room.used += bytes;
      return hold(room, bytes);
    },
    get usedBytes() {
      return large.used + few.used;
    },
  };
}

const NOTHING: Held = { shrink: () => {}, free: () => {} };

/** Room for a backup's state, or `times` of them, while it is loaded. Throws ServiceError `too_many_requests`. */
export async function takeRoom(
  { readers, options }: Pick<Deps, 'readers' | 'options'>,
  record: Pick<BackupRecord, 'chain' | 'size'>,
  times = 1,
): Promise<Held> {
  return (await readers?.take(loadedBytesOf(record, options.memory.heldStateBytesMax) * times)) ?? NOTHING;
}

/** Room for a state that is read in parts, while it is. Throws ServiceError `too_many_requests`. */
export async function takePartRoom(
  { readers }: Pick<Deps, 'readers'>,
  { chain, size }: Pick<BackupRecord, 'chain' | 'size'>,
): Promise<Held> {
  return (
    (await readers?.take(Math.min(size, PARTS_BYTES) + (chain.length - 1) * STRETCHES_BYTES_MAX)) ?? NOTHING
  );
}

/** Of text that was fetched, and of pieces of the first text, inflated. */
const PARTS_BYTES = 16 * 1024 * 1024;

/** A text that gives its room back once it is sent, or not wanted any more. */
export function heldText(text: Text, bytes: number, held: Held): Text {
  held.shrink(Symbol.asyncIterator in text.chunks ? STREAM_BYTES : bytes);
  return { ...text, free: held.free };
}

/** What a stream has in hand at any time. */
const STREAM_BYTES = 8 * 1024 * 1024;

/** What stands in memory at once when a state is loaded: its blobs, the whole state they begin with, and what comes of them. */
function loadedBytesOf(
  { chain, size }: Pick<BackupRecord, 'chain' | 'size'>,
  heldStateBytesMax: number,
): number {
  const [first, ...deltas] = chain;
  if (first === undefined) return 0;
  if (deltas.length === 0) return size > heldStateBytesMax ? STREAM_BYTES : first.bytes + size;
  return chain.reduce((sum, blob) => sum + blob.bytes, first.size + size);
}
