// States on their way in: from a file, from stdin, or from a command whose end decides whether it counts.

import { spawn } from 'node:child_process';
import { createReadStream, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { State } from '../../client/client.ts';
import type { Context } from './context.ts';
import { CliError, EXIT } from './exit.ts';

/** What fits is held, so that a call can be tried again. Bytes. */
const HELD_BYTES_MAX = 4 * 1024 * 1024;

export interface Source {
  state: State;
  /** Bytes, if that is known before. */
  bytes?: number;
}

type Chunks = AsyncIterable<Uint8Array>;

/** `-` is stdin. `onBytes` hears how many have been read. Throws CliError for what cannot be read. */
export async function sourceOf(
  context: Context,
  file: string | undefined,
  exec: string | undefined,
  onBytes: (done: number) => void,
): Promise<Source> {
  if (exec !== undefined) {
    if (file !== undefined) throw new CliError('give a file, or a command with --exec, not both');
    return fromStream(outputOf(exec, context.signal), onBytes);
  }
  if (file === undefined || file === '-') {
    if (context.terminal.stdin.isTTY)
      throw new CliError('give a file, or - and pipe the state in: pg_dump ... | brs create shop -');
    return fromStream(context.terminal.stdin, onBytes);
  }
  const bytes = sizeOf(file);
  if (bytes <= HELD_BYTES_MAX) {
    onBytes(bytes);
    return { state: new Uint8Array(await readFile(file)), bytes };
  }
  return { state: () => counted(createReadStream(file), onBytes), bytes };
}

function sizeOf(file: string): number {
  try {
    const found = statSync(file);
    if (!found.isDirectory()) return found.size;
  } catch (cause) {
    throw new CliError(`${file} cannot be read: ${(cause as Error).message}`, EXIT.notFound);
  }
  throw new CliError(`${file} is a folder: give one file, or bring many along with brs import`);
}

/** What is short is read to its end first; what is long is sent as it comes, once. */
async function fromStream(stream: Chunks, onBytes: (done: number) => void): Promise<Source> {
  let failure: unknown;
  const failing = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* counted(stream, onBytes);
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  const iterator = failing();
  const held: Uint8Array[] = [];
  let bytes = 0;
  while (bytes <= HELD_BYTES_MAX) {
    const { value, done } = await iterator.next();
    if (done) {
      if (bytes === 0) throw new CliError('nothing came: a state is JSON, and no JSON is empty', EXIT.failed);
      return { state: new Uint8Array(Buffer.concat(held)), bytes };
    }
    held.push(value);
    bytes += value.length;
  }
  let isTaken = false;
  return {
    state: () => {
      // Whoever sends it tries again, and is to hear why it ended.
      if (failure !== undefined) throw failure;
      if (isTaken)
        throw new CliError(
          'the connection broke, and what came by a pipe cannot be read again',
          EXIT.unavailable,
        );
      isTaken = true;
      return (async function* () {
        yield* held;
        yield* { [Symbol.asyncIterator]: () => iterator };
      })();
    },
  };
}

async function* counted(
  stream: Chunks,
  onBytes: (done: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  let done = 0;
  for await (const chunk of stream) {
    done += chunk.length;
    onBytes(done);
    yield chunk;
  }
}

/** The output of a shell command; it fails at its end unless the command has ended well, so that nothing is made of half a dump. */
async function* outputOf(command: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  const child = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'inherit'], signal });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  // It is looked at once all of its output is there.
  ended.catch(() => {});
  yield* child.stdout as Chunks;
  const code = await ended;
  if (code === 0) return;
  const how = code === null ? 'was ended by a signal' : `ended with ${code}`;
  throw new CliError(`${command} ${how}: no backup was made of what it had written`, EXIT.failed);
}
