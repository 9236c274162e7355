// A file of JSON: read as it stands, and put back whole or not at all.

import { type FileHandle, stat } from 'node:fs/promises';
import type { FileSource } from '../core/records/source.ts';
import { PortError } from '../ports/errors.ts';
import type { GivenState, Reading, RestoreOptions, RestorePlan, Source } from '../ports/source.ts';
import { openRegular } from '../regular-file.ts';
import { hashOfJson, writeAtomically } from './kit/atomic-file.ts';
import { portError } from './kit/opened.ts';
import { wanted } from './kit/wanted.ts';

/** A file that was written that shortly ago may be written again within the same tick of its clock. Milliseconds. */
const SURE_AFTER_MS = 2000;
const CHUNK_BYTES = 256 * 1024;

export function openFile({ path }: FileSource): Source {
  const fault = (error: unknown): unknown => portError(path, error);

  async function read(signal: AbortSignal, knownMark?: string): Promise<Reading | 'unchanged'> {
    signal.throwIfAborted();
    let handle: FileHandle | undefined;
    try {
      handle = await openRegular(path);
      const found = await handle.stat({ bigint: true });
      const seen = `${found.ino}-${found.size}-${found.mtimeNs}-${found.ctimeNs}`;
      const isSure = Date.now() - Number(found.ctimeNs / 1_000_000n) > SURE_AFTER_MS;
      const mark = isSure ? seen : undefined;
      if (mark !== undefined && mark === knownMark) {
        await handle.close();
        return 'unchanged';
      }
      return {
        chunks: chunksOf(handle, seen, signal),
        warnings: [],
        ...(mark === undefined ? {} : { mark }),
      };
    } catch (error) {
      await handle?.close();
      throw fault(error);
    }
  }

  async function* chunksOf(
    handle: FileHandle,
    seen: string,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const close = () => void handle.close().catch(() => {});
    signal.addEventListener('abort', close, { once: true });
    try {
      for (;;) {
        signal.throwIfAborted();
        const { bytesRead, buffer } = await handle.read(new Uint8Array(CHUNK_BYTES), 0, CHUNK_BYTES, null);
        if (bytesRead === 0) break;
        yield buffer.subarray(0, bytesRead);
      }
      const now = await handle.stat({ bigint: true });
      if (`${now.ino}-${now.size}-${now.mtimeNs}-${now.ctimeNs}` !== seen)
        throw new PortError('unavailable', `${path} was written while it was read`);
    } catch (error) {
      signal.throwIfAborted();
      throw fault(error);
    } finally {
      signal.removeEventListener('abort', close);
      await handle.close().catch(() => {});
    }
  }

  async function plan(state: GivenState, options: RestoreOptions, signal: AbortSignal): Promise<RestorePlan> {
    const isThere = await stat(path).then(
      (found) => found.isFile(),
      () => false,
    );
    const target = await hashOfJson(wanted(state, options.path));
    let isSame = false;
    if (isThere) {
      const reading = await read(signal);
      isSame = reading !== 'unchanged' && (await hashOfJson(reading.chunks)) === target;
    }
    const insert = !isThere && options.modes.create ? 1 : 0;
    const update = isThere && !isSame && options.modes.update ? 1 : 0;
    return {
      parts: [{ name: path, insert, update, delete: 0, same: isSame ? 1 : 0 }],
      missing: [],
      warnings: [],
      isExact: isSame || insert + update > 0,
    };
  }

  return {
    async check() {
      try {
        const handle = await openRegular(path);
        const found = await handle.stat().finally(() => handle.close());
        return {
          detail: `file ${path}, ${found.size} bytes, written ${found.mtime.toISOString()}`,
          warnings: [],
        };
      } catch (error) {
        throw fault(error);
      }
    },
    read,
    target: {
      plan,
      async restore(state, options, signal) {
        const { missing: _none, ...planned } = await plan(state, options, signal);
        const [{ insert, update } = { insert: 0, update: 0 }] = planned.parts;
        if (insert + update === 0) return planned;
        try {
          await writeAtomically(path, wanted(state, options.path));
        } catch (error) {
          throw fault(error);
        }
        const after = await plan(state, options, signal);
        return { ...planned, isExact: after.parts[0]?.same === 1 };
      },
    },
  };
}
