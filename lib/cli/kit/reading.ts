// A source on its way to the service: what is short is held, what is long is sent as it comes, and read anew where it has to be sent again.

import type { State } from '../../client/client.ts';
import { PortError } from '../../ports/errors.ts';
import type { Source } from '../../ports/source.ts';

/** What fits is held, so that it goes in the call itself. Bytes. */
const HELD_BYTES_MAX = 4 * 1024 * 1024;

export interface ReadState {
  state: State;
  warnings: string[];
  /** Why it could not be read to its end, if that is so: whoever sends it hears of a broken body alone. */
  failure(): unknown;
}

/** Begins to read. What stays open is let go when the signal is aborted. */
export async function readFor(
  source: Source,
  signal: AbortSignal,
  onBytes: (done: number) => void,
): Promise<ReadState> {
  let failure: unknown;
  async function* begin(): AsyncGenerator<Uint8Array, void, undefined> {
    let done = 0;
    try {
      const reading = await source.read(signal);
      if (reading === 'unchanged') throw new Error('a source was unchanged, and nobody had asked');
      warnings = reading.warnings;
      for await (const chunk of reading.chunks) {
        done += chunk.length;
        onBytes(done);
        yield chunk;
      }
    } catch (error) {
      failure = error;
      throw error;
    }
  }
  let warnings: string[] = [];
  const first = begin();
  const held: Uint8Array[] = [];
  let bytes = 0;
  while (bytes <= HELD_BYTES_MAX) {
    const { value, done } = await first.next();
    if (done) {
      if (bytes === 0)
        throw new PortError('integrity', 'nothing came: a state is JSON, and no JSON is empty');
      return { state: new Uint8Array(Buffer.concat(held)), warnings, failure: () => failure };
    }
    held.push(value);
    bytes += value.length;
  }
  let isTaken = false;
  return {
    state: () => {
      if (isTaken) return begin();
      isTaken = true;
      return (async function* () {
        yield* held;
        yield* first;
      })();
    },
    warnings,
    failure: () => failure,
  };
}
