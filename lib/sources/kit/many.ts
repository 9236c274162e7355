// Many JSON texts under names as one state: an object of names to contents. Files of a folder, objects under a prefix.

import { parsePointer } from '../../core/json/pointer.ts';
import { PortError } from '../../ports/errors.ts';
import type {
  GivenState,
  PlannedPart,
  Reading,
  RestoreModes,
  RestoreOptions,
  Source,
} from '../../ports/source.ts';
import { hashOfJson } from './atomic-file.ts';
import { JsonReader } from './json-reader.ts';

/** Where they are. */
export interface Shelf {
  /** In a line. */
  word: string;
  /** In the order of their bytes, whatever gives them. */
  list(signal: AbortSignal): Promise<{ names: string[]; warnings: string[] }>;
  get(name: string, signal: AbortSignal): Promise<Uint8Array>;
  /** One text is there whole or as it was. */
  put(name: string, text: Uint8Array, signal: AbortSignal): Promise<void>;
  remove(name: string, signal: AbortSignal): Promise<void>;
  /** Throws PortError `conflict` for a name that none may have. */
  demandName(name: string): void;
  /** As a part of a plan is called. */
  shown(name: string): string;
}

/** A text is held whole, for it is looked at whether it is one. Bytes. */
export const TEXT_BYTES_MAX = 256 * 1024 * 1024;

const decoder = new TextDecoder('utf-8', { fatal: true });

export function sourceOfMany(shelf: Shelf): Source {
  async function* chunksOf(
    names: readonly string[],
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    yield Buffer.from('{');
    for (const [i, name] of names.entries()) {
      signal.throwIfAborted();
      const content = await shelf.get(name, signal);
      let text: string;
      try {
        text = decoder.decode(content);
        // One that is none would make others of what follows.
        JSON.parse(text);
      } catch {
        throw new PortError('integrity', `${shelf.shown(name)} is not JSON`);
      }
      yield Buffer.from(`${i === 0 ? '' : ','}${JSON.stringify(name)}:${text}`);
    }
    yield Buffer.from('}');
  }

  async function go(
    state: GivenState,
    { path, modes }: RestoreOptions,
    signal: AbortSignal,
    isDone: boolean,
  ): Promise<PlannedPart[]> {
    const [only, ...deeper] = parsePointer(path ?? '') ?? ['', ''];
    if (deeper.length > 0) throw new PortError('not_found', `${path} is none of the texts of ${shelf.word}`);
    const there = await shelf.list(signal).catch((error: unknown) => {
      if (error instanceof PortError && error.code === 'not_found') return { names: [] };
      throw error;
    });
    const left = new Set(only === undefined ? there.names : there.names.filter((name) => name === only));
    const parts: PlannedPart[] = [];
    const note = (name: string, what: Partial<PlannedPart>): void =>
      void parts.push({ name: shelf.shown(name), insert: 0, update: 0, delete: 0, same: 0, ...what });
    const one = async (name: string, value: Uint8Array): Promise<void> => {
      signal.throwIfAborted();
      shelf.demandName(name);
      const isThere = left.delete(name);
      const isSame =
        isThere &&
        (await hashOfJson(once(await shelf.get(name, signal)))) === (await hashOfJson(once(value)));
      const isWritten = !isSame && allows(modes, isThere);
      const counts = { insert: isThere ? 0 : 1, update: isThere ? 1 : 0 };
      note(name, { ...(isWritten ? counts : {}), same: isSame ? 1 : 0 });
      if (isDone && isWritten) await shelf.put(name, value, signal);
    };
    const reader = new JsonReader(state.chunks());
    try {
      if ((await reader.peek()) !== 0x7b)
        throw new PortError('integrity', 'the state is no object of names and texts');
      for await (const name of reader.members()) {
        if (only === undefined || name === only) await one(name, await reader.value());
        else await reader.skip();
      }
    } finally {
      await reader.close();
    }
    for (const name of left) {
      if (!modes.delete) continue;
      note(name, { delete: 1 });
      if (isDone) await shelf.remove(name, signal);
    }
    return parts;
  }

  return {
    async check(signal) {
      const { names, warnings } = await shelf.list(signal);
      return { detail: `${shelf.word}, ${names.length} JSON texts`, warnings };
    },
    async read(signal): Promise<Reading> {
      const { names, warnings } = await shelf.list(signal);
      return { chunks: chunksOf(names, signal), warnings };
    },
    target: {
      async plan(state, options, signal) {
        const parts = await go(state, options, signal, false);
        return {
          parts,
          missing: [],
          warnings: ['They are put back one after the other, not all at once'],
          isExact: isWhole(options),
        };
      },
      async restore(state, options, signal) {
        const parts = await go(state, options, signal, true);
        const after = await go(state, options, signal, false);
        const isSame = after.every((part) => part.insert + part.update + part.delete === 0);
        return { parts, warnings: [], isExact: isSame && isWhole(options) };
      },
    },
  };
}

function allows(modes: RestoreModes, isThere: boolean): boolean {
  return isThere ? modes.update : modes.create;
}

function isWhole({ modes }: RestoreOptions): boolean {
  return modes.create && modes.update && modes.delete;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
