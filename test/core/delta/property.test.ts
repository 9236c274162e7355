// What must hold for any two states, however hostile: the delta gives back the target byte for byte, and so does the
// delta as it is served, by an interpreter that knows nothing of the engine.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { applyDelta } from '../../../lib/core/delta/apply/apply.ts';
import { applyChainToBuffer } from '../../../lib/core/delta/apply/compose.ts';
import { compare } from '../../../lib/core/delta/compare/diff.ts';
import { serveDelta } from '../../../lib/core/delta/served/serve.ts';
import { encodeDelta } from '../../../lib/core/delta/stored/encode.ts';
import { applyServed, parseTree, printTree } from '../json/json-tree.ts';
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
  for (const [name, count] of Object.entries(served.counts))
    expect([name, lists[name]?.length ?? 0]).toEqual([name, count]);
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
