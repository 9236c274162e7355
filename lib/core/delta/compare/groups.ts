// Groups keys of two sides by their hash: an open-addressing table in typed arrays, without an object per key.

/** Probes after which a key is left ungrouped: bounds the work when hashes cluster. */
const PROBES_MAX = 128;

export interface Groups {
  count: number;
  /** Group of each key, -1 if it has none. */
  ofBase: Int32Array;
  ofTarget: Int32Array;
  /** How often each group occurs on a side. */
  inBase: Uint32Array;
  inTarget: Uint32Array;
}

/** Hashes as pairs of lanes; `skip*` marks keys that take no part. */
export function groupByHash(
  base: Int32Array,
  skipBase: Uint8Array,
  target: Int32Array,
  skipTarget: Uint8Array,
): Groups {
  const baseCount = base.length >>> 1;
  const targetCount = target.length >>> 1;
  const keys = baseCount + targetCount;
  let size = 16;
  while (size < keys * 2) size *= 2;
  const slots = new Int32Array(size).fill(-1);
  const low = new Int32Array(keys);
  const high = new Int32Array(keys);
  const groups: Groups = {
    count: 0,
    ofBase: new Int32Array(baseCount),
    ofTarget: new Int32Array(targetCount),
    inBase: new Uint32Array(keys),
    inTarget: new Uint32Array(keys),
  };
  const assign = (hashes: Int32Array, skip: Uint8Array, of: Int32Array, counts: Uint32Array): void => {
    for (let k = 0; k < of.length; k++) {
      of[k] = -1;
      if (skip[k] !== 0) continue;
      const l = hashes[k * 2]!;
      const h = hashes[k * 2 + 1]!;
      let slot = (l ^ (h << 7)) & (size - 1);
      for (let probe = 0; probe < PROBES_MAX; probe++) {
        let group = slots[slot]!;
        if (group < 0) {
          group = groups.count++;
          slots[slot] = group;
          low[group] = l;
          high[group] = h;
        }
        if (low[group] === l && high[group] === h) {
          of[k] = group;
          counts[group]!++;
          break;
        }
        slot = (slot + 1) & (size - 1);
      }
    }
  };
  assign(base, skipBase, groups.ofBase, groups.inBase);
  assign(target, skipTarget, groups.ofTarget, groups.inTarget);
  return groups;
}
