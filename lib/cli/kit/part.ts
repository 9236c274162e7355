// A small part of a state as its own text, by looks: the first one opens the state, and the others cost next to nothing, where a restore of each part would open it again.

import { BackupError, type Client } from '../../client/client.ts';

/** More than that is not put together by looks. */
const LOOKS_MAX = 200;
const CHILDREN_MAX = 1000;

type Looks = { left: number };

/** Undefined if nothing stands there. `signal` ends it. */
export async function partOf(
  client: Client,
  resourceId: string,
  backupId: string,
  path: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const text = await byLooks(client, resourceId, backupId, path, { left: LOOKS_MAX }, signal);
    if (text !== undefined) return text;
    return (await client.restore(backupId, resourceId, { path, signal })).text;
  } catch (error) {
    const isAbsent =
      error instanceof BackupError && [error.code, error.problem.code].includes('path_not_found');
    if (isAbsent) return undefined;
    throw error;
  }
}

/** Undefined where it is too much, or not all of it is shown. */
async function byLooks(
  client: Client,
  resourceId: string,
  at: string,
  path: string,
  looks: Looks,
  signal: AbortSignal,
): Promise<string | undefined> {
  signal.throwIfAborted();
  if (looks.left-- === 0) return undefined;
  const found = await client.tree(resourceId, { at, path, limit: CHILDREN_MAX });
  if (found.path !== path || found.masked || found.cut || found.next !== undefined) return undefined;
  if (found.children === undefined) return found.text;
  const parts: string[] = [];
  for (const { name, nameCut, pointer, text, cut, masked } of found.children) {
    if (nameCut || cut || masked || pointer === undefined) return undefined;
    const value = text ?? (await byLooks(client, resourceId, at, pointer, looks, signal));
    if (value === undefined) return undefined;
    parts.push(name === undefined ? value : `${JSON.stringify(name)}:${value}`);
  }
  return found.kind === 'object' ? `{${parts.join(',')}}` : `[${parts.join(',')}]`;
}
