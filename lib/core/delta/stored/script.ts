// What a stored delta comes to, whatever its format: copies of the base and literals, in turn.

import type { ChangeCounts } from '../../records/model.ts';
import { unsound } from './sections.ts';

/** Version of the format that is written: its first byte. Format 1, which is read too, begins with `{`. */
export const DELTA_FORMAT = 2;

/** What a delta says of itself. Checksums are lower-case hex SHA-256 of the whole texts. */
export interface DeltaHeader {
  base: string;
  baseBytes: number;
  target: string;
  targetBytes: number;
  counts: ChangeCounts;
}

/** literal[0], copy[0], literal[1], copy[1] ... and a last literal. All within the base, and of the header's length. */
export interface Script {
  /** Bytes of each copy, and its offset in the base. */
  copyBytes: Float64Array;
  copyFrom: Float64Array;
  /** Bytes of the literal before each copy, and behind the last. */
  literalBytes: Float64Array;
  literals: Buffer;
}

/**
 * Where in the base `anchor` begins for the first time at `from` or within SEARCHED_BYTES behind it; -1 if it does not,
 * or would reach beyond the base's end.
 */
export type Find = (anchor: Buffer, from: number) => number;

/** How far an anchor is looked for: bounds what a hostile delta can cost. */
export const SEARCHED_BYTES = 4096;

/** `Find` in a base that is at hand. */
export function findIn(base: Buffer): Find {
  return (anchor, from) => findBetween(base, anchor, from, from + SEARCHED_BYTES + anchor.length);
}

/**
 * Where `anchor` stands for the first time within text[from, to); -1 if it does not. A loop: over the few hundred bytes that
 * it takes mostly, calling `indexOf` costs more.
 */
export function findBetween(text: Buffer, anchor: Buffer, from: number, to: number): number {
  const behind = anchor.length - 1;
  const first = anchor[0]!;
  const last = anchor[behind]!;
  const end = Math.min(text.length, to);
  for (let at = from + behind; at < end; at++) {
    if (text[at] !== last || text[at - behind] !== first) continue;
    let k = 1;
    while (k < behind && text[at - behind + k] === anchor[k]) k++;
    if (k >= behind) return at - behind;
  }
  return -1;
}

/** Throws ServiceError `integrity_error` unless the script stays within its base and gives what the header says. */
export function checkScript(script: Script, { baseBytes, targetBytes }: DeltaHeader): void {
  const { copyBytes, copyFrom, literalBytes, literals } = script;
  if (literalBytes.length !== copyBytes.length + 1 || copyFrom.length !== copyBytes.length) {
    throw unsound('has columns of different lengths');
  }
  let literalSum = 0;
  for (const bytes of literalBytes) {
    if (!(bytes >= 0)) throw unsound('has a literal below nothing');
    literalSum += bytes;
  }
  if (literalSum !== literals.length) throw unsound('does not have as many literals as it says');
  let copySum = 0;
  for (let k = 0; k < copyBytes.length; k++) {
    const start = copyFrom[k]!;
    const bytes = copyBytes[k]!;
    if (!(start >= 0 && bytes >= 1 && start + bytes <= baseBytes)) {
      throw unsound('copies from outside its base');
    }
    copySum += bytes;
  }
  if (literalSum + copySum !== targetBytes) throw unsound('does not give as many bytes as it says');
}
