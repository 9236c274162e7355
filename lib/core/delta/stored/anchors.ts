// Where copies end, said by what stands there. In a table with one value changed in every hundredth row, each copy ends
// behind the same few characters, such as `"total":`. Once these are written down, an end needs no exact offset: it is
// enough to say from where on they are looked for. The row is thereby known, and half of the bits are spared.

import { type Find, SEARCHED_BYTES } from './script.ts';

export const ANCHOR_BYTES = 8;
/** Anchors in a delta; their numbers fit a byte, with two to spare. */
const ANCHORS_MAX = 32;
/** Rarer ends are not worth an anchor. */
const ANCHOR_USES_MIN = 12;
/** Ends are only sampled of the first so many copies. */
const SAMPLED_COPIES_MAX = 1 << 16;
const SHIFT_MIN = 4;
export const SHIFT_MAX = 12;
/** Bits that a copy costs whose end the anchor does not give, over what its length costs. */
const MISSED_BITS = 4;

export interface Anchor {
  bytes: Buffer;
  /** Copies that end here are measured in steps of 2^shift bytes. */
  shift: number;
}

/** Copies in line: offset in the base, and bytes, of each. */
export interface Spans {
  starts: ArrayLike<number>;
  lengths: ArrayLike<number>;
}

/** The anchors that pay, the most used first. */
export function chooseAnchors(base: Buffer, { starts, lengths }: Spans): Anchor[] {
  const uses = new Map<string, number[]>();
  const sampled = Math.min(lengths.length, SAMPLED_COPIES_MAX);
  for (let k = 0; k < sampled; k++) {
    const end = starts[k]! + lengths[k]!;
    if (lengths[k]! <= ANCHOR_BYTES) continue;
    const text = base.toString('latin1', end - ANCHOR_BYTES, end);
    const found = uses.get(text);
    if (found) found.push(k);
    else uses.set(text, [k]);
  }
  return [...uses]
    .filter(([, found]) => found.length >= ANCHOR_USES_MIN)
    .sort(([, a], [, b]) => b.length - a.length)
    .slice(0, ANCHORS_MAX)
    .map(([text, found]) => withShift(base, Buffer.from(text, 'latin1'), found, starts, lengths))
    .filter((anchor) => anchor !== undefined);
}

/** How many steps lead to an end of this copy, or -1 if the anchor does not. */
export function stepsTo(find: Find, { bytes, shift }: Anchor, start: number, length: number): number {
  const step = 2 ** shift;
  const steps = Math.floor((length - bytes.length) / step);
  if (steps < 0) return -1;
  return lengthAfter(find, { bytes, shift }, start, steps) === length ? steps : -1;
}

/** Bytes of the copy from `start` on whose end is so many steps away; -1 if the anchor is not there. */
export function lengthAfter(find: Find, { bytes, shift }: Anchor, start: number, steps: number): number {
  const at = find(bytes, start + steps * 2 ** shift);
  return at < 0 ? -1 : at + bytes.length - start;
}

function withShift(
  base: Buffer,
  bytes: Buffer,
  uses: number[],
  starts: ArrayLike<number>,
  lengths: ArrayLike<number>,
): Anchor | undefined {
  // From just behind the anchor before it on, the search finds the right one; with larger steps there may be none between.
  const bits = new Float64Array(SHIFT_MAX + 1);
  for (const k of uses) {
    const at = starts[k]! + lengths[k]! - bytes.length;
    const around = base.subarray(Math.max(0, at - SEARCHED_BYTES), at + bytes.length - 1);
    const room = around.length - bytes.length + 1 - around.lastIndexOf(bytes);
    const distance = lengths[k]! - bytes.length;
    bits[0]! += Math.log2(distance + 2);
    for (let shift = SHIFT_MIN; shift <= SHIFT_MAX; shift++) {
      const isFound = distance % 2 ** shift < room;
      bits[shift]! +=
        Math.log2(isFound ? distance / 2 ** shift + 2 : distance + 2) + (isFound ? 0 : MISSED_BITS);
    }
  }
  let best = 0;
  for (let shift = SHIFT_MIN; shift <= SHIFT_MAX; shift++) if (bits[shift]! < bits[best]!) best = shift;
  return bits[0]! - bits[best]! > (bytes.length + 2) * 8 ? { bytes, shift: best } : undefined;
}
