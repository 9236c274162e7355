// Fuzzed histories of a resource, and what an oracle sees in them that only ever looks at whole texts.

import fc from 'fast-check';
import type { BackupType } from '../../../lib/core/records/model.ts';
import { edit, edited, tree } from '../../core/delta/states.ts';
import { parseTree, printTree, type Tree } from '../../core/json/json-tree.ts';
import { createWorld, type World } from '../world.ts';

export interface Step {
  type: BackupType;
  json: string;
  /** Whether it is deleted in the end. */
  isHidden: boolean;
}

const type = fc.constantFrom<BackupType>('full', 'incremental', 'incremental', 'incremental', 'differential');

/** A state and what became of it, up to seven times: now and then nothing. */
export const steps: fc.Arbitrary<Step[]> = fc
  .tuple(
    tree,
    fc.array(
      fc.record({
        type,
        edits: fc.array(edit, { maxLength: 4 }),
        isHidden: fc.nat({ max: 7 }).map((n) => n === 0),
      }),
      { minLength: 1, maxLength: 7 },
    ),
  )
  .map(([first, changes]) => {
    let state: Tree = first;
    const made: Step[] = [{ type: 'full', json: printTree(first), isHidden: false }];
    for (const { edits, ...rest } of changes) {
      state = edited(state, edits);
      made.push({ ...rest, json: printTree(state) });
    }
    return made;
  });

export interface Kept {
  id: string;
  createdAt: number;
  json: string;
}

/** Makes the history. Gives what is live in the end, the newest first. */
export async function makeHistory(world: World, history: readonly Step[]): Promise<Kept[]> {
  const made: (Kept & { isHidden: boolean })[] = [];
  for (const { type: asked, json, isHidden } of history) {
    const { id, createdAt } = await world.make('db', json, asked);
    made.push({ id, createdAt, json, isHidden });
  }
  for (const { id, isHidden } of made) if (isHidden) await world.remove(id);
  return made.filter(({ isHidden }) => !isHidden).reverse();
}

export function createHistoryWorld(): World {
  return createWorld();
}

/** The text at names and numbers, as whoever takes the whole state apart finds it; undefined if there is none. */
export function textAt(json: string, path: readonly string[]): string | undefined {
  let at: Tree | undefined = parseTree(json);
  for (const step of path) {
    if (at?.kind === 'array') at = /^(0|[1-9]\d*)$/.test(step) ? at.items[Number(step)] : undefined;
    else if (at?.kind === 'object') at = at.members.findLast(({ name }) => JSON.parse(name) === step)?.value;
    else return undefined;
  }
  return at === undefined ? undefined : printTree(at);
}

/** Some paths that lead somewhere in one of the states, and some that lead nowhere in most. */
export function pathsIn(states: readonly string[]): string[][] {
  const paths = new Map<string, string[]>();
  const walk = (at: Tree, path: string[]): void => {
    paths.set(JSON.stringify(path), path);
    if (path.length > 4) return;
    if (at.kind === 'array') for (const [i, item] of at.items.entries()) walk(item, [...path, String(i)]);
    if (at.kind === 'object')
      for (const { name, value } of at.members) walk(value, [...path, JSON.parse(name) as string]);
  };
  for (const json of states) walk(parseTree(json), []);
  const all = [...paths.values()];
  const apart = Math.ceil(all.length / 4);
  return all.filter((_, i) => i % apart === 0);
}
