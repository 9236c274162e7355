// Files that are opened because somebody has named them.

import { constants, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { PortError } from './ports/errors.ts';

/**
 * Opens what is to be read to its end. A pipe, a device or a socket is none: opening one may wait for ever, and reading one need not end.
 * Throws PortError `not_found` for those, and what the system says.
 */
export async function openRegular(path: string): Promise<FileHandle> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await handle.stat()).isFile()) throw noFile(path);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The same for whoever opens it by its name. Throws PortError `not_found`, unless nothing is there. */
export function demandRegular(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw noFile(path);
}

function noFile(path: string): PortError {
  return new PortError('not_found', `${path} is no file`);
}
