// What a layout says a text is put together of is what the stored deltas make of it, for any part of any state of a chain.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { applyDelta } from '../../../lib/core/delta/apply/apply.ts';
import { compare } from '../../../lib/core/delta/compare/diff.ts';
import { encodeDelta } from '../../../lib/core/delta/stored/encode.ts';
import { decodeStretches, encodeStretches, partsOf } from '../../../lib/core/layout/stretches.ts';
import { edit, edited, pairOfTables, pairOfTexts, textOf, tree } from '../delta/states.ts';
import { printTree } from '../json/json-tree.ts';
import { KERNEL } from '../kernels.ts';

const numRuns = Number(process.env.DELTA_RUNS ?? 200);

const diffOf = (base: string, target: string) =>
  compare(KERNEL, textOf(base), textOf(target), { paysRatio: Infinity }).diff!;

/** The part of the last text, put together as a layout says. */
function putTogether(
  first: string,
  all: readonly ReturnType<typeof decodeStretches>[],
  from: number,
  to: number,
) {
  const base = Buffer.from(first);
  const parts = partsOf(all, from, to).map((part) =>
    (part.delta < 0 ? base : all[part.delta]!.literals()).subarray(part.from, part.to),
  );
  return Buffer.concat(parts).toString('latin1');
}

test('any part of a chain’s last state', () => {
  const chain = fc.record({
    tree,
    edits: fc.array(fc.array(edit, { maxLength: 4 }), { minLength: 1, maxLength: 5 }),
  });
  fc.assert(
    fc.property(
      chain,
      fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 5 }),
      (made, spans) => {
        const texts = [printTree(made.tree)];
        let now = made.tree;
        for (const edits of made.edits) {
          now = edited(now, edits);
          texts.push(printTree(now));
        }
        const all = texts
          .slice(1)
          .map((text, i) => decodeStretches(encodeStretches(diffOf(texts[i]!, text))!));
        const last = Buffer.from(texts.at(-1)!);
        for (const [a, b] of [[0, last.length] as const, ...spans]) {
          const [from, to] = [a % (last.length + 1), b % (last.length + 1)].sort((x, y) => x - y) as [
            number,
            number,
          ];
          expect(putTogether(texts[0]!, all, from, to)).toBe(last.toString('latin1', from, to));
        }
      },
    ),
    { numRuns },
  );
});

test.each([
  ['texts', pairOfTexts],
  ['tables', pairOfTables],
])('of %s it says what the stored delta does', (_, pairs) => {
  fc.assert(
    fc.property(pairs, ([base, target]) => {
      const diff = diffOf(base, target);
      const stretches = decodeStretches(encodeStretches(diff)!);
      const applied = Buffer.concat(applyDelta(Buffer.from(base), Buffer.concat(encodeDelta(diff)), {}));
      expect(putTogether(base, [stretches], 0, applied.length)).toBe(applied.toString('latin1'));
      expect([stretches.base, stretches.baseBytes]).toEqual([textOf(base).checksum, Buffer.byteLength(base)]);
      expect([stretches.target, stretches.targetBytes]).toEqual([textOf(target).checksum, applied.length]);
    }),
    { numRuns: Math.ceil(numRuns / 4) },
  );
});

describe('what is damaged', () => {
  const sound = encodeStretches(
    diffOf('{"a":[1,2,3],"text":"as it was"}', '{"a":[1,2,3,4],"text":"as it is"}'),
  )!;

  test('is told, or says what was written', () => {
    const whole = decodeStretches(sound);
    fc.assert(
      fc.property(fc.nat(sound.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const bytes = Buffer.from(sound);
        bytes[at]! ^= by;
        let found: ReturnType<typeof decodeStretches>;
        try {
          found = decodeStretches(bytes);
          found.literals();
        } catch (error) {
          expect(error).toMatchObject({ code: 'integrity_error' });
          return;
        }
        // The seal around it tells; here it only must not reach beyond anything.
        const end = found.ends.at(-1) ?? 0;
        expect(end).toBe(found.targetBytes);
        expect(whole.ends.length).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });

  test('or is cut short', () => {
    for (let length = 0; length < sound.length; length++) {
      expect(() => decodeStretches(sound.subarray(0, length)).literals()).toThrow(
        expect.objectContaining({ code: 'integrity_error' }),
      );
    }
  });
});

test('what would be too much to read is not written', () => {
  const rows = (v: number) =>
    JSON.stringify(Array.from({ length: 140_000 }, (_, i) => ({ i, k: 'k', v: i + v })));
  expect(encodeStretches(diffOf(rows(0), rows(1_000_000)))).toBeUndefined();
});
