// Two small containers with the same skeleton are read side by side, in one pass: scalars that differ have changed. Finds
// just what aligning them child by child would, in a tenth of the time; for all but the plainest cases it gives up, and
// they are aligned. Nothing is reported before it is certain.

import { readSideBySide } from '../../json/kernel/side-by-side.ts';
import { ALL_SAME, type Events, GIVEN_UP, NAMES_SHARED, SOME_SHARED } from './lockstep-events.ts';
import { found, readPlain } from './lockstep-plain.ts';
import type { Pair } from './pair.ts';

/** Longer ones are aligned. */
export const LOCKSTEP_BYTES_MAX = 4096;

export interface Lockstep extends Events {
  /** Some value in the containers is the same. */
  isShared: boolean;
  /** No value is, but the members are, by their names: what changed is reported as they. */
  keepsNames: boolean;
}

/**
 * Reads both containers, which differ and begin with the same bracket; undefined if they are to be aligned. `ofRoot` says
 * that they are members of the whole text: then a sole member is not reported by itself.
 */
export function inLockstep(
  pair: Pair,
  aStart: number,
  aEnd: number,
  bStart: number,
  bEnd: number,
  ofRoot = false,
): Lockstep | undefined {
  const { base, target } = pair;
  const machine = base.kernel.machine();
  if (machine === undefined) {
    const outcome = readPlain(base.bytes, aStart, target.bytes, bStart, ofRoot);
    return isCertain(outcome)
      ? lockstep(outcome, found.events, found.length, found.hasContainers)
      : undefined;
  }
  const outcome = readSideBySide(machine, pair.sideBySide, aStart, aEnd, bStart, bEnd, ofRoot);
  const { events, result } = machine;
  return isCertain(outcome) ? lockstep(outcome, events, result[0]!, result[1] === 1) : undefined;
}

function isCertain(outcome: number): boolean {
  return outcome !== GIVEN_UP && outcome !== ALL_SAME;
}

function lockstep(outcome: number, events: Uint32Array, length: number, hasContainers: boolean): Lockstep {
  const isShared = outcome === SOME_SHARED;
  return { events, length, hasContainers, isShared, keepsNames: outcome === NAMES_SHARED };
}
