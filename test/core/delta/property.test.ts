// What must hold for any two states, however hostile: the delta gives back the target byte for byte, and so does the
// delta as it is served, by an interpreter that knows nothing of the engine.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { applyDelta } from '../../../lib/core/delta/apply/apply.ts';
import { applyChainToBuffer } from '../../../lib/core/delta/apply/compose.ts';
import { compare } from '../../../lib/core/delta/compare/diff.ts';
import { serveDelta } from '../../../lib/core/delta/served/serve.ts';
import { encodeDelta } from '../../../lib/core/delta/stored/encode.ts';
import {
  type ArrayTree,
  applyServed,
  type ObjectTree,
  parseTree,
  printTree,
  type Tree,
} from '../json/json-tree.ts';
import { KERNEL } from '../kernels.ts';
import { pairOfTables, pairOfTexts, textOf, tree } from './states.ts';

/** `DELTA_RUNS=20000` for a long run. */
const numRuns = Number(process.env.DELTA_RUNS ?? 240);
/** fast-check never ends on a fraction. */
const fewerRuns = Math.ceil(numRuns / 4);

function expectExact(baseText: string, targetText: string): void {
  const base = textOf(baseText);
  const target = textOf(targetText);
  const { diff, counts } = compare(KERNEL, base, target, { paysRatio: Number.POSITIVE_INFINITY });
  const text = Buffer.concat(encodeDelta(diff!));
  expect(Buffer.concat(applyDelta(base.bytes, text)).toString()).toBe(targetText);
  expect(Buffer.from(applyChainToBuffer(base.bytes, [text])).toString()).toBe(targetText);

  const served = serveDelta(KERNEL, base, target);
  const servedText = Buffer.concat(served.chunks).toString();
  expect(applyServed(baseText, servedText)).toBe(targetText);
  expect(served.counts).toEqual(counts);
  const lists = JSON.parse(servedText);
  expect({ moves: [], ...lists }).toMatchObject({
    base: `sha256:${base.checksum}`,
    target: `sha256:${target.checksum}`,
  });
  expect(served.counts).toEqual(countsOf(servedText));
}

/** Counts what a served delta tells, and the children that went and came with what it replaces whole. */
function countsOf(servedText: string): Record<string, number> {
  const delta = parseTree(servedText) as ObjectTree;
  const list = (name: string): ObjectTree[] => {
    const found = delta.members.find((member) => member.name === `"${name}"`)?.value;
    return ((found as ArrayTree | undefined)?.items ?? []) as ObjectTree[];
  };
  const memberOf = (entry: ObjectTree, name: string): Tree =>
    entry.members.find((member) => member.name === `"${name}"`)!.value;
  let additions = list('additions').length;
  let deletions = list('deletions').length;
  for (const change of list('changes')) {
    const [old, now] = [memberOf(change, 'oldValue'), memberOf(change, 'newValue')];
    const shared = stayedIn(old, now);
    deletions += childCount(old) - shared;
    additions += childCount(now) - shared;
  }
  return { additions, changes: list('changes').length, deletions, moves: list('moves').length };
}

function stayedIn(old: Tree, now: Tree): number {
  if (old.kind === 'object' && now.kind === 'object') return namesIn(old, now);
  if (old.kind !== 'array' || now.kind !== 'array') return 0;
  const [was, is] = [old, now].map(({ items }) => items.filter(({ kind }) => kind === 'scalar').length);
  return Math.min(was!, is!);
}

function childCount(tree: Tree): number {
  return tree.kind === 'array' ? tree.items.length : tree.kind === 'object' ? tree.members.length : 0;
}

function namesIn(old: ObjectTree, now: ObjectTree): number {
  const [was, is] = [old, now].map(({ members }) => new Set(members.map(({ name }) => name)));
  if (was!.size < old.members.length || is!.size < now.members.length) {
    return Math.min(old.members.length, now.members.length);
  }
  return [...was!].filter((name) => is!.has(name)).length;
}

describe('any two states', () => {
  test('are turned into each other exactly, stored or served', () => {
    fc.assert(
      fc.property(pairOfTexts, ([base, target]) => {
        expectExact(base, target);
        expectExact(target, base);
      }),
      { numRuns },
    );
  });

  test('are turned into each other exactly if they are tables', () => {
    fc.assert(
      fc.property(pairOfTables, ([base, target]) => expectExact(base, target)),
      { numRuns: fewerRuns },
    );
  });

  test('that are the same have nothing between them', () => {
    fc.assert(
      fc.property(tree, (state) => {
        const text = textOf(printTree(state));
        const { diff, counts } = compare(KERNEL, text, text, { paysRatio: Number.POSITIVE_INFINITY });
        expect(counts).toEqual({ additions: 0, changes: 0, deletions: 0, moves: 0 });
        expect(Buffer.concat(encodeDelta(diff!)).length).toBeLessThan(100);
      }),
      { numRuns: fewerRuns },
    );
  });

  test('are read by the oracle as they are written', () => {
    fc.assert(
      fc.property(tree, (state) => expect(parseTree(printTree(state))).toEqual(state)),
      { numRuns: fewerRuns },
    );
  });
});
