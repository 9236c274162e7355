// A chain of deltas applied at once gives what one delta after the other gives, and refuses what does not belong together.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { applyDelta } from '../../../lib/core/delta/apply/apply.ts';
import { applyChain, applyChainToBuffer } from '../../../lib/core/delta/apply/compose.ts';
import { appendRun, createRope, findInRope, flatten } from '../../../lib/core/delta/apply/rope.ts';
import { compare } from '../../../lib/core/delta/compare/diff.ts';
import { encodeDelta } from '../../../lib/core/delta/stored/encode.ts';
import { findIn } from '../../../lib/core/delta/stored/script.ts';
import { ServiceError } from '../../../lib/core/records/errors.ts';
import { KERNEL } from '../kernels.ts';
import { format1Of } from './format-1.ts';
import { pairOfTables, pairOfTexts, textOf } from './states.ts';

/** `DELTA_RUNS=20000` for a long run. */
const numRuns = Number(process.env.DELTA_RUNS ?? 40);

const diffOf = (base: string, target: string) =>
  compare(KERNEL, textOf(base), textOf(target), { paysRatio: Number.POSITIVE_INFINITY }).diff!;

function deltasAlong(states: readonly string[]): Buffer[] {
  return states.slice(1).map((state, k) => Buffer.concat(encodeDelta(diffOf(states[k]!, state))));
}

function expectChain(states: readonly string[], deltas: readonly Buffer[]): void {
  const base = Buffer.from(states[0]!);
  let bytes: Uint8Array = base;
  for (const delta of deltas) bytes = Buffer.concat(applyDelta(bytes, delta));
  expect(Buffer.from(bytes).toString()).toBe(states.at(-1));
  expect(Buffer.concat(applyChain(base, deltas)).toString()).toBe(states.at(-1));
  expect(Buffer.from(applyChainToBuffer(base, deltas, { baseProven: true })).toString()).toBe(states.at(-1));
}

describe('a chain', () => {
  test('gives what its deltas give one after the other', () => {
    const chains = fc.array(fc.oneof(pairOfTexts, pairOfTables), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(chains, (pairs) => {
        const states = pairs.flat();
        expectChain(states, deltasAlong(states));
      }),
      { numRuns },
    );
  });

  test('may have deltas of both formats', () => {
    fc.assert(
      fc.property(pairOfTexts, pairOfTables, fc.nat({ max: 15 }), (a, b, formats) => {
        const states = [...a, ...b, a[0]];
        const deltas = states.slice(1).map((state, k) => {
          const diff = diffOf(states[k]!, state);
          return (formats & (1 << k)) === 0 ? Buffer.concat(encodeDelta(diff)) : format1Of(diff);
        });
        expectChain(states, deltas);
      }),
      { numRuns },
    );
  });

  test('of large tables finds its anchors in what the deltas before have changed', () => {
    const states: string[] = [];
    const values = Array.from({ length: 5000 }, (_, k) => k * 7919);
    for (let n = 0; n <= 16; n++) {
      for (let k = n; k < values.length; k += 41 + n) values[k] = (k * 31 + n) * 10 ** (n % 5);
      const extra = n % 3 === 0 ? `{"id":"new ${n}","text":"a row that is new","total":${n}},` : '';
      states.push(`[${extra}${values.map((v, k) => `{"id":${k},"text":"row ${k * 13}","total":${v}}`)}]`);
    }
    const deltas = deltasAlong(states);
    expect(deltas.some((delta) => delta.includes('"total":'))).toBe(true);
    expectChain(states, deltas);
  });

  test('of no deltas gives its base back', () => {
    expect(Buffer.concat(applyChain(Buffer.from('[1]'), [])).toString()).toBe('[1]');
  });

  test('of large texts is in views of its base', () => {
    const states = [1, 2, 3].map((v) => `["${'x'.repeat(100_000)}",${v}]`);
    const base = Buffer.from(states[0]!);
    expect(applyChain(base, deltasAlong(states))[0]!.buffer).toBe(base.buffer);
  });

  test('that falls into very many runs is put together on the way', () => {
    const list = (order: (k: number) => number): string =>
      `[${Array.from({ length: 12_000 }, (_, k) => `"text number ${order(k)}"`)}]`;
    const states = [1, 5003, 7001, 11_003].map((factor) => list((k) => (k * factor) % 12_000));
    expectChain(states, deltasAlong(states));
  });
});

describe('what does not belong together', () => {
  const states = ['[1,"a text that stays"]', '[2,"a text that stays"]', '[3,"a text that stays"]', '[4,"!"]'];
  const deltas = deltasAlong(states);
  const refused = (base: string, chain: readonly Uint8Array[]): void => {
    for (const apply of [applyChain, applyChainToBuffer]) {
      let thrown: unknown;
      try {
        apply(Buffer.from(base), chain);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(ServiceError);
      expect((thrown as ServiceError).code).toBe('integrity_error');
    }
  };

  test('a delta left out, exchanged or of another base is refused', () => {
    refused(states[0]!, [deltas[0]!, deltas[2]!]);
    refused(states[0]!, [deltas[1]!, deltas[0]!]);
    refused(states[0]!, [deltas[0]!, deltas[0]!]);
    refused(states[1]!, deltas);
    refused(`${states[0]!} `, deltas);
  });

  test('a delta that is not sound is refused', () => {
    refused(states[0]!, [deltas[0]!, deltas[1]!.subarray(0, -1), deltas[2]!]);
  });
});

test('an anchor is found in runs where it is found in one piece', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(
      fc.array(letters, { minLength: 1, maxLength: 12 }),
      letters,
      fc.nat({ max: 150 }),
      (runs, end, from) => {
        const sources = runs.map((text) => Buffer.from(`x${text}`));
        const rope = createRope(sources);
        for (const [k, text] of runs.entries()) appendRun(rope, k, 1, text.length);
        const whole = Buffer.from(runs.join(''));
        expect(flatten(rope).equals(whole)).toBe(true);
        const anchor = Buffer.from(end);
        for (const run of [0, rope.runs - 1]) {
          expect(findInRope({ rope, run })(anchor, from)).toBe(findIn(whole)(anchor, from));
        }
      },
    ),
    { numRuns: 1000 },
  );
});
