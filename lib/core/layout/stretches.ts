// What the text of a state is put together of: stretches of the text before it, and literals. A stored delta says so too, but finds
// where copies end by looking into the base; here it is said outright, so that any part of a text can be put together by itself.

import { COPY_COLUMNS, type Diff } from '../delta/difference.ts';
import {
  createWriter,
  demandEnd,
  putBytes,
  putDeflated,
  putNumber,
  putSigned,
  type Reader,
  takeBytes,
  takeDeflated,
  takeNumber,
  takeSigned,
  unsound,
  written,
} from './numbers.ts';

/** More are not worth it: whoever looks would read them all, of each delta of a chain. */
const COPIES_MAX = 1 << 15;
const LITERAL_BYTES_MAX = 1024 * 1024;
/** What one takes in memory at most, opened: two stretches for each copy. */
export const STRETCHES_BYTES_MAX = COPIES_MAX * 2 * 9 + LITERAL_BYTES_MAX;
const HASH_BYTES = 32;

/** Of one delta, in the order of its target's text. */
export interface Stretches {
  /** Lower-case hex SHA-256 and bytes of the text before, and of this one. */
  base: string;
  baseBytes: number;
  target: string;
  targetBytes: number;
  /** Where each stretch ends in the target. */
  ends: Uint32Array;
  /** Where it begins in the base or, of one that is not `isCopy`, among the literals. */
  starts: Uint32Array;
  isCopy: Uint8Array;
  literals(): Uint8Array;
}

/** What a delta comes to, written down; undefined if that would be too much. */
export function encodeStretches({ base, target, copies }: Diff): Uint8Array | undefined {
  const count = copies.length / COPY_COLUMNS;
  if (count > COPIES_MAX) return undefined;
  const numbers = createWriter(count * 6 + 64);
  const literals: Uint8Array[] = [];
  let literalBytes = 0;
  let baseAt = 0;
  let targetAt = 0;
  const addLiteral = (to: number): void => {
    putNumber(numbers, to - targetAt);
    literals.push(target.bytes.subarray(targetAt, to));
    literalBytes += to - targetAt;
  };
  for (let k = 0; k < copies.length; k += COPY_COLUMNS) {
    const from = copies[k]!;
    const at = copies[k + 1]!;
    const bytes = copies[k + 2]!;
    addLiteral(at);
    putSigned(numbers, from - baseAt);
    putNumber(numbers, bytes);
    baseAt = from + bytes;
    targetAt = at + bytes;
  }
  addLiteral(target.bytes.length);
  if (literalBytes > LITERAL_BYTES_MAX) return undefined;
  const all = createWriter();
  putBytes(all, Buffer.from(base.checksum, 'hex'));
  putBytes(all, Buffer.from(target.checksum, 'hex'));
  for (const number of [base.bytes.length, target.bytes.length, count]) putNumber(all, number);
  putDeflated(all, numbers);
  const joined = Buffer.concat(literals);
  putDeflated(all, { bytes: joined, length: joined.length });
  return written(all);
}

/** Throws ServiceError `integrity_error` if that is not what was written, or reaches beyond the base or the literals. */
export function decodeStretches(bytes: Uint8Array): Stretches {
  const reader: Reader = { bytes, at: 0 };
  const base = takeHash(reader);
  const target = takeHash(reader);
  const baseBytes = takeNumber(reader);
  const targetBytes = takeNumber(reader);
  const count = takeNumber(reader);
  if (count > COPIES_MAX || targetBytes > 0xffffffff) throw unsound();
  const numbers = takeDeflated(reader);
  const ends = new Uint32Array(count * 2 + 1);
  const starts = new Uint32Array(count * 2 + 1);
  const isCopy = new Uint8Array(count * 2 + 1);
  let literalAt = 0;
  let baseAt = 0;
  let at = 0;
  let filled = 0;
  for (let k = 0; k <= count; k++) {
    const literal = takeNumber(numbers);
    if (literal > 0) {
      starts[filled] = literalAt;
      literalAt += literal;
      ends[filled++] = at += literal;
    }
    if (k === count) break;
    const from = baseAt + takeSigned(numbers);
    const length = takeNumber(numbers);
    baseAt = from + length;
    if (!(from >= 0 && baseAt <= baseBytes && length > 0)) throw unsound();
    starts[filled] = from;
    isCopy[filled] = 1;
    ends[filled++] = at += length;
  }
  demandEnd(numbers);
  if (at !== targetBytes) throw unsound();
  const rest: Reader = { bytes, at: reader.at };
  let literals: Uint8Array | undefined;
  return {
    ...{ base, baseBytes, target, targetBytes },
    ends: ends.subarray(0, filled),
    starts: starts.subarray(0, filled),
    isCopy: isCopy.subarray(0, filled),
    literals() {
      if (literals === undefined) {
        const { bytes: inflated } = takeDeflated({ ...rest });
        if (inflated.length !== literalAt) throw unsound();
        literals = inflated;
      }
      return literals;
    },
  };
}

function takeHash(reader: Reader): string {
  const hash = takeBytes(reader);
  if (hash.length !== HASH_BYTES) throw unsound();
  return Buffer.from(hash).toString('hex');
}

/** Bytes [from, to) of the text that a chain begins with, or of the literals of one of its deltas. */
export interface Part {
  /** Which delta; -1 for the first text. */
  delta: number;
  from: number;
  to: number;
}

/** What the bytes [from, to) of the text behind the last delta are put together of, in order; the deltas in the order of the chain. */
export function partsOf(deltas: readonly Stretches[], from: number, to: number): Part[] {
  const parts: Part[] = [];
  const add = (delta: number, start: number, end: number): void => {
    if (delta < 0) {
      parts.push({ delta, from: start, to: end });
      return;
    }
    const { ends, starts, isCopy } = deltas[delta]!;
    for (let at = start, k = stretchAt(ends, start); at < end; k++) {
      const until = Math.min(end, ends[k]!);
      const first = starts[k]! + at - (k === 0 ? 0 : ends[k - 1]!);
      if (isCopy[k] === 1) add(delta - 1, first, first + until - at);
      else parts.push({ delta, from: first, to: first + until - at });
      at = until;
    }
  };
  add(deltas.length - 1, from, to);
  return parts;
}

/** The stretch that has the byte at `at`. */
function stretchAt(ends: Uint32Array, at: number): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ends[middle]! > at) high = middle;
    else low = middle + 1;
  }
  return low;
}
