// What stands at a path of a state at a moment, one level deep.

import { NotHeld } from '../../core/history/ways.ts';
import { ServiceError } from '../../core/records/errors.ts';
import type { BackupRecord } from '../../core/records/model.ts';
import { partTreeAt } from '../../core/text-work.ts';
import { isKept, takeLook } from '../chains/looks.ts';
import { takePartRoom, takeRoom } from '../chains/readers.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import type { FoundTree, TreeInput } from '../contract/looks.ts';
import type { Layouts } from '../contract/parts.ts';
import { noteLook } from './audit.ts';
import { findState } from './find.ts';
import { demandHeld } from './held.ts';
import { asSaid } from './said.ts';

/** Throws as `findState`, and ServiceError `path_not_found`, `payload_too_large`, `broken_chain` or `integrity_error`. */
export async function readTree(
  deps: Deps,
  { resourceId, at, steps, path, options }: TreeInput,
  caller: Caller,
): Promise<FoundTree> {
  const [found, shown] = await Promise.all([
    findState(deps, resourceId, at, '/query/at'),
    asSaid(deps, resourceId, options),
  ]);
  const { record } = found;
  demandHeld(deps, record);
  const [tree] = await Promise.all([
    isKept(deps, record) ? look(deps, record, steps, shown) : lookInParts(deps, record, steps, shown),
    noteLook(deps, record, { what: 'tree', path }, caller),
  ]);
  if (typeof tree === 'string') throw noPath(tree, path, '/query/path');
  return { ...found, tree };
}

/** Fetches only what it comes by, where that is known and not much. */
async function lookInParts(
  deps: Deps,
  record: BackupRecord,
  steps: TreeInput['steps'],
  options: TreeInput['options'],
): ReturnType<Deps['texts']['treeAt']> {
  const tree = deps.layouts && (await treeOfParts(deps, deps.layouts, record, steps, options));
  if (tree !== undefined) return tree;
  const room = await takeRoom(deps, record);
  try {
    return await look(deps, record, steps, options);
  } finally {
    room.free();
  }
}

async function treeOfParts(
  deps: Deps,
  layouts: Layouts,
  record: BackupRecord,
  steps: TreeInput['steps'],
  options: TreeInput['options'],
): Promise<ReturnType<typeof partTreeAt>> {
  const room = await takePartRoom(deps, record);
  try {
    const state = await layouts.open(record);
    while (state !== undefined) {
      try {
        return partTreeAt(state.text, steps, options);
      } catch (error) {
        if (!(error instanceof NotHeld)) throw error;
        if (!(await state.fetch(error.at))) break;
      }
    }
    return undefined;
  } finally {
    room.free();
  }
}

async function look(
  deps: Deps,
  record: BackupRecord,
  steps: TreeInput['steps'],
  options: TreeInput['options'],
): ReturnType<Deps['texts']['treeAt']> {
  const { state, keep } = await takeLook(deps, record);
  const tree = await deps.texts.treeAt(state, steps, options);
  keep();
  deps.layouts?.looked(record);
  return tree;
}

/** Nothing stands at the path, or it names several rows. */
function noPath(why: 'nothing' | 'several', path: string, pointer: string): ServiceError {
  const detail =
    why === 'nothing'
      ? `Nothing is at ${path}.`
      : `${path} is what several rows are called: name one by its number.`;
  return new ServiceError('path_not_found', 'The state has nothing at that path.', {
    errors: [{ pointer, detail }],
  });
}
