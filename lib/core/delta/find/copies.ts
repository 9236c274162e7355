// What of the target can be copied from the base: runs of equal bytes, in target order, lengthened byte by byte as far as
// they go. The bytes between them are literals.

import { type Column, createColumn, extend, reserve } from '../../bytes/column.ts';
import { commonPrefix, commonSuffix } from '../../bytes/ranges.ts';
import { COPY_COLUMNS } from '../difference.ts';
import { keepNumberWhole } from './whole-numbers.ts';

/** Shorter runs are cheaper as literals. Once gzipped, 4 to 24 make no difference; fewer copies are applied faster. */
const COPY_BYTES_MIN = 8;
/** What a copy adds to a delta, in bytes, as an estimate. */
const COPY_COST_BYTES = 8;

/** From this length on, the ends that two different scalars share are looked for; neighbours' copies reach the shorter ones. */
const LONG_SCALAR_BYTES = 64;

/** What a delta costs that neither copies nor brings anything, as an estimate: hashes and sizes. */
const DELTA_COST_BYTES = 128;

export interface Copies {
  base: Buffer;
  target: Buffer;
  found: Column;
  /** Literals before and between the copies found so far. */
  literalBytes: number;
  /** Estimated bytes of the delta after which it is no longer worth it. */
  budgetBytes: number;
  /** The budget is spent: no more copies are looked for, and those found are of no use. */
  isGivenUp: boolean;
  /** Copies are to be stored: none ends within a number that has changed. */
  keepsNumbers: boolean;
  // The copy that may still grow.
  baseStart: number;
  targetStart: number;
  length: number;
}

export function createCopies(
  base: Buffer,
  target: Buffer,
  budgetBytes: number,
  keepsNumbers = false,
): Copies {
  return {
    base,
    target,
    found: createColumn(256),
    literalBytes: 0,
    budgetBytes,
    isGivenUp: false,
    keepsNumbers,
    baseStart: 0,
    targetStart: 0,
    length: 0,
  };
}

/** Makes room for the copies of so many children that have changed: mostly one ends in each. */
export function reserveForCopies({ found, isGivenUp }: Copies, count: number): void {
  if (!isGivenUp) reserve(found, count * COPY_COLUMNS);
}

/**
 * Adds a run of equal bytes (the caller has compared them) that begins at or behind the end of the last one in the target.
 * Once the budget is spent it does nothing.
 */
export function addCopy(copies: Copies, baseStart: number, targetStart: number, length: number): void {
  if (copies.isGivenUp) return;
  const { base, target } = copies;
  const baseEnd = copies.baseStart + copies.length;
  const targetEnd = copies.targetStart + copies.length;
  const gap = targetStart - targetEnd;
  if (gap < 0) throw new RangeError('copies must come in target order');
  if (gap === 0 && baseEnd === baseStart) {
    copies.length += length;
    return;
  }
  const room = Math.min(gap, base.length - baseEnd);
  const forward = commonPrefix(base, baseEnd, target, targetEnd, room);
  const backward = commonSuffix(base, baseStart, target, targetStart, Math.min(gap - forward, baseStart));
  copies.length += forward;
  if (forward + backward === gap && baseEnd + forward === baseStart - backward) {
    copies.length += backward + length;
    return;
  }
  flush(copies);
  copies.baseStart = baseStart - backward;
  copies.targetStart = targetStart - backward;
  copies.length = backward + length;
}

/** Two long values that are not the same may still begin and end alike. */
export function addSharedEnds(
  copies: Copies,
  aStart: number,
  aEnd: number,
  bStart: number,
  bEnd: number,
): void {
  if (copies.isGivenUp) return;
  const { base, target } = copies;
  const room = Math.min(aEnd - aStart, bEnd - bStart);
  if (room < LONG_SCALAR_BYTES) return;
  const prefix = commonPrefix(base, aStart, target, bStart, room);
  const suffix = commonSuffix(base, aEnd, target, bEnd, room - prefix);
  if (prefix > 0) addCopy(copies, aStart, bStart, prefix);
  if (suffix > 0) addCopy(copies, aEnd - suffix, bEnd - suffix, suffix);
}

/** Lengthens the last copy, and finds what the ends of the texts share. Literals behind the last copy are counted too. */
export function finishCopies(copies: Copies): void {
  const { base, target } = copies;
  addCopy(copies, base.length, target.length, 0);
  flush(copies);
  copies.literalBytes += target.length - endOfFound(copies);
  copies.length = 0;
}

function flush(copies: Copies): void {
  const { found, targetStart, length } = copies;
  if (length < COPY_BYTES_MIN) return;
  copies.literalBytes += targetStart - endOfFound(copies);
  const at = extend(found, COPY_COLUMNS);
  found.data[at] = copies.baseStart;
  found.data[at + 1] = targetStart;
  found.data[at + 2] = length;
  // Now, while the text around is in the processor's cache; what literals cost is reckoned without it.
  if (copies.keepsNumbers && at > 0) keepNumberWhole(found.data, at - COPY_COLUMNS, copies.target);
  giveUpIfOver(copies, 0);
}

/** Bytes of the delta before it is compressed, as an estimate, once the copies are finished. */
export function costBytes({ found, literalBytes }: Copies): number {
  return DELTA_COST_BYTES + literalBytes + (found.length / COPY_COLUMNS) * COPY_COST_BYTES;
}

/** Gives up if what was found, and this much more, would exceed the budget. */
export function giveUpIfOver(copies: Copies, moreBytes: number): void {
  const copiesBytes = (copies.found.length / COPY_COLUMNS) * COPY_COST_BYTES;
  if (copies.literalBytes + copiesBytes + moreBytes > copies.budgetBytes) copies.isGivenUp = true;
}

/** Bytes that the copies spare, their own cost taken off. */
export function sparedBytes({ found, length }: Copies): number {
  let bytes = length >= COPY_BYTES_MIN ? length - COPY_COST_BYTES : 0;
  for (let at = 0; at < found.length; at += COPY_COLUMNS) bytes += found.data[at + 2]! - COPY_COST_BYTES;
  return bytes;
}

function endOfFound({ found }: Copies): number {
  const last = found.length - COPY_COLUMNS;
  return last < 0 ? 0 : found.data[last + 1]! + found.data[last + 2]!;
}
