// The JSON files of a folder and of those below it as one object: by their names, each what the file holds.

import { lstat, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { parsePointer } from '../core/json/pointer.ts';
import type { FolderSource } from '../core/records/source.ts';
import { PortError } from '../ports/errors.ts';
import type {
  GivenState,
  PlannedPart,
  Reading,
  RestoreModes,
  RestoreOptions,
  Source,
} from '../ports/source.ts';
import { hashOfJson, writeAtomically } from './kit/atomic-file.ts';
import { JsonReader } from './kit/json-reader.ts';
import { portError } from './kit/opened.ts';

/** A text that is parsed to see whether it is one: a file is held whole for that. */
const FILE_BYTES_MAX = 256 * 1024 * 1024;

interface Listed {
  /** With `/` between, whatever the system writes. */
  names: string[];
  warnings: string[];
}

export function openFolder({ path: root }: FolderSource): Source {
  async function list(): Promise<Listed> {
    const names: string[] = [];
    let others = 0;
    let links = 0;
    try {
      if (!(await stat(root)).isDirectory()) throw new PortError('not_found', `${root} is no folder`);
      for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
        const name = relative(root, join(entry.parentPath, entry.name)).split(sep).join('/');
        if (entry.isSymbolicLink()) links++;
        else if (!entry.isFile() || name.split('/').some((part) => part.startsWith('.'))) continue;
        else if (name.endsWith('.json')) names.push(name);
        else others++;
      }
    } catch (error) {
      throw portError(root, error);
    }
    names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const warnings = [
      ...(others > 0 ? [`${others} files are left out: their names do not end with .json`] : []),
      ...(links > 0 ? [`${links} links are left out`] : []),
    ];
    return { names, warnings };
  }

  async function contentOf(name: string): Promise<Uint8Array> {
    const path = join(root, name);
    try {
      const { size } = await stat(path);
      if (size > FILE_BYTES_MAX)
        throw new PortError('denied', `${path} has ${size} bytes, more than ${FILE_BYTES_MAX}`);
      return await readFile(path);
    } catch (error) {
      throw portError(path, error);
    }
  }

  async function* chunksOf(
    names: readonly string[],
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    yield Buffer.from('{');
    for (const [i, name] of names.entries()) {
      signal.throwIfAborted();
      const content = Buffer.from(await contentOf(name))
        .toString()
        .replace(/^\ufeff/, '');
      try {
        // One that is none would make others of what follows.
        JSON.parse(content);
      } catch {
        throw new PortError('integrity', `${join(root, name)} is not JSON`);
      }
      yield Buffer.from(`${i === 0 ? '' : ','}${JSON.stringify(name)}:${content}`);
    }
    yield Buffer.from('}');
  }

  /** Where a member of a state belongs. A name that leads out of the folder is refused. */
  function placeOf(name: string): string {
    const parts = name.split('/');
    const isSafe = parts.every(
      (part) => part !== '' && !part.startsWith('.') && !part.includes('\0') && !part.includes('\\'),
    );
    if (!isSafe || !name.endsWith('.json'))
      throw new PortError('conflict', `${name} is no name of a JSON file in ${root}`);
    return join(root, ...parts);
  }

  /** A link on the way would lead elsewhere. */
  async function demandNoLink(path: string): Promise<void> {
    for (let at = path; at.length > root.length; at = dirname(at)) {
      const found = await lstat(at).catch(() => undefined);
      if (found?.isSymbolicLink())
        throw new PortError('conflict', `${at} is a link, and nothing is written through one`);
    }
  }

  async function go(
    state: GivenState,
    { path, modes }: RestoreOptions,
    signal: AbortSignal,
    isDone: boolean,
  ): Promise<PlannedPart[]> {
    const [only, ...deeper] = parsePointer(path ?? '') ?? ['', ''];
    if (deeper.length > 0) throw new PortError('not_found', `${path} is no file of the folder`);
    const there = await list().catch((error: PortError) => {
      if (error.code === 'not_found') return { names: [], warnings: [] };
      throw error;
    });
    const left = new Set(only === undefined ? there.names : there.names.filter((name) => name === only));
    const parts: PlannedPart[] = [];
    const note = (name: string, what: Partial<PlannedPart>): void =>
      void parts.push({ name: join(root, name), insert: 0, update: 0, delete: 0, same: 0, ...what });
    const one = async (name: string, value: Uint8Array): Promise<void> => {
      signal.throwIfAborted();
      const place = placeOf(name);
      const isThere = left.delete(name);
      const isSame =
        isThere && (await hashOfJson(once(await contentOf(name)))) === (await hashOfJson(once(value)));
      const isWritten = !isSame && allows(modes, isThere);
      note(name, {
        insert: isWritten && !isThere ? 1 : 0,
        update: isWritten && isThere ? 1 : 0,
        same: isSame ? 1 : 0,
      });
      if (!isDone || !isWritten) return;
      await demandNoLink(place);
      await mkdir(dirname(place), { recursive: true });
      await writeAtomically(place, once(value));
    };
    const reader = new JsonReader(state.chunks());
    try {
      if ((await reader.peek()) !== 0x7b)
        throw new PortError('integrity', 'the state is not one of a folder: it is no object of files');
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
      if (isDone) await rm(join(root, name), { force: true });
    }
    return parts;
  }

  return {
    async check() {
      const { names, warnings } = await list();
      return { detail: `folder ${root}, ${names.length} JSON files`, warnings };
    },
    async read(signal): Promise<Reading> {
      const { names, warnings } = await list();
      return { chunks: chunksOf(names, signal), warnings };
    },
    target: {
      async plan(state, options, signal) {
        const parts = await go(state, options, signal, false);
        return {
          parts,
          missing: [],
          warnings: ['Files are put back one after the other'],
          isExact: isWhole(options),
        };
      },
      async restore(state, options, signal) {
        try {
          const parts = await go(state, options, signal, true);
          const after = await go(state, options, signal, false);
          const isSame = after.every((part) => part.insert + part.update + part.delete === 0);
          return { parts, warnings: [], isExact: isSame && isWhole(options) };
        } catch (error) {
          throw portError(root, error);
        }
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
