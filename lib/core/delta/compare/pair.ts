// The two texts under comparison, and what has been found out about them so far.

import { bufferOf } from '../../bytes/buffer.ts';
import { type Column, createColumn } from '../../bytes/column.ts';
import { viewOf } from '../../bytes/content-hash.ts';
import type { Kernel } from '../../json/kernel/kernel.ts';
import { createSideBySide, type SideBySide } from '../../json/kernel/side-by-side.ts';
import { createTape, indexContainer, OPEN_OBJECT, type Rows, rowsOf } from '../../json/spans.ts';
import type { Tape } from '../../json/tape.ts';
import { createLeftovers, type Leftovers } from './leftovers.ts';
import type { KeyFault } from './row-keys.ts';

/** Offsets are kept in 32 bits. */
const TEXT_BYTES_MAX = 2 ** 32 - 1;
/** Smaller containers are left off the first tape: most are never looked into, and a short text is indexed soon enough. */
const TAPE_BYTES_MIN = 512;
/** Bytes that may be hashed or compared out of order, for each byte of the texts: bounds what deep nesting can cost. */
const EFFORT_PER_BYTE = 8;

/** One of the two texts. Offsets are bytes; texts are shorter than 2^32 bytes. */
export interface Side {
  bytes: Buffer;
  view: DataView;
  kernel: Kernel;
  /** Large containers of the whole text. */
  tape: Tape;
  /** Everything in the one small container that is being looked into. */
  small: Tape;
}

export interface Pair {
  base: Side;
  target: Side;
  /** Bytes of guesswork left; the comparison degrades to what lies side by side once it is used up. */
  effort: number;
  /** The same, for what is compared for its copies alone. */
  effortAside: number;
  /** The last common prefix found, which ended at `to`, and the last common suffix, which began at `from`. */
  prefix: SameBytes;
  suffix: SameBytes;
  /** The last of the base's containers that could not be read in lockstep. */
  notInStep: { from: number; to: number };
  /** Both texts, for what the kernel reads of them in lockstep. */
  sideBySide: SideBySide;
  /** Memory that one alignment after the other works in. */
  left: Leftovers;
  found: Column;
  /** Where keys do not tell rows apart, by the end of the base's array. */
  keyFaults: Map<number, KeyFault>;
}

/** Bytes [from, to) of the base are the same as those `shift` further on in the target, and no more on one end. */
export interface SameBytes {
  from: number;
  to: number;
  shift: number;
}

/** Throws RangeError for texts of 4 GiB. */
export function createPair(kernel: Kernel, base: Uint8Array, target: Uint8Array): Pair {
  if (Math.max(base.length, target.length) > TEXT_BYTES_MAX) throw new RangeError('the text is too long');
  const effort = (base.length + target.length) * EFFORT_PER_BYTE;
  return {
    base: createSide(kernel, base),
    target: createSide(kernel, target),
    effort,
    effortAside: effort,
    prefix: { from: 0, to: 0, shift: 0 },
    suffix: { from: 0, to: 0, shift: 0 },
    notInStep: { from: 0, to: 0 },
    sideBySide: createSideBySide(base, target),
    left: createLeftovers(),
    found: createColumn(),
    keyFaults: new Map(),
  };
}

function createSide(kernel: Kernel, text: Uint8Array): Side {
  const bytes = bufferOf(text);
  return { bytes, view: viewOf(bytes), kernel, tape: createTape(), small: createTape() };
}

/** The children of the whole text, a container; undefined if it has too many to be told apart. */
export function rootRows(side: Side): Rows | undefined {
  const { kernel, bytes, tape } = side;
  if (!indexContainer(kernel, tape, bytes, 0, bytes.length, TAPE_BYTES_MIN)) return undefined;
  return rowsOf(tape, 0, bytes.length, bytes[0] === OPEN_OBJECT);
}

/**
 * The children of the container [start, end), which is one of `parent`'s. Those of a small container are good until the
 * next small one that is not inside it.
 */
export function innerRows(side: Side, parent: Rows, start: number, end: number): Rows {
  const isObject = side.bytes[start] === OPEN_OBJECT;
  if (end - start >= parent.tape.bytesMin || end - start === 2) {
    return rowsOf(parent.tape, start, end, isObject);
  }
  indexContainer(side.kernel, side.small, side.bytes, start, end, 0);
  return rowsOf(side.small, start, end, isObject);
}
