// One place through a chain of states: what stands there in each of them, told by what the deltas do.

import { createHash } from 'node:crypto';
import { beginChain, composeNext, textOf } from '../delta/apply/compose.ts';
import type { Kernel } from '../json/kernel/kernel.ts';
import { editsOf, type TextEdit } from './edits.ts';
import { hidesPath, type Mask } from './mask.ts';
import { type Parts, partsOfRope } from './parts.ts';
import type { Found } from './place.ts';
import { follow, placeOf, track } from './track.ts';
import { type ShownValue, showValue } from './value.ts';

/** What stands at a place of a state; `several` rows are called like that, so none is meant. */
export type Sight = 'nothing' | 'several' | SeenValue;

export interface SeenValue {
  value: ShownValue;
  /** Lower-case hex SHA-256 of its whole JSON text, to compare with. */
  sha256: string;
}

export interface SightOptions {
  textBytesMax: number;
  mask?: Mask;
}

export interface Along {
  /** Of the state that the chain begins with, and of each delta's. */
  sights: Sight[];
  /** Lower-case hex SHA-256 of the last state. */
  checksum: string;
}

/** A base is bound by its checksum and comes from a blob that has just been opened; the end of the chain is hashed. */
const PROVEN = { baseProven: true } as const;

/**
 * What stands at `steps` (`findPlace`) in `base` and after each of the stored deltas. No state between is put together. All
 * is bound by what each delta names of its base and its target: that the last has the checksum that it should have is for
 * the caller to see.
 * Throws ServiceError `integrity_error` if a delta is not sound, or is not one of the state before it.
 */
export function sightsAlong(
  kernel: Kernel,
  base: Uint8Array,
  deltas: readonly Uint8Array[],
  steps: readonly string[],
  options: SightOptions,
  bounds: Parameters<typeof track>[3] = {},
): Along {
  const composed = beginChain(base);
  const tracker = track(kernel, partsOfRope(composed.rope), steps, bounds);
  let place = placeOf(tracker);
  let sight = sightOf(tracker.text, place, options);
  const sights = [sight];
  for (const delta of deltas) {
    const script = composeNext(composed, delta, PROVEN);
    const edits = editsOf(script, tracker.text, composed.rope.bytes);
    follow(tracker, partsOfRope(composed.rope), edits);
    const before = place;
    place = placeOf(tracker);
    if (!isUntouched(before, place, edits)) sight = sightOf(tracker.text, place, options);
    sights.push(sight);
  }
  const hash = createHash('sha256');
  for (const chunk of textOf(composed)) hash.update(chunk);
  return { sights, checksum: hash.digest('hex') };
}

/** Whether the same bytes stand there, under the same names. */
function isUntouched(before: Found, now: Found, edits: readonly TextEdit[] | undefined): boolean {
  if (edits === undefined || typeof before === 'string' || typeof now === 'string') return false;
  const { start, end } = before;
  // The first edit that is not wholly before it.
  let next = 0;
  while (next < edits.length && edits[next]!.to < start) next++;
  if (next < edits.length && edits[next]!.from <= end) return false;
  const last = edits[next - 1];
  const shift = last === undefined ? 0 : last.end - last.to;
  return (
    now.start === start + shift &&
    now.end === end + shift &&
    now.isName.every((is, i) => is === before.isName[i])
  );
}

function sightOf(text: Parts, place: Found, { textBytesMax, mask }: SightOptions): Sight {
  if (typeof place === 'string') return place;
  const bytes = text.part(place.start, place.end);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { value: showValue(bytes, 0, bytes.length, textBytesMax, hidesPath(mask, place.names)), sha256 };
}
