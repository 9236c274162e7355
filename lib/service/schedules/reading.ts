// What a source says no with, told apart from what the service itself does.

import { ServiceError } from '../../core/records/errors.ts';
import { PortError, type PortErrorCode } from '../../ports/errors.ts';

const CODES: Readonly<Record<PortErrorCode, string>> = {
  not_found: 'source_missing',
  denied: 'source_denied',
  unavailable: 'source_unavailable',
  integrity: 'source_broken',
  exists: 'source_refused',
  conflict: 'source_refused',
};

/** The source's own failure, in words that may be shown: never with a secret. */
export class SourceFailure extends Error {
  readonly code: string;
  /** Whether trying again may help. */
  readonly mayPass: boolean;

  constructor(code: string, detail: string, mayPass: boolean, cause?: unknown) {
    super(detail, { cause });
    this.name = 'SourceFailure';
    this.code = code;
    this.mayPass = mayPass;
  }
}

/** What the source does. Throws SourceFailure for whatever it throws. */
export async function reading<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw failureOf(error);
  }
}

/** Its chunks, as they come. */
export async function* chunksOf(
  chunks: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => Promise<void> | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { value, done } = await reading(() => iterator.next());
      if (done === true) return;
      await onBytes(value.length);
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}

function failureOf(error: unknown): unknown {
  if (error instanceof SourceFailure || error instanceof ServiceError) return error;
  if (error instanceof PortError) {
    return new SourceFailure(CODES[error.code], error.message, error.code === 'unavailable', error);
  }
  const { name } = error as { name?: unknown };
  if (name === 'TimeoutError')
    return new SourceFailure('source_timeout', 'It did not answer in time.', true, error);
  if (name === 'AbortError') return new SourceFailure('source_timeout', 'It was broken off.', true, error);
  // What nobody has foreseen may say anything: the log has it.
  return new SourceFailure(
    'source_failed',
    'It failed in a way that was not foreseen; the log says how.',
    true,
    error,
  );
}
