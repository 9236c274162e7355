// One place through a chain of states: what stands there in each of them, while each is put together from the one before.

import { createHash } from 'node:crypto';
import { bufferOf } from '../bytes/buffer.ts';
import { applyWithScript } from '../delta/apply/apply.ts';
import type { Script } from '../delta/stored/script.ts';
import { hidesPath, type Mask } from './mask.ts';
import { follow, placeOf, type TextEdit, type Tracker, track } from './track.ts';
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
 * What stands at `steps` (`findPlace`) in `base` and after each of the stored deltas. All is bound by what each delta names
 * of its base and its target: that the last has the checksum that it should have is for the caller to see.
 * Throws ServiceError `integrity_error` if a delta is not sound, or is not one of the state before it.
 */
export function sightsAlong(
  base: Uint8Array,
  deltas: readonly Uint8Array[],
  steps: readonly string[],
  options: SightOptions,
  bounds: Parameters<typeof track>[2] = {},
): Along {
  let text = bufferOf(base);
  const tracker = track(text, steps, bounds);
  const sights = [sightOf(tracker, options)];
  for (const delta of deltas) {
    const applied = applyWithScript(text, delta, PROVEN);
    follow(tracker, applied.text, editsOf(applied.script, text.length, applied.text.length));
    text = applied.text;
    sights.push(sightOf(tracker, options));
  }
  return { sights, checksum: createHash('sha256').update(text).digest('hex') };
}

/** What a script does to its base, as edits; undefined if it puts together what stood in another order. */
function editsOf(
  { copyBytes, copyFrom, literalBytes }: Script,
  baseBytes: number,
  targetBytes: number,
): TextEdit[] | undefined {
  const edits: TextEdit[] = [];
  let from = 0;
  let start = 0;
  for (let k = 0; k < copyBytes.length; k++) {
    const to = copyFrom[k]!;
    const end = start + literalBytes[k]!;
    if (to < from) return undefined;
    if (to > from || end > start) edits.push({ from, to, start, end });
    from = to + copyBytes[k]!;
    start = end + copyBytes[k]!;
  }
  if (baseBytes > from || targetBytes > start) edits.push({ from, to: baseBytes, start, end: targetBytes });
  return edits;
}

function sightOf(tracker: Tracker, { textBytesMax, mask }: SightOptions): Sight {
  const { text } = tracker;
  const place = placeOf(tracker);
  if (typeof place === 'string') return place;
  const { start, end, names } = place;
  const sha256 = createHash('sha256').update(text.subarray(start, end)).digest('hex');
  return { value: showValue(text, start, end, textBytesMax, hidesPath(mask, names)), sha256 };
}
