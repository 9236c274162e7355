// The JSON files of a folder and of those below it as one object: by their names, each what the file holds.

import { lstat, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { FolderSource } from '../core/records/source.ts';
import { PortError } from '../ports/errors.ts';
import type { Source } from '../ports/source.ts';
import { openRegular } from '../regular-file.ts';
import { writeAtomically } from './kit/atomic-file.ts';
import { sourceOfMany, TEXT_BYTES_MAX } from './kit/many.ts';
import { portError } from './kit/opened.ts';

export function openFolder({ path: root }: FolderSource): Source {
  async function list(): Promise<{ names: string[]; warnings: string[] }> {
    const names: string[] = [];
    let others = 0;
    let links = 0;
    if (!(await stat(root)).isDirectory()) throw new PortError('not_found', `${root} is no folder`);
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
      const name = relative(root, join(entry.parentPath, entry.name)).split(sep).join('/');
      if (entry.isSymbolicLink()) links++;
      else if (!entry.isFile() || name.split('/').some((part) => part.startsWith('.'))) continue;
      else if (name.endsWith('.json')) names.push(name);
      else others++;
    }
    names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const warnings = [
      ...(others > 0 ? [`${others} files are left out: their names do not end with .json`] : []),
      ...(links > 0 ? [`${links} links are left out`] : []),
    ];
    return { names, warnings };
  }

  /** A link on the way would lead elsewhere. */
  async function demandNoLink(path: string): Promise<void> {
    for (let at = path; at.length > root.length; at = dirname(at)) {
      const found = await lstat(at).catch(() => undefined);
      if (found?.isSymbolicLink())
        throw new PortError('conflict', `${at} is a link, and nothing is written through one`);
    }
  }

  const said = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw portError(what, error);
    }
  };

  return sourceOfMany({
    word: `folder ${root}`,
    shown: (name) => join(root, name),
    list: () => said(root, list),
    get: (name) =>
      said(join(root, name), async () => {
        const handle = await openRegular(join(root, name));
        try {
          if ((await handle.stat()).size > TEXT_BYTES_MAX)
            throw new PortError('denied', `${join(root, name)} has more than ${TEXT_BYTES_MAX} bytes`);
          return await handle.readFile();
        } finally {
          await handle.close();
        }
      }),
    put: (name, text) =>
      said(join(root, name), async () => {
        const place = join(root, ...name.split('/'));
        await demandNoLink(place);
        await mkdir(dirname(place), { recursive: true });
        await writeAtomically(place, [text]);
      }),
    remove: (name) => said(join(root, name), () => rm(join(root, name), { force: true })),
    /** One that leads out of the folder, or would not be read again. */
    demandName(name) {
      const isSafe = name
        .split('/')
        .every(
          (part) => part !== '' && !part.startsWith('.') && !part.includes('\0') && !part.includes('\\'),
        );
      if (!isSafe || !name.endsWith('.json'))
        throw new PortError('conflict', `${name} is no name of a JSON file in ${root}`);
    },
  });
}
