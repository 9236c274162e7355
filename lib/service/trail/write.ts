// Appends to the trail: each segment in its turn, bound to the one before it.

import { readSegmentHeader, sealSegment, segmentHash, trailKeyContext } from '../../core/trail/segment.ts';
import { type Clock, type Keyring, PortError, type TrailStore } from '../../ports.ts';

export interface TrailDeps {
  store: TrailStore;
  keyring: Keyring;
  clock: Clock;
  /** The id of the store that the trail is of. */
  storeId: string;
}

/** Others may append too, now and then: so often is it tried behind theirs. */
const APPENDS_MAX = 5;

/**
 * Writes the lines as the next segment, durably, and resolves with its number. Throws PortError from the store or the
 * keyring; then nothing was written, or, after `unavailable`, perhaps all of it: to write the same lines twice does no harm.
 */
export async function appendSegment(deps: TrailDeps, lines: readonly string[]): Promise<number> {
  const { store, keyring, clock, storeId } = deps;
  const sealedBy = await keyring.generate(trailKeyContext(storeId));
  for (let n = 1; ; n++) {
    const last = (await store.list()).at(-1);
    const previous = last === undefined ? {} : { previous: segmentHash(await store.read(last)) };
    const number = (last ?? 0) + 1;
    const place = { store: storeId, number, ...previous, writtenAt: clock.now() };
    try {
      await store.append(number, sealSegment(place, lines, sealedBy));
      return number;
    } catch (error) {
      if (!(error instanceof PortError && error.code === 'exists') || n === APPENDS_MAX) throw error;
    }
  }
}

/** Whether a segment names this one as the one before it. */
export function follows(segment: Uint8Array, before: Uint8Array): boolean {
  return readSegmentHeader(segment).previous === segmentHash(before);
}
