// Tables of short windows of bytes, by their hash, to find where a text may be copied from. All entries are only hints.

import { type Column, createColumn, extend } from '../../bytes/column.ts';

export const WINDOW_BYTES = 16;
export const SHORT_WINDOW_BYTES = 8;

/** A copy of 60 bytes, the shortest that is worth making from anywhere, has whole windows in it up to a stride of 45. */
const STRIDE_MIN = 20;
/** Windows of a base that are looked at, and that are kept. */
const PROBES_MAX = 4 << 20;
const KEPT_MAX = 1 << 20;
const BITS_MIN = 16;
const BITS_MAX = 24;

/** The windows of a base that occur in a text too. */
export interface Windows {
  /** For each hash the last of its windows, as 1 + its place in `kept`; 0 for none. */
  heads: Int32Array;
  /** Two numbers a window: offset in the base, and the window before it of the same hash. */
  kept: Column;
  shift: number;
}

/**
 * The text is looked through first: its windows make a bitmap that fits a cache, and of the base, which may be a hundred
 * times longer, only windows that are in it are kept.
 */
export function indexWindows(base: DataView, text: DataView): Windows {
  const bits = Math.min(BITS_MAX, Math.max(BITS_MIN, Math.ceil(Math.log2(text.byteLength * 8))));
  const shift = 32 - bits;
  const bitmap = new Uint32Array(2 ** (bits - 5));
  for (let at = 0; at + WINDOW_BYTES <= text.byteLength; at++) {
    const hash = hashWindow(text, at) >>> shift;
    bitmap[hash >>> 5]! |= 1 << (hash & 31);
  }
  const heads = new Int32Array(2 ** bits);
  const kept = createColumn(1024);
  const stride = Math.max(STRIDE_MIN, Math.ceil(base.byteLength / PROBES_MAX));
  for (let at = 0; at + WINDOW_BYTES <= base.byteLength && kept.length < KEPT_MAX * 2; at += stride) {
    const hash = hashWindow(base, at) >>> shift;
    if ((bitmap[hash >>> 5]! & (1 << (hash & 31))) === 0) continue;
    const entry = extend(kept, 2);
    kept.data[entry] = at;
    kept.data[entry + 1] = heads[hash]!;
    heads[hash] = entry / 2 + 1;
  }
  return { heads, kept, shift };
}

/** Of text[at, at + 16). */
export function hashWindow(text: DataView, at: number): number {
  let hash = Math.imul(word(text, at), 0x9e3779b1);
  hash = Math.imul((hash ^ word(text, at + 4)) + (hash >>> 15), 0x85ebca6b);
  hash = Math.imul((hash ^ word(text, at + 8)) + (hash >>> 15), 0xc2b2ae35);
  hash = Math.imul((hash ^ word(text, at + 12)) + (hash >>> 15), 0x9e3779b1);
  return hash ^ (hash >>> 16);
}

/** Of text[at, at + 8), in as many bits. */
export function hashShortWindow(text: DataView, at: number, bits: number): number {
  const hash = Math.imul(word(text, at) ^ Math.imul(word(text, at + 4), 0x85ebca6b), 0x9e3779b1);
  return hash >>> (32 - bits);
}

/** Four bytes as one number. */
export function word(text: DataView, at: number): number {
  return text.getInt32(at, true);
}
