// Content hashes of byte ranges: 64 bits in two lanes, seeded by the home, and only ever a hint. Whoever pairs
// two ranges by hash compares their bytes too: a collision, even a crafted one, costs a match and never an exact result.

import { bufferOf } from './buffer.ts';

/** Another one in every process, so that nobody can prepare texts whose hashes collide. */
export interface HashSeed {
  readonly low: number;
  readonly high: number;
}

export const HASH_SEED_BYTES = 8;

/** Of HASH_SEED_BYTES bytes, whole numbers of 32 bits. */
export function hashSeedOf(bytes: Uint8Array): HashSeed {
  const seed = bufferOf(bytes);
  return { low: seed.readInt32LE(0), high: seed.readInt32LE(4) };
}

// Odd constants of xxHash32 and MurmurHash3, by which lanes are multiplied.
const PRIME_1 = 0x9e3779b1;
const PRIME_2 = 0x85ebca77;
const PRIME_3 = 0xc2b2ae3d;

/** A DataView over the same memory: 32-bit loads that need no alignment. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Puts the hash of [from, to) at out[at] and out[at + 1]. Every step can be undone, so no input is lost on the way. */
export function hashRange(
  seed: HashSeed,
  view: DataView,
  from: number,
  to: number,
  out: Int32Array,
  at: number,
): void {
  let low = seed.low ^ (to - from);
  let { high } = seed;
  let p = from;
  for (const last = to - 8; p <= last; p += 8) {
    low = Math.imul(low ^ view.getInt32(p, true), PRIME_1);
    high = Math.imul(high ^ view.getInt32(p + 4, true), PRIME_2);
    low = (((low << 13) | (low >>> 19)) + high) | 0;
    high = ((high << 17) | (high >>> 15)) ^ low;
  }
  for (; p < to; p++) {
    low = Math.imul(low ^ view.getUint8(p), PRIME_1);
    high = (((high << 11) | (high >>> 21)) + low) | 0;
    low = (low << 15) | (low >>> 17);
  }
  low ^= high >>> 16;
  low = Math.imul(low ^ (low >>> 15), PRIME_2);
  high ^= low;
  high = Math.imul(high ^ (high >>> 13), PRIME_3);
  low ^= high >>> 16;
  high ^= high >>> 15;
  out[at] = low;
  out[at + 1] = high;
}
