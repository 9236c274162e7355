// Reads containers of two texts side by side with the kernel. Mostly one is read soon after the other: more of the texts is
// brought into its memory each time that this is so.

import { type Machine, PIECE_BYTES, STEP_BASE_AT, STEP_TARGET_AT } from './kernel.ts';

/** Two texts that are compared, and what the kernel's memory has of them. */
export interface SideBySide {
  base: Uint8Array;
  target: Uint8Array;
  ofBase: Part;
  ofTarget: Part;
}

interface Part {
  from: number;
  to: number;
  /** Bytes that were brought there at once. */
  bytes: number;
}

export function createSideBySide(base: Uint8Array, target: Uint8Array): SideBySide {
  return { base, target, ofBase: { from: 0, to: 0, bytes: 0 }, ofTarget: { from: 0, to: 0, bytes: 0 } };
}

/**
 * Reads base[aStart, aEnd) and target[bStart, bEnd), containers with the same bracket, each shorter than PIECE_BYTES; gives
 * how they compare. The rest is in the machine's `events` and `result`: see ../../delta/compare/lockstep.ts.
 */
export function readSideBySide(
  machine: Machine,
  texts: SideBySide,
  aStart: number,
  aEnd: number,
  bStart: number,
  bEnd: number,
  ofRoot: boolean,
): number {
  const { base, target, ofBase, ofTarget } = texts;
  if (machine.inMemory !== ofBase) {
    machine.inMemory = ofBase;
    ofBase.to = 0;
    ofTarget.to = 0;
    machine.uses.lockstep++;
  }
  if (aStart < ofBase.from || aEnd > ofBase.to) bring(machine, base, ofBase, STEP_BASE_AT, aStart, aEnd);
  if (bStart < ofTarget.from || bEnd > ofTarget.to)
    bring(machine, target, ofTarget, STEP_TARGET_AT, bStart, bEnd);
  const a = STEP_BASE_AT + aStart - ofBase.from;
  const b = STEP_TARGET_AT + bStart - ofTarget.from;
  return machine.run.lockstep(
    a,
    b,
    STEP_BASE_AT - ofBase.from,
    STEP_TARGET_AT - ofTarget.from,
    ofRoot ? 1 : 0,
  );
}

/** Brings text[start, end) to `at`, and what follows it: twice as much as last time if it begins soon after that. */
function bring(
  { bytes }: Machine,
  text: Uint8Array,
  part: Part,
  at: number,
  start: number,
  end: number,
): void {
  const isNext = end > part.to && start - part.to <= part.bytes;
  part.bytes = Math.max(isNext ? Math.min(part.bytes * 2, PIECE_BYTES) : 0, end - start);
  part.from = start;
  part.to = Math.min(start + part.bytes, text.length);
  bytes.set(text.subarray(start, part.to), at);
}
