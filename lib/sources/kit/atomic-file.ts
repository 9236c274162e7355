// A file that is there whole or as it was.

import { createHash, randomUUID } from 'node:crypto';
import { chmod, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { minified } from './minified.ts';

/**
 * Writes beside it, and puts that in its place once it is on the disk. A link stays one, and rights stay as they are; a new file is for its owner alone.
 * Throws what the system says; then the file is as it was.
 */
export async function writeAtomically(
  path: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const folder = dirname(target);
  const beside = join(folder, `.restoring-${randomUUID()}`);
  try {
    const handle = await open(beside, 'wx', 0o600);
    try {
      for await (const chunk of chunks) await handle.writeFile(chunk);
      await handle.sync();
    } finally {
      await handle.close();
    }
    const before = await stat(target).catch(() => undefined);
    if (before !== undefined) await chmod(beside, before.mode & 0o7777);
    await rename(beside, target);
    const directory = await open(folder, 'r');
    await directory.sync().finally(() => directory.close());
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

/** SHA-256 of JSON text, whatever white space stands between its parts. */
export async function hashOfJson(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of minified(chunks)) hash.update(chunk);
  return hash.digest('hex');
}
