// Comparing two states must come to the same with the kernel and without it, in lockstep and child by child.

import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { compare } from '../../../lib/core/delta/compare/diff.ts';
import { inLockstep } from '../../../lib/core/delta/compare/lockstep.ts';
import { createPair } from '../../../lib/core/delta/compare/pair.ts';
import { serveDelta } from '../../../lib/core/delta/served/serve.ts';
import type { Kernel } from '../../../lib/core/json/kernel/kernel.ts';
import { FAST_TAPE_BYTES_MIN } from '../../../lib/core/json/tape-fast.ts';
import { FAST, KERNEL, PLAIN } from '../kernels.ts';
import { pairOfTables, pairOfTexts, textOf } from './states.ts';

const numRuns = Number(process.env.DELTA_RUNS ?? 100);
const fewerRuns = Math.ceil(numRuns / 4);

type Engine = { compare: typeof compare; serveDelta: typeof serveDelta };

/** All that is found out about two states. */
function found(
  { compare, serveDelta }: Engine,
  baseText: string,
  targetText: string,
  kernel: Kernel = KERNEL,
): unknown {
  const [base, target] = [textOf(baseText), textOf(targetText)];
  const { counts, diff } = compare(kernel, base, target, { paysRatio: Number.POSITIVE_INFINITY });
  const { chunks } = serveDelta(kernel, base, target);
  return [counts, [...diff!.copies], Buffer.concat(chunks).toString()];
}

const here: Engine = { compare, serveDelta };

describe('with the kernel and without it', () => {
  const expectSame = (base: string, target: string): void => {
    expect(found(here, base, target, FAST)).toEqual(found(here, base, target, PLAIN));
  };
  /** Long enough for the kernel to be asked. */
  const long = (text: string): string => `[${text},"${'x'.repeat(FAST_TAPE_BYTES_MIN)}"]`;

  test('any two states differ alike', () => {
    const before = FAST.machine()!.uses.tape;
    fc.assert(
      fc.property(pairOfTexts, ([base, target]) => {
        expectSame(long(base), long(target));
        expectSame(long(target), long(base));
      }),
      { numRuns },
    );
    expect(FAST.machine()!.uses.tape - before).toBeGreaterThan(numRuns);
  });

  test('tables differ alike, in whatever order', () => {
    fc.assert(
      fc.property(pairOfTables, ([base, target]) => expectSame(long(base), long(target))),
      { numRuns: fewerRuns },
    );
  });

  test('leftovers are hashed by the kernel', () => {
    const rows = (order: (k: number) => number): string =>
      JSON.stringify(Array.from({ length: 3000 }, (_, k) => ({ id: order(k), text: `row ${order(k)}` })));
    const before = FAST.machine()!.uses.hash;
    expectSame(
      rows((k) => k),
      rows((k) => (k * 1009) % 3000),
    );
    expect(FAST.machine()!.uses.hash).toBeGreaterThan(before);
  });
});

describe.each([
  ['with the kernel', FAST],
  ['without it', PLAIN],
])('in lockstep, %s', (_, kernel) => {
  const read = (base: string, target: string): boolean | undefined => {
    const pair = createPair(kernel, Buffer.from(base), Buffer.from(target));
    return inLockstep(pair, 0, base.length, 0, target.length)?.isShared;
  };

  test('rows of the same skeleton are read, and no others', () => {
    expect(read('{"a":1,"b":"x"}', '{"a":2,"b":"x"}')).toBe(true);
    expect(read('{"a":1,"b":"x"}', '{"a":2,"b":"\\""}')).toBe(false);
    expect(read('{"a":[1,2],"b":{"c":[]}}', '{"a":[3,4],"b":{"c":[]}}')).toBe(true);
    expect(read('[{"id":1,"v":1},{"id":2,"v":1}]', '[{"id":1,"v":2},{"id":2,"v":3}]')).toBe(true);
    // Another name, another number of members, what has moved, what is named twice, or is another.
    expect(read('{"a":1,"b":2}', '{"a":1,"c":3}')).toBeUndefined();
    expect(read('{"a":1}', '{"a":2,"b":3}')).toBeUndefined();
    expect(read('[1,2,3]', '[2,1,3]')).toBeUndefined();
    expect(read('{"a":1,"a":2}', '{"a":1,"a":3}')).toBeUndefined();
    expect(read('{"":1,"":2}', '{"":1,"":3}')).toBeUndefined();
    expect(read('{"":1,"b":2,"ab":3}', '{"":1,"b":2,"ab":4}')).toBe(true);
    expect(read('[{"id":1,"v":1}]', '[{"id":2,"v":1}]')).toBeUndefined();
    expect(read('[{"id":1,"v":1},{"id":1,"v":2}]', '[{"id":1,"v":3},{"id":1,"v":4}]')).toBeUndefined();
  });

  test('names that are known from the row before tell nothing that is not so', () => {
    const long = 'n'.repeat(100);
    for (let again = 0; again < 2; again++) {
      expect(read('{"aa":1,"bb":1,"cc":1}', '{"aa":1,"bb":1,"cc":2}')).toBe(true);
      // Twice, once what was known says otherwise, and once as what is known by now.
      for (let k = 0; k < 2; k++) expect(read('{"aa":1,"aa":1}', '{"aa":1,"aa":2}')).toBeUndefined();
      expect(read('{"aa":1,"bb":1,"aa":1}', '{"aa":1,"bb":1,"aa":2}')).toBeUndefined();
      expect(read('{"aa":1,"bb":1}', '{"aa":1,"bb":2}')).toBe(true);
      expect(read('{"a":1}', '{"a":2}')).toBe(false);
      expect(read('{"aa":1,"bb":1}', '{"aa":1,"bc":2}')).toBeUndefined();
      expect(read(`{"${long}":1,"b":1}`, `{"${long}":2,"b":1}`)).toBe(true);
      expect(read(`{"${long}":1,"${long}":1}`, `{"${long}":2,"${long}":1}`)).toBeUndefined();
      expect(read('{"a\\\\":1,"a\\"":1}', '{"a\\\\":1,"a\\"":2}')).toBe(true);
    }
  });

  test('whatever stands in them, however long it is', () => {
    for (let length = 0; length < 70; length++) {
      const x = 'x'.repeat(length);
      expect(read(`{"${x}":["${x}",1],"b":0}`, `{"${x}":["${x}",12],"b":0}`)).toBe(true);
      expect(
        read(`["${x}a",{"b":${x.replaceAll('x', '9')}0}]`, `["${x}b",{"b":${x.replaceAll('x', '9')}0}]`),
      ).toBe(true);
      expect(read(`{"a":"${x}\\\\","b":"${x}"}`, `{"a":"${x}\\"","b":"${x}\\\\"}`)).toBe(false);
      expect(read(`{"a":"${x}","b":{"c":["}${x}",[]]}}`, `{"a":"${x}","b":"]"}`)).toBe(true);
    }
  });

  test('elements are told apart by the same members as elsewhere', () => {
    const names = ['id', '_id', 'uuid', 'uid', 'guid', 'key', 'name', 'slug', 'sku'];
    for (const [rank, name] of names.entries()) {
      for (const written of [name, name.toUpperCase()]) {
        expect(read(`[{"v":1,"${written}":1}]`, `[{"v":1,"${written}":2}]`)).toBeUndefined();
        expect(read(`[{"v":1,"${written}":1}]`, `[{"v":2,"${written}":1}]`)).toBe(true);
        expect(read(`[{"v":1,"${written}":null}]`, `[{"v":2,"${written}":null}]`)).toBe(true);
        expect(read(`[{"v":1,"w":1,"${written}":null}]`, `[{"v":2,"w":1,"${written}":[]}]`)).toBe(true);
        expect(read(`[{"v":1,"${written}":null}]`, `[{"v":1,"${written}":2}]`)).toBeUndefined();
        for (const less of names.slice(rank + 1)) {
          expect(read(`[{"${less}":1,"${written}":1}]`, `[{"${less}":2,"${written}":1}]`)).toBe(true);
          expect(read(`[{"${less}":1,"${written}":1}]`, `[{"${less}":1,"${written}":2}]`)).toBeUndefined();
        }
      }
      expect(read(`[{"v":1,"${name}s":1}]`, `[{"v":1,"${name}s":2}]`)).toBe(true);
    }
    expect(read('[{"v":1,"\x7fid":1}]', '[{"v":1,"\x7fid":2}]')).toBe(true);
  });
});

describe('in lockstep', () => {
  const value = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom('1', '12', '123', '"a"', '"a\\""', 'true', 'null', '[]', '{}'),
      fc.constantFrom('x', 'y').map((end) => `"${'x'.repeat(70)}${end}"`),
      fc.array(tie('value'), { maxLength: 9 }).map((items) => `[${items.join()}]`),
      fc
        .array(fc.tuple(fc.constantFrom('id', 'a', 'b', 'c', 'name', 'k'), tie('value')), { maxLength: 6 })
        .map((members) => `{${members.map(([name, one]) => `"${name}":${one}`).join()}}`),
    ),
  })).value;
  const puts = fc.array(fc.constantFrom('1', '2', '12', '"zz"', 'false', '[1]', '{}', undefined), {
    minLength: 1,
    maxLength: 40,
  });

  test('changes in place are found as child by child', async () => {
    let aligned: Engine | undefined;
    await jest.isolateModulesAsync(async () => {
      const actual = await import('../../../lib/core/delta/compare/lockstep.ts');
      jest.doMock('../../../lib/core/delta/compare/lockstep.ts', () => ({
        ...actual,
        inLockstep: () => undefined,
      }));
      const [diffs, serves] = await Promise.all([
        import('../../../lib/core/delta/compare/diff.ts'),
        import('../../../lib/core/delta/served/serve.ts'),
      ]);
      aligned = { ...diffs, ...serves };
      jest.dontMock('../../../lib/core/delta/compare/lockstep.ts');
    });
    expect(aligned!.compare).not.toBe(compare);
    const before = FAST.machine()!.uses.lockstep;
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 12 }), puts, (rows, put) => {
        const base = `[${rows.join()},{"id":1,"x":[1,{"id":2,"y":[8,9]}]}]`;
        let k = 0;
        const target = base.replace(
          /(?<=[:,[])(?:\d+|true|null|"[^"\\]*"(?!:))(?=[,\]}])/g,
          (old) => put[k++ % put.length] ?? old,
        );
        const expected = found(aligned!, base, target);
        expect(found(here, base, target, FAST)).toEqual(expected);
        expect(found(here, base, target, PLAIN)).toEqual(expected);
      }),
      { numRuns: numRuns * 4 },
    );
    expect(FAST.machine()!.uses.lockstep - before).toBeGreaterThan(numRuns);
    fc.assert(
      fc.property(pairOfTexts, ([base, target]) =>
        expect(found(here, base, target)).toEqual(found(aligned!, base, target)),
      ),
      { numRuns },
    );
  });
});
