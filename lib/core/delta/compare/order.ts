// Which of the paired children have kept their order, and which have been moved: a longest increasing subsequence,
// weighted by children, over blocks of pairs that follow each other on both sides.

/** Numbers a block: first base child, first target child, how many. */
export const BLOCK_COLUMNS = 3;

/**
 * For blocks in target order, 1 for each that stays. The rest, as few children as can be, are moves. O(n log n): for
 * each block the best chain ending before it is the maximum of a prefix, kept in a Fenwick tree (Fenwick, 1994).
 */
export function keepInOrder(blocks: Uint32Array): Uint8Array {
  const count = blocks.length / BLOCK_COLUMNS;
  const kept = new Uint8Array(count);
  if (isIncreasing(blocks)) return kept.fill(1);
  const rankOf = ranksOf(blocks, count);
  const weightOf = new Float64Array(count);
  const before = new Int32Array(count);
  const treeWeight = new Float64Array(count + 1);
  const treeBlock = new Int32Array(count + 1).fill(-1);
  let best = 0;
  for (let block = 0; block < count; block++) {
    let weight = 0;
    let previous = -1;
    for (let at = rankOf[block]!; at > 0; at -= at & -at) {
      if (treeWeight[at]! > weight) {
        weight = treeWeight[at]!;
        previous = treeBlock[at]!;
      }
    }
    weight += blocks[block * BLOCK_COLUMNS + 2]!;
    weightOf[block] = weight;
    before[block] = previous;
    if (weight > weightOf[best]!) best = block;
    for (let at = rankOf[block]! + 1; at <= count; at += at & -at) {
      if (treeWeight[at]! < weight) {
        treeWeight[at] = weight;
        treeBlock[at] = block;
      }
    }
  }
  for (let block = best; block >= 0; block = before[block]!) kept[block] = 1;
  return kept;
}

/** Up to this many children a block, a list of all of them is sooner gone through than the blocks are sorted. */
const DENSE_CHILDREN = 32;

/** Of each block, how many begin before it in the base. */
function ranksOf(blocks: Uint32Array, count: number): Uint32Array {
  const ranks = new Uint32Array(count);
  let last = 0;
  for (let at = 0; at < blocks.length; at += BLOCK_COLUMNS) if (blocks[at]! > last) last = blocks[at]!;
  if (last < count * DENSE_CHILDREN) {
    const blockOf = new Int32Array(last + 1).fill(-1);
    for (let block = 0; block < count; block++) blockOf[blocks[block * BLOCK_COLUMNS]!] = block;
    let rank = 0;
    for (const block of blockOf) if (block >= 0) ranks[block] = rank++;
    return ranks;
  }
  // Sorting plain numbers takes a tenth of the time of sorting with a comparison. Both factors are below 2^26.
  const keys = Float64Array.from(
    { length: count },
    (_, block) => blocks[block * BLOCK_COLUMNS]! * count + block,
  );
  keys.sort();
  for (let rank = 0; rank < count; rank++) ranks[keys[rank]! % count] = rank;
  return ranks;
}

function isIncreasing(blocks: Uint32Array): boolean {
  for (let at = BLOCK_COLUMNS; at < blocks.length; at += BLOCK_COLUMNS) {
    if (blocks[at]! < blocks[at - BLOCK_COLUMNS]!) return false;
  }
  return true;
}
