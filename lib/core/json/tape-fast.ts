// Indexes a text with the kernel, piece by piece: see ./spans.ts, which does the same without it.

import { LOOK_BACK_BYTES, type Machine, PIECE_BYTES, refreshViews, TEXT_AT } from './kernel/kernel.ts';
import type { Tape } from './tape.ts';

/** Shorter texts are indexed as fast without. */
export const FAST_TAPE_BYTES_MIN = 8192;
/** Beginnings of containers of this size can still be read a second time. */
export const FAST_BYTES_MIN_MAX = 1024;

const CONTAINERS_AT = 0x80000;
const CONTAINER_COLUMNS = 4;

// What a piece can come to: see assembly/tape.ts.
const GOES_ON = 0;
const ENDED = 1;
const TOO_MANY = 2;

/**
 * Fills the empty `tape` with the container [from, to) of `bytes`. Gives whether there was room for all entries; undefined
 * if the kernel cannot do it. Throws RangeError if the container does not end exactly at `to`.
 */
export function fillTapeFast(
  machine: Machine,
  tape: Tape,
  bytes: Uint8Array,
  from: number,
  to: number,
  entriesMax: number,
): boolean | undefined {
  const { run } = machine;
  machine.uses.tape++;
  machine.take = (entriesAt, entries, containers) => takeParts(machine, tape, entriesAt, entries, containers);
  run.beginTape(tape.bytesMin, entriesMax);
  for (let at = from; at < to; at += PIECE_BYTES) {
    const length = Math.min(to - at, PIECE_BYTES);
    // What was the end of the last piece comes before this one.
    machine.bytes.copyWithin(
      TEXT_AT - LOOK_BACK_BYTES,
      TEXT_AT + PIECE_BYTES - LOOK_BACK_BYTES,
      TEXT_AT + PIECE_BYTES,
    );
    machine.bytes.set(bytes.subarray(at, at + length), TEXT_AT);
    const result = run.tapePiece(TEXT_AT, at, length);
    refreshViews(machine);
    if (result === GOES_ON) continue;
    if (result === TOO_MANY) return false;
    if (result !== ENDED) {
      tape.containerCount = 0;
      tape.entryCount = 0;
      return undefined;
    }
    if (run.tapeEnd() >>> 0 !== to) break;
    return true;
  }
  throw new RangeError('a container does not end where it should');
}

function takeParts(
  machine: Machine,
  tape: Tape,
  entriesAt: number,
  entries: number,
  containers: number,
): void {
  refreshViews(machine);
  const { words } = machine;
  const { entryCount, containerCount } = tape;
  tape.entries = withRoom(tape.entries, entryCount, entries);
  tape.entries.set(words.subarray(entriesAt >>> 2, (entriesAt >>> 2) + entries), entryCount);
  tape.entryCount += entries;
  const column = containerCount * CONTAINER_COLUMNS;
  tape.containers = withRoom(tape.containers, column, containers * CONTAINER_COLUMNS);
  const first = CONTAINERS_AT >>> 2;
  tape.containers.set(words.subarray(first, first + containers * CONTAINER_COLUMNS), column);
  tape.containerCount += containers;
}

function withRoom(column: Uint32Array, filled: number, more: number): Uint32Array {
  if (filled + more <= column.length) return column;
  const next = new Uint32Array(Math.max(filled + more, column.length * 2));
  next.set(column.subarray(0, filled));
  return next;
}
