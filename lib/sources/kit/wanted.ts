// What a target that holds one JSON text is to hold.

import { PortError } from '../../ports/errors.ts';
import type { GivenState } from '../../ports/source.ts';

/** The state, or the part of it that is meant: that is then all of the text. Throws PortError `not_found` if there is no such part. */
export async function* wanted(
  state: GivenState,
  path: string | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (path === undefined || path === '') return yield* state.chunks();
  const text = await state.part(path);
  if (text === undefined) throw new PortError('not_found', `the state has nothing at ${path}`);
  yield text;
}
