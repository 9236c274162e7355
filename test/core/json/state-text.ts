// The text of a state that has been scanned, where it must not have been packed.

import { isPacked, type ScannedState } from '../../../lib/core/json/state-sink.ts';

export function bytesIn(state: ScannedState | undefined): Uint8Array {
  if (state === undefined || isPacked(state)) throw new Error('the state is not there as text');
  return state.bytes;
}
