// Hashes of byte ranges: xxHash64 (Collet) on four lanes, without its guarantee of being the same anywhere else.

const PRIME_1: u64 = 0x9e3779b185ebca87;
const PRIME_2: u64 = 0xc2b2ae3d27d4eb4f;
const PRIME_3: u64 = 0x165667b19e3779f9;
const PRIME_4: u64 = 0x85ebca77c2b2ae63;

@inline
function round(lane: u64, word: u64): u64 {
  return rotl<u64>(lane + word * PRIME_2, 31) * PRIME_1;
}

/** For each of `count` pairs of offsets at `ranges`, relative to `text`, puts 64 bits at `out`. */
export function hashRanges(text: usize, ranges: usize, count: u32, out: usize, seed: u64): void {
  for (let k: u32 = 0; k < count; k++) {
    const range = ranges + ((k as usize) << 3);
    let p = text + load<u32>(range);
    const end = text + load<u32>(range, 4);
    const size = (end - p) as u64;
    let hash = seed + PRIME_3;
    if (size >= 32) {
      let a = seed + PRIME_1 + PRIME_2;
      let b = seed + PRIME_2;
      let c = seed;
      let d = seed - PRIME_1;
      for (const last = end - 32; p <= last; p += 32) {
        a = round(a, load<u64>(p));
        b = round(b, load<u64>(p, 8));
        c = round(c, load<u64>(p, 16));
        d = round(d, load<u64>(p, 24));
      }
      hash = rotl<u64>(a, 1) + rotl<u64>(b, 7) + rotl<u64>(c, 12) + rotl<u64>(d, 18);
      hash = (hash ^ round(0, a)) * PRIME_1 + PRIME_4;
      hash = (hash ^ round(0, b)) * PRIME_1 + PRIME_4;
      hash = (hash ^ round(0, c)) * PRIME_1 + PRIME_4;
      hash = (hash ^ round(0, d)) * PRIME_1 + PRIME_4;
    }
    hash += size;
    for (; p + 8 <= end; p += 8) hash = rotl<u64>(hash ^ round(0, load<u64>(p)), 27) * PRIME_1 + PRIME_4;
    for (; p < end; p++) hash = rotl<u64>(hash ^ ((load<u8>(p) as u64) * PRIME_3), 11) * PRIME_1;
    hash ^= hash >> 33;
    hash *= PRIME_2;
    hash ^= hash >> 29;
    hash *= PRIME_3;
    hash ^= hash >> 32;
    store<u64>(out + ((k as usize) << 3), hash);
  }
}
